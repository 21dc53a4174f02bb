"""The browser's way to Zoho and back: connect, callback, and the pages that tell the result.

Staff use them from the admin, and a tenant's own users where `BIGIN_ACCESS_POLICY` says so. No view runs in the
request's transaction, since they wait for Zoho; and no address of theirs carries anything from a callback.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods

from ..conf import settings
from ..connections import authorize, lifecycle
from ..connections.authorize import REFUSALS
from ..connections.states import is_syncable
from ..db.aliases import written
from ..db.keys import row_by_key
from ..encryption.secret import Secret
from ..exceptions import BiginError, CallbackRefusedError
from ..models import AuthorizationAttempt, ClientRegistration, Connection
from ..policy import access_policy, visible
from ..tenants import tenant_model
from ..translation import in_a_sentence, translated
from .addresses import note_callback
from .guards import guarded, signed_in
from .hiding import take_query

NONCE_KEY = "django_bigin_nonce"
PARAMETERS_AT_MOST = 50
TENANTS_AT_MOST = 100


@guarded
@signed_in
@require_http_methods(["GET", "POST"])
def connect(request: HttpRequest) -> HttpResponse:
    """Offer the tenant's registrations (GET), or begin an authorization and lead the browser to Zoho (POST).

    Takes `tenant` (its primary key), or `connection` to reconnect; POST also `registration`, and `next` for the end.
    Without either it lets the person choose a tenant.
    """
    given = request.POST if request.method == "POST" else request.GET
    key = given.get("connection", "")
    if not key and not given.get("tenant"):
        return _choose_tenant(request)
    connection = _connection(request, key) if key else None
    tenant = connection.tenant if connection else _tenant(request, given.get("tenant", ""))
    registrations = _registrations(tenant, connection)
    return_to = _next(request, given)
    context = {"tenant": tenant, "connection": connection, "registrations": registrations, "next": return_to}

    def show(error: str = "") -> HttpResponse:
        return render(request, "django_bigin/connect.html", {**context, "error": error}, status=400 if error else 200)

    if request.method == "GET":
        return show()
    registration = next((row for row in registrations if str(row.pk) == given.get("registration")), None)
    if registration is None:
        return show(gettext("Choose a registration."))
    try:
        start = authorize.begin(
            request.user,
            tenant,
            registration,
            nonce=Secret(request.session.get(NONCE_KEY, "")),
            connection=connection,
            return_to=_on_this_host(request, registration, return_to),
        )
    except BiginError as error:
        return show(translated(error.message))
    request.session[NONCE_KEY] = start.nonce
    # Not a redirect: browsers let no form end on another host where the site's policy says form-action 'self'.
    return render(request, "django_bigin/continue.html", {"url": start.url})


def _choose_tenant(request: HttpRequest) -> HttpResponse:
    """Offer the tenants that the person may connect."""
    policy = access_policy()
    seen = visible(written(tenant_model()), request.user, path="pk").order_by(settings.BIGIN_TENANT_LOOKUP)
    tenants = [tenant for tenant in seen[:TENANTS_AT_MOST] if policy.may(request.user, "connect", tenant)]
    more = len(tenants) == TENANTS_AT_MOST
    return render(
        request, "django_bigin/choose.html", {"tenants": tenants, "more": more}, status=200 if tenants else 404
    )


# Sent on to the login page, a callback would leave its code in that address.
@login_not_required
@guarded
@require_GET
@sensitive_variables("parameters", "nonce")
def callback(request: HttpRequest) -> HttpResponse:
    """Take what Zoho sends the browser back with; redirect at once to an address that holds nothing of it."""
    note_callback(request.path)
    try:
        parameters = take_query(request, fields_at_most=PARAMETERS_AT_MOST)
        nonce = Secret(request.session.get(NONCE_KEY, ""))
        attempt = authorize.complete_callback(parameters, user=request.user, nonce=nonce)
    except CallbackRefusedError as refusal:
        return _see_other(reverse("django_bigin:refused", args=[refusal.code]))
    except (ValueError, BiginError):
        return _see_other(reverse("django_bigin:refused", args=["unknown"]))
    if attempt.outcome == "pending" and attempt.result is not None:
        return _see_other(reverse("django_bigin:confirm", args=[attempt.result.pk]))
    return _see_other(reverse("django_bigin:attempt", args=[attempt.uuid]))


@guarded
@signed_in
@require_GET
def attempt(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Show the result of an attempt to whoever made it and still may see the tenant."""
    row = get_object_or_404(
        written(AuthorizationAttempt).select_related("tenant", "connection", "result"), uuid=uuid, user=request.user
    )
    if not access_policy().may(request.user, "connect", row.tenant):
        raise Http404
    status = 200 if row.outcome == "connected" else 400
    return render(
        request, "django_bigin/attempt.html", {"attempt": row, "detail": translated(row.detail)}, status=status
    )


@login_not_required
@guarded
@require_GET
def refused(request: HttpRequest, reason: str) -> HttpResponse:
    """Say why a callback was refused, in one of a fixed set of sentences."""
    if reason not in REFUSALS:
        raise Http404
    context = {"reason": reason, "sentence": translated(REFUSALS[reason])}
    return render(request, "django_bigin/refused.html", context, status=400)


@guarded
@signed_in
@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest, connection_id: int) -> HttpResponse:
    """Show a pending connection's organization, to confirm it or to discard it, which revokes the grant."""
    connection = _connection(request, str(connection_id))
    context = {
        "connection": connection,
        "pending": connection.status == Connection.Status.PENDING,
        "syncable": is_syncable(connection),
        "status": in_a_sentence(connection.get_status_display()),
        "reason": translated(connection.status_reason),
        "back_to": _return_to(request.user, connection),
    }
    if request.method == "POST" and "discard" in request.POST:
        lifecycle.discard(connection, actor=str(request.user))
        return render(request, "django_bigin/discarded.html", context)
    if request.method == "POST":
        lifecycle.confirm(connection, actor=str(request.user))
        return redirect("django_bigin:confirm", connection_id=connection.pk)
    return render(request, "django_bigin/confirm.html", context)


def _return_to(user: Any, connection: Connection) -> str:
    """Return the page of this site from which the person has last connected it; "" where they have not."""
    attempts = written(AuthorizationAttempt).filter(result=connection, user=user).order_by("-pk")
    return str(attempts.values_list("return_to", flat=True).first() or "")


def _tenant(request: HttpRequest, key: str) -> Any:
    """Return the tenant that the person may connect; for everybody else there is none by that key."""
    tenant = row_by_key(visible(written(tenant_model()), request.user, path="pk"), key)
    if tenant is None or not access_policy().may(request.user, "connect", tenant):
        raise Http404(gettext("There is no such tenant."))
    return tenant


def _connection(request: HttpRequest, key: str) -> Connection:
    # Where it is written: the callback stored it a moment ago, and a replica lags.
    rows = written(Connection).select_related("tenant", "registration")
    connection: Connection | None = row_by_key(rows, key)
    if connection is None or not access_policy().may(request.user, "connect", connection.tenant):
        raise Http404(gettext("There is no such connection."))
    return connection


def _registrations(tenant: Any, connection: Connection | None) -> list[ClientRegistration]:
    """Return those that a browser can use, the tenant's own and the shared; the connection's own first."""
    mine = Q(tenant=tenant) | Q(tenant=None)
    rows = written(ClientRegistration).filter(mine, kind=ClientRegistration.Kind.SERVER).exclude(redirect_uri="")
    return sorted(rows, key=lambda row: (connection is None or row.pk != connection.registration_id, str(row)))


def _next(request: HttpRequest, given: Any) -> str:
    """Return a path of this site to go on to at the end; anything else is dropped."""
    path = given.get("next", "")
    is_ours = path.startswith("/") and url_has_allowed_host_and_scheme(path, allowed_hosts={request.get_host()})
    return str(path) if is_ours and path.isprintable() else ""


def _on_this_host(request: HttpRequest, registration: ClientRegistration, path: str) -> str:
    """Return the path, with this host where Zoho sends the browser back to another one: a tenant's own subdomain."""
    is_here = urlsplit(registration.redirect_uri).netloc.lower() == request.get_host().lower()
    return path if is_here or not path else request.build_absolute_uri(path)


def _see_other(url: str) -> HttpResponse:
    response = HttpResponseRedirect(url)
    response.status_code = 303
    # A callback's address holds a code: it must not travel on in a Referer header.
    response["Referrer-Policy"] = "no-referrer"
    return response

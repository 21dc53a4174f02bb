"""Authorize and callback: the pages on the way to Zoho and back.

Staff use them from the admin, and a tenant's own users where `BIGIN_ACCESS_POLICY` says so. No view runs in the
request's transaction, since they speak with Zoho; and no address of them carries anything from a callback.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

from django.apps import apps
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from ..conf import TENANT_MODEL
from ..connections import authorize, lifecycle
from ..connections.authorize import REFUSALS, CallbackRefused
from ..exceptions import BiginError
from ..models import AuthorizationAttempt, ClientRegistration, Connection
from ..policy import ALL, access_policy

NONCE_KEY = "django_bigin_nonce"
PARAMETERS_AT_MOST = 50

View = Callable[..., HttpResponse]


def guarded(view: View) -> View:
    """What every view here has: no cache, no referrer for other sites, and no transaction around the request."""

    @wraps(view)
    def guard(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        # Not "no-referrer", with which a browser posts a page's form from an origin of "null": CSRF would refuse it.
        response.setdefault("Referrer-Policy", "same-origin")
        return response

    return transaction.non_atomic_requests(never_cache(guard))


def signed_in(view: View) -> View:
    """Send whoever is not signed in to the site's login page."""

    @wraps(view)
    def check(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        return view(request, *args, **kwargs)

    return check


@guarded
@signed_in
@require_http_methods(["GET", "POST"])
def connect(request: HttpRequest) -> HttpResponse:
    """Begin: GET offers the tenant's registrations, POST stores an attempt and sends the browser to Zoho.

    Takes `tenant` (its primary key), or `connection` to reconnect; POST also `registration`, and `next` for the end.
    """
    given = request.POST if request.method == "POST" else request.GET
    connection = _connection(request, given.get("connection", ""))
    tenant = connection.tenant if connection else _tenant(request, given.get("tenant", ""))
    registrations = _registrations(tenant, connection)
    back_to = _next(request, given)
    context = {"tenant": tenant, "connection": connection, "registrations": registrations, "next": back_to}
    if request.method == "GET":
        return render(request, "django_bigin/connect.html", context)
    registration = next((row for row in registrations if str(row.pk) == given.get("registration")), None)
    if registration is None:
        return render(request, "django_bigin/connect.html", {**context, "error": "Choose a registration."}, status=400)
    try:
        start = authorize.begin(
            request.user,
            tenant,
            registration,
            nonce=request.session.get(NONCE_KEY, ""),
            connection=connection,
            return_to=back_to,
        )
    except BiginError as error:
        return render(request, "django_bigin/connect.html", {**context, "error": error.message}, status=400)
    request.session[NONCE_KEY] = start.nonce
    return _see_other(start.url)


# Sent on to the login page, a callback would leave its code in that address.
@login_not_required
@guarded
@require_GET
def callback(request: HttpRequest) -> HttpResponse:
    """Where Zoho sends the browser back to. Answers at once with another address, which holds nothing of this one."""
    try:
        # Not request.GET: it hides that something came twice.
        query = request.META.get("QUERY_STRING", "")
        parameters = parse_qsl(query, keep_blank_values=True, max_num_fields=PARAMETERS_AT_MOST)
        nonce = request.session.get(NONCE_KEY, "")
        attempt = authorize.complete_callback(parameters, user=request.user, nonce=nonce)
    except CallbackRefused as refusal:
        return _see_other(reverse("django_bigin:refused", args=[refusal.reason]))
    except (ValueError, BiginError):
        return _see_other(reverse("django_bigin:refused", args=["unknown"]))
    if attempt.outcome == "pending" and attempt.result is not None:
        return _see_other(reverse("django_bigin:confirm", args=[attempt.result.pk]))
    return _see_other(reverse("django_bigin:attempt", args=[attempt.uuid]))


@guarded
@signed_in
@require_GET
def attempt(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """What came of an attempt, for whoever made it and still may see the tenant."""
    row = get_object_or_404(
        AuthorizationAttempt.objects.select_related("tenant", "connection", "result"), uuid=uuid, user=request.user
    )
    if not access_policy().may(request.user, "connect", row.tenant):
        raise Http404
    status = 200 if row.outcome == "connected" else 400
    return render(request, "django_bigin/attempt.html", {"attempt": row}, status=status)


@login_not_required
@guarded
@require_GET
def refused(request: HttpRequest, reason: str) -> HttpResponse:
    """Why a callback was refused: one of a fixed set of sentences."""
    if reason not in REFUSALS:
        raise Http404
    context = {"reason": reason, "sentence": REFUSALS[reason]}
    return render(request, "django_bigin/refused.html", context, status=400)


@guarded
@signed_in
@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest, connection_id: int) -> HttpResponse:
    """Confirm a pending connection, seeing whose organization it is; or discard it, which revokes the grant."""
    connection = _connection(request, str(connection_id))
    assert connection is not None  # noqa: S101  # an id was given
    back_to = _back_to(request.user, connection)
    context = {"connection": connection, "pending": _is_pending(connection), "back_to": back_to}
    if request.method == "POST" and "discard" in request.POST:
        lifecycle.discard(connection, actor=str(request.user))
        return render(request, "django_bigin/discarded.html", context)
    if request.method == "POST":
        lifecycle.confirm(connection, actor=str(request.user))
        return redirect("django_bigin:confirm", connection_id=connection.pk)
    return render(request, "django_bigin/confirm.html", context)


# How it is done


def _is_pending(connection: Connection) -> bool:
    return connection.status == Connection.Status.PENDING


def _back_to(user: Any, connection: Connection) -> str:
    """The page of this site from which the person has last connected it; "" where they have not."""
    attempts = AuthorizationAttempt.objects.filter(result=connection, user=user).order_by("-pk")
    return attempts.values_list("return_to", flat=True).first() or ""


def _tenant(request: HttpRequest, key: str) -> Any:
    """The tenant that the person may connect; for everybody else there is none by that key."""
    tenants = access_policy().tenants_for(request.user)
    rows = apps.get_model(TENANT_MODEL)._default_manager.all() if tenants is ALL else tenants
    try:
        tenant = rows.filter(pk=key).first() if key else None
    except (ValueError, ValidationError):
        tenant = None
    if tenant is None or not access_policy().may(request.user, "connect", tenant):
        raise Http404("There is no such tenant.")
    return tenant


def _connection(request: HttpRequest, key: str) -> Connection | None:
    if not key:
        return None
    rows = Connection.objects.select_related("tenant", "registration")
    connection = rows.filter(pk=key).first() if key.isdecimal() and len(key) < 19 else None
    if connection is None or not access_policy().may(request.user, "connect", connection.tenant):
        raise Http404("There is no such connection.")
    return connection


def _registrations(tenant: Any, connection: Connection | None) -> list[ClientRegistration]:
    """Those that a browser can use: the tenant's own and the shared; the connection's own first."""
    mine = Q(tenant=tenant) | Q(tenant=None)
    rows = ClientRegistration.objects.filter(mine, kind=ClientRegistration.Kind.SERVER).exclude(redirect_uri="")
    return sorted(rows, key=lambda row: (connection is None or row.pk != connection.registration_id, str(row)))


def _next(request: HttpRequest, given: Any) -> str:
    """A path of this site to go on to at the end; anything else is dropped."""
    path = given.get("next", "")
    if path.startswith("/") and url_has_allowed_host_and_scheme(path, allowed_hosts={request.get_host()}):
        return str(path)
    return ""


def _see_other(url: str) -> HttpResponse:
    response = HttpResponseRedirect(url)
    response.status_code = 303
    # A callback's address holds a code: it must not travel on in a Referer header.
    response["Referrer-Policy"] = "no-referrer"
    return response

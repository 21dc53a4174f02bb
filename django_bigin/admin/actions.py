"""What people can request for connections: from the list for several at once, and with buttons on the page of one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..db.aliases import outside_transactions
from ..models import Connection, Job
from ..policy import Action
from ..translation import LazyText
from ..work import jobs, requests
from .access import TenantScoped
from .addresses import admin_page
from .outcomes import names_of, report_outcome

AT_MOST = 500  # at once: the tick hands out no more either

Kind = Job.Kind


@dataclass(frozen=True)
class ActionSpec:
    """One thing that people can request.

    Attributes:
        name: of the action in forms and addresses.
        needs: the permission, Django's and the policy's.
        label: on the button.
        noun: what is queued.
        asks_first: a page shows what it is about to do, and waits for a second press.
    """

    name: str
    kind: Job.Kind
    needs: Action
    label: LazyText
    noun: LazyText
    asks_first: bool = False


_SPECS = (
    ActionSpec("refresh_token_now", Kind.REFRESH, "refresh", _("Refresh token now"), _("Token refresh")),
    ActionSpec("sync_now", Kind.SYNC, "sync", _("Sync now"), _("Sync")),
    ActionSpec("full_sync", Kind.FULL_SYNC, "sync", _("Full sync"), _("Full sync")),
    ActionSpec("verify", Kind.VERIFY, "sync", _("Verify"), _("Verification")),
    ActionSpec("repair", Kind.REPAIR, "sync", _("Verify and repair"), _("Verification with repair")),
    ActionSpec("pause", Kind.PAUSE, "pause", _("Pause"), _("Pause")),
    ActionSpec("resume", Kind.RESUME, "pause", _("Resume"), _("Resume")),
    ActionSpec("disconnect", Kind.DISCONNECT, "disconnect", _("Disconnect (revoke at Zoho)"), _("Disconnect"), True),
)
ACTIONS: Mapping[str, ActionSpec] = {spec.name: spec for spec in _SPECS}


def _as_django_action(spec: ActionSpec) -> Callable[[Any, HttpRequest, QuerySet[Any]], HttpResponse | None]:
    @admin.action(description=spec.label, permissions=[spec.needs])
    def act(model_admin: Any, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        response: HttpResponse | None = model_admin.act_on_selected(request, spec, queryset)
        return response

    act.__name__ = spec.name
    return act


class ConnectionActions(TenantScoped):
    """The actions of a connection's list, the buttons of its page, and the address that the buttons post to."""

    actions = [_as_django_action(spec) for spec in ACTIONS.values()]

    def has_refresh_permission(self, request: HttpRequest) -> bool:
        return _has_permission(request, "refresh")

    def has_sync_permission(self, request: HttpRequest) -> bool:
        return _has_permission(request, "sync")

    def has_pause_permission(self, request: HttpRequest) -> bool:
        return _has_permission(request, "pause")

    def has_disconnect_permission(self, request: HttpRequest) -> bool:
        return _has_permission(request, "disconnect")

    def get_urls(self) -> list[URLPattern]:
        act = self.admin_site.admin_view(self.act_view)
        return [path("<path:object_id>/act/", act, name="django_bigin_connection_act"), *super().get_urls()]

    # A worker is woken while the request is answered, and must find the job: so no transaction around it.
    @outside_transactions
    def act_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Do what a button of a connection's page posts."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        connection = self.get_object(request, unquote(object_id))
        if connection is None or not self.has_view_permission(request, connection):
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined, no-any-return]
        spec = ACTIONS.get(request.POST.get("action", ""))
        if spec is None or not self.may_act(request, spec, connection):
            raise PermissionDenied
        page = admin_page(self.admin_site, "django_bigin_connection_change", connection.pk) or request.path
        if spec.asks_first and "confirmed" not in request.POST:
            return self._confirmation(request, spec, [connection], back_to=page)
        self._act(request, spec, [connection])
        return HttpResponseRedirect(page)

    def may_act(self, request: HttpRequest, spec: ActionSpec, connection: Connection) -> bool:
        return _has_permission(request, spec.needs) and self.may(request.user, spec.needs, connection)

    def buttons(self, request: HttpRequest, connection: Connection) -> list[ActionSpec]:
        """Return what the person may request and what makes sense now."""
        sensible = (spec for spec in ACTIONS.values() if jobs.makes_sense(spec.kind, connection))
        return [spec for spec in sensible if self.may_act(request, spec, connection)]

    def act_on_selected(self, request: HttpRequest, spec: ActionSpec, queryset: QuerySet[Any]) -> HttpResponse | None:
        """Act on the selected ones; show a page first where a person must confirm it."""
        selected = list(queryset.select_related("tenant")[: AT_MOST + 1])
        if len(selected) > AT_MOST:
            sentence = gettext("Nothing was queued: select at most %(number)s connections.") % {"number": AT_MOST}
            self.message_user(request, sentence, messages.ERROR)
            return None
        if spec.asks_first and "confirmed" not in request.POST:
            allowed = [connection for connection in selected if self._why_not(request, spec, connection) is None]
            if allowed:
                self._tell_skipped(request, spec, selected)
                return self._confirmation(request, spec, allowed, back_to=request.get_full_path())
        self._act(request, spec, selected)
        return None

    def _act(self, request: HttpRequest, spec: ActionSpec, connections: list[Connection]) -> None:
        """Request it for those that the person may act on and that it makes sense for; show the outcome of each."""
        skipped = self._tell_skipped(request, spec, connections)
        chosen = [connection for connection in connections if connection.pk not in skipped]
        if chosen:
            report_outcome(self, request, spec.noun, requests.request(spec.kind, chosen, user=request.user))

    def _why_not(self, request: HttpRequest, spec: ActionSpec, connection: Connection) -> str | None:
        if not self.may_act(request, spec, connection):
            return gettext("you may not do this")
        if jobs.makes_sense(spec.kind, connection):
            return None
        return gettext("not possible in the status %(status)s") % {"status": connection.get_status_display()}

    def _tell_skipped(self, request: HttpRequest, spec: ActionSpec, connections: list[Connection]) -> set[int]:
        skipped = {row: why for row in connections if (why := self._why_not(request, spec, row)) is not None}
        for reason in dict.fromkeys(skipped.values()):
            names = names_of([row for row, why in skipped.items() if why == reason])
            told = {"action": spec.label, "names": names, "reason": reason}
            self.message_user(request, gettext("%(action)s: skipped %(names)s: %(reason)s.") % told, messages.WARNING)
        return {row.pk for row in skipped}

    def _confirmation(
        self, request: HttpRequest, spec: ActionSpec, connections: list[Connection], *, back_to: str
    ) -> HttpResponse:
        context = {
            "action": spec.name,
            "connections": connections,
            "action_checkbox_name": ACTION_CHECKBOX_NAME,
            "back_to": back_to,
        }
        return self.own_page(request, "connection/disconnect_confirmation.html", gettext("Disconnect"), context)


def _has_permission(request: HttpRequest, action: Action) -> bool:
    return request.user.has_perm(f"django_bigin.{action}_connection")

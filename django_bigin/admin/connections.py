"""Connections and the attempts to make one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.formats import number_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_noop, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from .. import audit
from ..conf import settings
from ..db.aliases import atomic, outside_transactions
from ..health.findings import judge_connection, judge_module
from ..health.words import words_for
from ..models import (
    AuthorizationAttempt,
    Connection,
    Job,
    ModuleSchema,
    ModuleSync,
    QuarantinedRow,
    Record,
)
from ..models.fields import is_stored
from ..sync.quarantine import with_quarantined
from ..tenants import model_is_ours
from ..translation import LazyText, translated
from .access import DataCenterFilter, ReadOnly, ReadOnlyInline, TenantFilter, TenantScoped
from .actions import ConnectionActions
from .addresses import admin_page
from .connecting import ConnectPages, Tools, add_links_of_connection, may_connect
from .health import HealthPage
from .show import finding_badge, job_badge, lines, moment, secret_state, sentence_of

if TYPE_CHECKING:
    BaseInlineFormSet = forms.BaseInlineFormSet[Any, Any, Any]
else:
    BaseInlineFormSet = forms.BaseInlineFormSet

JOBS_SHOWN = 10
OUTCOMES: Mapping[str, LazyText] = {
    "connected": pgettext_lazy("authorization", "connected"),
    "failed": pgettext_lazy("authorization", "failed"),
    "pending": pgettext_lazy("authorization", "pending"),
}
"""The outcomes of attempts as people read them; the rows hold the keys."""


class ModulesInline(ReadOnlyInline):
    """The state of each module, on the connection's page."""

    model = ModuleSync
    verbose_name_plural = _("modules")
    fields = ("enabled", "state", "records_watermark", "last_success_at", "trouble")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return with_quarantined(super().get_queryset(request))

    @admin.display(description=_("state"))
    def state(self, obj: Any) -> SafeString:
        return finding_badge(judge_module(obj, quarantined=obj.quarantined_rows))

    @admin.display(description=_("what is wrong"))
    def trouble(self, obj: Any) -> str:
        return translated(judge_module(obj, quarantined=obj.quarantined_rows).reason)


class LastJobs(BaseInlineFormSet):
    """The ten latest jobs: a connection may have thousands."""

    def get_queryset(self) -> Any:
        if not hasattr(self, "_last"):
            self._last = list(super().get_queryset()[:JOBS_SHOWN])
        return self._last


class JobsInline(ReadOnlyInline):
    """The last jobs and their results, on the connection's page."""

    model = Job
    formset = LastJobs
    verbose_name_plural = _("last jobs")
    fields = ("requested_at", "who", "status", "progress_said", "result_said", "error_said")
    readonly_fields = fields
    ordering = ("-requested_at", "-pk")

    who = sentence_of("requested_by_name", _("requested by"))
    progress_said = sentence_of("progress", _("progress"))
    result_said = sentence_of("result", _("result"))
    error_said = sentence_of("error", _("error"))

    @admin.display(description=_("state"))
    def status(self, obj: Job) -> SafeString:
        return job_badge(obj)


@admin.register(Connection)
class ConnectionAdmin(HealthPage, ConnectPages, ConnectionActions):
    """Connections are made by connecting and ended by disconnecting; what has ended may be deleted."""

    tenant_path = "tenant"
    delete_action = "disconnect"
    lookups_refused = ("refresh_token", "access_token")
    list_display = ("organization", "tenant_name", "data_center", "state", "reason", "refreshed_at")
    list_filter = (TenantFilter, "status", DataCenterFilter)
    list_select_related = ("tenant",)
    ordering = ("-pk",)
    inlines = (ModulesInline, JobsInline)
    fieldsets = (
        (None, {"fields": ("tenant", "registration", "data_center", "org_name", "org_id")}),
        (
            _("Status"),
            {"fields": ("state", "whole_reason", "advice", "status_since", "next_attempt_at", "last_alert_at")},
        ),
        (_("Access"), {"fields": ("refresh_token_state", "token", "refreshed_at", "refresh_count", "granted_scopes")}),
        (
            _("Organization"),
            {"fields": ("org_time_zone", "org_paid", "org_licences", "zoho_user_id", "zoho_user_email")},
        ),
        (
            _("Internals"),
            {
                "classes": ("collapse",),
                "fields": (
                    "refresh_at",
                    "metadata_at",
                    "metadata_failure",
                    "grant_version",
                    "failure_count",
                    "throttle_count",
                    "refused_count",
                    "confirm_until",
                    "created_at",
                ),
            },
        ),
    )
    readonly_fields = (
        "state", "whole_reason", "advice", "refresh_token_state", "token", "granted_scopes", "metadata_failure",
        "created_at",
    )  # fmt: skip

    reason = sentence_of("status_reason", _("reason"), chars=80)
    whole_reason = sentence_of("status_reason", _("status reason"))
    metadata_failure = sentence_of("metadata_error", _("metadata error"))

    # A worker is woken while the request is answered, and must find the job: so no transaction around it.
    @outside_transactions
    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(request, {"may_connect": may_connect(request), **(extra_context or {})})

    def tools(self, request: HttpRequest, obj: Connection) -> Tools:
        address = admin_page(self.admin_site, "django_bigin_connection_act", obj.pk)
        tools = Tools(post_to=address or "", buttons=self.buttons(request, obj))
        add_links_of_connection(tools, self.admin_site, request, obj)
        return tools

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        names = ("slug", "name") if model_is_ours() else (settings.BIGIN_TENANT_LOOKUP,)
        return ("org_name", "=org_id", *(f"tenant__{name}" for name in names))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is None:  # several at once: no page would say how much goes with each
            return False
        # Deleted with its refresh token, the grant would live on at Zoho with nobody left to revoke it.
        ended = obj.status == Connection.Status.DISCONNECTED and not is_stored(obj, "refresh_token")
        return ended and super().has_delete_permission(request, obj)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Count what is deleted with it: Django would load every record to name it."""
        (connection,) = objs
        models = (Record, QuarantinedRow, ModuleSync, ModuleSchema, Job, AuthorizationAttempt)
        counts = {
            str(model._meta.verbose_name_plural): model._default_manager.filter(connection=connection).count()
            for model in models
        }
        to_delete = [
            str(connection),
            [f"{number_format(number, force_grouping=True)} {name}" for name, number in counts.items() if number],
        ]
        one = {str(Connection._meta.verbose_name_plural): 1}
        return to_delete, {**one, **{name: number for name, number in counts.items() if number}}, set(), []

    def delete_model(self, request: HttpRequest, obj: Connection) -> None:
        with atomic(Connection):
            audit.record("delete", obj, actor=request.user.get_username(), detail=gettext_noop("with its mirror"))
            super().delete_model(request, obj)

    @admin.display(description=_("organization"), ordering="org_name")
    def organization(self, obj: Connection) -> str:
        return obj.org_name or obj.org_id

    @admin.display(description=_("status"), ordering="status")
    def state(self, obj: Connection) -> SafeString:
        return finding_badge(judge_connection(obj))

    @admin.display(description=_("what to do"))
    def advice(self, obj: Connection) -> str:
        return translated(words_for(judge_connection(obj)).person_does) or gettext("nothing")

    @admin.display(description=_("refresh token"))
    def refresh_token_state(self, obj: Connection) -> str:
        return secret_state(obj, "refresh_token")

    @admin.display(description=_("access token"), ordering="expires_at")
    def token(self, obj: Connection) -> str:
        return secret_state(
            obj, "access_token", detail=gettext(", expires %(moment)s") % {"moment": moment(obj.expires_at)}
        )

    @admin.display(description=_("scopes granted"))
    def granted_scopes(self, obj: Connection) -> SafeString | str:
        return lines(obj.scopes) or gettext("none")


@admin.register(AuthorizationAttempt)
class AuthorizationAttemptAdmin(ReadOnly, TenantScoped):
    tenant_path = "tenant"
    lookups_refused = ("state_hash", "nonce_hash", "code_verifier")
    list_display = ("created_at", "tenant_name", "registration", "user", "expires_at", "used_at", "ended")
    list_filter = (TenantFilter,)
    list_select_related = ("tenant", "registration", "user")
    ordering = ("-pk",)
    fields = (
        "tenant", "registration", "connection", "user", "created_at", "expires_at", "used_at", "ended",
        "detail_said", "result",
    )  # fmt: skip
    readonly_fields = ("ended", "detail_said")

    detail_said = sentence_of("detail", _("detail"))

    @admin.display(description=_("outcome"), ordering="outcome")
    def ended(self, obj: AuthorizationAttempt) -> str:
        return str(OUTCOMES.get(obj.outcome, obj.outcome))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # Else nobody could delete a user who has pressed Connect within the hour: the attempt is deleted with the user.
        return super(ReadOnly, self).has_delete_permission(request, obj)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("state_hash", "nonce_hash", "code_verifier")

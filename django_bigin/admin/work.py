"""Jobs, credits, heartbeats and the audit: to be looked at only."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from ..models import AuditEvent, Connection, CreditAccount, CreditUse, Heartbeat, Installation, Job
from ..models.audit import ACTS
from ..policy import Action, is_unlimited, visible
from ..translation import translated
from .access import (
    DataCenterFilter,
    PolicyAdmin,
    ReadOnly,
    TenantFilter,
    TenantScoped,
    UnlimitedOnly,
    visible_tenant_keys,
)
from .mirror import ModuleFilter
from .show import as_json, job_badge, sentence_of


@admin.register(Job)
class JobAdmin(ReadOnly, TenantScoped):
    tenant_path = "connection__tenant"
    list_display = (
        "requested_at", "kind", "status", "outcome", "connection", "tenant_name", "module", "who",
        "calls", "credits",
    )  # fmt: skip
    list_filter = (TenantFilter, "kind", "state", ModuleFilter)
    list_select_related = ("connection__tenant",)
    fields = (
        ("kind", "module"), "connection", "status", ("who", "requested_at"),
        ("started_at", "finished_at"), "progress_said", ("created", "updated", "deleted", "quarantined"),
        ("calls", "credits", "seconds"), "result_said", "error_said", "by_module", "tries", "batch",
    )  # fmt: skip
    readonly_fields = ("status", "by_module", "who", "progress_said", "result_said", "error_said")

    who = sentence_of("requested_by_name", _("requested by"))
    progress_said = sentence_of("progress", _("progress"))
    result_said = sentence_of("result", _("result"))
    error_said = sentence_of("error", _("error"))

    @admin.display(description=_("state"), ordering="state")
    def status(self, obj: Job) -> SafeString:
        return job_badge(obj)

    @admin.display(description=_("by module"))
    def by_module(self, obj: Job) -> SafeString | str:
        return as_json(obj.details) if obj.details else ""

    @admin.display(description=_("outcome"))
    def outcome(self, obj: Job) -> str:
        return Truncator(translated(obj.error or obj.result or obj.progress)).chars(100)


@admin.register(CreditUse)
class CreditUseAdmin(ReadOnly, PolicyAdmin):
    """Tenants that share an organization share its credits, so each of them sees them."""

    list_display = ("minute", "data_center", "org_id", "calls", "credits", "day_budget")
    list_filter = (DataCenterFilter,)
    search_fields = ("=org_id",)
    ordering = ("-minute", "-pk")

    def scope(self, queryset: QuerySet[Any], user: Any) -> QuerySet[Any]:
        if is_unlimited(user):
            return queryset
        theirs = visible(Connection.objects.all(), user, path="tenant")
        return queryset.filter(
            Exists(theirs.filter(data_center=OuterRef("data_center"), org_id=OuterRef("org_id")).order_by())
        )

    def may(self, user: Any, action: Action, obj: Any) -> bool:
        return action == "view"


@admin.register(CreditAccount)
class CreditAccountAdmin(CreditUseAdmin):
    """What was spent in 24 hours, and until when scheduled calls rest."""

    list_display = ("data_center", "org_id", "window", "day_budget", "refused_until", "spent_until")
    ordering = ("data_center", "org_id")


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnly, UnlimitedOnly):
    list_display = ("name", "kind", "seen_at")
    ordering = ("name", "kind")


@admin.register(Installation)
class InstallationAdmin(ReadOnly, UnlimitedOnly):
    list_display = ("identifier", "adopted_at", "adopted_by")


class ActionFilter(admin.AllValuesFieldListFilter):
    """The sidebar's acts: those that the table holds, as people read them."""

    def choices(self, changelist: Any) -> Any:
        for choice in super().choices(changelist):
            shown = str(choice["display"])
            yield {**choice, "display": ACTS.get(shown) or shown}


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnly, PolicyAdmin):
    """Append-only. Events hold text, so they are matched with tenants by the key that they copied."""

    list_display = ("at", "act", "who", "tenant", "connection", "detail_said")
    list_filter = (("action", ActionFilter),)
    fields = ("act", "at", "who", "tenant", "tenant_key", "connection", "connection_key", "detail_said")
    readonly_fields = ("act", "who", "detail_said")

    who = sentence_of("actor", _("actor"))
    detail_said = sentence_of("detail", _("detail"))
    search_fields = ("actor", "tenant", "connection")

    def scope(self, queryset: QuerySet[Any], user: Any) -> QuerySet[Any]:
        keys = visible_tenant_keys(user)
        return queryset if keys is None else queryset.filter(tenant_key__in=keys)

    def may(self, user: Any, action: Action, obj: Any) -> bool:
        return action == "view"

    @admin.display(description=_("action"), ordering="action")
    def act(self, obj: AuditEvent) -> str:
        return obj.act

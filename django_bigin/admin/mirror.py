"""The mirror: the modules, the records, and the rows that could not be stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.admin import ShowFacets
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Field, Q, QuerySet
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator, capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..conf import settings
from ..db.keys import is_storable
from ..health.findings import judge_module
from ..health.kinds import Level
from ..models import Link, ModuleSchema, ModuleSync, QuarantinedRow, Record
from ..sync.quarantine import with_quarantined
from ..sync.wanted import decide
from ..text import fold
from ..translation import translated
from .access import ReadOnly, TenantFilter, TenantScoped
from .inputs import NamesField
from .show import as_json, badge, finding_badge, record_fields, sentence_of

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Any]
    AnyPaginator = Paginator[Any]
else:
    ModelForm, AnyPaginator = forms.ModelForm, Paginator

COUNTED_AT_MOST = 5_000
LONGEST_ID = 19
SEES_CONTENTS = "django_bigin.view_record_data"


class ModuleFilter(admin.SimpleListFilter):
    """The sidebar's modules: those that can be mirrored; asking the table which it holds would read all of it."""

    title = _("module")
    parameter_name = "module"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name) for name in settings.known_modules]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(module=self.value()) if self.value() else queryset


class ModuleForm(ModelForm):
    """A person's decisions about a module: whether it is mirrored, which fields, at which interval."""

    class Meta:
        model = ModuleSync
        fields = ("enabled", "fields", "interval_seconds")

    def clean_fields(self) -> list[str]:
        names: list[str] = self.cleaned_data["fields"]
        schema = ModuleSchema.objects.filter(
            connection=self.instance.connection_id, module=self.instance.module
        ).first()
        known = {each.get("name") for each in schema.fields} if schema else set()
        unknown = [name for name in names if known and name not in known]
        if unknown:
            product = self.instance.connection.description.name
            told = {"product": product, "names": ", ".join(unknown), "module": self.instance.module}
            raise ValidationError(gettext("%(product)s lists no field %(names)s in %(module)s.") % told)
        return names


@admin.register(ModuleSync)
class ModuleSyncAdmin(TenantScoped):
    """The engine makes and removes modules; a person says how each is mirrored."""

    tenant_path = "connection__tenant"
    form = ModuleForm
    list_display = (
        "module", "tenant_name", "connection", "enabled", "state", "records_watermark", "last_success_at",
        "next_run_at", "trouble",
    )  # fmt: skip
    list_filter = (TenantFilter, ModuleFilter, "enabled")
    list_select_related = ("connection__tenant",)
    ordering = ("-connection", "module")
    readonly_fields = (
        "connection", "module", "state", "unavailable", "incomplete", "error", "last_error_at", "failure_count",
        "last_success_at", "last_full_at", "next_run_at", "records_watermark", "deletions_watermark", "phase",
        "opened_at", "full_requested", "deletions_requested",
    )  # fmt: skip
    fieldsets = (
        (None, {"fields": ("connection", "module", "enabled", "fields", "interval_seconds")}),
        (
            _("State"),
            {
                "fields": (
                    "state", "unavailable", "incomplete", "error", "last_error_at", "failure_count",
                    "last_success_at", "last_full_at", "next_run_at",
                )
            },
        ),
        (
            _("Progress"),
            {
                "fields": (
                    "records_watermark", "deletions_watermark", "phase", "opened_at", "full_requested",
                    "deletions_requested",
                )
            },
        ),
    )  # fmt: skip

    unavailable = sentence_of("unavailable_reason", _("unavailable reason"))
    incomplete = sentence_of("incomplete_reason", _("incomplete reason"))
    error = sentence_of("last_error", _("last error"))

    def formfield_for_dbfield(self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        # A form has `fields` of its own, so this one cannot be declared there.
        if db_field.name == "fields":
            label = capfirst(db_field.verbose_name)
            return NamesField(label=label, required=False, help_text=db_field.help_text)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        # They can be long, and no page shows them.
        return with_quarantined(super().get_queryset(request).defer("position", "missing_ids"))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        # The decisions alone: a worker may be writing the rest of the row.
        decide(obj, **{name: form.cleaned_data[name] for name in form.changed_data})

    @admin.display(description=_("state"))
    def state(self, obj: Any) -> SafeString:
        return finding_badge(judge_module(obj, quarantined=obj.quarantined_rows))

    @admin.display(description=_("what is wrong"))
    def trouble(self, obj: Any) -> str:
        return Truncator(translated(judge_module(obj, quarantined=obj.quarantined_rows).reason)).chars(80)


@admin.register(ModuleSchema)
class ModuleSchemaAdmin(ReadOnly, TenantScoped):
    tenant_path = "connection__tenant"
    list_display = ("module", "label", "tenant_name", "connection", "fields_read_at")
    list_filter = (TenantFilter, ModuleFilter)
    list_select_related = ("connection__tenant",)
    ordering = ("connection", "module")
    fields = (
        "connection", "module", "label", "display_field", "module_modified_at", "fields_read_at", "new_fields",
        "renamed_fields", "vanished_fields", "described",
    )  # fmt: skip
    readonly_fields = ("described",)

    @admin.display(description=_("fields"))
    def described(self, obj: ModuleSchema) -> SafeString:
        return as_json(obj.fields)


class BoundedPaginator(AnyPaginator):
    """A paginator that counts up to a bound: nobody turns to page 900, and counting a million rows takes seconds."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[:COUNTED_AT_MOST].count())


class BoundedChangeList(ChangeList):
    """A list that says so where it was not counted to its end."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.result_count >= COUNTED_AT_MOST:
            told = {"title": self.title, "number": number_format(COUNTED_AT_MOST, force_grouping=True)}
            self.title = gettext("%(title)s (the first %(number)s; filter or search for the others)") % told


class LiveFilter(admin.SimpleListFilter):
    """Live records, or tombstones."""

    title = _("state")
    parameter_name = "live"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", gettext("Live")), ("no", gettext("Deleted"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in ("yes", "no"):
            return queryset
        return queryset.filter(deleted_at__isnull=self.value() == "yes")


@admin.register(Record)
class RecordAdmin(ReadOnly, TenantScoped):
    """Records are changed at Zoho, and read here."""

    tenant_path = "connection__tenant"
    lookups_refused = ("data",)
    list_display = ("label", "module", "email", "tenant_name", "connection", "modified_at", "state")
    list_filter = (TenantFilter, ModuleFilter, LiveFilter)
    list_select_related = ("connection__tenant",)
    ordering = ("-pk",)
    search_fields = ("name_key", "email_key", "record_id")
    search_help_text = _("The beginning of a name or an e-mail address, or an id.")
    paginator = BoundedPaginator
    show_facets = ShowFacets.NEVER
    readonly_fields = ("label", "state", "contents")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("data")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return BoundedChangeList

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> Any:
        start = fold(search_term)
        if not start:
            return queryset, False
        if not is_storable(start):
            return queryset.none(), False
        found = Q(name_key__startswith=start) | Q(email_key__startswith=start)
        if start.isascii() and start.isdigit() and len(start) <= LONGEST_ID:
            found |= Q(record_id=int(start))
        return queryset.filter(found), False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = (
            "label", "module", "record_id", "connection", "email", "owner_record_id", "created_at", "modified_at",
            "state", "deleted_at", "seen_at", "source",
        )  # fmt: skip
        return (*fields, "contents") if request.user.has_perm(SEES_CONTENTS) else fields

    @admin.display(description=_("name"), ordering="name_key")
    def label(self, obj: Record) -> str:
        return str(obj)

    @admin.display(description=_("state"))
    def state(self, obj: Record) -> SafeString:
        return badge(Level.OFF, gettext("Deleted")) if obj.deleted_at else badge(Level.GOOD, gettext("Live"))

    @admin.display(description=_("fields"))
    def contents(self, obj: Record) -> SafeString:
        schema = ModuleSchema.objects.filter(connection=obj.connection_id, module=obj.module).first()
        described = schema.fields if schema else []
        data = {name: _with_present_name(obj, name, value) for name, value in obj.data.items()}
        return record_fields(data, {str(each.get("name")): str(each.get("label") or "") for each in described})


@admin.register(QuarantinedRow)
class QuarantinedRowAdmin(ReadOnly, TenantScoped):
    tenant_path = "connection__tenant"
    lookups_refused = ("raw", "raw_hash")
    list_display = ("module", "record_id", "tenant_name", "connection", "why", "tries", "last_at")
    list_filter = (TenantFilter, ModuleFilter)
    list_select_related = ("connection__tenant",)
    search_fields = ("=record_id",)
    ordering = ("-pk",)
    readonly_fields = ("whole_reason", "row")

    why = sentence_of("reason", _("reason"), chars=100)
    whole_reason = sentence_of("reason", _("reason"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("raw")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = ("connection", "module", "record_id", "whole_reason", "tries", "first_at", "last_at")
        return (*fields, "row") if request.user.has_perm(SEES_CONTENTS) else fields

    @admin.display(description=_("as it came"))
    def row(self, obj: QuarantinedRow) -> SafeString:
        return format_html('<pre class="bigin-json">{}</pre>', obj.raw)


def _with_present_name(record: Record, field: str, value: Any) -> Any:
    link = record.value(field)
    return {**value, "name": link.name} if isinstance(link, Link) else value

"""The bases of our admins: nobody sees or changes what `BIGIN_ACCESS_POLICY` does not let them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.contrib.admin.options import IS_POPUP_VAR, TO_FIELD_VAR
from django.db.models import Field, ForeignKey, Model, QuerySet
from django.forms import ModelChoiceField
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..audit import key_of
from ..conf import settings
from ..db.aliases import written_alias
from ..db.keys import possible_key
from ..policy import ALL, Action, access_policy, is_unlimited, visible
from ..tenants import all_tenants, tenant_model
from .questions import ModelAdmin, PossibleQuestions

if TYPE_CHECKING:
    TabularInline = admin.TabularInline[Any, Any]
else:
    # Django's class takes no parameters while running.
    TabularInline = admin.TabularInline

TENANTS_IN_SIDEBAR = 100

# What Django gives to every change form, for pages that save no row: themes read these without asking.
_NOTHING_TO_SAVE = {
    **dict.fromkeys(
        (
            "add", "change", "is_popup", "save_as", "save_on_top", "show_save", "show_save_and_add_another",
            "show_save_and_continue", "show_close", "show_delete", "has_add_permission", "has_change_permission",
            "has_delete_permission", "has_editable_inline_admin_formsets", "has_file_field", "has_absolute_url",
        ),
        False,
    ),
    **dict.fromkeys(("absolute_url", "adminform", "content_type_id", "object_id", "subtitle", "to_field"), None),
    "errors": (),
    "form_url": "",
    "inline_admin_formsets": (),
    "is_popup_var": IS_POPUP_VAR,
    "preserved_filters": "",
    "to_field_var": TO_FIELD_VAR,
}  # fmt: skip


class PolicyAdmin(PossibleQuestions):
    """An admin whose rows, choices and permissions are narrowed to what the site's policy grants.

    Django's own permissions are needed as well: the policy only ever takes away.
    """

    delete_action: ClassVar[Action] = "change"
    cascades_to: ClassVar[tuple[type[Model], ...]] = ()
    """Models whose rows nobody deletes by hand, but which go when a row of this one is deleted."""
    lookups_refused: ClassVar[tuple[str, ...]] = ()
    """Fields that no query string may filter by: the number of results would tell what they hold."""

    # Counting a big table takes longer than showing a page of it.
    show_full_result_count = False

    class Media:
        css = {"all": ("django_bigin/admin.css",)}

    def scope(self, queryset: QuerySet[Any], user: Any) -> QuerySet[Any]:
        """Return the rows that a person may see."""
        raise NotImplementedError  # each admin says it

    def may(self, user: Any, action: Action, obj: Any) -> bool:
        """Tell whether the policy lets a person do this with a row."""
        raise NotImplementedError

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return self.scope(for_request(request, super().get_queryset(request)), request.user)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_view_permission(request, obj)
        return allowed and (obj is None or self.may(request.user, "view", obj))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or self.may(request.user, "change", obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_delete_permission(request, obj)
        return allowed and (obj is None or self.may(request.user, self.delete_action, obj))

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        if lookup.split("__")[0] in self.lookups_refused:
            return False
        return super().lookup_allowed(lookup, value, request)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        to_delete, counts, refused, protected = super().get_deleted_objects(objs, request)
        refused = refused - {str(model._meta.verbose_name) for model in self.cascades_to}
        return to_delete, counts, refused, protected

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField[Any]:
        choices = self._choices(db_field, request)
        if choices is not None:
            kwargs["queryset"] = choices
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[return-value]  # never None for a key shown in a form

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        # What a method shows of a column is helped by the column's text.
        shown = {name: getattr(getattr(self, name, None), "column", "") for name in self.readonly_fields}
        helps = {
            name: getattr(self.opts.get_field(column), "help_text", "") for name, column in shown.items() if column
        }
        return super().get_form(request, obj, change, **{"help_texts": helps, **kwargs})

    def tools(self, request: HttpRequest, obj: Any) -> Any:
        """Return the buttons and links above the form of a row, as `connecting.Tools`; None for none."""
        return None

    def render_change_form(
        self, request: HttpRequest, context: Any, add: bool = False, change: bool = False, form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:  # fmt: skip
        context["bigin_tools"] = None if obj is None else self.tools(request, obj)
        return super().render_change_form(request, context, add=add, change=change, form_url=form_url, obj=obj)

    def own_page(self, request: HttpRequest, template: str, title: str, context: dict[str, Any]) -> HttpResponse:
        """Show a page that is none of Django's: its name stands where that of a row would."""
        request.current_app = self.admin_site.name  # so that the links of the page stay on its site
        shared = {
            **self.admin_site.each_context(request),
            **_NOTHING_TO_SAVE,
            "title": title,
            "original": title,
            "opts": self.opts,
            "app_label": self.opts.app_label,
            "media": self.media,
            "has_view_permission": self.has_view_permission(request),
        }
        return TemplateResponse(request, f"admin/django_bigin/{template}", {**shared, **context})

    def _choices(self, db_field: Field[Any, Any], request: HttpRequest) -> QuerySet[Any] | None:
        """Return the rows that a person may choose from; a posted choice is checked against them too."""
        model = db_field.related_model
        if model is tenant_model():
            return for_request(request, visible_tenants(request.user))
        related = self.admin_site._registry.get(model)  # type: ignore[arg-type]  # "self" only while models load
        return related.get_queryset(request) if isinstance(related, PolicyAdmin) else None


class TenantScoped(PolicyAdmin):
    """Rows that belong to a tenant, reached by `tenant_path`; those of no tenant are for the unlimited alone."""

    tenant_path: ClassVar[str]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        # With the tenant, by whom the policy decides: looked up alone, it would come from a replica.
        return rows.select_related(self.tenant_path) if request.method == "POST" and self.tenant_path != "pk" else rows

    def scope(self, queryset: QuerySet[Any], user: Any) -> QuerySet[Any]:
        return visible(queryset, user, path=self.tenant_path)

    def may(self, user: Any, action: Action, obj: Any) -> bool:
        return access_policy().may(user, action, self.tenant_of(obj))

    def tenant_of(self, obj: Any) -> Any:
        """Return the tenant that a row belongs to; None for a shared one."""
        for name in self.tenant_path.split("__"):
            obj = getattr(obj, name)
        return obj

    @admin.display(description=_("tenant"))
    def tenant_name(self, obj: Any) -> str:
        return str(self.tenant_of(obj) or gettext("every tenant"))


class UnlimitedOnly(PolicyAdmin):
    """Rows about the whole installation, which limited people have no business with."""

    def scope(self, queryset: QuerySet[Any], user: Any) -> QuerySet[Any]:
        return queryset if is_unlimited(user) else queryset.none()

    def may(self, user: Any, action: Action, obj: Any) -> bool:
        return is_unlimited(user) and access_policy().may(user, action, None)


class ReadOnly(ModelAdmin):
    """Rows that the engine writes, and people look at. Goes before the other bases."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyInline(TabularInline):
    """Rows that the engine writes, on the page of another."""

    can_delete = False
    extra = 0
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Any) -> bool:  # type: ignore[override]  # inlines take the row, as Django's own do
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class TenantFilter(admin.SimpleListFilter):
    """The sidebar's tenants: those that the person may see, and of many only the first."""

    title = _("tenant")
    parameter_name = "tenant"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        self.path = model_admin.tenant_path
        tenants = visible_tenants(request.user).order_by(settings.BIGIN_TENANT_LOOKUP)
        shown = list(tenants[:TENANTS_IN_SIDEBAR])
        return [(str(tenant.pk), str(tenant)) for tenant in shown]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() is None:
            return queryset
        key = possible_key(tenant_model(), str(self.value()))
        return queryset.none() if key is None else queryset.filter(**{self.path: key})


class DataCenterFilter(admin.SimpleListFilter):
    """The sidebar's data centers: those that the site may use."""

    title = _("data center")
    parameter_name = "data_center"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(code, code) for code in settings.data_center_codes]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(data_center=self.value()) if self.value() else queryset


def for_request(request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
    """Read what a POST decides by where it is written; what is only shown may come from a replica."""
    return rows.using(written_alias(rows.model)) if request.method == "POST" else rows


def visible_tenants(user: Any) -> QuerySet[Any]:
    """Return the tenants that a person may see."""
    return visible(all_tenants(), user, path="pk")


def visible_tenant_keys(user: Any) -> list[str] | None:
    """Return the primary keys of those tenants as text, as the audit holds them; None for all."""
    tenants = access_policy().tenants_for(user)
    return None if tenants is ALL else [key_of(key) for key in tenants.values_list("pk", flat=True)]

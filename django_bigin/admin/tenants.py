"""The site's customers, where the site has no tenant model of its own: made, connected and deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.options import IS_POPUP_VAR
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..connections import Offboarding, delete_tenant
from ..db.aliases import outside_transactions
from ..exceptions import BiginError
from ..models import AuthorizationAttempt, ClientRegistration, Connection, Record, Tenant
from ..policy import is_unlimited
from ..translation import translated
from .access import TenantScoped, for_request
from .addresses import admin_page, index_page
from .connecting import Tools, tools_for_tenant


@admin.register(Tenant)  # Django leaves it out where the site has a tenant model of its own
class TenantAdmin(TenantScoped):
    """Tenants. Deleting one disconnects it first, as `bigin_delete_tenant` does."""

    tenant_path = "pk"
    delete_action = "disconnect"
    cascades_to = (AuthorizationAttempt,)
    list_display = ("name", "slug", "connection_count", "created_at")
    search_fields = ("name", "slug")
    ordering = ("name", "pk")  # the model's own is lost with the count
    prepopulated_fields = {"slug": ("name",)}

    def tenant_of(self, obj: Any) -> Any:
        return obj

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request).annotate(_connections=Count("bigin_connections"))
        return rows

    def has_add_permission(self, request: HttpRequest) -> bool:
        # A limited person could not even see the tenant that they made.
        return super().has_add_permission(request) and is_unlimited(request.user)

    def tools(self, request: HttpRequest, obj: Any) -> Tools:
        return tools_for_tenant(self.admin_site, request, obj)

    # It waits for Zoho, so no transaction around it.
    @outside_transactions
    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Say what a tenant's end means, and end it after a second press."""
        tenant = self.get_object(request, unquote(object_id))
        if tenant is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined, no-any-return]  # unknown to the stubs
        if not self.has_delete_permission(request, tenant):
            raise PermissionDenied
        counts = _counts(request, tenant)
        refused = [model._meta.verbose_name_plural for model in counts if not _may_delete(request, model)]
        if request.method == "POST" and "confirmed" in request.POST:
            if refused:
                raise PermissionDenied
            return self._delete(request, tenant)
        context = {
            "tenant": tenant,
            "connections": tenant.bigin_connections.order_by("pk"),
            "counts": [(number, model._meta.verbose_name_plural) for model, number in counts.items()],
            "refused": refused,
            "unrevoked": "unrevoked" in request.GET,
            "back_to": self._page_of(tenant),
            "is_popup": IS_POPUP_VAR in request.GET,
            "is_popup_var": IS_POPUP_VAR,
            **(extra_context or {}),
        }
        return self.own_page(request, "tenant/delete_confirmation.html", gettext("Delete a tenant"), context)

    def _delete(self, request: HttpRequest, tenant: Tenant) -> HttpResponse:
        even_unrevoked = "even_unrevoked" in request.POST
        try:
            outcome = delete_tenant(tenant, actor=request.user.get_username(), even_unrevoked=even_unrevoked)
        except BiginError as error:
            self.message_user(request, translated(error.message), messages.ERROR)
            return HttpResponseRedirect(self._page_of(tenant))
        self._tell_revocations(request, outcome)
        if not outcome.deleted:
            sentence = gettext(
                "%(tenant)s is disconnected, but stays, since a grant was not revoked at Zoho: try again later."
            )
            self.message_user(request, sentence % {"tenant": tenant}, messages.WARNING)
            return HttpResponseRedirect(f"{request.path}?unrevoked")
        self.log_deletions(request, [tenant])  # type: ignore[arg-type]  # a list will do: it only looks at each
        return self.response_delete(request, str(tenant), tenant.pk)

    def _tell_revocations(self, request: HttpRequest, outcome: Offboarding) -> None:
        for connection, revocation in outcome.revocations.items():
            level = messages.INFO if revocation.revoked else messages.WARNING
            self.message_user(request, f"{connection}: {translated(revocation.detail)}", level)

    def _page_of(self, tenant: Tenant) -> str:
        page = admin_page(self.admin_site, "django_bigin_tenant_change", tenant.pk)
        return page or index_page(self.admin_site)

    @admin.display(description=_("connections"))
    def connection_count(self, obj: Any) -> int:
        return int(obj._connections)


def _counts(request: HttpRequest, tenant: Tenant) -> Mapping[Any, int]:
    """Count what goes with a tenant, of each kind that a person knows and that there is any of."""
    paths = {Connection: "tenant", Record: "connection__tenant", ClientRegistration: "tenant"}
    counts = {
        model: for_request(request, model._default_manager.filter(**{path: tenant.pk})).count()
        for model, path in paths.items()
    }
    return {model: number for model, number in counts.items() if number}


def _may_delete(request: HttpRequest, model: Any) -> bool:
    """Tell whether a person may delete rows of a kind; records go with their connection."""
    return model is Record or request.user.has_perm(f"django_bigin.delete_{model._meta.model_name}")

"""Connecting from the admin: links to the pages that go to Zoho, and the form for a self client's grant token."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite, helpers
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..conf import settings
from ..connections import ConnectResult, connect_self_client
from ..connections.accounts import retry_after_secret_change
from ..db.aliases import outside_transactions
from ..db.keys import row_by_key
from ..exceptions import BiginError, ClientCredentialsError, GrantTokenError
from ..models import ClientRegistration, Connection
from ..policy import access_policy
from ..translation import translated
from ..views.hiding import hides_posted
from .access import TenantScoped, for_request, visible_tenants
from .addresses import admin_page, index_page
from .inputs import SecretField

WITHOUT_PAGES = _(
    "To connect in a browser, include django_bigin.urls in the site's URLs: see the docs under Connect a tenant."
)

SELF_CLIENT = ClientRegistration.Kind.SELF_CLIENT


@dataclass
class Tools:
    """The buttons and links above the form of a change page.

    Attributes:
        post_to: the address that the buttons post to.
        buttons: each with `name` and `label`.
        links: (address, label) of other pages.
        hint: the reason why something is missing.
    """

    post_to: str = ""
    buttons: list[Any] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)
    hint: str = ""

    def __bool__(self) -> bool:
        return bool(self.buttons or self.links or self.hint)

    def link(self, label: str, address: str | None) -> None:
        """Link to a page, unless the site does not have it."""
        if address is not None:
            self.links.append((address, label))

    def offer_pages(self, label: str, page: str, *arguments: Any, **query: Any) -> None:
        """Link to one of the pages of django_bigin.urls, or say that the site has not included them."""
        address = site_page(page, *arguments, **query)
        if address is None:
            self.hint = str(WITHOUT_PAGES)
        else:
            self.links.append((address, label))


def site_page(page: str, *arguments: Any, **query: Any) -> str | None:
    """Return the address of one of the pages of django_bigin.urls; None where the site has not included them."""
    try:
        address = reverse(f"django_bigin:{page}", args=arguments)
    except NoReverseMatch:
        return None
    return f"{address}?{urlencode(query)}" if query else address


def may_connect(request: HttpRequest, tenant: Model | None = None) -> bool:
    """Tell whether a person may connect that tenant; without one, whether they may connect at all."""
    allowed = request.user.has_perm("django_bigin.connect_connection")
    return allowed and (tenant is None or access_policy().may(request.user, "connect", tenant))


def self_client_page(site: AdminSite, **query: Any) -> str | None:
    """Return the address of the form for a grant token, with what is known filled in."""
    return admin_page(site, "django_bigin_connection_connect_self_client", **query)


def tools_for_tenant(site: AdminSite, request: HttpRequest, tenant: Any) -> Tools:
    tools = Tools()
    if may_connect(request, tenant):
        tools.offer_pages(gettext("Connect"), "connect", tenant=tenant.pk, next=request.path)
        tools.link(gettext("Connect with a self client"), self_client_page(site, tenant=tenant.pk))
    return tools


def tools_for_registration(site: AdminSite, request: HttpRequest, registration: ClientRegistration) -> Tools:
    tools = Tools()
    if not may_connect(request, registration.tenant):
        return tools
    if registration.kind == SELF_CLIENT:
        tools.link(gettext("Connect with a grant token"), self_client_page(site, registration=registration.pk))
    elif registration.tenant is None:
        tools.link(gettext("Connect a tenant"), admin_page(site, "django_bigin_connection_connect"))
    elif registration.redirect_uri:
        tools.offer_pages(gettext("Connect"), "connect", tenant=registration.tenant.pk, next=request.path)
    else:
        tools.hint = gettext("Enter the redirect URI to connect with this client in a browser.")
    return tools


def add_links_of_connection(tools: Tools, site: AdminSite, request: HttpRequest, connection: Connection) -> None:
    """Add the link that confirms a connection, or that reconnects it."""
    if not may_connect(request, connection.tenant):
        return
    if connection.status == Connection.Status.PENDING:
        tools.offer_pages(gettext("Confirm"), "confirm", connection.pk)
    elif connection.registration.kind == SELF_CLIENT:
        tools.link(gettext("Reconnect"), self_client_page(site, connection=connection.pk))
    else:
        tools.offer_pages(gettext("Reconnect"), "connect", connection=connection.pk, next=request.path)


def connectable_tenants(request: HttpRequest) -> QuerySet[Any]:
    """Return the tenants to choose from; the policy is asked about the chosen one alone."""
    return for_request(request, visible_tenants(request.user)).order_by(settings.BIGIN_TENANT_LOOKUP)


class SelfClientForm(forms.Form):
    """A self client as Zoho's API console shows it, and the grant token that it gave."""

    tenant: forms.ModelChoiceField[Any] = forms.ModelChoiceField(label=_("Tenant"), queryset=Connection.objects.none())
    client_id = forms.CharField(
        label=_("Client id"), max_length=120, widget=forms.TextInput(attrs={"size": 50, "autocomplete": "off"})
    )
    client_secret = SecretField(
        label=_("Client secret"),
        widget=forms.PasswordInput(render_value=False, attrs={"size": 50, "autocomplete": "new-password"}),
    )
    data_center = forms.ChoiceField(
        label=_("Data center"),
        help_text=_("Where the self client was made: us for the console at zoho.com, eu for zoho.eu and so on."),
    )
    grant_token = SecretField(
        label=_("Grant token"),
        widget=forms.PasswordInput(render_value=False, attrs={"size": 50, "autocomplete": "off"}),
        help_text=_("From the console's tab Generate Code. It works once, and only for the minutes chosen there."),
    )

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        tenant, data_center = self.fields["tenant"], self.fields["data_center"]
        tenant.queryset = connectable_tenants(request)  # type: ignore[attr-defined]  # it is a ModelChoiceField
        data_center.choices = [(code, code) for code in settings.data_center_codes]  # type: ignore[attr-defined]
        data_center.initial = self.initial.get("data_center", "us")

    def clean_tenant(self) -> Any:
        tenant = self.cleaned_data["tenant"]
        if not may_connect(self.request, tenant):
            raise ValidationError(gettext("You may not connect this tenant."))
        return tenant

    def connect(self) -> ConnectResult | None:
        """Connect with what was entered; None, with an error at its field, where Zoho refuses it."""
        try:
            return connect_self_client(
                self.cleaned_data["tenant"],
                client_id=self.cleaned_data["client_id"],
                client_secret=self.cleaned_data["client_secret"],
                grant_token=self.cleaned_data["grant_token"],
                data_center=self.cleaned_data["data_center"],
                actor=str(self.request.user),
            )
        except GrantTokenError as error:
            self.add_error("grant_token", translated(error.message))
        except ClientCredentialsError as error:
            self.add_error("client_secret", translated(error.message))
        except BiginError as error:
            self.add_error(None, translated(error.message))
        return None


class ConnectPages(TenantScoped):
    """The pages that lead to a new connection, under the address of the list of connections."""

    def get_urls(self) -> list[URLPattern]:
        views = (("connect", self.connect_view), ("connect-self-client", self.self_client_view))
        names = {address: f"django_bigin_connection_{address.replace('-', '_')}" for address, _ in views}
        pages = [path(f"{name}/", self.admin_site.admin_view(view), name=names[name]) for name, view in views]
        return [*pages, *super().get_urls()]

    def connect_view(self, request: HttpRequest) -> HttpResponse:
        """Show the tenants to choose from, and the ways to connect one."""
        if not may_connect(request):
            raise PermissionDenied
        return self.own_page(
            request,
            "connection/connect.html",
            gettext("Connect a tenant"),
            {
                "tenants": connectable_tenants(request),
                "connect_address": site_page("connect"),
                "next": admin_page(self.admin_site, "django_bigin_connection_changelist"),
                "hint": WITHOUT_PAGES,
            },
        )

    # It waits for Zoho, so no transaction around it.
    @outside_transactions
    @method_decorator(hides_posted("client_secret", "grant_token"))
    def self_client_view(self, request: HttpRequest) -> HttpResponse:
        """Connect a tenant with a grant token that a person made in Zoho's API console."""
        if not may_connect(request):
            raise PermissionDenied
        form = SelfClientForm(request.POST or None, request=request, initial=self._known(request))
        if request.method == "POST" and form.is_valid():
            result = form.connect()
            if result is not None:
                return self._connected(request, result)
        shown = helpers.AdminForm(form, [(None, {"fields": list(form.fields)})], {}, (), model_admin=self)  # type: ignore[arg-type]
        return self.own_page(
            request,
            "connection/connect_self_client.html",
            gettext("Connect with a self client"),
            {"adminform": shown, "form": form, "errors": form.errors},
        )

    def _connected(self, request: HttpRequest, result: ConnectResult) -> HttpResponse:
        connection = result.connection
        # The secret has just worked, so connections that rest for a wrong one may try again.
        retry_after_secret_change(connection.registration)
        sentence = (
            gettext("{} is connected to <strong>{}</strong>. Its records are mirrored from now on.")
            if result.created
            else gettext("{} is connected again to <strong>{}</strong>. Its records are mirrored from now on.")
        )
        self.message_user(request, format_html(sentence, connection.tenant, connection), messages.SUCCESS)
        if not self.has_view_permission(request, connection):
            return HttpResponseRedirect(index_page(self.admin_site))
        page = admin_page(self.admin_site, "django_bigin_connection_change", connection.pk)
        return HttpResponseRedirect(page or index_page(self.admin_site))

    def _known(self, request: HttpRequest) -> dict[str, Any]:
        """Return the tenant, registration or connection of the query string, as far as the person may see it."""
        known: dict[str, Any] = {}
        tenant = row_by_key(connectable_tenants(request), request.GET.get("tenant", ""))
        connection = row_by_key(self.get_queryset(request), request.GET.get("connection", ""))
        registration = connection.registration if connection else None
        registrations = self.admin_site._registry.get(ClientRegistration)
        if registration is None and registrations is not None:
            rows = registrations.get_queryset(request)
            registration = row_by_key(rows, request.GET.get("registration", ""))
        if registration is not None:
            known = {"client_id": registration.client_id, "data_center": registration.home_data_center}
            tenant = tenant or registration.tenant
        if connection is not None:
            known["data_center"] = connection.data_center
            tenant = connection.tenant
        return {**known, "tenant": tenant}

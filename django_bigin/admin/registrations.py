"""The admin of what people enter by hand: clients from Zoho's API console, and their secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..conf import settings
from ..connections.accounts import retry_after_secret_change
from ..db.aliases import written
from ..models import (
    AuthorizationAttempt,
    ClientRegistration,
    ClientSecret,
    RegistrationState,
)
from ..models.fields import is_stored
from ..models.registration import default_scopes
from ..policy import Action, access_policy, is_unlimited, visible
from ..views.hiding import hides_posted
from .access import DataCenterFilter, ReadOnly, TabularInline, TenantFilter, TenantScoped
from .connecting import Tools, tools_for_registration
from .inputs import NamesField, SecretField
from .show import moment, secret_state

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Any]
else:
    ModelForm = forms.ModelForm


class RegistrationForm(ModelForm):
    """A client as the API console shows it."""

    user: Any = None  # the person who fills it in; the admin sets it

    home_data_center = forms.ChoiceField(label=_("Home data center"), help_text=_("Where the client was registered."))
    data_centers = forms.MultipleChoiceField(
        label=_("Data centers"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Where it is switched on. None chosen: all but cn, or cn alone when that is its home."),
    )
    redirect_uri = forms.URLField(
        label=_("Redirect URI"),
        required=False,
        max_length=500,
        assume_scheme="https",
        help_text=_("Empty for a self client."),
    )
    scopes = NamesField(
        label=_("Scopes"),
        required=False,
        initial=default_scopes,
        help_text=_("One a line. A grant cannot gain any later, so ask for all from the first day."),
    )

    class Meta:
        model = ClientRegistration
        fields = ("tenant", "name", "kind", "client_id", "home_data_center", "data_centers", "redirect_uri", "scopes")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, codes in (
            ("home_data_center", [self.instance.home_data_center]),
            ("data_centers", self.instance.data_centers),
        ):
            if name in self.fields:
                _choices_of(self.fields[name], _data_center_choices(codes))
        if "tenant" in self.fields and not is_unlimited(self.user):
            self.fields["tenant"].required = True

    def clean_tenant(self) -> Any:
        tenant = self.cleaned_data["tenant"]
        if not access_policy().may(self.user, "change", tenant):
            raise ValidationError(gettext("You may not change the registrations of this tenant."))
        return tenant

    def clean(self) -> Any:
        cleaned = super().clean()
        # The constraint sees neither two rows without a tenant nor a tenant that is not in the form.
        tenant = self.cleaned_data.get("tenant") if "tenant" in self.fields else self.instance.tenant
        same = written(ClientRegistration).filter(tenant=tenant, client_id=self.cleaned_data.get("client_id"))
        if (tenant is None or "tenant" not in self.fields) and same.exclude(pk=self.instance.pk).exists():
            sentence = (
                gettext("%(tenant)s has a registration with this client id already.") % {"tenant": tenant}
                if tenant
                else gettext("Every tenant has a registration with this client id already.")
            )
            self.add_error("client_id", sentence)
        return cleaned


class SecretForm(ModelForm):
    """A secret, which can be written and is never shown."""

    data_center = forms.ChoiceField(
        label=_("Data center"),
        required=False,
        help_text=_("Choose one where the console shows a secret for each data center."),
    )
    new_secret = SecretField(
        label=_("Secret"),
        required=False,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password", "size": 50}),
        help_text=_("Leave empty to keep the stored one."),
    )

    class Meta:
        model = ClientSecret
        fields = ("data_center",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is None and "new_secret" in self.fields:
            self.fields["new_secret"].help_text = ""
        if "data_center" in self.fields:
            every = [("", gettext("every data center"))]
            current = [self.instance.data_center] if self.instance.data_center else []
            _choices_of(self.fields["data_center"], every + _data_center_choices(current))

    def clean_new_secret(self) -> str:
        value: str = self.cleaned_data["new_secret"]
        if not value and self.instance.pk is None:
            raise ValidationError(gettext("Enter the secret that the console shows."))
        return value

    def save(self, commit: bool = True) -> Any:
        if self.cleaned_data.get("new_secret"):
            self.instance.secret = self.cleaned_data["new_secret"]
        return super().save(commit)


class SecretPageForm(SecretForm):
    """The form of a secret on a page of its own, where the registration is chosen."""

    user: Any = None  # the person who fills it in; the admin sets it

    class Meta:
        model = ClientSecret
        fields = ("registration", "data_center")

    def clean_registration(self) -> ClientRegistration:
        registration: ClientRegistration = self.cleaned_data["registration"]
        if not access_policy().may(self.user, "change", registration.tenant):
            raise ValidationError(gettext("You may not change this registration."))
        return registration

    def clean(self) -> Any:
        cleaned = super().clean()
        # The constraint does not see a registration that is not in the form.
        if "registration" not in self.fields:
            same = written(ClientSecret).filter(
                registration=self.instance.registration_id, data_center=self.cleaned_data.get("data_center", "")
            )
            if same.exclude(pk=self.instance.pk).exists():
                self.add_error("data_center", gettext("The registration has a secret for it already."))
        return cleaned


class SecretInline(TabularInline):
    model = ClientSecret
    form = SecretForm
    fields = ("data_center", "new_secret", "state")
    readonly_fields = ("state",)

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        return 0 if obj else 1

    def has_add_permission(self, request: HttpRequest, obj: Any) -> bool:  # type: ignore[override]  # as Django's own
        return super().has_add_permission(request, obj) and self._may_change(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and self._may_change(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and self._may_change(request, obj)

    @staticmethod
    def _may_change(request: HttpRequest, registration: ClientRegistration | None) -> bool:
        return registration is None or access_policy().may(request.user, "change", registration.tenant)

    @admin.display(description=_("stored"))
    def state(self, obj: ClientSecret) -> str:
        return _state_of(obj)


@admin.register(ClientRegistration)
class ClientRegistrationAdmin(TenantScoped):
    tenant_path = "tenant"
    cascades_to = (AuthorizationAttempt, ClientSecret, RegistrationState)
    form = RegistrationForm
    inlines = (SecretInline,)
    list_display = ("__str__", "client_id", "kind", "tenant_name", "home_data_center", "secrets_stored")
    list_filter = (TenantFilter, "kind")
    list_select_related = ("tenant",)
    search_fields = ("name", "client_id")
    fields = RegistrationForm.Meta.fields

    def scope(self, queryset: QuerySet[Any], user: Any) -> QuerySet[Any]:
        rows = visible(queryset, user, path="tenant")
        # Limited people may be allowed to use what is shared; then they may look at it.
        if not is_unlimited(user) and access_policy().may(user, "view", None):
            rows = rows | queryset.filter(tenant=None)
        return rows

    def may(self, user: Any, action: Action, obj: Any) -> bool:
        if action != "view" and self.tenant_of(obj) is None and not is_unlimited(user):
            return False
        return super().may(user, action, obj)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("secrets")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        # The secrets are bound to the tenant: under another one they would not decrypt.
        return ("tenant",) if obj else ()

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.user = request.user
        return form

    @method_decorator(hides_posted("new_secret"))
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().changeform_view(request, *args, **kwargs)

    def tools(self, request: HttpRequest, obj: Any) -> Tools:
        return tools_for_registration(self.admin_site, request, obj)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if form.has_changed() or any(formset.has_changed() for formset in formsets):
            retry_after_secret_change(form.instance)

    @admin.display(description=_("secrets"))
    def secrets_stored(self, obj: ClientRegistration) -> str:
        where = [
            each.data_center or gettext("every data center") for each in obj.secrets.all() if is_stored(each, "secret")
        ]
        return ", ".join(where) or gettext("none")


@admin.register(ClientSecret)
class ClientSecretAdmin(TenantScoped):
    tenant_path = "registration__tenant"
    form = SecretPageForm
    list_display = ("registration", "tenant_name", "where", "state", "changed_at")
    list_filter = (TenantFilter,)
    list_select_related = ("registration__tenant",)
    search_fields = ("registration__name", "registration__client_id")
    autocomplete_fields = ("registration",)
    fields = ("registration", "data_center", "new_secret", "state")
    lookups_refused = ("secret",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        # The secret is bound to the registration's tenant, so it stays where it is.
        return ("registration", "state") if obj else ("state",)

    def may(self, user: Any, action: Action, obj: Any) -> bool:
        if self.tenant_of(obj) is None and not is_unlimited(user):
            return False
        return super().may(user, action, obj)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.user = request.user
        return form

    def save_model(self, request: HttpRequest, obj: ClientSecret, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        retry_after_secret_change(obj.registration)

    @method_decorator(hides_posted("new_secret"))
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().changeform_view(request, *args, **kwargs)

    @admin.display(description=_("data center"), ordering="data_center")
    def where(self, obj: ClientSecret) -> str:
        return obj.data_center or gettext("every data center")

    @admin.display(description=_("stored"))
    def state(self, obj: ClientSecret) -> str:
        return _state_of(obj)


@admin.register(RegistrationState)
class RegistrationStateAdmin(ReadOnly, TenantScoped):
    tenant_path = "registration__tenant"
    list_display = ("registration", "tenant_name", "data_center", "throttled_until")
    list_filter = (TenantFilter, DataCenterFilter)
    list_select_related = ("registration__tenant",)
    fields = ("registration", "data_center", "throttled_until", "recent_throttled")


def _state_of(secret: ClientSecret) -> str:
    return secret_state(
        secret, "secret", detail=gettext(", changed %(moment)s") % {"moment": moment(secret.changed_at)}
    )


def _data_center_choices(current: list[str]) -> list[tuple[str, str]]:
    """Return the site's data centers, and those that the row holds already."""
    codes = settings.data_center_codes
    return [(code, code) for code in (*codes, *(each for each in current if each and each not in codes))]


def _choices_of(field: forms.Field, choices: list[tuple[str, str]]) -> None:
    field.choices = choices  # type: ignore[attr-defined]  # both kinds of choice field have it

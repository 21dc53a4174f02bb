"""Clients from Zoho's API console, their secrets, and their throttling in each data center."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..conf import TENANT_MODEL, settings
from ..db.aliases import WrittenManager
from ..text import one_line
from .fields import EncryptedTextField, SecretModel

DATA_CENTER_LENGTH = 8


def default_scopes() -> list[str]:
    """Return what a registration asks for from its first day, since a grant cannot gain scopes later."""
    return list(settings.BIGIN_SCOPES)


class ClientRegistration(models.Model):
    """One client from Zoho's API console. A person deletes it; never while a connection uses it."""

    class Kind(models.TextChoices):
        SERVER = "server", _("Server-based application")
        SELF_CLIENT = "self_client", _("Self client")

    tenant = models.ForeignKey(
        TENANT_MODEL,
        verbose_name=_("tenant"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="bigin_registrations",
        help_text=_("Leave empty to let every tenant use it."),
    )
    name = models.CharField(_("name"), max_length=200, blank=True)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices, default=Kind.SERVER)
    client_id = models.CharField(_("client id"), max_length=120)
    home_data_center = models.CharField(
        _("home data center"),
        max_length=DATA_CENTER_LENGTH,
        default="us",
        help_text=_("Where the client was registered."),
    )
    data_centers = models.JSONField(
        _("data centers"),
        default=list,
        blank=True,
        help_text=_("Codes of those it is switched on for; empty: all but cn, or cn alone when that is its home."),
    )
    redirect_uri = models.URLField(
        _("redirect uri"), max_length=500, blank=True, help_text=_("Empty for a self client.")
    )
    scopes = models.JSONField(_("scopes"), default=default_scopes, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    objects: ClassVar[models.Manager[ClientRegistration]] = models.Manager()
    as_written = WrittenManager()

    class Meta:
        base_manager_name = "as_written"
        ordering = ("name", "client_id")
        verbose_name = _("client registration")
        verbose_name_plural = _("client registrations")
        constraints = (
            models.UniqueConstraint(fields=("tenant", "client_id"), name="django_bigin_registration_once_per_tenant"),
        )

    def __str__(self) -> str:
        return one_line(self.name or self.client_id)

    def serves(self, data_center: str) -> bool:
        """Tell whether the client is switched on for a data center."""
        if data_center not in settings.data_center_codes:
            return False
        if self.data_centers:
            return data_center in self.data_centers
        # China is an installation of its own, with its own console: never one client for both.
        return (data_center == "cn") == (self.home_data_center == "cn")


class ClientSecret(SecretModel):
    """The secret of one registration in one data center, or in all where the console shares it. Deleted with it."""

    uuid = models.UUIDField(_("uuid"), default=uuid.uuid4, unique=True, editable=False)
    registration = models.ForeignKey(
        ClientRegistration, verbose_name=_("registration"), on_delete=models.CASCADE, related_name="secrets"
    )
    data_center = models.CharField(
        _("data center"),
        max_length=DATA_CENTER_LENGTH,
        blank=True,
        default="",
        help_text=_("Empty: the same secret in every data center."),
    )
    secret = EncryptedTextField(_("secret"), purpose="client_secret.secret")
    changed_at = models.DateTimeField(_("changed at"), auto_now=True)

    class Meta:
        verbose_name = _("client secret")
        verbose_name_plural = _("client secrets")
        constraints = (
            models.UniqueConstraint(fields=("registration", "data_center"), name="django_bigin_secret_once_per_dc"),
        )

    def __str__(self) -> str:
        if self.data_center:
            return _in_data_center(self.registration, self.data_center)
        return one_line(gettext("%(registration)s in every data center") % {"registration": self.registration})

    def secret_tenant_key(self) -> Any:
        return self.registration.tenant_id


class RegistrationState(models.Model):
    """The throttling of one registration by the accounts server of one data center. Goes with the registration."""

    registration = models.ForeignKey(
        ClientRegistration, verbose_name=_("registration"), on_delete=models.CASCADE, related_name="states"
    )
    data_center = models.CharField(_("data center"), max_length=DATA_CENTER_LENGTH)
    throttled_until = models.DateTimeField(_("throttled until"), null=True, blank=True)
    recent_throttled = models.JSONField(
        _("recent throttled"),
        default=list,
        blank=True,
        help_text=_("[connection id, moment] of grants throttled within the last minute."),
    )

    class Meta:
        verbose_name = _("registration state")
        verbose_name_plural = _("registration states")
        constraints = (
            models.UniqueConstraint(fields=("registration", "data_center"), name="django_bigin_state_once_per_dc"),
        )

    def __str__(self) -> str:
        return _in_data_center(self.registration, self.data_center)


def _in_data_center(registration: ClientRegistration, data_center: str) -> str:
    names = {"registration": registration, "data_center": data_center}
    return one_line(gettext("%(registration)s in %(data_center)s") % names)

"""Clients from Zoho's API console, their secrets, and their throttling in each data center."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models

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
        SERVER = "server", "Server-based application"
        SELF_CLIENT = "self_client", "Self client"

    tenant = models.ForeignKey(
        TENANT_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="bigin_registrations",
        help_text="Leave empty to let every tenant use it.",
    )
    name = models.CharField(max_length=200, blank=True)
    kind = models.CharField(max_length=16, choices=Kind.choices, default=Kind.SERVER)
    client_id = models.CharField(max_length=120)
    home_data_center = models.CharField(
        max_length=DATA_CENTER_LENGTH, default="us", help_text="Where the client was registered."
    )
    data_centers = models.JSONField(
        default=list,
        blank=True,
        help_text="Codes of those it is switched on for; empty: all but cn, or cn alone when that is its home.",
    )
    redirect_uri = models.URLField(max_length=500, blank=True, help_text="Empty for a self client.")
    scopes = models.JSONField(default=default_scopes, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = models.Manager()
    as_written = WrittenManager()

    class Meta:
        base_manager_name = "as_written"
        ordering = ("name", "client_id")
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

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    registration = models.ForeignKey(ClientRegistration, on_delete=models.CASCADE, related_name="secrets")
    data_center = models.CharField(
        max_length=DATA_CENTER_LENGTH, blank=True, default="", help_text="Empty: the same secret in every data center."
    )
    secret = EncryptedTextField(purpose="client_secret.secret")
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("registration", "data_center"), name="django_bigin_secret_once_per_dc"),
        )

    def __str__(self) -> str:
        return one_line(f"{self.registration} in {self.data_center or 'every data center'}")

    def secret_tenant_key(self) -> Any:
        return self.registration.tenant_id


class RegistrationState(models.Model):
    """The throttling of one registration by the accounts server of one data center. Goes with the registration."""

    registration = models.ForeignKey(ClientRegistration, on_delete=models.CASCADE, related_name="states")
    data_center = models.CharField(max_length=DATA_CENTER_LENGTH)
    throttled_until = models.DateTimeField(null=True, blank=True)
    recent_throttled = models.JSONField(
        default=list, blank=True, help_text="[connection id, moment] of grants throttled within the last minute."
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("registration", "data_center"), name="django_bigin_state_once_per_dc"),
        )

    def __str__(self) -> str:
        return one_line(f"{self.registration} in {self.data_center}")

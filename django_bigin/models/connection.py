"""A tenant's grant to an organization at Zoho, and the attempts to get one."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings as django_settings
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..api.products import DEFAULT_PRODUCT, PRODUCTS, Product
from ..conf import TENANT_MODEL
from ..text import one_line
from .fields import EncryptedTextField, SecretModel
from .registration import DATA_CENTER_LENGTH, ClientRegistration

PRODUCT_LENGTH = 16


def default_product() -> str:
    """Return the key of the product that a connection is of where nobody says another."""
    return DEFAULT_PRODUCT.key


class Connection(SecretModel):
    """One tenant's grant to one Bigin organization. Disconnecting keeps the row; only a person deletes it."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Pending confirmation")
        HEALTHY = "healthy", _("Healthy")
        DEGRADED = "degraded", _("Degraded")
        MISCONFIGURED = "misconfigured", _("Misconfigured")
        NEEDS_AUTHORIZATION = "needs_authorization", _("Needs authorization")
        PAUSED = "paused", _("Paused")
        DISCONNECTED = "disconnected", _("Disconnected")

    # Whose grant it is, and to what
    uuid = models.UUIDField(_("uuid"), default=uuid.uuid4, unique=True, editable=False)
    tenant = models.ForeignKey(
        TENANT_MODEL, verbose_name=_("tenant"), on_delete=models.PROTECT, related_name="bigin_connections"
    )
    registration = models.ForeignKey(
        ClientRegistration, verbose_name=_("registration"), on_delete=models.PROTECT, related_name="connections"
    )
    product = models.CharField(_("product"), max_length=PRODUCT_LENGTH, default=default_product)
    data_center = models.CharField(_("data center"), max_length=DATA_CENTER_LENGTH)

    # The organization, and the person at Zoho who consented
    org_id = models.CharField(_("organization id"), max_length=40, help_text=_("Zoho's zgid."))
    org_name = models.CharField(_("organization"), max_length=200, blank=True)
    org_time_zone = models.CharField(_("org time zone"), max_length=64, blank=True)
    org_paid = models.BooleanField(_("org paid"), default=False)
    org_licences = models.PositiveIntegerField(_("org licences"), default=0)
    zoho_user_id = models.CharField(_("zoho user id"), max_length=40, blank=True)
    zoho_user_email = models.CharField(_("zoho user email"), max_length=254, blank=True)

    # The grant
    scopes = models.JSONField(_("scopes"), default=list, blank=True, help_text=_("As granted."))
    refresh_token = EncryptedTextField(_("refresh token"), purpose="connection.refresh_token")
    access_token = EncryptedTextField(_("access token"), purpose="connection.access_token")
    expires_at = models.DateTimeField(
        _("expires at"), null=True, blank=True, help_text=_("When the access token expires.")
    )
    grant_version = models.PositiveIntegerField(
        _("grant version"),
        default=1,
        help_text=_("Incremented on reconnect and disconnect: an answer to an older grant is ignored."),
    )

    # The status, and who was told of it
    status = models.CharField(_("status"), max_length=24, choices=Status.choices, default=Status.PENDING, db_index=True)
    status_reason = models.TextField(_("status reason"), blank=True)
    status_since = models.DateTimeField(_("status since"), null=True, blank=True)
    status_before_pause = models.CharField(_("status before pause"), max_length=24, blank=True)
    confirm_until = models.DateTimeField(
        _("confirm until"), null=True, blank=True, help_text=_("When a pending one is discarded.")
    )
    last_alert_at = models.DateTimeField(_("last alert at"), null=True, blank=True)
    last_alert_status = models.CharField(_("last alert status"), max_length=24, blank=True)
    alert_queued_until = models.DateTimeField(_("alert queued until"), null=True, blank=True)

    # Refreshing the access token: when, by whom, how it went
    refresh_at = models.DateTimeField(
        _("refresh at"), null=True, blank=True, help_text=_("When it is refreshed, well ahead.")
    )
    refreshed_at = models.DateTimeField(_("refreshed at"), null=True, blank=True)
    refresh_count = models.PositiveIntegerField(_("refresh count"), default=0)
    lease_id = models.CharField(
        _("lease id"), max_length=36, blank=True, default="", help_text=_("Who asks for a token now.")
    )
    lease_until = models.DateTimeField(_("lease until"), null=True, blank=True)
    refresh_queued_until = models.DateTimeField(_("refresh queued until"), null=True, blank=True)
    refresh_tries = models.PositiveSmallIntegerField(
        _("refresh tries"), default=0, help_text=_("Begun in a row without an end: the worker was killed.")
    )
    token_requests = models.JSONField(
        _("token requests"), default=list, blank=True, help_text=_("Requests of the last ten minutes.")
    )
    failure_count = models.PositiveIntegerField(_("failure count"), default=0)
    throttle_count = models.PositiveIntegerField(_("throttle count"), default=0)
    refused_count = models.PositiveIntegerField(
        _("refused count"), default=0, help_text=_("How often the API refused a token just given.")
    )
    next_attempt_at = models.DateTimeField(_("next attempt at"), null=True, blank=True)

    # Reading the metadata: when, and by whom
    metadata_at = models.DateTimeField(
        _("metadata at"), null=True, blank=True, help_text=_("When modules and fields are read again.")
    )
    metadata_lease_id = models.CharField(
        _("metadata lease id"), max_length=36, blank=True, default="", help_text=_("Who reads them now.")
    )
    metadata_lease_until = models.DateTimeField(_("metadata lease until"), null=True, blank=True)
    metadata_queued_until = models.DateTimeField(_("metadata queued until"), null=True, blank=True)
    metadata_tries = models.PositiveSmallIntegerField(
        _("metadata tries"), default=0, help_text=_("Begun in a row without an end: the worker was killed.")
    )
    metadata_error = models.TextField(
        _("metadata error"), blank=True, help_text=_("Why the modules and fields could not be read.")
    )

    # Revoking the grant, where it is left over
    revoke_queued_until = models.DateTimeField(_("revoke queued until"), null=True, blank=True)
    revoke_tries = models.PositiveSmallIntegerField(
        _("revoke tries"), default=0, help_text=_("Begun in a row without an end: the worker was killed.")
    )

    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        ordering = ("tenant", "org_name")
        verbose_name = _("connection")
        verbose_name_plural = _("connections")
        constraints = (
            models.UniqueConstraint(
                fields=("tenant", "data_center", "org_id"), name="django_bigin_connection_once_per_org"
            ),
        )
        indexes = (
            models.Index(fields=("status", "refresh_at"), name="django_bigin_due_refreshes"),
            models.Index(fields=("status", "metadata_at"), name="django_bigin_due_metadata"),
        )
        permissions = (
            ("connect_connection", "Can connect and reconnect"),
            ("refresh_connection", "Can refresh a token by hand"),
            ("sync_connection", "Can start a sync"),
            ("pause_connection", "Can pause and resume"),
            ("disconnect_connection", "Can disconnect and revoke"),
        )

    def __str__(self) -> str:
        return one_line(f"{self.org_name or self.org_id} ({self.data_center})")

    def secret_tenant_key(self) -> Any:
        return self.tenant_id

    @property
    def description(self) -> Product:
        """Return the description of the product that it is a grant to."""
        return PRODUCTS[self.product]


class AuthorizationAttempt(SecretModel):
    """One press of Connect or Reconnect. Lives minutes; used once; trimmed afterwards."""

    uuid = models.UUIDField(_("uuid"), default=uuid.uuid4, unique=True, editable=False)
    state_hash = models.CharField(
        _("state hash"), max_length=64, unique=True, help_text=_("SHA-256; the state is not stored.")
    )
    nonce_hash = models.CharField(
        _("nonce hash"), max_length=64, help_text=_("SHA-256 of the nonce in the browser's session.")
    )
    # No way back from the user: it would clash with the tenant's where the tenants are the users.
    user = models.ForeignKey(
        django_settings.AUTH_USER_MODEL, verbose_name=_("user"), on_delete=models.CASCADE, null=True, related_name="+"
    )
    tenant = models.ForeignKey(
        TENANT_MODEL, verbose_name=_("tenant"), on_delete=models.CASCADE, related_name="bigin_attempts"
    )
    registration = models.ForeignKey(
        ClientRegistration, verbose_name=_("registration"), on_delete=models.CASCADE, related_name="attempts"
    )
    connection = models.ForeignKey(
        Connection,
        verbose_name=_("connection"),
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="attempts",
        help_text=_("Set when it is a reconnect."),
    )
    code_verifier = EncryptedTextField(_("code verifier"), purpose="authorization_attempt.code_verifier")
    return_to = models.CharField(_("return to"), max_length=500, blank=True)
    created_at = models.DateTimeField(_("created at"))
    expires_at = models.DateTimeField(_("expires at"), db_index=True)
    used_at = models.DateTimeField(_("used at"), null=True, blank=True)
    outcome = models.CharField(_("outcome"), max_length=40, blank=True)
    detail = models.TextField(_("detail"), blank=True, help_text=_("The result, in a sentence for the person."))
    result = models.ForeignKey(
        Connection, verbose_name=_("result"), on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("authorization attempt")
        verbose_name_plural = _("authorization attempts")

    def __str__(self) -> str:
        return gettext("attempt of %(moment)s") % {"moment": f"{self.created_at:%Y-%m-%d %H:%M}"}

    def secret_tenant_key(self) -> Any:
        return self.tenant_id

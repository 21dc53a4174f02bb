"""System checks of a site's settings; each message says what to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured
from django.db import DatabaseError, router
from django.http.request import validate_host

from .conf import TENANT_MODEL, settings
from .models import ClientRegistration
from .tenants import tenant_model

KEY_COMMAND = "python -m django_bigin.encryption"


@register("django_bigin")
def check_settings(**kwargs: Any) -> list[CheckMessage]:
    """Check what can be seen without the database or the network."""
    checks = (_check_keys, _check_sandbox, _check_installation, _check_tenant_lookup, _check_session, _check_readable)
    return [message for check in checks for message in check()]


def _check_keys() -> list[CheckMessage]:
    hint = f"Make one with `{KEY_COMMAND}` and keep it outside the code: BIGIN_ENCRYPTION_KEYS = [the key]."
    try:
        if settings.BIGIN_ENCRYPTION_KEYS.key_ids:
            return []
    except ImproperlyConfigured as error:
        return [Error(str(error), hint=hint, id="django_bigin.E002")]
    return [Error("No encryption key is configured, so no secret can be stored.", hint=hint, id="django_bigin.E001")]


def _check_sandbox() -> list[CheckMessage]:
    try:
        url = settings.BIGIN_SANDBOX_URL
    except ImproperlyConfigured as error:
        return [Error(str(error), hint="Remove it to talk to Zoho.", id="django_bigin.E003")]
    if url and not django_settings.DEBUG:
        return [
            Warning(
                f"BIGIN_SANDBOX_URL is set with DEBUG off: every call goes to {url}, none to Zoho.",
                hint="Remove BIGIN_SANDBOX_URL in production.",
                id="django_bigin.W001",
            )
        ]
    return []


def _check_installation() -> list[CheckMessage]:
    if settings.BIGIN_INSTALLATION_ID:
        return []
    return [
        Warning(
            "BIGIN_INSTALLATION_ID is not set: a copy of this site's database would use the same grants.",
            hint="Set it to any name that is kept outside the database, such as an environment variable.",
            id="django_bigin.W002",
        )
    ]


def _check_tenant_lookup() -> list[CheckMessage]:
    lookup = settings.BIGIN_TENANT_LOOKUP
    try:
        tenant_model()._meta.get_field(lookup)
    except (FieldDoesNotExist, LookupError):
        return [
            Error(
                f"BIGIN_TENANT_LOOKUP names the field {lookup!r}, which {TENANT_MODEL} does not have.",
                hint="Name a unique field of the tenant model: commands take its value for --tenant.",
                id="django_bigin.E004",
            )
        ]
    return []


def _check_session() -> list[CheckMessage]:
    if django_settings.SESSION_COOKIE_SAMESITE != "Strict":
        return []
    return [
        Warning(
            'SESSION_COOKIE_SAMESITE is "Strict": the browser comes back from Zoho without its session, so nobody can '
            "connect.",
            hint='Set it to "Lax".',
            id="django_bigin.W003",
        )
    ]


@register("django_bigin", Tags.database)
def check_redirect_uris(*, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Check that Zoho sends browsers back to this site; with `manage.py check --database default`."""
    if not databases or router.db_for_read(ClientRegistration) not in databases:
        return []
    hosts = [host for host in django_settings.ALLOWED_HOSTS if host != "*"]
    try:
        registrations = list(ClientRegistration.objects.exclude(redirect_uri=""))
    except DatabaseError:
        return []  # `migrate` looks before it has made the tables
    return [
        Warning(
            f"The redirect URI of {registration} is on {host}, which is not a host of this site.",
            hint="Compare it with the address of django_bigin:callback, and with ALLOWED_HOSTS.",
            obj=registration,
            id="django_bigin.W004",
        )
        for registration in registrations
        if hosts and not validate_host(host := urlsplit(registration.redirect_uri).hostname or "", hosts)
    ]


def _check_readable() -> list[CheckMessage]:
    """Read each setting whose value can be wrong in itself."""
    readers: tuple[Callable[[], object], ...] = (
        lambda: settings.timeouts,
        lambda: settings.BIGIN_CLOCK,
        lambda: settings.BIGIN_ACCESS_POLICY,
        lambda: settings.BIGIN_EXTRA_DATA_CENTERS,
        lambda: settings.BIGIN_REFRESH_MARGIN_SECONDS,
        lambda: settings.BIGIN_SYNC_INTERVAL_SECONDS,
        lambda: settings.reconcile_interval,
        lambda: settings.metadata_interval,
        lambda: settings.delta_overlap,
        lambda: settings.BIGIN_MISSING_SHARE,
        lambda: settings.job_retention,
        lambda: settings.BIGIN_SITE_URL,
    )
    messages: list[CheckMessage] = []
    for read in readers:
        try:
            read()
        except (ImproperlyConfigured, ImportError) as error:
            messages.append(Error(str(error), hint="Correct it in the settings.", id="django_bigin.E005"))
    return messages

"""System checks of a site's settings; each message says what to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured
from django.db import DatabaseError, connections, router
from django.http.request import validate_host

from .conf import TENANT_MODEL, settings
from .models import ClientRegistration, Connection
from .tenants import tenant_model

KEY_COMMAND = "python -m django_bigin.encryption"


@register("django_bigin")
def check_settings(**kwargs: Any) -> list[CheckMessage]:
    """Check what can be seen without the database or the network."""
    checks = (
        _check_keys,
        _check_sandbox,
        _check_installation,
        _check_tenant_lookup,
        _check_session,
        _check_readable,
        _check_modules,
        _check_time_zones,
        _check_one_database,
        _check_connect_timeout,
        _check_schemas,
    )
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
    """Check that Zoho sends browsers back to this site, with a session; with `manage.py check --database default`."""
    if not databases or router.db_for_read(ClientRegistration) not in databases:
        return []
    try:
        registrations = list(ClientRegistration.objects.exclude(redirect_uri=""))
    except DatabaseError:
        return []  # `migrate` looks before it has made the tables
    found = (_judge_redirect(row, urlsplit(row.redirect_uri).hostname or "") for row in registrations)
    return [message for message in found if message is not None]


def _judge_redirect(registration: ClientRegistration, host: str) -> CheckMessage | None:
    hosts = [each for each in django_settings.ALLOWED_HOSTS if each != "*"]
    if hosts and not validate_host(host, hosts):
        return Warning(
            f"The redirect URI of {registration} is on {host}, which is not a host of this site.",
            hint="Compare it with the address of django_bigin:callback, and with ALLOWED_HOSTS.",
            obj=registration,
            id="django_bigin.W004",
        )
    subdomains = [each for each in hosts if each.startswith(".") and validate_host(host, [each])]
    if not subdomains or django_settings.SESSION_COOKIE_DOMAIN:
        return None
    return Warning(
        f"ALLOWED_HOSTS takes every host below {subdomains[0]}, and the redirect URI of {registration} is on {host}: "
        "who starts on another of them comes back without the session, because its cookie stays on one host.",
        hint=f"Set SESSION_COOKIE_DOMAIN = {subdomains[0]!r}, or let people connect on {host} alone and silence this.",
        obj=registration,
        id="django_bigin.W005",
    )


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
        lambda: settings.BIGIN_SCOPES,
        lambda: settings.BIGIN_MODULES,
        lambda: settings.BIGIN_MISSING_SHARE,
        lambda: settings.job_retention,
        lambda: settings.BIGIN_ALERT_RECIPIENTS,
        lambda: settings.BIGIN_SITE_URL,
        lambda: settings.BIGIN_CELERY,
        lambda: settings.BIGIN_REFRESH_QUEUE,
        lambda: settings.BIGIN_SYNC_QUEUE,
    )
    messages: list[CheckMessage] = []
    for read in readers:
        try:
            read()
        except (ImproperlyConfigured, ImportError) as error:
            messages.append(Error(str(error), hint="Correct it in the settings.", id="django_bigin.E005"))
    return messages


def _check_modules() -> list[CheckMessage]:
    """Check the names of modules as far as they can be known: custom modules are known to Zoho alone."""
    try:
        unknown = [name for name in settings.BIGIN_MODULES if name not in settings.product_modules]
    except ImproperlyConfigured:
        return []  # said already
    if not unknown:
        return []
    names = ", ".join(map(repr, unknown))
    return [
        Warning(
            f"BIGIN_MODULES names {names}, and only a custom module could be called so: where the organization has "
            "none of that API name, nothing is mirrored of it.",
            hint=f"Correct it: {', '.join(settings.product_modules)}. If it is a custom module's API name, add "
            "'django_bigin.W007' to SILENCED_SYSTEM_CHECKS.",
            id="django_bigin.W007",
        )
    ]


def _check_time_zones() -> list[CheckMessage]:
    if django_settings.USE_TZ:
        return []
    return [
        Error(
            "USE_TZ is False: moments come from the database without a time zone, so no token can be judged.",
            hint="Set USE_TZ = True; what is shown still follows TIME_ZONE.",
            id="django_bigin.E006",
        )
    ]


def _check_one_database() -> list[CheckMessage]:
    """Check that routers keep together what is joined by foreign keys and written in one transaction."""
    here = router.db_for_write(Connection)
    try:
        joined = [*apps.get_app_config("django_bigin").get_models(), get_user_model(), tenant_model()]
    except (LookupError, ImproperlyConfigured):
        return []  # Django and the checks above say which model is not there
    elsewhere = {model._meta.label: alias for model in joined if (alias := router.db_for_write(model)) != here}
    if not elsewhere:
        return []
    named = ", ".join(f"{label} to {alias!r}" for label, alias in sorted(elsewhere.items()))
    return [
        Error(
            f"DATABASE_ROUTERS send django_bigin.Connection to {here!r}, but {named}: foreign keys and transactions do "
            "not reach from one database into another.",
            hint="Send all models of django_bigin, the tenant model and the user model to one alias.",
            id="django_bigin.E007",
        )
    ]


def _check_connect_timeout() -> list[CheckMessage]:
    """Check that opening a connection ends: of Django's drivers only that of MariaDB and MySQL waits for ever."""
    alias = router.db_for_write(Connection)
    if alias not in connections:
        return []  # Django says so
    database = connections[alias]
    options = database.settings_dict["OPTIONS"]
    # A file of options may hold it too.
    if database.vendor != "mysql" or {"connect_timeout", "read_default_file"} & set(options):
        return []
    return [
        Warning(
            f"DATABASES[{alias!r}] has no connect_timeout: where the server accepts a connection and says "
            "nothing, a request or a worker waits for ever.",
            hint=f'Set DATABASES[{alias!r}]["OPTIONS"]["connect_timeout"] = 5.',
            id="django_bigin.W006",
        )
    ]


def _check_schemas() -> list[CheckMessage]:
    """Check the layout of django-tenants: a worker or a thread of ours has no schema, so our tables are shared."""
    shared, private = (_apps_in(name) for name in ("SHARED_APPS", "TENANT_APPS"))
    messages: list[CheckMessage] = []
    if "django_bigin" in private:
        messages.append(
            Error(
                "django_bigin stands in TENANT_APPS: work in the background and a token's refresh look into the schema "
                "public, where its tables would be missing.",
                hint="Move it to SHARED_APPS, with BIGIN_TENANT_MODEL being the model of TENANT_MODEL.",
                id="django_bigin.E008",
            )
        )
    app = TENANT_MODEL.split(".")[0]
    if private and app in private and app not in shared:
        messages.append(
            Error(
                f"BIGIN_TENANT_MODEL is {TENANT_MODEL}, whose app stands in TENANT_APPS: rows of the shared "
                "django_bigin cannot point into the schema of one tenant.",
                hint="Name a model of SHARED_APPS, such as the one of TENANT_MODEL.",
                id="django_bigin.E009",
            )
        )
    return messages


def _apps_in(setting: str) -> set[str]:
    """Return the labels of the apps that a setting of django-tenants lists, by name or by configuration."""
    listed = set(getattr(django_settings, setting, ()))
    names = ((each, f"{type(each).__module__}.{type(each).__qualname__}") for each in apps.get_app_configs())
    return {each.label for each, path in names if listed & {each.name, path}}

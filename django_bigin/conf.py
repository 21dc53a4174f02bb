"""Every setting of the package: its name, its default and what it means.

Read through `settings` when used, never at import, so that a test can override one alone. The one exception is
`BIGIN_TENANT_MODEL`, which Django itself needs while the models load: `TENANT_MODEL`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from datetime import datetime, timedelta
from typing import Any, cast
from urllib.parse import urlsplit

from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from .api.datacenters import DATA_CENTERS, DEFAULT_CODES, OPT_IN_CODES
from .api.products import DEFAULT_PRODUCT, PRODUCTS
from .api.transport import CALL_SECONDS_AT_MOST, Timeouts, is_loopback
from .encryption.keyring import Keyring
from .exceptions import EncryptionError

TENANT_MODEL: str = getattr(django_settings, "BIGIN_TENANT_MODEL", "django_bigin.Tenant")


class _Reader:
    """Reading of a value of Django's settings, anew each time, in the form that it must have."""

    @staticmethod
    def _get(name: str, default: Any) -> Any:
        return getattr(django_settings, name, default)

    def _number(self, name: str, default: float, *, least: float = 0) -> float:
        value = self._get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or value < least:
            raise ImproperlyConfigured(f"{name} must be a number of at least {least:g}; it is {value!r}.")
        return value

    def _name(self, name: str, default: str) -> str:
        value = self._get(name, default)
        if not isinstance(value, str) or not value.strip():
            raise ImproperlyConfigured(f"{name} must be a name; it is {value!r}.")
        return value.strip()

    def _names(self, name: str, default: Sequence[str]) -> tuple[str, ...]:
        """Read a list, or one comma-separated string, as an environment gives it."""
        value = self._get(name, default)
        names = value.split(",") if isinstance(value, str) else value
        if not isinstance(names, Sequence | Set) or not all(isinstance(each, str) for each in names):
            raise ImproperlyConfigured(f"{name} must be a list of names; it is {value!r}.")
        return tuple(each.strip() for each in names if each.strip())


class _People(_Reader):
    """Tenants, and what people may do."""

    @property
    def BIGIN_TENANT_LOOKUP(self) -> str:
        """The field of the tenant model that commands take for `--tenant`: `slug`."""
        return cast(str, self._get("BIGIN_TENANT_LOOKUP", "slug"))

    @property
    def BIGIN_ACCESS_POLICY(self) -> Any:
        """The access policy: dotted path of a class like `django_bigin.policy.AccessPolicy`; an instance."""
        return import_string(self._get("BIGIN_ACCESS_POLICY", "django_bigin.policy.AccessPolicy"))()


class _Secrets(_Reader):
    """Keys, and whose installation it is."""

    @property
    def BIGIN_ENCRYPTION_KEYS(self) -> Keyring:
        """Keys for the secrets at rest: a list, or one comma-separated string; the first writes, all read."""
        try:
            return Keyring(self._get("BIGIN_ENCRYPTION_KEYS", ()))
        except EncryptionError as error:
            raise ImproperlyConfigured(f"BIGIN_ENCRYPTION_KEYS: {error}") from error

    @property
    def BIGIN_INSTALLATION_ID(self) -> str:
        """Names this installation; kept outside the database, so that a copy of it does not act. Unset: ""."""
        return str(self._get("BIGIN_INSTALLATION_ID", "") or "")


class _Hosts(_Reader):
    """Zoho or the sandbox, and how long to wait for it."""

    @property
    def BIGIN_EXTRA_DATA_CENTERS(self) -> tuple[str, ...]:
        """Data centers that the site opts in to beyond Bigin's own list: "uk", "ae"."""
        codes = self._names("BIGIN_EXTRA_DATA_CENTERS", ())
        wrong = sorted(set(codes) - set(OPT_IN_CODES))
        if wrong:
            raise ImproperlyConfigured(
                f"BIGIN_EXTRA_DATA_CENTERS takes {', '.join(OPT_IN_CODES)}; it does not know {', '.join(wrong)}."
            )
        return codes

    @property
    def data_center_codes(self) -> tuple[str, ...]:
        """Codes of every data center that this site may use, in the table's order."""
        allowed = {*DEFAULT_CODES, *self.BIGIN_EXTRA_DATA_CENTERS}
        return tuple(code for code in DATA_CENTERS if code in allowed)

    @property
    def BIGIN_SANDBOX_URL(self) -> str | None:
        """Address of a sandbox that stands in for every Zoho host; None (the default) means the real ones.

        Raises:
            ImproperlyConfigured: the address is neither loopback nor named in BIGIN_SANDBOX_HOSTS.
        """
        url = self._get("BIGIN_SANDBOX_URL", None) or None
        if url is not None and not is_loopback(url) and not self._is_named_sandbox(url):
            raise ImproperlyConfigured(
                "BIGIN_SANDBOX_URL must be a loopback address, or its host must be named in BIGIN_SANDBOX_HOSTS: "
                "with it set, every secret goes to that address instead of Zoho."
            )
        return cast("str | None", url)

    def _is_named_sandbox(self, url: str) -> bool:
        return urlsplit(url).hostname in self._names("BIGIN_SANDBOX_HOSTS", ())

    @property
    def timeouts(self) -> Timeouts:
        """`BIGIN_CONNECT_TIMEOUT_SECONDS` (5) and `BIGIN_READ_TIMEOUT_SECONDS` (30), together below 45."""
        timeouts = Timeouts(
            connect=self._number("BIGIN_CONNECT_TIMEOUT_SECONDS", 5, least=0.1),
            read=self._number("BIGIN_READ_TIMEOUT_SECONDS", 30, least=0.1),
        )
        if sum(timeouts) >= CALL_SECONDS_AT_MOST:
            raise ImproperlyConfigured(
                "BIGIN_CONNECT_TIMEOUT_SECONDS and BIGIN_READ_TIMEOUT_SECONDS must be below "
                f"{CALL_SECONDS_AT_MOST} together; they are {sum(timeouts):g}."
            )
        return timeouts


class _Times(_Reader):
    """The clock, and how often things are done."""

    @property
    def BIGIN_CLOCK(self) -> Callable[[], datetime]:
        """Dotted path of what tells the time: `django.utils.timezone.now`."""
        return cast(Callable[[], datetime], import_string(self._get("BIGIN_CLOCK", "django.utils.timezone.now")))

    @property
    def BIGIN_REFRESH_MARGIN_SECONDS(self) -> float:
        """Seconds before its expiry at which a token is refreshed (600), and up to twice as many."""
        return self._number("BIGIN_REFRESH_MARGIN_SECONDS", 600)

    @property
    def BIGIN_TICK_SECONDS(self) -> float:
        """Seconds between two looks for what is due, in `beat_schedule()` (10)."""
        return self._number("BIGIN_TICK_SECONDS", 10, least=0.1)

    @property
    def BIGIN_CELERY(self) -> bool:
        """Says whether the site has Celery's workers: True. Else no broker is asked, and `bigin_tick` does the work."""
        value = self._get("BIGIN_CELERY", True)
        if not isinstance(value, bool):
            raise ImproperlyConfigured(f"BIGIN_CELERY must be True or False; it is {value!r}.")
        return value

    @property
    def BIGIN_REFRESH_QUEUE(self) -> str:
        """Celery's queue for the tick and for refreshes ("bigin.refresh"); a route of `CELERY_TASK_ROUTES` wins."""
        return self._name("BIGIN_REFRESH_QUEUE", "bigin.refresh")

    @property
    def BIGIN_SYNC_QUEUE(self) -> str:
        """Celery's queue for modules, metadata and jobs ("bigin.sync"); a route of `CELERY_TASK_ROUTES` wins."""
        return self._name("BIGIN_SYNC_QUEUE", "bigin.sync")

    @property
    def BIGIN_SYNC_INTERVAL_SECONDS(self) -> float | None:
        """Seconds between deltas of a module; None (the default): 300 on paid editions, 900 on free ones."""
        value = self._get("BIGIN_SYNC_INTERVAL_SECONDS", None)
        return None if value is None else self._number("BIGIN_SYNC_INTERVAL_SECONDS", 300, least=1)

    @property
    def reconcile_interval(self) -> timedelta:
        """`BIGIN_RECONCILE_INTERVAL_SECONDS` (a day): how often a module gets a full sync."""
        return timedelta(seconds=self._number("BIGIN_RECONCILE_INTERVAL_SECONDS", 86_400, least=60))

    @property
    def metadata_interval(self) -> timedelta:
        """`BIGIN_METADATA_INTERVAL_SECONDS` (an hour): how often modules, fields and users are read again."""
        return timedelta(seconds=self._number("BIGIN_METADATA_INTERVAL_SECONDS", 3_600, least=60))

    @property
    def delta_overlap(self) -> timedelta:
        """`BIGIN_DELTA_OVERLAP_SECONDS` (120): how far before its watermark a delta reads again."""
        return timedelta(seconds=self._number("BIGIN_DELTA_OVERLAP_SECONDS", 120))


class _Contents(_Reader):
    """The grant to ask for, the modules to mirror, and what is kept and told of them."""

    @property
    def BIGIN_SCOPES(self) -> tuple[str, ...]:
        """Scopes that a new registration asks for; a grant cannot gain any later."""
        return self._names("BIGIN_SCOPES", DEFAULT_PRODUCT.default_scopes)

    @property
    def BIGIN_PKCE(self) -> bool:
        """Switches PKCE (S256) for authorizations: True. Zoho takes it from every kind of client."""
        return bool(self._get("BIGIN_PKCE", True))

    @property
    def BIGIN_MODULES(self) -> tuple[str, ...]:
        """API names of the modules to mirror."""
        return self._names("BIGIN_MODULES", DEFAULT_PRODUCT.modules)

    @property
    def product_modules(self) -> tuple[str, ...]:
        """API names of the modules that the products' descriptions name; custom modules are not among them."""
        return tuple(dict.fromkeys(name for product in PRODUCTS.values() for name in product.known_modules))

    @property
    def known_modules(self) -> tuple[str, ...]:
        """API names of the modules that can be mirrored: those of every product, and the site's own."""
        return tuple(dict.fromkeys((*self.product_modules, *self.BIGIN_MODULES)))

    @property
    def BIGIN_BULK_READ(self) -> bool:
        """Says whether large modules are loaded in bulk where that takes fewer credits than pages (False)."""
        value = self._get("BIGIN_BULK_READ", False)
        if not isinstance(value, bool):
            raise ImproperlyConfigured(f"BIGIN_BULK_READ must be True or False; it is {value!r}.")
        return value

    @property
    def BIGIN_MISSING_SHARE(self) -> float:
        """The guard: a full sync that misses more than this share (0.1) of a module's records deletes none of them."""
        return self._number("BIGIN_MISSING_SHARE", 0.1)

    @property
    def BIGIN_CREDIT_SHARE(self) -> float:
        """The share of an organization's daily API credits that this site may spend (0.5), above 0 and at most 1."""
        share = self._number("BIGIN_CREDIT_SHARE", 0.5)
        if not 0 < share <= 1:
            raise ImproperlyConfigured(f"BIGIN_CREDIT_SHARE must be above 0 and at most 1; it is {share:g}.")
        return share

    @property
    def job_retention(self) -> timedelta:
        """`BIGIN_JOB_RETENTION_DAYS` (30): how long finished jobs are kept."""
        return timedelta(days=self._number("BIGIN_JOB_RETENTION_DAYS", 30))

    @property
    def BIGIN_ALERT_RECIPIENTS(self) -> Sequence[str]:
        """Addresses that get a mail when a connection needs a person; by default those of ADMINS."""
        # Django 6 allows plain addresses in ADMINS beside the older (name, address) pairs.
        admins = [entry if isinstance(entry, str) else entry[1] for entry in django_settings.ADMINS]
        return self._names("BIGIN_ALERT_RECIPIENTS", admins)

    @property
    def BIGIN_SITE_URL(self) -> str:
        """The site's address for links in mails, as "https://crm.example.org"; "": the host of the redirect URI.

        Raises:
            ImproperlyConfigured: it is no http or https address.
        """
        url = str(self._get("BIGIN_SITE_URL", "") or "")
        parts = urlsplit(url)
        if url and (parts.scheme not in ("http", "https") or not parts.hostname):
            raise ImproperlyConfigured(f"BIGIN_SITE_URL must begin with http:// or https:// and a host; it is {url!r}.")
        return url.rstrip("/")


class Settings(_People, _Secrets, _Hosts, _Times, _Contents):
    """The package's settings, each a property that reads Django's settings anew."""


settings = Settings()

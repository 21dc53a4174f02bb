"""Questions to the installation's own parts: the database, its clock and tables, the keys and the message broker.

Each takes one query or none; the broker is asked by whoever was handed in when the site started, for two seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pkgutil import iter_modules

from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, InterfaceError, OperationalError
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils.module_loading import import_string

from .. import clock
from ..conf import settings
from ..db.aliases import database_of, written
from ..models import Connection, Installation
from ..text import sentence as _

APP = Connection._meta.app_label

BrokerProbe = Callable[[], str]
"""Asks the message broker, for two seconds at most: "" where it answers or there is none, else a sentence."""


@dataclass(frozen=True)
class SiteFacts:
    """The answers of the installation's parts.

    Attributes:
        database_error: why the database does not answer; "" where it does.
        unapplied: the migrations of ours that are not applied.
        owner: the installation that the database belongs to, where it is another one; "" where it is ours.
        keys_error: why no secret can be read or stored; "" where there is a key.
        clock_ahead: how far `BIGIN_CLOCK` is ahead of the database's clock.
        broker_error: why no worker can be woken; "" where the broker answers, or the site has none.
    """

    database_error: str = ""
    unapplied: tuple[str, ...] = ()
    owner: str = ""
    keys_error: str = ""
    clock_ahead: timedelta = timedelta(0)
    broker_error: str = ""

    @property
    def can_be_read(self) -> bool:
        """True where the database answers and has our tables."""
        return not (self.database_error or self.unapplied)


def set_broker_probe(probe: BrokerProbe) -> BrokerProbe:
    """Say how the message broker is asked; returns how it was done before."""
    global _broker_probe
    before, _broker_probe = _broker_probe, probe
    return before


def ask_the_site() -> SiteFacts:
    """Ask each part of the installation."""
    keys_error = _keys_error()
    try:
        clock_ahead = _clock_ahead()
    except (OperationalError, InterfaceError) as error:
        said = (str(error).strip().splitlines() or [""])[0]
        return SiteFacts(database_error=said or type(error).__name__, keys_error=keys_error)
    unapplied = tuple(sorted(_unapplied_migrations()))
    return SiteFacts(
        unapplied=unapplied,
        owner="" if unapplied else _other_owner(),
        keys_error=keys_error,
        clock_ahead=clock_ahead,
        broker_error=_broker_probe(),
    )


def _clock_ahead() -> timedelta:
    """Ask the database for its time. Where a sandbox stands in for Zoho its clock is set by hand, and may differ."""
    by_database = clock.read_database_clock(database_of(Connection))
    return timedelta(0) if settings.BIGIN_SANDBOX_URL else clock.now() - by_database


def _unapplied_migrations() -> set[str]:
    package, _ = MigrationLoader.migrations_module(APP)
    if package is None:  # the site makes its tables without migrations, as some tests do
        return set()
    wanted = {name for _, name, _ in iter_modules(import_string(f"{package}.__path__"))}
    recorded = MigrationRecorder(database_of(Connection)).migration_qs.filter(app=APP)
    try:
        return wanted - set(recorded.values_list("name", flat=True))
    except DatabaseError:  # nothing was ever migrated
        return wanted


def _other_owner() -> str:
    mine = settings.BIGIN_INSTALLATION_ID
    if not mine:
        return ""
    owner = written(Installation).order_by("pk").values_list("identifier", flat=True).first()
    return owner if owner and owner != mine else ""


def _keys_error() -> str:
    try:
        return "" if settings.BIGIN_ENCRYPTION_KEYS.key_ids else _("BIGIN_ENCRYPTION_KEYS is empty.")
    except ImproperlyConfigured as error:
        return str(error)


def _no_broker() -> str:
    return ""


_broker_probe: BrokerProbe = _no_broker

"""Work that is due and that nobody takes, told by the rows alone: no worker has to be alive to tell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..conf import settings
from ..connections.states import is_syncable
from ..models import Connection, ModuleSync
from ..sync.plan import interval
from ..text import sentence as _
from .facts import ConnectionFacts, Facts
from .kinds import Cause

GRACE = timedelta(minutes=15)  # a restart, a queue that is long for once, a cron job every five minutes
TICK_FORGOTTEN_AFTER = timedelta(days=1)  # as its row would be; later, what is due tells more than the tick
TOKEN = _("token")  # the name of the work
FIRST_SYNC = _("first sync")


@dataclass(frozen=True)
class Overdue:
    """A piece of work that should have been done by now: a module's name, `TOKEN` or `FIRST_SYNC`."""

    work: str
    since: datetime
    cause: Cause | None = None


def find_overdue(facts: ConnectionFacts, at_large: Facts) -> list[Overdue]:
    """Return what of a connection is long due and untaken.

    A module may be late by one more interval and a quarter of an hour. A token that nobody refreshed says nothing
    where no tick runs and all modules are fresh: such a site syncs by cron, and refreshes whenever it does.
    """
    connection, now = facts.row, at_large.at
    if not is_syncable(connection):
        return []
    wanted = wanted_modules(facts)
    found = list(_late_modules(connection, wanted, now))
    if not facts.modules and settings.BIGIN_MODULES and syncable_since(connection) < now - GRACE:
        found.append(Overdue(FIRST_SYNC, syncable_since(connection), Cause.NEVER_SYNCED))
    fresh_without_a_tick = bool(wanted) and not found and _tick_is_forgotten(at_large)
    if not fresh_without_a_tick and (since := _token_unrefreshed_since(connection, now)) is not None:
        found.append(Overdue(TOKEN, since, Cause.LATE_TOKEN))
    return found


def wanted_modules(facts: ConnectionFacts) -> list[ModuleSync]:
    """Return the modules of a connection that are to be synced."""
    wanted = [each.row for each in facts.modules if each.row.enabled and not each.row.unavailable_reason]
    return [row for row in wanted if row.module in settings.BIGIN_MODULES]


def syncable_since(connection: Connection) -> datetime:
    """Return since when it works: what was due while it waited or rested is due from then on."""
    return connection.status_since or connection.created_at


def tick_needs_a_look(facts: Facts, *, any_overdue: bool) -> bool:
    """Tell whether the tick's silence matters: to a connection that is synced, lately or with work left lying."""
    synced = any(is_syncable(each.row) for each in facts.connections)
    return synced and _tick_is_silent(facts) and (any_overdue or not _tick_is_forgotten(facts))


def patience() -> timedelta:
    """Return for how long nobody need show a sign of life: where ticks are rare, that is ten of them."""
    return max(GRACE, timedelta(seconds=10 * settings.BIGIN_TICK_SECONDS))


def tick_is_alive(facts: Facts) -> bool:
    """Tell whether the tick was seen lately, so that what is due is handed out."""
    return facts.last_seen.tick is not None and not _tick_is_silent(facts)


def _tick_is_silent(facts: Facts) -> bool:
    """Tell whether there was a tick, and is none any more."""
    return facts.last_seen.tick is not None and facts.last_seen.tick < facts.at - patience()


def _tick_is_forgotten(facts: Facts) -> bool:
    """Tell whether the last tick is so long ago that the site may do without on purpose, or never had one."""
    return facts.last_seen.tick is None or facts.last_seen.tick < facts.at - TICK_FORGOTTEN_AFTER


def _late_modules(connection: Connection, modules: Iterable[ModuleSync], now: datetime) -> Iterable[Overdue]:
    for row in modules:
        row.connection = connection  # no query for what is here already
        due = max(row.next_run_at or syncable_since(connection), syncable_since(connection))
        worked_on = row.lease_until is not None and row.lease_until > now
        # What goes by another pace is still done no more often than the site's own.
        pace = max(interval(row), timedelta(seconds=settings.BIGIN_SYNC_INTERVAL_SECONDS or 0))
        if not worked_on and due < now - pace - GRACE:
            yield Overdue(row.module, row.last_success_at or due)


def _token_unrefreshed_since(connection: Connection, now: datetime) -> datetime | None:
    """Return when the token expired, where nobody has even tried to refresh it."""
    due, expired = connection.refresh_at, connection.expires_at
    rests = connection.next_attempt_at is not None and connection.next_attempt_at > now
    if rests or due is None or expired is None or max(due, expired) > now - GRACE:
        return None
    return expired

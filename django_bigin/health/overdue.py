"""Work that is due and that nobody takes, read from the rows alone: no worker has to be alive to tell."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max

from .. import clock
from ..conf import settings
from ..models import Connection, Heartbeat, ModuleSync
from ..sync.engine import interval

GRACE = timedelta(minutes=15)  # a restart, a queue that is long for once, a cron job every five minutes
TICK_FORGOTTEN_AFTER = timedelta(days=1)  # as its row would be; later, what is due tells more than the tick
TOKEN = "token"  # noqa: S105  # the name of the work
FIRST_SYNC = "first sync"


@dataclass(frozen=True)
class Overdue:
    """A piece of work that should have been done by now: a module's name, `TOKEN` or `FIRST_SYNC`."""

    work: str
    since: datetime


@dataclass(frozen=True)
class LastSeen:
    """When the tick and any worker last showed themselves; None where neither ever did."""

    tick: datetime | None
    worker: datetime | None

    @property
    def tick_is_silent(self) -> bool:
        """Tell whether there was a tick, and is none any more."""
        patience = max(GRACE, timedelta(seconds=10 * settings.BIGIN_TICK_SECONDS))
        return self.tick is not None and self.tick < clock.now() - patience

    @property
    def tick_is_forgotten(self) -> bool:
        """Tell whether the last tick is so long ago that the site may do without on purpose, or never had one."""
        return self.tick is None or self.tick < clock.now() - TICK_FORGOTTEN_AFTER


def read_last_seen() -> LastSeen:
    """Return the last signs of life, in one query."""
    rows = Heartbeat.objects.exclude(name="trim").order_by().values_list("kind").annotate(Max("seen_at"))
    seen = dict(rows)
    workers = [moment for kind, moment in seen.items() if kind != "tick"]
    return LastSeen(tick=seen.get("tick"), worker=max(workers, default=None))


def find_overdue(connection: Connection, modules: Sequence[ModuleSync], seen: LastSeen) -> list[Overdue]:
    """Return what of a connection is long due and untaken.

    A module may be late by one more interval and a quarter of an hour. A token that nobody refreshed says nothing
    where no tick runs and all modules are fresh: such a site syncs by cron, and refreshes whenever it does.
    """
    if not connection.is_usable:
        return []
    wanted = [row for row in modules if row.enabled and not row.unavailable_reason]
    wanted = [row for row in wanted if row.module in settings.BIGIN_MODULES]
    found = _late_modules(connection, wanted)
    if not modules and settings.BIGIN_MODULES and _usable_since(connection) < clock.now() - GRACE:
        found.append(Overdue(FIRST_SYNC, _usable_since(connection)))
    fresh_without_a_tick = bool(wanted) and not found and seen.tick_is_forgotten
    if not fresh_without_a_tick and (since := _token_unrefreshed_since(connection)) is not None:
        found.append(Overdue(TOKEN, since))
    return found


def tick_needs_a_look(seen: LastSeen, connections: Collection[Connection], overdue: Collection[Overdue]) -> bool:
    """Tell whether the tick's silence matters: to a usable connection, lately or with work left lying."""
    usable = any(connection.is_usable for connection in connections)
    return usable and seen.tick_is_silent and (bool(overdue) or not seen.tick_is_forgotten)


def _late_modules(connection: Connection, modules: Collection[ModuleSync]) -> list[Overdue]:
    now = clock.now()
    late = []
    for row in modules:
        row.connection = connection  # no query for what is here already
        due = max(row.next_run_at or _usable_since(connection), _usable_since(connection))
        worked_on = row.lease_until is not None and row.lease_until > now
        # What goes by another pace is still done no more often than the site's own.
        pace = max(interval(row), timedelta(seconds=settings.BIGIN_SYNC_INTERVAL_SECONDS or 0))
        if not worked_on and due < now - pace - GRACE:
            late.append(Overdue(row.module, row.last_success_at or due))
    return late


def _token_unrefreshed_since(connection: Connection) -> datetime | None:
    """When the token expired, where nobody has even tried to refresh it."""
    now = clock.now()
    due, expired = connection.refresh_at, connection.expires_at
    rests = connection.next_attempt_at is not None and connection.next_attempt_at > now
    if rests or due is None or expired is None or max(due, expired) > now - GRACE:
        return None
    return expired


def _usable_since(connection: Connection) -> datetime:
    """What was due while a connection waited or rested is due from the moment that it works again."""
    return connection.status_since or connection.created_at

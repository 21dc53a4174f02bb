"""The facts that health is judged by, read from the rows: a fixed number of queries, however many connections."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Sum

from .. import clock
from ..models import Connection, CreditUse, ModuleSync, Record
from ..work import heartbeats

CREDITS_OF = timedelta(days=1)


@dataclass(frozen=True)
class CreditFacts:
    """The credits of an organization in the last 24 hours, by our own ledger. Tenants that share it share them."""

    used: int
    calls: int
    budget: int


@dataclass(frozen=True)
class ModuleFacts:
    """A module, and how many live records of it are stored."""

    row: ModuleSync
    records: int


@dataclass(frozen=True)
class ConnectionFacts:
    """A connection with its modules by name."""

    row: Connection
    credits: CreditFacts
    modules: tuple[ModuleFacts, ...]


@dataclass(frozen=True)
class LastSeen:
    """The last signs of life of the tick and of any worker; None where there never was one."""

    tick: datetime | None
    worker: datetime | None


@dataclass(frozen=True)
class Facts:
    """The state of some connections at one moment."""

    at: datetime
    last_seen: LastSeen
    connections: tuple[ConnectionFacts, ...]


def read_facts(connections: Iterable[Connection]) -> Facts:
    """Read what is stored about these connections. Zoho is not asked."""
    rows = list(connections)
    now = clock.now()
    modules, credits = _read_modules(rows), _read_credits(rows, now)
    facts = (ConnectionFacts(row, credits[row.pk], tuple(modules[row.pk])) for row in rows)
    return Facts(now, _read_last_seen(), tuple(facts))


def _read_last_seen() -> LastSeen:
    seen = heartbeats.last_seen()
    return LastSeen(
        tick=seen.pop(heartbeats.TICK, None),
        worker=max(seen.values(), default=None),
    )


def _read_modules(connections: Collection[Connection]) -> dict[int, list[ModuleFacts]]:
    keys = [connection.pk for connection in connections]
    live = Record.objects.live().filter(connection__in=keys).order_by().values_list("connection", "module")
    records = {(key, module): number for key, module, number in live.annotate(number=Count("pk"))}
    found = defaultdict(list)
    for row in ModuleSync.objects.filter(connection__in=keys).order_by("connection", "module"):
        found[row.connection_id].append(ModuleFacts(row, records.get((row.connection_id, row.module), 0)))
    return found


def _read_credits(connections: Collection[Connection], now: datetime) -> dict[int, CreditFacts]:
    lately = CreditUse.objects.filter(minute__gt=now - CREDITS_OF, org_id__in={each.org_id for each in connections})
    ledger: dict[tuple[str, str], Any] = {
        (row["data_center"], row["org_id"]): row
        for row in lately.order_by()
        .values("data_center", "org_id")
        .annotate(used=Sum("credits"), calls=Sum("calls"), budget=Max("day_budget"))
    }
    found = {}
    for connection in connections:
        row = ledger.get((connection.data_center, connection.org_id), {})
        by_edition = connection.description.credits.of_day(paid=connection.org_paid, users=connection.org_licences)
        found[connection.pk] = CreditFacts(
            used=row.get("used") or 0, calls=row.get("calls") or 0, budget=row.get("budget") or by_edition
        )
    return found

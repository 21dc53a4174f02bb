"""The facts that health is judged by, read from the rows: a fixed number of queries, however many connections."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Min, QuerySet, Sum

from .. import clock
from ..db import leases
from ..models import ClientSecret, Connection, CreditAccount, CreditUse, Job, ModuleSync, QuarantinedRow, Record
from ..work import heartbeats
from .probes import SiteFacts
from .secrets import Unreadable, find_unreadable

CREDITS_OF = timedelta(days=1)


@dataclass(frozen=True)
class CreditFacts:
    """The credits of an organization in the last 24 hours, by our own ledger. Tenants that share it share them.

    Attributes:
        used: spent, or taken for runs that go on.
        budget: what the organization has, by its edition and licences.
        rests_until: until when scheduled calls rest; None where they do not.
        refused: it rests since the product refused a call, not for the site's own share.
    """

    used: int
    calls: int
    budget: int
    rests_until: datetime | None = None
    refused: bool = False


@dataclass(frozen=True)
class ModuleFacts:
    """A module, how many live records of it are stored, and how many rows could not be."""

    row: ModuleSync
    records: int
    quarantined: int = 0


@dataclass(frozen=True)
class ConnectionFacts:
    """A connection with its modules by name."""

    row: Connection
    credits: CreditFacts
    modules: tuple[ModuleFacts, ...]


@dataclass(frozen=True)
class LastSeen:
    """The last signs of life of the tick, of any worker, and of each kind of work; None where there never was one."""

    tick: datetime | None
    worker: datetime | None
    kinds: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True)
class Facts:
    """The state of the installation and of some connections at one moment.

    Attributes:
        unreadable: the stored secrets of these connections that do not decrypt.
        job_waits_since: since when the oldest job of theirs waits for a worker; None where none does.
    """

    at: datetime
    last_seen: LastSeen
    connections: tuple[ConnectionFacts, ...]
    site: SiteFacts = field(default_factory=SiteFacts)
    unreadable: tuple[Unreadable, ...] = ()
    job_waits_since: datetime | None = None


def read_facts(
    connections: Iterable[Connection], site: SiteFacts | None = None, *, count_records: bool = True
) -> Facts:
    """Read what is stored about these connections. Zoho is not asked.

    Args:
        site: what was found out about the installation; without it nothing is said about that.
        count_records: count the live records too, which is slow where there are millions; nothing is judged by it.
    """
    rows = list(connections)
    now = clock.now()
    modules, credits = _read_modules(rows, count_records=count_records), _read_credits(rows, now)
    facts = (ConnectionFacts(row, credits[row.pk], tuple(modules[row.pk])) for row in rows)
    secrets = ClientSecret.objects.filter(registration__in={row.registration_id for row in rows})
    return Facts(
        at=now,
        last_seen=_read_last_seen(),
        connections=tuple(facts),
        site=site or SiteFacts(),
        unreadable=tuple(find_unreadable(rows, secrets.select_related("registration"), now)),
        job_waits_since=_read_waiting(rows),
    )


def _read_last_seen() -> LastSeen:
    seen = heartbeats.last_seen()
    return LastSeen(
        tick=seen.pop(heartbeats.TICK, None),
        worker=max(seen.values(), default=None),
        kinds=seen,
    )


def _read_waiting(connections: Collection[Connection]) -> datetime | None:
    waiting = Job.objects.filter(leases.free(), state=Job.State.WAITING, connection__in=[row.pk for row in connections])
    oldest: datetime | None = waiting.aggregate(oldest=Min("requested_at"))["oldest"]
    return oldest


def _read_modules(connections: Collection[Connection], *, count_records: bool) -> dict[int, list[ModuleFacts]]:
    keys = [connection.pk for connection in connections]
    records = _count(Record.objects.live().filter(connection__in=keys)) if count_records else {}
    quarantined = _count(QuarantinedRow.objects.filter(connection__in=keys))
    found = defaultdict(list)
    for row in ModuleSync.objects.filter(connection__in=keys).order_by("connection", "module"):
        of = (row.connection_id, row.module)
        found[row.connection_id].append(ModuleFacts(row, records.get(of, 0), quarantined.get(of, 0)))
    return found


def _count(rows: QuerySet[Any]) -> dict[tuple[int, str], int]:
    """Count rows by connection and module."""
    counted = rows.order_by().values_list("connection", "module").annotate(number=Count("pk"))
    return {(key, module): number for key, module, number in counted}


def _read_credits(connections: Collection[Connection], now: datetime) -> dict[int, CreditFacts]:
    lately = CreditUse.objects.filter(minute__gt=now - CREDITS_OF, org_id__in={each.org_id for each in connections})
    ledger: dict[tuple[str, str], Any] = {
        (row["data_center"], row["org_id"]): row
        for row in lately.order_by()
        .values("data_center", "org_id")
        .annotate(used=Sum("credits"), calls=Sum("calls"), budget=Max("day_budget"))
    }
    accounts = {
        (account.data_center, account.org_id): account
        for account in CreditAccount.objects.filter(org_id__in={each.org_id for each in connections})
    }
    found = {}
    for connection in connections:
        row = ledger.get((connection.data_center, connection.org_id), {})
        account = accounts.get((connection.data_center, connection.org_id)) or CreditAccount()
        refused, spent = (
            until if until is not None and until > now else None
            for until in (account.refused_until, account.spent_until)
        )
        by_edition = connection.description.credits.of_day(paid=connection.org_paid, users=connection.org_licences)
        found[connection.pk] = CreditFacts(
            used=max((row.get("used") or 0) + account.unnoted_credits, 0),
            calls=max((row.get("calls") or 0) + account.unnoted_calls, 0),
            budget=row.get("budget") or by_edition,
            rests_until=refused or spent,
            refused=refused is not None,
        )
    return found

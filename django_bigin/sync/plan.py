"""The plan of a sync: which modules of a connection are mirrored, in which order, and how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from .. import clock
from ..api.products import Product
from ..conf import settings
from ..credits.account import Priority
from ..db.aliases import written
from ..db.causes import tried_again
from ..exceptions import RequestError
from ..models import Connection, ModuleSync
from ..text import sentence as _


@dataclass(frozen=True)
class Plan:
    """The modules of a connection that a sync works on.

    Attributes:
        rows: all that are mirrored, in the order in which they are synced.
        chosen: those of them that this sync is for.
    """

    connection: Connection
    rows: Sequence[ModuleSync]
    chosen: Sequence[ModuleSync]


def prepare(connection: Connection, names: Sequence[str] | None) -> Plan:
    """Plan a sync of the named modules, of all where none is named.

    Raises:
        RequestError: a name is not a mirrored module; the message lists those that are.
    """
    rows = ensure_modules(connection)
    return Plan(connection, rows, choose(rows, names))


def ensure_modules(connection: Connection) -> list[ModuleSync]:
    """Return the connection's modules in the order in which they are synced; make rows for those that have none.

    A module comes after those that its description names.
    """
    wanted = in_order(connection.description, settings.BIGIN_MODULES)
    rows = {row.module: row for row in written(ModuleSync).filter(connection=connection)}
    missing = [ModuleSync(connection=connection, module=name) for name in wanted if name not in rows]
    if missing:
        tried_again(ModuleSync, lambda: written(ModuleSync).bulk_create(missing, ignore_conflicts=True))
        rows = {row.module: row for row in written(ModuleSync).filter(connection=connection)}
    for row in rows.values():
        row.connection = connection
    return [rows[name] for name in wanted]


def in_order(product: Product, names: Sequence[str]) -> list[str]:
    """Put modules in the order to sync them in: each after those that its description names, else as they came."""
    ordered: dict[str, None] = {}

    def put(name: str) -> None:
        for before in product.module(name).after:
            if before in names:
                put(before)
        ordered.setdefault(name)

    for name in names:
        put(name)
    return list(ordered)


def choose(rows: Sequence[ModuleSync], names: Sequence[str] | None) -> list[ModuleSync]:
    """Return the rows of the named modules, all of them where none is named.

    Raises:
        RequestError: a name is not a mirrored module; the message lists those that are.
    """
    if not names:
        return list(rows)
    known = {row.module: row for row in rows}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise RequestError(
            _(
                "%(names)s is not mirrored for this connection: add it to BIGIN_MODULES, or choose from %(known)s.",
                names=", ".join(unknown),
                known=", ".join(known),
            )
        )
    return [row for row in rows if row.module in names]


class Strategy(Enum):
    """The ways to bring a module up to date."""

    WHOLE = "whole"
    FULL = "full"
    BULK = "bulk"
    COMPARE = "compare"
    DELTA = "delta"


def strategy_for(row: ModuleSync, *, full: bool) -> Strategy:
    """Choose how a module is brought up to date; what an earlier run was in the midst of comes first."""
    product = row.connection.description
    if product.module(row.module).read_whole:
        return Strategy.WHOLE
    if row.phase in _UNFINISHED:
        return _UNFINISHED[row.phase]
    if full or row.full_requested or row.records_watermark is None or product.changes is None:
        return Strategy.FULL
    if row.last_full_at is None or row.last_full_at <= clock.now() - settings.reconcile_interval:
        return Strategy.FULL
    return Strategy.DELTA


_UNFINISHED: dict[str, Strategy] = {
    ModuleSync.Phase.FULL: Strategy.FULL,
    ModuleSync.Phase.BULK: Strategy.BULK,
    ModuleSync.Phase.COMPARE: Strategy.COMPARE,
}


def priority(strategy: Strategy, asked: Priority) -> Priority:
    """Return the priority of a strategy's calls: what the schedule reads in whole must leave room for what changed."""
    reads_all = strategy is not Strategy.DELTA
    return Priority.BACKFILL if reads_all and asked is Priority.SCHEDULE else asked


def interval(row: ModuleSync) -> timedelta:
    """Return how long it is until a module is due again."""
    if row.connection.description.module(row.module).metadata_paced:
        return settings.metadata_interval
    seconds = row.interval_seconds or settings.BIGIN_SYNC_INTERVAL_SECONDS
    return timedelta(seconds=seconds or (300 if row.connection.org_paid else 900))

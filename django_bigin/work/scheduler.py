"""The tick: reserve what is due, and wake workers for it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Case, F, Model, QuerySet, When

from .. import clock
from ..db import leases
from ..db.aliases import is_lost, written
from ..installation import require_ownership
from . import heartbeats, housekeeping
from .kinds import KINDS, Kind
from .slices import TRIES_AT_MOST

logger = logging.getLogger(__name__)

HANDED_OUT_AT_MOST = 500  # of each kind in one tick
QUEUED_SECONDS = 300  # a slice of 60 s, a wait for the token of 90 s, and the queue before them
REST_SECONDS = 3600  # after several tries that killed their worker

Waker = Callable[[str, int], None]
"""Wakes a worker: called with the name of the kind of work and the id of its row. Raises BrokerDown."""


class BrokerDown(Exception):
    """No worker can be woken now. Nothing is lost: the rows stay due."""


@dataclass
class TickReport:
    """The result of one tick.

    Attributes:
        sent: how many rows of each kind were handed out.
        broker_down: why the rest was not; "" where all went well.
        failed: what ended in an unexpected error, which is in the log: kinds of work, and chores.
    """

    sent: dict[str, int] = field(default_factory=dict)
    broker_down: str = ""
    failed: list[str] = field(default_factory=list)


def tick(wake: Waker) -> TickReport:
    """Hand out everything that is due, and do the chores that need no worker; what fails keeps nothing else from it.

    Raises:
        ForeignDatabaseError: the database belongs to another installation.
    """
    require_ownership()
    heartbeats.beat(heartbeats.TICK, kind=heartbeats.TICK)
    report = TickReport()
    try:
        for kind in KINDS.values():
            report.sent[kind.name] = 0
            if not report.broker_down:
                with one_piece(kind.model, report, kind.label):
                    _hand_out_due(kind, wake, report)
    finally:
        # Afterwards: a chore that waits for a mail server holds nothing up.
        report.failed += housekeeping.run_chores()
    return report


@contextmanager
def one_piece(model: type[Model], report: TickReport, label: str) -> Iterator[None]:
    """Keep an error of one piece of work from stopping the others: it is logged, and noted in the report.

    Raises:
        BrokerDown: it is no error of the piece's.
        OperationalError, InterfaceError: the session with the database is lost, so that no other would fare better.
    """
    try:
        yield
    except BrokerDown:
        raise
    except Exception as error:
        if is_lost(model, error):
            raise
        logger.exception("A piece of work failed (%s); it is tried again later, and the others go on.", label)
        if label not in report.failed:
            report.failed.append(label)


def hand_out(kind: Kind, row_id: int, wake: Waker) -> bool:
    """Reserve a row and wake a worker for it; False where it is reserved already.

    Raises:
        BrokerDown: the row was given back, and stays due.
    """
    row = written(kind.model).filter(pk=row_id)
    if not leases.reserve(row, QUEUED_SECONDS, column=kind.column):
        return False
    try:
        wake(kind.name, row_id)
    except BaseException:  # whatever it is, nobody is on the way; where somebody is, a second comes to no harm
        give_back(kind, row_id)
        raise
    return True


def give_back(kind: Kind, row_id: int) -> None:
    """Take the reservation of a row back: nobody was told of it, so the next tick hands it out."""
    leases.unreserve(written(kind.model).filter(pk=row_id), column=kind.column)


def run_slice(name: str, row_id: int, *, in_tick: bool = False) -> None:
    """Do one slice of a kind of work: what a message asks for.

    Args:
        in_tick: no message asked for it, but the tick of this very process.
    """
    kind = KINDS[name]
    heartbeats.beat_as_worker(kind.short_name, in_tick=in_tick)
    row = written(kind.model).filter(pk=row_id)
    if kind.tries:
        _begin_try(kind, row)
    ended: dict[str, Any] = {kind.tries: 0} if kind.tries else {}
    try:
        rest = kind.slice(row_id)
    except (KeyboardInterrupt, SystemExit):
        # The worker is told to stop. After an error, however, the row rests until its reservation expires.
        leases.unreserve(row, column=kind.column, **ended)
        raise
    except Exception:
        if kind.tries:
            leases.reserve_until(row, clock.database_in(QUEUED_SECONDS), column=kind.column, **ended)
        raise
    if rest is None:
        return
    if rest.until is None:
        leases.unreserve(row, column=kind.column, **ended)
    else:
        leases.reserve_until(row, rest.until, column=kind.column, **ended)


def _begin_try(kind: Kind, row: QuerySet[Any]) -> None:
    """Count a try before it begins, since it may kill its worker; after several such, it rests for an hour."""
    killed = When(**{f"{kind.tries}__gte": TRIES_AT_MOST - 1}, then=clock.database_in(REST_SECONDS))
    # In this order: MySQL reads what the same statement has written.
    row.update(**{kind.column: Case(killed, default=F(kind.column)), kind.tries: F(kind.tries) + 1})


def _hand_out_due(kind: Kind, wake: Waker, report: TickReport) -> None:
    at_most = HANDED_OUT_AT_MOST
    if kind.at_once is not None:
        at_most = max(0, kind.at_once - kind.due().exclude(leases.not_reserved(kind.column)).count())
    rows = kind.due().filter(leases.not_reserved(kind.column))
    for row_id in list(rows.values_list("pk", flat=True)[:at_most]):
        try:
            with one_piece(kind.model, report, kind.label):
                report.sent[kind.name] += hand_out(kind, row_id, wake)
        except BrokerDown as error:
            report.broker_down = str(error)
            logger.warning("No worker can be woken: %s", error)
            return

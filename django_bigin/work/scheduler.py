"""The tick: reserve what is due, and wake workers for it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from ..db import leases
from ..db.aliases import written
from ..installation import require_ownership
from . import heartbeats, housekeeping
from .kinds import KINDS, Kind

logger = logging.getLogger(__name__)

HANDED_OUT_AT_MOST = 500  # of each kind in one tick
QUEUED_SECONDS = 300  # a slice of 60 s, a wait for the token of 90 s, and the queue before them

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
    """

    sent: dict[str, int] = field(default_factory=dict)
    broker_down: str = ""


def tick(wake: Waker) -> TickReport:
    """Hand out everything that is due, and do the chores that need no worker.

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
                _hand_out_due(kind, wake, report)
    finally:
        # Afterwards: a chore that waits for Zoho, or fails, holds nothing up.
        housekeeping.run_chores()
    return report


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
        leases.unreserve(row, column=kind.column)
        raise
    return True


def run_slice(name: str, row_id: int) -> None:
    """Do one slice of a kind of work: what a message asks for."""
    kind = KINDS[name]
    heartbeats.beat_as_worker(kind.short_name)
    row = written(kind.model).filter(pk=row_id)
    try:
        rest = kind.slice(row_id)
    except (KeyboardInterrupt, SystemExit):
        # The worker is told to stop. After an error, however, the row rests until its reservation expires.
        leases.unreserve(row, column=kind.column)
        raise
    if rest is None:
        return
    if rest.until is None:
        leases.unreserve(row, column=kind.column)
    else:
        leases.reserve_until(row, rest.until, column=kind.column)


def _hand_out_due(kind: Kind, wake: Waker, report: TickReport) -> None:
    rows = kind.due().filter(leases.not_reserved(kind.column))
    for row_id in list(rows.values_list("pk", flat=True)[:HANDED_OUT_AT_MOST]):
        try:
            report.sent[kind.name] += hand_out(kind, row_id, wake)
        except BrokerDown as error:
            report.broker_down = str(error)
            logger.warning("No worker can be woken: %s", error)
            return

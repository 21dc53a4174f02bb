"""Work in this very process, without a worker: a sync whose outcome is kept as jobs, and a tick with all its work."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db import InterfaceError, OperationalError

from .. import sync
from ..connections.states import TOKEN_KEPT
from ..exceptions import BiginError
from ..models import Connection
from ..sync import ModuleResult, Options
from ..text import sentence as _
from . import heartbeats, jobs, scheduler
from .kinds import KINDS
from .scheduler import TickReport

logger = logging.getLogger(__name__)

ATTEMPTED = (*TOKEN_KEPT, Connection.Status.NEEDS_AUTHORIZATION)
"""The statuses whose connections a sync is attempted of where nobody names one.

A lost grant is among them, so that it is told each time: the data goes stale."""


@dataclass(frozen=True)
class SyncOutcome:
    """Outcome of syncing one connection.

    Attributes:
        error: why it could not be synced at all, in a sentence; "" where it could.
        cause: the error of ours behind it; None where there was none, or an unexpected one.
    """

    results: Sequence[ModuleResult] = ()
    error: str = ""
    cause: BiginError | None = None


def sync_in_process(
    connection: Connection, *, modules: Sequence[str] | None, options: Options, actor: str
) -> SyncOutcome:
    """Sync a connection; its trouble, even a bug of ours, is an outcome, and stops no other connection.

    Args:
        modules: API names; None for all that are mirrored.
        actor: who asked for it, for the jobs.

    Raises:
        OperationalError, InterfaceError: the database does not answer; no other connection would fare better.
    """

    def record(result: ModuleResult) -> None:
        if not result.skipped:
            jobs.record_job(connection, result, full=options.full, actor=actor)

    try:
        results = sync.sync_connection(connection, modules=modules, options=replace(options, on_result=record))
    except BiginError as error:
        return SyncOutcome(error=str(error), cause=error)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        logger.exception("The sync of connection %s failed", connection.pk)
        return SyncOutcome(error=_("Unexpected error %(kind)s; see the log.", kind=type(error).__name__))
    return SyncOutcome(results)


def tick_in_process() -> TickReport:
    """Tick, and do everything that it hands out; an error of one piece is logged, and stops no other.

    Raises:
        OperationalError, InterfaceError: the session with the database is lost.
        ForeignDatabaseError: the database belongs to another installation.
    """
    waiting: deque[tuple[str, int]] = deque()
    # Handed out first and done afterwards, so that what this tick does is not due to itself again.
    report = scheduler.tick(lambda kind, row_id: waiting.append((kind, row_id)))
    try:
        while waiting:
            name, row_id = waiting.popleft()
            with scheduler.one_piece(KINDS[name].model, report, KINDS[name].label):
                heartbeats.beat(heartbeats.TICK, kind=heartbeats.TICK)  # much may be due, and it is alive all the while
                scheduler.run_slice(name, row_id, in_tick=True)
    except (KeyboardInterrupt, SystemExit):
        for name, row_id in waiting:
            scheduler.give_back(KINDS[name], row_id)
        raise
    return report

"""Queues whose work nobody takes although the tick hands it out: no worker serves them, or it comes to nothing.

Without Celery the tick does all work itself: there its own silence is judged, and what is late.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..conf import settings
from ..connections.states import is_syncable, state_of
from ..models import Connection
from ..text import moment
from ..text import sentence as _
from ..work.kinds import KINDS, REFRESH
from .facts import Facts
from .kinds import Fault
from .overdue import patience, syncable_since, wanted_modules

JOBS_MAY_WAIT = timedelta(hours=1)  # behind a first load, for once


@dataclass(frozen=True)
class QueueFault:
    """A queue whose work is due and untaken."""

    name: str
    fault: Fault
    reason: str
    since: datetime | None


def judge(facts: Facts) -> Iterator[QueueFault]:
    """Judge the queues of an installation whose tick is alive: only then is a silent worker the cause."""
    refreshes = [since for each in facts.connections if (since := _refresh_due_since(each.row, facts.at)) is not None]
    silent = {
        Fault.SILENT_REFRESH: (KINDS[REFRESH].queue, min(refreshes, default=None)),
        Fault.SILENT_SYNC: (_sync_queue(), _sync_due_since(facts)),
    }
    late, found = facts.at - patience(), False
    for fault, (queue, due) in silent.items() if settings.BIGIN_CELERY else ():
        seen = _last_seen(facts, refresh=fault == Fault.SILENT_REFRESH)
        if due is not None and due < late and (seen is None or seen < late):
            found = True
            yield QueueFault(
                queue,
                fault,
                _("Work in %(queue)s has been due since %(moment)s.", queue=queue, moment=moment(due)),
                seen,
            )
    waits = facts.job_waits_since
    if not found and waits is not None and waits < facts.at - JOBS_MAY_WAIT:
        by_ticks = _("A job waits, and no tick has done it.")
        reason = _("A job waits, and no worker has taken it.") if settings.BIGIN_CELERY else by_ticks
        yield QueueFault(_("jobs"), Fault.UNTAKEN, reason, waits)


def _last_seen(facts: Facts, *, refresh: bool) -> datetime | None:
    """Return when a worker last did work of a queue."""
    kinds = {kind.short_name for kind in KINDS.values() if (kind.name == REFRESH) == refresh}
    return max((at for name, at in facts.last_seen.kinds.items() if name in kinds), default=None)


def _sync_queue() -> str:
    return ", ".join(sorted({kind.queue for kind in KINDS.values() if kind.name != REFRESH}))


def _refresh_due_since(row: Connection, now: datetime) -> datetime | None:
    if not state_of(row).token_kept or row.refresh_at is None:
        return None
    due = max(row.refresh_at, row.next_attempt_at or row.refresh_at, syncable_since(row))
    return due if due <= now else None


def _sync_due_since(facts: Facts) -> datetime | None:
    """Return since when the oldest work for the records is due: metadata, a module or a job."""
    due = [facts.job_waits_since] if facts.job_waits_since else []
    for each in facts.connections:
        if not is_syncable(each.row):
            continue
        since = syncable_since(each.row)
        due.append(max(each.row.metadata_at or since, since))
        if each.row.metadata_at:
            due += [max(row.next_run_at or since, since) for row in wanted_modules(each)]
    past = [at for at in due if at <= facts.at]
    return min(past, default=None)

"""A delta: read what changed since the last run, and now and then what was deleted."""

from __future__ import annotations

from datetime import datetime

from ..conf import settings
from ..exceptions import PaginationLimitError
from ..text import sentence as _
from . import changes, deletions, missing
from .run import Outcome, Run

DELTAS_BETWEEN_DELETION_PASSES = 3  # the deleted log is read with every fourth delta
PASSES_AT_MOST = 3


def read(run: Run) -> Outcome:
    """Read what changed since the last run; now and then what was deleted."""
    watermark = run.row.records_watermark
    if watermark is None:
        return Outcome.FULL_NEEDED
    opened_at = _follow(run, watermark, resumable=True)
    if isinstance(opened_at, Outcome):
        return opened_at
    return _close(run, opened_at)


def look(run: Run) -> None:
    """Take a fresh look at what changed, after a run that finished what is older than itself.

    It has little to read, so it is not broken off. Where it has too much, a full sync is to follow.
    """
    watermark = run.row.records_watermark
    if run.product.changes is None or watermark is None:
        return
    opened_at = _follow(run, watermark, resumable=False)
    if isinstance(opened_at, Outcome):
        reason = _(
            "More of %(module)s changed while it was read than can be told: a full sync is due.", module=run.module
        )
        run.save_progress(full_requested=True, incomplete_reason=reason)
    else:
        run.write_at_end(records_watermark=opened_at)


def _follow(run: Run, watermark: datetime, *, resumable: bool) -> datetime | Outcome:
    """Read what changed, and again until a pass finds nothing that the one before it should have found.

    A deletion shifts the pages, and a record that was deleted and restored meanwhile leaves no trace of it.

    Returns:
        Up to when every change is stored, or the outcome of a run that cannot tell.
    """
    since, rounds, before = watermark - settings.delta_overlap, 0, None
    opened_at = watermark  # where the pages never stand still, the next run reads all of it again
    try:
        while rounds < PASSES_AT_MOST:
            done = changes.read(run, since, resumable=resumable, rounds=rounds, before=before)
            if done is None:
                return Outcome.TIME_UP
            if _was_quiet(run, done):
                opened_at = done.opened_at
                break
            rounds, before = done.rounds + 1, done.opened_at
    except PaginationLimitError:
        return Outcome.FULL_NEEDED  # more has changed than pages can tell
    return opened_at


def _was_quiet(run: Run, done: changes.Pass) -> bool:
    """Tell whether the pages stood still; the deletions since are applied for that."""
    if done.pages == 1:
        return True
    return bool(done.rounds) and not done.late and not deletions.apply(run, since=done.opened_at)


def _close(run: Run, opened_at: datetime) -> Outcome:
    deltas = run.row.deltas_since_deletions + 1
    due = run.options.with_deletions or run.row.deletions_requested
    if due or deltas > DELTAS_BETWEEN_DELETION_PASSES:
        deletions.apply(run)
        if missing.tells_deletions_by_count(run) and missing.count_differs(run):
            run.save_progress(records_watermark=opened_at)
            return Outcome.FULL_NEEDED
        deltas = 0
    run.write_at_end(records_watermark=opened_at, deltas_since_deletions=deltas)
    return Outcome.DONE

"""Changes: reading what changed since a moment, for the strategies that need it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from .. import clock
from ..api import records
from ..api.answers import Order, Page, Place
from ..api.calls import Call
from ..api.walks import Position, Step, Walk
from ..exceptions import PageTokenError
from ..models import ModuleSync, Record
from . import pipeline, store
from .copies import BEGINNING, Batch, Copy, Row
from .run import Columns, Run

Phase = ModuleSync.Phase


@dataclass(frozen=True)
class Pass:
    """One pass over what changed.

    Attributes:
        pages: how many it took.
        opened_at: the product's `Date` of its first answer.
        rounds: how many passes came before it.
        late: it found what a pass before should have found, so the pages had moved under that one.
    """

    pages: int
    opened_at: datetime
    rounds: int
    late: bool


@dataclass(frozen=True)
class _ChangedPage:
    """One page of changes; `reached` where the pages after it hold none."""

    batch: Batch
    reached: bool
    position: Position


def read(run: Run, since: datetime, *, resumable: bool, rounds: int = 0, before: datetime | None = None) -> Pass | None:
    """Read and store what changed since a moment.

    Args:
        resumable: store the position with every page, and stop where the time is up. Not inside a scan, whose position
            stands there.
        rounds: how many passes came before this one.
        before: when the last of them opened.

    Returns:
        The pass; None where the time was up.
    """
    walk = _walk(run, since)
    start = replace(walk.start(rounds=rounds), before=before)
    position = start
    stored = run.position if resumable and run.row.phase == Phase.DELTA else None
    if stored is not None and walk.fits(stored) and not stored.finished:  # behind the last page there is none to read
        position = stored
    while True:
        late = position.late
        try:
            for page in pipeline.pages(walk, position, lambda step: _read_page(run, step, since)):
                late = late or _has_late(run, page.batch.copies, position.before)
                over = page.position.finished or page.reached
                _save(run, page.batch, replace(page.position, late=late), resumable=resumable, over=over)
                if over:
                    return Pass(page.position.pages, page.position.opening, page.position.rounds, late)
                run.note_page(Phase.DELTA, page.position.pages)
                if resumable and run.is_over():
                    return None
        except PageTokenError:
            run.restart()
            position = start


def _walk(run: Run, since: datetime) -> Walk:
    def build(place: Place, fields: Sequence[str]) -> Call[Page]:
        return records.changed_page(run.product, run.module, place, fields=fields, since=since)

    return Walk(run.product, run.module, build, parts=run.parts, send=run.send, now=clock.now)


def _read_page(run: Run, step: Step, since: datetime) -> _ChangedPage:
    rows = run.reader.rows(step)
    newer = _newer(run, step.page, rows, since)
    batch = run.reader.page(step, newer, source=Record.Source.LIST)
    return _ChangedPage(batch, len(newer) < len(rows), step.position)


def _newer(run: Run, page: Page, rows: Sequence[Row], since: datetime) -> Sequence[Row]:
    """Return the rows that may have changed: all of them where the page is not sorted as it was to be.

    A server may take the parameters and ignore them.
    """
    changes = run.product.changes
    if changes is None or changes.narrowed or page.order != Order(run.spec.modified_field, descending=True):
        return rows
    moments = [row.modified_at for row in rows]
    known = [moment for moment in moments if moment]
    if len(known) < len(moments) or any(a < b for a, b in pairwise(known)):
        return rows
    return [row for row in rows if (row.modified_at or BEGINNING) >= since]


def _has_late(run: Run, copies: Sequence[Copy], before: datetime | None) -> bool:
    """Tell whether a pass that opened at `before` should have found one of these already."""
    older = [copy for copy in copies if before and copy.modified_at and copy.modified_at < before]
    stored = store.stored_copies(run.row, [copy.record_id for copy in older])
    return any(copy.beats(stored.get(copy.record_id)) for copy in older)


def _save(run: Run, batch: Batch, position: Position, *, resumable: bool, over: bool) -> None:
    columns: Columns = {}
    if resumable and not over:
        columns = {"phase": Phase.DELTA, "position": position}
    elif resumable and run.row.phase == Phase.DELTA:
        columns = {"phase": Phase.IDLE, "position": None}
    if batch or columns:
        run.save_page(batch, **columns)

"""A comparison: read the ids and moments of all records, and by itself each of which the mirror is behind.

It follows a full sync during which the pages moved, until nothing moves them any more.
"""

from __future__ import annotations

from ..api.walks import Position, Step
from ..exceptions import PaginationLimitError
from ..models import ModuleSync
from . import deletions, missing, scan, single
from .copies import Batch
from .run import Outcome, Run

Phase = ModuleSync.Phase


def read(run: Run) -> Outcome:
    """Compare every id, or go on with that."""
    watermark = run.row.records_watermark

    def read_page(step: Step) -> scan.ScannedPage:
        # A row without a usable id comes with two fields here, so it is none to keep; the position knows of it.
        return scan.ScannedPage(step.ids, run.reader.rows(step), Batch(), step.position)

    def choose(page: scan.ScannedPage, stored: scan.Stored) -> Batch:
        batch = page.batch
        for row in page.rows:
            known = stored.get(row.record_id)
            if known is None or known.is_behind(row, page.position.opening):
                batch = batch.joined(single.read(run, row.record_id))
        return batch

    walk = scan.by_id(run, scan.compared_parts(run))
    try:
        position = scan.read(run, Phase.COMPARE, walk, read_page=read_page, choose=choose)
    except PaginationLimitError:
        return scan.close_at_the_wall(run, watermark=watermark)
    if position is None:
        return Outcome.TIME_UP
    return scan.close_or_compare(run, position, quiet=_is_quiet(run, position), watermark=watermark)


def _is_quiet(run: Run, position: Position) -> bool:
    moved = bool(deletions.apply(run, since=position.opening))
    return position.pages == 1 or missing.nothing_hidden(run, position, moved=moved, compared=True)

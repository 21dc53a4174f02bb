"""A full sync: read every record, then what changed meanwhile, then what was deleted."""

from __future__ import annotations

from datetime import datetime

from ..api.walks import Position, Step
from ..conf import settings
from ..exceptions import PaginationLimitError
from ..models import ModuleSync, Record
from . import bulk, changes, deletions, missing, scan
from .run import Outcome, Run

Phase = ModuleSync.Phase


def read(run: Run) -> Outcome:
    """Read every record, or go on with that."""
    walk = scan.by_id(run, run.parts)
    if run.row.phase != Phase.FULL:
        if bulk.is_needed(run):
            return Outcome.BULK_NEEDED
        if run.row.records_watermark is not None:
            # First, so that a record deleted and restored since the last pass is lifted again by the scan.
            deletions.apply(run)
        # Taken back now, not at the end: a full sync that is asked for meanwhile comes after this one.
        start = scan.begin(run, Phase.FULL, walk.start(), clears_full_request=True)
        if bulk.may_load(run) and not walk.read_ahead(start).position.finished and bulk.is_cheaper(run):
            return Outcome.BULK_NEEDED

    def read_page(step: Step) -> scan.ScannedPage:
        batch = run.reader.page(step, run.reader.rows(step), source=Record.Source.LIST)
        return scan.ScannedPage(step.ids, (), batch, step.position)

    try:
        position = scan.read(run, Phase.FULL, walk, read_page=read_page, choose=lambda page, stored: page.batch)
    except PaginationLimitError:
        return scan.close_at_the_wall(run, watermark=run.position.opened_at if run.position else None)
    if position is None:
        return Outcome.TIME_UP
    return scan.close_or_compare(run, position, quiet=_is_quiet(run, position), watermark=position.opening)


def _is_quiet(run: Run, position: Position) -> bool:
    """Tell whether nothing shifted the pages; what changed and what was deleted meanwhile is stored for that."""
    if position.pages == 1 and not run.resumed:
        deletions.apply(run, since=position.opening)
        return True
    moved = False
    try:
        changes.read(run, _known_until(run, position.opening), resumable=False)
    except PaginationLimitError:
        moved = True  # too much has changed to be told; the comparison of the ids tells it
    moved = moved or bool(deletions.apply(run, since=position.opening))
    return missing.nothing_hidden(run, position, moved=moved, compared=False)


def _known_until(run: Run, opened_at: datetime) -> datetime:
    """Return the moment to read changes from: the last run's, so that no change waits for the sync after this."""
    watermark = run.row.records_watermark
    return opened_at if watermark is None else min(opened_at, watermark - settings.delta_overlap)

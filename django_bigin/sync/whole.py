"""Small modules that are read whole each time, such as users: they have neither deltas nor a deleted log."""

from __future__ import annotations

from collections.abc import Sequence

from .. import clock
from ..api import records
from ..api.answers import Page, Place
from ..api.calls import Call
from ..api.walks import Step, Walk
from ..models import ModuleSync, Record
from . import missing, pipeline, scan, store
from .run import Outcome, Run


def walk(run: Run) -> Walk:
    """Return the walk through all records."""

    def build(place: Place, _: Sequence[str]) -> Call[Page]:
        return records.list_page(run.product, run.module, place)

    return Walk(run.product, run.module, build, send=run.send, now=clock.now)


def read(run: Run) -> Outcome:
    """Read all records."""

    def read_page(step: Step) -> scan.ScannedPage:
        batch = run.reader.page(step, run.reader.rows(step), source=Record.Source.LIST)
        return scan.ScannedPage(step.ids, (), batch, step.position)

    pages = walk(run)
    position = pages.start(ordered=False)
    for page in pipeline.pages(pages, position, read_page):
        position = page.position
        run.save_page(page.batch, seen=store.Seen(page.ids, position.opening))
        run.note_page(ModuleSync.Phase.FULL, position.pages)
    run.save_progress(full_requested=False)
    run.quarantine.forget_unseen(position.opening, without_id=True)
    scan.close(run, position.opening, missing.tombstone(run, position))
    return Outcome.DONE

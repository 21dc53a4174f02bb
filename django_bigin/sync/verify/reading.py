"""The reading of one module for a verification: every record is compared with what is stored of it.

Nothing that the sync has noted is believed: what is compared is what is stored. The records are read by rising id, as a
full sync reads them. What changed since the last sync is no difference: at the end a delta stores it. What no page
showed is asked for by itself, and is gone only where the product says so.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...api.walks import Position, Step, Walk
from ...exceptions import PageTokenError, PaginationLimitError
from ...models import ModuleSync, Record
from ...text import sentence as _
from .. import pipeline, scan, store, whole
from ..copies import Batch
from ..run import Run
from . import lookup, settling
from .comparison import Comparison
from .result import Remainder, Verification

PHASE = "verify"


def verify(run: Run, verification: Verification, *, repair: bool) -> bool:
    """Compare as far as the time allows; return whether all is done. Raises as a sync does.

    Args:
        verification: takes the result, and says where an earlier slice was cut off.
        repair: mend what differs.
    """
    verification.skipped = _why_not_yet(run)
    if verification.skipped:
        verification.later = True
        return True
    comparison = Comparison(run, verification, repair=repair)
    if not (_Reading(comparison).read() and settling.settle(comparison) and settling.ask(comparison)):
        return False
    settling.count(comparison)
    return True


def _why_not_yet(run: Run) -> str:
    """Say why it cannot be compared yet; "" where it can."""
    row = run.row
    if row.phase != ModuleSync.Phase.IDLE:
        # What that has noted of its pages must stay as it is.
        return _("A sync of %(module)s has begun and is not finished: verify it afterwards.", module=run.module)
    if row.last_full_at is None or row.records_watermark is None:
        return _("%(module)s has not been read in whole yet: sync it first.", module=run.module)
    if run.wanted.differs_from(row.read_fields):
        return _("Other fields of %(module)s are to be read: sync it first.", module=run.module)
    return ""


class _Reading:
    """The reading of every record."""

    def __init__(self, comparison: Comparison) -> None:
        self._comparison = comparison
        self._run = comparison.run
        self._of = comparison.of

    def read(self) -> bool:
        """Compare every page; return whether that is done."""
        run = self._run
        walk = whole.walk(run) if run.spec.read_whole else scan.by_id(run, run.parts)
        position = self._of.remainder.position
        if position is None or not walk.fits(position):
            position = self._begin(walk, ordered=not run.spec.read_whole)
        while not position.finished:
            try:
                pages = pipeline.pages(walk, position, self._read_page)
                for group in pipeline.groups(pages, size=_size, is_over=run.is_over):
                    rose = position.ordered if position.pages else group[0].position.ordered
                    if rose and not group[-1].position.ordered:
                        # What was not shown cannot be told from the gaps any more.
                        position = self._begin(walk, ordered=False)
                        break
                    self._compare(group, position)
                    position = self._of.remainder.position = group[-1].position
                    run.note_page(PHASE, position.pages)
                    if run.is_over() and not position.finished:
                        return False
            except PageTokenError:
                run.restart()
                position = self._begin(walk, ordered=position.ordered)
            except PaginationLimitError:
                self._of.doubt = _("%(module)s has more records than pages can reach.", module=run.module)
                return True
        if not position.ordered:
            self._find_unseen(position)
        return True

    def _begin(self, walk: Walk, *, ordered: bool) -> Position:
        self._of.compared = self._of.quarantined = 0
        self._of.remainder = Remainder(walk.start(ordered=ordered))
        return walk.start(ordered=ordered)

    def _read_page(self, step: Step) -> scan.ScannedPage:
        batch = self._run.reader.page(step, self._run.reader.rows(step), source=Record.Source.LIST)
        return scan.ScannedPage(step.ids, (), batch, step.position)

    def _compare(self, group: Sequence[scan.ScannedPage], before: Position) -> None:
        row, rest, position = self._run.row, self._of.remainder, group[-1].position
        ids = {record_id for page in group for record_id in page.ids}
        batch = Batch.of(page.batch for page in group)
        if position.ordered:
            # The last page speaks for all greater ids as well: there are none after it.
            stored = lookup.rows_between(row, before.last_id, None if position.finished else position.last_id)
            rest.unseen += sorted(each for each, known in stored.items() if not known.deleted_at and each not in ids)
        else:
            stored = lookup.rows(row, ids)
            rest.seen += ids
        self._of.compared += len(batch.copies)
        self._run.result.unchanged += len(batch.copies)
        self._comparison.compare(batch, stored)

    def _find_unseen(self, position: Position) -> None:
        """Find what was not shown by its ids, where these do not rise."""
        rest = self._of.remainder
        if rest.settled:
            return
        live = store.live_records_of(self._run.row).values_list("record_id", flat=True)
        rest.unseen = sorted(set(live).difference(rest.seen))
        if position.malformed and rest.unseen:
            rest.unseen = []
            self._of.doubt = _("Records of %(module)s came without a usable id.", module=self._run.module)


def _size(page: scan.ScannedPage) -> tuple[int, int]:
    return len(page.ids), sum(len(copy.text) for copy in page.batch.copies)

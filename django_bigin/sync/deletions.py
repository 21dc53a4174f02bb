"""Deletions: tombstones for what the product's deleted log names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from .. import clock
from ..api import records
from ..api.answers import Page, Place
from ..api.calls import Call
from ..api.products.product import Deletions
from ..api.walks import Step, Walk
from ..conf import settings
from ..db.aliases import written
from ..exceptions import ModuleNotAvailableError, PaginationLimitError
from ..models import ModuleSync
from . import pipeline
from .copies import BEGINNING, Deletion
from .run import Run

Phase = ModuleSync.Phase


def apply(run: Run, *, since: datetime | None = None) -> int:
    """Tombstone what the deleted log names; return how many of its entries are at or after `since`.

    The order of the log is not documented, so it is read to its end unless it is seen to be newest first.
    """
    dialect = run.product.deletions
    if dialect is None or not run.spec.has_deleted_log:
        return 0
    from_moment = run.row.deletions_watermark or since or run.row.records_watermark or BEGINNING
    if from_moment > BEGINNING:
        from_moment -= settings.delta_overlap
    recent, read_from = 0, None
    order = _Order()
    try:
        for page in _pages(run, dialect):
            read_from = page.opened_at
            latest = page.latest
            recent += sum(1 for moment in latest.values() if since and since <= moment <= page.believed_until)
            _tombstone(run, {each: page.cut(moment) for each, moment in latest.items() if moment >= from_moment})
            order.add([deletion.deleted_at for deletion in page.deletions])
            if order.is_past(from_moment):
                break
    except PaginationLimitError:
        # The log is longer than its pages reach. What they did not show, a full sync finds.
        _ask_for_a_full_sync(run)
    except ModuleNotAvailableError:
        return 0  # this plan has no deleted log, or shows it to nobody: the full syncs find what is gone
    if read_from is not None:
        run.save_progress(deletions_watermark=read_from, deletions_requested=False)
    return recent


@dataclass(frozen=True)
class _LogPage:
    """One page of the log.

    Attributes:
        opened_at, answered_at: the product's clock at the first page, and at this one.
    """

    deletions: Sequence[Deletion]
    opened_at: datetime
    answered_at: datetime

    @property
    def believed_until(self) -> datetime:
        """The last moment that a deletion just now may bear; one further ahead is a wrong clock's, of any time."""
        return self.answered_at + settings.delta_overlap

    def cut(self, moment: datetime) -> datetime:
        """Cut a moment to that of the answer: a tombstone from the future could never be lifted."""
        return min(moment, self.answered_at)

    @property
    def latest(self) -> dict[int, datetime]:
        """The last deletion of each record."""
        latest: dict[int, datetime] = {}
        for record_id, moment in self.deletions:
            latest[record_id] = max(moment, latest.get(record_id, moment))
        return latest


class _Order:
    """The order of a log, as far as it has been read."""

    def __init__(self) -> None:
        self._first: datetime | None = None
        self._last: datetime | None = None
        self._newest_first = True

    def add(self, moments: Sequence[datetime]) -> None:
        """Take note of the next moments."""
        if not moments:
            return
        together = [*([self._last] if self._last else []), *moments]
        self._newest_first = self._newest_first and all(a >= b for a, b in pairwise(together))
        self._first = self._first or moments[0]
        self._last = moments[-1]

    def is_past(self, moment: datetime) -> bool:
        """Tell whether all that follows is older; many deletions of one second show no order at all."""
        if not self._newest_first or self._first is None or self._last is None:
            return False
        return self._last < min(self._first, moment)


def _pages(run: Run, dialect: Deletions) -> Iterator[_LogPage]:
    def build(place: Place, _: Sequence[str]) -> Call[Page]:
        return records.deleted_page(run.product, run.module, place)

    def read(step: Step) -> _LogPage:
        # Without a readable moment, the answer's own stands in.
        moments = [dialect.deleted_at(row) or step.page.answered_at for row in step.page.records]
        deletions = [Deletion(*pair) for pair in zip(step.ids, moments, strict=True)]
        return _LogPage(deletions, step.position.opening, step.page.answered_at)

    walk = Walk(run.product, run.module, build, send=run.send, now=clock.now)
    return pipeline.pages(walk, walk.start(), read)


def _tombstone(run: Run, deleted: dict[int, datetime]) -> None:
    if not deleted:
        return
    changes = run.save_deletions(deleted)
    if run.spec.cascades_to and changes.deleted:
        theirs = written(ModuleSync).filter(connection_id=run.row.connection_id, module__in=run.spec.cascades_to)
        theirs.update(deletions_requested=True, next_run_at=clock.now())


def _ask_for_a_full_sync(run: Run) -> None:
    """Let the next run be a full sync: hourly at most, and not where one is what asks."""
    last = run.row.last_full_at
    scanning = run.row.phase in (Phase.FULL, Phase.COMPARE)
    if not scanning and (last is None or last <= clock.now() - settings.metadata_interval):
        run.save_progress(full_requested=True)

"""Scans: reading every record of a module by rising id, for the strategies that do so.

A scan is opened by one answer. The `Date` of it is the watermark that a full sync sets once every page is stored; a
comparison keeps the watermark of the full sync that it follows. Deletions shift pages, so a scan during which the
deleted log moved, or whose number of records is not the product's, is followed by a comparison of the ids, until one is
quiet. Only then is what was missed taken for deleted, and only below the guard.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from .. import clock
from ..api import records
from ..api.answers import Order, Page, Place
from ..api.calls import Call
from ..api.walks import Position, Step, Walk
from ..exceptions import PageTokenError
from ..models import ModuleSync
from ..text import sentence as _
from . import deletions, missing, pipeline, store
from .copies import Batch, Row, StoredCopy
from .run import Columns, Outcome, Run

Phase = ModuleSync.Phase

COMPARISONS_AT_MOST = 3


@dataclass(frozen=True)
class ScannedPage:
    """One page of a scan.

    Attributes:
        ids: of its rows.
        rows: those that are still to be looked at, once it is known what is stored of them.
        batch: what is to be stored in any case.
        position: after the page.
    """

    ids: list[int]
    rows: Sequence[Row]
    batch: Batch
    position: Position


Stored = dict[int, StoredCopy]


def by_id(run: Run, parts: Sequence[Sequence[str]]) -> Walk:
    """Return the walk through every record by rising id."""

    def build(place: Place, fields: Sequence[str]) -> Call[Page]:
        return records.list_page(run.product, run.module, place, fields=fields, order=Order("id"))

    return Walk(run.product, run.module, build, parts=parts, send=run.send, now=clock.now)


def begin(run: Run, phase: str, position: Position, *, clears_full_request: bool = False) -> Position:
    """Note where a scan begins, and return that.

    Args:
        clears_full_request: this is the full sync that was asked for.
    """
    columns: Columns = {"phase": phase, "position": position, "missing_ids": []}
    if phase == Phase.FULL:
        columns["read_fields"] = run.wanted.digest
    if clears_full_request:
        columns["full_requested"] = False
    run.save_progress(**columns)
    return position


def read(
    run: Run,
    phase: str,
    walk: Walk,
    *,
    read_page: Callable[[Step], ScannedPage],
    choose: Callable[[ScannedPage, Stored], Batch],
) -> Position | None:
    """Read and store every page from where the row says.

    Args:
        read_page: reads a page, without the database.
        choose: returns what of a page is to be stored, given what is stored.

    Returns:
        The position at the end; None where the time was up.
    """
    position = run.position
    if position is None or not walk.fits(position):
        # The fields have changed since the scan was cut off, and what it has read lacks the new ones; or the position
        # cannot be read. It begins anew in either case, and with it the count of the comparisons.
        position = begin(run, phase, walk.start())
    while not position.finished:
        try:
            pages = pipeline.pages(walk, position, read_page)
            for group in pipeline.groups(pages, size=_size, is_over=run.is_over):
                if _rise_no_longer(position, group):
                    # What was missed cannot be told from the gaps any more: start again and mark what is seen.
                    position = begin(run, phase, walk.start(ordered=False, rounds=position.rounds))
                    break
                _store(run, group, position, choose)
                position = group[-1].position
                for page in group:
                    run.note_page(phase, page.position.pages)
                if run.is_over():
                    return None
        except PageTokenError:
            run.restart()
            position = begin(run, phase, walk.start(ordered=position.ordered, rounds=position.rounds))
    return position


def _rise_no_longer(before: Position, group: Sequence[ScannedPage]) -> bool:
    """Tell whether the ids rose so far, and do not in this group."""
    rose = before.ordered if before.pages else group[0].position.ordered
    return rose and not group[-1].position.ordered


def _size(page: ScannedPage) -> tuple[int, int]:
    return len(page.ids), sum(len(copy.text) for copy in page.batch.copies)


def _store(
    run: Run, group: Sequence[ScannedPage], before: Position, choose: Callable[[ScannedPage, Stored], Batch]
) -> None:
    position = group[-1].position
    ids = [record_id for page in group for record_id in page.ids]
    columns: Columns = {"position": position}
    if run.row.deletions_watermark is None:
        # Set once, at the first page, and kept over restarts: what was deleted since then must still be applied.
        columns["deletions_watermark"] = position.opening
    seen = None
    if position.ordered:
        # The last page speaks for all greater ids as well: there are none after it.
        stored = store.stored_between(run.row, before.last_id, None if position.finished else position.last_id)
        gone = {copy.record_id for copy in stored.values() if copy.deleted_at is None}.difference(ids)
        if gone:
            columns["missing_ids"] = [*run.row.missing_ids, *sorted(gone)]
    else:
        stored = store.stored_copies(run.row, ids)
        seen = store.Seen(ids, position.opening)
    changed_before = run.result.changed
    batch = Batch.of(choose(page, stored) for page in group)
    run.save_page(batch, stored=stored, seen=seen, **columns)
    if run.result.changed > changed_before:
        store.gather_statistics(before.pages, position.pages)


def close_or_compare(run: Run, position: Position, *, quiet: bool, watermark: datetime | None) -> Outcome:
    """Close a scan that was quiet; let the ids be compared after one that was not.

    Args:
        quiet: nothing shifted the pages, so that what they did not show is not there.
        watermark: up to when every change is stored once the scan is closed.
    """
    if not quiet and position.rounds < COMPARISONS_AT_MOST:
        run.save_progress(records_watermark=watermark)
        walk = by_id(run, compared_parts(run))
        begin(run, Phase.COMPARE, walk.start(ordered=position.ordered, rounds=position.rounds + 1))
        return Outcome.COMPARE_NEEDED
    if quiet:
        # A comparison asks for two fields, so what it shows of a row without an id is not what was kept.
        without_id = not position.malformed or not position.rounds
        run.quarantine.forget_unseen(position.opening, without_id=without_id)
        reason = missing.tombstone(run, position) or missing.why_not_counted(run)
    else:
        reason = _(
            "The pages of %(module)s kept shifting while it was read, so what it lacks could not be "
            "told; the next full sync looks again.",
            module=run.module,
        )
    close(run, watermark, reason)
    return Outcome.DONE


def close(run: Run, watermark: datetime | None, reason: str) -> None:
    """Note that every record was read; `reason` says what the mirror lacks all the same."""
    run.save_progress(
        phase=Phase.IDLE,
        position=None,
        missing_ids=[],
        records_watermark=watermark,
        last_full_at=clock.now(),
        incomplete_reason=" ".join(filter(None, (reason, run.wanted.why_lacking))),
    )


def close_at_the_wall(run: Run, *, watermark: datetime | None) -> Outcome:
    """Keep what was read where there are no more pages, follow what changes, and say what is missing."""
    position = run.position
    rows = position.rows if position else 0
    reason = _(
        "%(module)s has more records than pages can reach: the %(number)s with the lowest ids and all "
        "that change from now on are mirrored; the others come by bulk read alone, which is not "
        "granted, not offered, or left some out.",
        module=run.module,
        number=f"{rows:,}",
    )
    deletions.apply(run, since=position.opened_at if position else None)
    close(run, watermark, reason)
    run.result.error = reason
    return Outcome.DONE


def compared_parts(run: Run) -> list[list[str]]:
    """Return the fields that a comparison reads: `id` comes by itself, and cannot be asked for alone."""
    return [[run.spec.modified_field]]

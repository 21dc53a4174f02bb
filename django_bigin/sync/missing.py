"""Records that a scan did not show: hidden by pages that moved, or gone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ..api import records
from ..api.walks import Position
from ..conf import settings
from ..db.limits import parts_of
from ..exceptions import ModuleNotAvailableError
from ..text import sentence as _
from . import single, store
from .copies import Batch
from .run import Run

MISSING_FLOOR = 50  # fewer absences than this pass the guard, whatever their share
ASKED_ONE_BY_ONE = 100  # absences; where there are more, a comparison of the ids is cheaper
TOMBSTONES_AT_ONCE = 500


def nothing_hidden(run: Run, position: Position, *, moved: bool, compared: bool) -> bool:
    """Tell whether what a scan did not show is not there; store what is there all the same.

    Args:
        moved: the pages are known to have moved.
        compared: the scan was a comparison of the ids, so that the count need not be asked for.
    """
    missing = _ids(run, position)
    if 0 < len(missing) <= ASKED_ONE_BY_ONE:
        there = _ask_for_each(run, missing, position.opening)
        gone = sum(1 for record_id in missing if record_id not in there)
        return not moved and not there and (compared or not count_differs(run, gone=gone, since=position.opening))
    return not moved and (compared or (not missing and not count_differs(run, since=position.opening)))


def count_differs(run: Run, *, gone: int = 0, since: datetime | None = None) -> bool:
    """Tell whether the product counts another number of records than the mirror has and could not store.

    Args:
        gone: records of the mirror that are there no more.
        since: rows that could not be stored count only if they were seen then or later.
    """
    theirs = run.send(records.count(run.product, run.module))
    live = store.live_records_of(run.row)
    return theirs is not None and theirs != live.count() - gone + run.quarantine.unmirrored(live, since=since)


def tells_deletions_by_count(run: Run) -> bool:
    """Tell whether the count is all that shows deletions, and can be relied on."""
    return not run.spec.has_deleted_log and not run.row.incomplete_reason


def why_not_counted(run: Run) -> str:
    """Give up on the count where it never agrees: each delta would read the whole module for nothing. Return why."""
    if run.spec.has_deleted_log or not count_differs(run):
        return ""
    return _(
        "%(product)s counts another number of %(module)s than it lists, so deletions are not seen by "
        "the count: the next full sync finds them.",
        product=run.product.name,
        module=run.module,
    )


def tombstone(run: Run, position: Position) -> str:
    """Turn what a quiet scan missed into tombstones, unless it is suspiciously much: then return why not."""
    missing = _ids(run, position)
    if not missing:
        return ""
    if position.malformed:
        return _(
            "%(product)s sent records of %(module)s without a usable id (see Quarantined rows), so it "
            "cannot be told whether the %(number)s that did not come are deleted or among them; none "
            "was marked as deleted.",
            product=run.product.name,
            module=run.module,
            number=f"{len(missing):,}",
        )
    live = store.live_records_of(run.row).count()
    came_back_empty = position.rows == 0 and run.send(records.count(run.product, run.module)) != 0
    too_many = len(missing) > max(MISSING_FLOOR, settings.BIGIN_MISSING_SHARE * live)
    if (too_many or came_back_empty) and not run.options.accept_missing:
        run.result.error = _(
            "A full sync of %(module)s missed %(number)s of %(total)s records, which is suspicious, so "
            "none was marked as deleted. If they are really gone from %(product)s, run `manage.py "
            "bigin_sync --full --accept-missing --module %(module)s`.",
            module=run.module,
            number=f"{len(missing):,}",
            total=f"{live:,}",
            product=run.product.name,
        )
        return run.result.error
    for start in range(0, len(missing), TOMBSTONES_AT_ONCE):
        batch = missing[start : start + TOMBSTONES_AT_ONCE]
        run.save_deletions(dict.fromkeys(batch, position.opening), anyway=True)
    return ""


def _ids(run: Run, position: Position) -> list[int]:
    """Return which records of the mirror a scan that is over has not shown."""
    live = store.live_records_of(run.row)
    if not position.ordered:
        return list(live.filter(seen_at__lt=position.opening).values_list("record_id", flat=True))
    # Found as gaps between rising ids. What was read after the scan opened is not missing, of course.
    unseen = live.filter(seen_at__lte=position.opening)
    parts = [unseen.filter(record_id__in=some) for some in parts_of(run.row.missing_ids)]
    return [record_id for part in parts for record_id in part.values_list("record_id", flat=True)]


def _ask_for_each(run: Run, missing: Sequence[int], opened_at: datetime) -> set[int]:
    """Ask for each record that a scan missed, and store those that are there: a page that shifted hid them."""
    found = Batch()
    there = set()
    for record_id in missing:
        try:
            batch = single.read(run, record_id)
        except ModuleNotAvailableError:
            return set()  # this plan gives no single records; the comparison of the ids decides
        if batch:
            there.add(record_id)
            found = found.joined(batch)
    if there:
        rest = [record_id for record_id in run.row.missing_ids if record_id not in there]
        run.save_page(found, seen=store.Seen(there, opened_at), missing_ids=rest)
    return there

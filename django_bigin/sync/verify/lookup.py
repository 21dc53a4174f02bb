"""Look-ups of what is stored of a module, with every column that is compared."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from ...db.aliases import written
from ...db.limits import parts_of
from ...models import ModuleSync, QuarantinedRow
from .. import store
from ..run import Run
from .differences import StoredRow

Rows = dict[int, StoredRow]


def rows(module_sync: ModuleSync, ids: Collection[int]) -> Rows:
    """Look up records by their ids, tombstones included."""
    found = (store.records_of(module_sync).filter(record_id__in=some) for some in parts_of(ids))
    return {row.record_id: row for part in found for row in _read(part.values_list(*StoredRow._fields))}


def rows_between(module_sync: ModuleSync, after: int, upto: int | None) -> Rows:
    """Look up records with an id above `after` and up to `upto`, to the end where that is None."""
    found = store.records_of(module_sync).filter(record_id__gt=after)
    found = found if upto is None else found.filter(record_id__lte=upto)
    return {row.record_id: row for row in _read(found.values_list(*StoredRow._fields))}


def live_ids(module_sync: ModuleSync, ids: Sequence[int]) -> list[int]:
    """Return those that are stored and no tombstones."""
    live = store.live_records_of(module_sync)
    parts = (live.filter(record_id__in=some).values_list("record_id", flat=True) for some in parts_of(ids))
    return [record_id for part in parts for record_id in part]


def quarantined_ids(run: Run, ids: Collection[int]) -> set[int]:
    """Return those of which it is known that they cannot be stored."""
    if not ids or not run.quarantine.number:
        return set()
    kept = written(QuarantinedRow).filter(connection_id=run.row.connection_id, module=run.module)
    parts = (kept.filter(record_id__in=some) for some in parts_of([str(each) for each in ids]))
    return {int(record_id) for part in parts for record_id in part.values_list("record_id", flat=True)}


def _read(values: Iterable[tuple[object, ...]]) -> Iterable[StoredRow]:
    return (StoredRow(*row) for row in values)  # type: ignore[arg-type]  # the columns are its fields

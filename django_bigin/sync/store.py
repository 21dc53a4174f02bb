"""Storing a page: the database side of the mirror.

One transaction stores a page's copies, moves the progress and checks the lease, so that a process killed anywhere
leaves the mirror at a page's edge. The page's ids are looked up in one query, and only what changed is written.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import DataError, IntegrityError, connections, router, transaction
from django.db.models import F, QuerySet

from .. import clock
from ..api.products import ModuleSpec
from ..db.upsert import upsert
from ..models import Connection, ModuleSync, QuarantinedRow, Record
from ..signals import records_changed
from ..text import fold
from . import lease
from .copies import Copy, StoredCopy, UnreadableRow, read_copy

STORED_COLUMNS = StoredCopy._fields
UNIQUE_COLUMNS = ("connection", "module", "record_id")
COLUMNS = (
    *UNIQUE_COLUMNS,
    "data",
    "name",
    "name_key",
    "email",
    "email_key",
    "owner_record_id",
    "created_at",
    "modified_at",
    "seen_at",
    "content_hash",
    "source",
    "deleted_at",
)
NAME_LENGTH, EMAIL_LENGTH = 255, 254
WRITTEN_AT_ONCE = 2_000_000  # characters of data in one statement, far below what any server takes by default
RAW_LENGTH = 1_000_000


@dataclass
class Changes:
    """What storing a page changed, by `record_id`."""

    created: list[int] = field(default_factory=list)
    updated: list[int] = field(default_factory=list)
    deleted: list[int] = field(default_factory=list)
    unchanged: int = 0
    quarantined: int = 0


@dataclass(frozen=True)
class Aside:
    """A row that could not be read, and why."""

    row: Any
    reason: str


def read_copies(
    rows: Iterable[Mapping[str, Any]], *, spec: ModuleSpec, fields: Collection[str], seen_at: datetime, source: str
) -> tuple[list[Copy], list[Aside]]:
    """Read rows into copies; what cannot be read comes apart. A row that comes twice counts once, as it came last."""
    copies: dict[int, Copy] = {}
    asides = []
    for row in rows:
        try:
            copy = read_copy(row, spec=spec, fields=fields, seen_at=seen_at, source=source)
        except UnreadableRow as error:
            asides.append(Aside(row, str(error)))
        else:
            copies[copy.record_id] = copy
    return list(copies.values()), asides


def save_page(
    progress: ModuleSync,
    lease_id: str,
    copies: Sequence[Copy],
    *,
    asides: Sequence[Aside] = (),
    stored: Mapping[int, StoredCopy] | None = None,
    touched: Collection[int] | None = None,
    touched_at: datetime | None = None,
    **moves: Any,
) -> Changes:
    """Store the copies that win, and move the progress with them.

    Args:
        stored: what is stored of them, where the caller has looked already.
        touched, touched_at: ids to mark as seen then, for walks that find what is missing by that.
        moves: columns of the progress to write in the same transaction.

    Raises:
        LeaseLostError: another process works on the module; nothing was stored.
    """
    touch = (touched or (), touched_at)
    try:
        return _save_page(progress, lease_id, copies, asides, stored, touch, moves)
    except (DataError, IntegrityError):
        # One row that this database cannot take (MariaDB refuses deep JSON by a constraint) must not keep the others
        # out: find it, and set it aside.
        refused = [copy for copy in copies if not _can_be_stored(progress, copy)]
        taken = [copy for copy in copies if copy not in refused]
        more = [Aside(dict(copy.data), "The database cannot store this row.") for copy in refused]
        return _save_page(progress, lease_id, taken, [*asides, *more], None, touch, moves)


def save_deletions(
    progress: ModuleSync, lease_id: str, deleted: Mapping[int, datetime], *, anyway: bool = False, **moves: Any
) -> Changes:
    """Turn records into tombstones: `deleted` gives each id's moment of deletion.

    A copy that was seen after its deletion stays: the record had been restored. `anyway` is for absences, which a walk
    has seen itself.
    """
    changes = Changes()
    with transaction.atomic():
        lease.move(progress, lease_id, **moves)
        live = records_of(progress).filter(deleted_at=None, record_id__in=deleted)
        for record_id, seen_at in live.values_list("record_id", "seen_at"):
            if anyway or seen_at <= deleted[record_id]:
                changes.deleted.append(record_id)
        for moment in {deleted[record_id] for record_id in changes.deleted}:
            ids = [record_id for record_id in changes.deleted if deleted[record_id] == moment]
            records_of(progress).filter(record_id__in=ids).update(deleted_at=moment)
        _announce(progress, changes)
    return changes


def records_of(progress: ModuleSync) -> QuerySet[Record]:
    """Every stored record of a module, tombstones included."""
    return Record.objects.filter(connection_id=progress.connection_id, module=progress.module)


def stored_copies(progress: ModuleSync, ids: Collection[int]) -> dict[int, StoredCopy]:
    """What is stored under these ids."""
    if not ids:
        return {}
    return _by_id(records_of(progress).filter(record_id__in=ids))


def stored_between(progress: ModuleSync, after: int, upto: int | None) -> dict[int, StoredCopy]:
    """What is stored with an id above `after` and up to `upto`, to the end where that is None."""
    rows = records_of(progress).filter(record_id__gt=after)
    return _by_id(rows if upto is None else rows.filter(record_id__lte=upto))


def gather_statistics(page: int) -> None:
    """Tell PostgreSQL how large the table has become in a first load.

    Without it, the look-up of a page's ids takes forty times as long until autovacuum comes by (341 against 8.6 ms,
    measured with 100,000 rows).
    """
    database = connections[router.db_for_write(Record)]
    if database.vendor == "postgresql" and page in (5, 50, 500, 5000):
        with database.cursor() as cursor:
            cursor.execute(f"ANALYZE {database.ops.quote_name(Record._meta.db_table)}")


# How it is done


def _by_id(rows: QuerySet[Record]) -> dict[int, StoredCopy]:
    return {row[0]: StoredCopy(*row) for row in rows.values_list(*STORED_COLUMNS)}


def _save_page(
    progress: ModuleSync,
    lease_id: str,
    copies: Sequence[Copy],
    asides: Sequence[Aside],
    stored: Mapping[int, StoredCopy] | None,
    touch: tuple[Collection[int], datetime | None],
    moves: Mapping[str, Any],
) -> Changes:
    changes = Changes(quarantined=len(asides))
    with transaction.atomic():
        # First, so that two processes on one module queue up here instead of locking each other's rows.
        lease.move(progress, lease_id, **moves)
        if stored is None:
            stored = stored_copies(progress, [copy.record_id for copy in copies])
        winners = [copy for copy in copies if copy.beats(stored.get(copy.record_id))]
        _write(progress, winners)
        _touch(progress, *touch)
        _quarantine(progress, asides)
        _forget_asides(progress, copies)
        for copy in winners:
            before = stored.get(copy.record_id)
            (changes.updated if before and before.deleted_at is None else changes.created).append(copy.record_id)
        changes.unchanged = len(copies) - len(winners)
        _announce(progress, changes)
    return changes


def _write(progress: ModuleSync, copies: Sequence[Copy]) -> None:
    using = router.db_for_write(Record)
    for batch in _batches(copies):
        rows = [_row(progress, copy, connections[using].ops) for copy in batch]
        upsert(Record, rows, columns=COLUMNS, unique=UNIQUE_COLUMNS, using=using)


def _batches(copies: Sequence[Copy]) -> Iterator[list[Copy]]:
    """The copies in statements of a size that every server takes: a page of them is one, unless it is huge."""
    batch: list[Copy] = []
    size = 0
    for copy in copies:
        if batch and size + len(copy.text) > WRITTEN_AT_ONCE:
            yield batch
            batch, size = [], 0
        batch.append(copy)
        size += len(copy.text)
    if batch:
        yield batch


def _row(progress: ModuleSync, copy: Copy, database: Any) -> tuple[Any, ...]:
    """The values of `COLUMNS`."""
    moment = database.adapt_datetimefield_value
    return (
        progress.connection_id,
        progress.module,
        copy.record_id,
        copy.text,
        copy.name[:NAME_LENGTH],
        fold(copy.name),
        copy.email[:EMAIL_LENGTH],
        fold(copy.email),
        copy.owner_record_id,
        moment(copy.created_at),
        moment(copy.modified_at),
        moment(copy.seen_at),
        copy.content_hash,
        copy.source,
        None,
    )


def _touch(progress: ModuleSync, ids: Collection[int], seen_at: datetime | None) -> None:
    if ids and seen_at is not None:
        records_of(progress).filter(record_id__in=ids, seen_at__lt=seen_at, deleted_at=None).update(seen_at=seen_at)


def _can_be_stored(progress: ModuleSync, copy: Copy) -> bool:
    try:
        with transaction.atomic():
            _write(progress, [copy])
            transaction.set_rollback(True)
    except (DataError, IntegrityError):
        return False
    return True


def _quarantine(progress: ModuleSync, asides: Sequence[Aside]) -> None:
    now = clock.now()
    for aside in asides:
        raw = _raw_text(aside.row)
        row, created = QuarantinedRow.objects.get_or_create(
            connection_id=progress.connection_id,
            module=progress.module,
            raw_hash=hashlib.sha256(raw.encode()).hexdigest(),
            defaults={
                "record_id": _shown_id(aside.row),
                "raw": raw,
                "reason": aside.reason,
                "first_at": now,
                "last_at": now,
            },
        )
        if not created:
            QuarantinedRow.objects.filter(pk=row.pk).update(tries=F("tries") + 1, last_at=now, reason=aside.reason)
        progress.has_asides = True


def _raw_text(row: Any) -> str:
    """The row as JSON in ASCII, which every database stores."""
    try:
        return json.dumps(row, sort_keys=True, default=str)[:RAW_LENGTH]
    except RecursionError:
        identity = _shown_id(row)
        return json.dumps({"id": identity, "...": "nested too deeply to be kept"})


def _shown_id(row: Any) -> str:
    value = row.get("id") if isinstance(row, Mapping) else None
    return ascii(value).strip("'")[:40] if isinstance(value, str | int) else ""


def _forget_asides(progress: ModuleSync, copies: Sequence[Copy]) -> None:
    """A row that was quarantined and can be read now need not be kept apart any longer."""
    aside = QuarantinedRow.objects.filter(connection_id=progress.connection_id, module=progress.module)
    if copies and progress.has_asides:
        aside.filter(record_id__in=[str(copy.record_id) for copy in copies]).delete()


def _announce(progress: ModuleSync, changes: Changes) -> None:
    if not (changes.created or changes.updated or changes.deleted):
        return
    connection: Connection = progress.connection

    def send() -> None:
        records_changed.send_robust(
            sender=Record,
            connection=connection,
            module=progress.module,
            created=changes.created,
            updated=changes.updated,
            deleted=changes.deleted,
        )

    transaction.on_commit(send, robust=True)

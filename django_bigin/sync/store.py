"""Storing copies: the records of one module in the site's database.

The ids of a page are looked up in one query, and only what changed is written. What calls this opens the transaction
that holds the lease and moves the progress with it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.db import DataError, IntegrityError, transaction
from django.db.models import QuerySet

from ..db.aliases import atomic, database_of, on_commit, written, written_alias
from ..db.limits import largest_statement, parts_of, size_in_statement
from ..db.upsert import upsert
from ..models import ModuleSync, Record
from ..signals import records_changed
from ..text import fold
from .copies import Copy, StoredCopy
from .results import ModuleResult

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
ANALYZED_AFTER = (5, 50, 500, 5000)  # pages


@dataclass
class Changes:
    """Changes that storing a page made, by `record_id`."""

    created: list[int] = field(default_factory=list)
    updated: list[int] = field(default_factory=list)
    deleted: list[int] = field(default_factory=list)
    unchanged: int = 0
    quarantined: int = 0

    def __bool__(self) -> bool:
        return bool(self.created or self.updated or self.deleted)

    def add_to(self, result: ModuleResult) -> None:
        """Add how many there are to the result of a run."""
        result.created += len(self.created)
        result.updated += len(self.updated)
        result.deleted += len(self.deleted)
        result.unchanged += self.unchanged
        result.quarantined += self.quarantined


class Seen(NamedTuple):
    """Ids that a full sync has shown, to be marked so: it finds what is missing by that."""

    ids: Collection[int]
    at: datetime


def records_of(module_sync: ModuleSync) -> QuerySet[Record]:
    """Return every stored record of a module, tombstones included."""
    return written(Record).filter(connection_id=module_sync.connection_id, module=module_sync.module)


def live_records_of(module_sync: ModuleSync) -> QuerySet[Record]:
    """Return the stored records of a module that are not tombstones."""
    return records_of(module_sync).filter(deleted_at=None)


def stored_copies(module_sync: ModuleSync, ids: Collection[int]) -> dict[int, StoredCopy]:
    """Look up what is stored under these ids."""
    stored: dict[int, StoredCopy] = {}
    for some in parts_of(ids):
        stored |= _by_id(records_of(module_sync).filter(record_id__in=some))
    return stored


def stored_between(module_sync: ModuleSync, after: int, upto: int | None) -> dict[int, StoredCopy]:
    """Look up what is stored with an id above `after` and up to `upto`, to the end where that is None."""
    rows = records_of(module_sync).filter(record_id__gt=after)
    return _by_id(rows if upto is None else rows.filter(record_id__lte=upto))


def write_copies(module_sync: ModuleSync, copies: Sequence[Copy], stored: Mapping[int, StoredCopy] | None) -> Changes:
    """Write the copies that win.

    Args:
        stored: what is stored of them, where the caller has looked already.
    """
    if stored is None:
        stored = stored_copies(module_sync, [copy.record_id for copy in copies])
    changes = Changes()
    winners = [copy for copy in copies if copy.beats(stored.get(copy.record_id))]
    _write(module_sync, winners)
    for copy in winners:
        before = stored.get(copy.record_id)
        (changes.updated if before and before.deleted_at is None else changes.created).append(copy.record_id)
    changes.unchanged = len(copies) - len(winners)
    return changes


def mark_seen(module_sync: ModuleSync, seen: Seen) -> None:
    """Note that records were shown, where they are not known to have been seen later."""
    for some in parts_of(seen.ids):
        shown = live_records_of(module_sync).filter(record_id__in=some, seen_at__lt=seen.at)
        shown.update(seen_at=seen.at)


def write_deletions(module_sync: ModuleSync, deleted: Mapping[int, datetime], *, anyway: bool) -> Changes:
    """Turn records into tombstones: `deleted` gives each id's moment of deletion.

    A copy that was seen after its deletion stays: the record had been restored. `anyway` is for absences, which a full
    sync has seen itself.
    """
    changes = Changes()
    for some in parts_of(deleted):
        live = live_records_of(module_sync).filter(record_id__in=some)
        for record_id, seen_at in live.values_list("record_id", "seen_at"):
            if anyway or seen_at <= deleted[record_id]:
                changes.deleted.append(record_id)
    for moment in {deleted[record_id] for record_id in changes.deleted}:
        ids = [record_id for record_id in changes.deleted if deleted[record_id] == moment]
        for some in parts_of(ids):
            records_of(module_sync).filter(record_id__in=some).update(deleted_at=moment)
    return changes


def refused_copies(module_sync: ModuleSync, copies: Sequence[Copy]) -> list[Copy]:
    """Find the copies that this database does not take: MariaDB refuses deep JSON by a constraint.

    They are looked for by halves, so that one among many costs few statements.
    """
    if not copies or _can_be_stored(module_sync, copies):
        return []
    if len(copies) == 1:
        return list(copies)
    half = len(copies) // 2
    return [*refused_copies(module_sync, copies[:half]), *refused_copies(module_sync, copies[half:])]


def too_large_copies(copies: Sequence[Copy]) -> list[Copy]:
    """Find the copies that no statement holds; the server would end the session instead of refusing them."""
    limit = largest_statement(database_of(Record))
    return [] if limit is None else [copy for copy in copies if len(copy.text) * 2 > limit and _size(copy) > limit]


def announce(module_sync: ModuleSync, changes: Changes) -> None:
    """Tell the site's listeners, once it is committed."""
    if not changes:
        return
    connection, module = module_sync.connection, module_sync.module

    def send() -> None:
        records_changed.send_robust(
            sender=Record,
            connection=connection,
            module=module,
            created=changes.created,
            updated=changes.updated,
            deleted=changes.deleted,
        )

    on_commit(Record, send, robust=True)


def gather_statistics(before: int, pages: int) -> None:
    """Tell PostgreSQL how large the table has become in a first load.

    Without it, the look-up of a page's ids takes forty times as long until autovacuum comes by (341 against 8.6 ms,
    measured with 100,000 rows).

    Args:
        before, pages: how many pages were stored earlier, and how many are now.
    """
    database = database_of(Record)
    if database.vendor == "postgresql" and any(before < page <= pages for page in ANALYZED_AFTER):
        with database.cursor() as cursor:
            cursor.execute(f"ANALYZE {database.ops.quote_name(Record._meta.db_table)}")


def _by_id(rows: QuerySet[Record]) -> dict[int, StoredCopy]:
    return {row[0]: StoredCopy(*row) for row in rows.values_list(*StoredCopy._fields)}


def _write(module_sync: ModuleSync, copies: Sequence[Copy]) -> None:
    using = written_alias(Record)
    operations = database_of(Record).ops
    for batch in _batches(copies):
        rows = [_row(module_sync, copy, operations) for copy in batch]
        upsert(Record, rows, columns=COLUMNS, unique=UNIQUE_COLUMNS, using=using)


def _batches(copies: Sequence[Copy]) -> Iterator[list[Copy]]:
    """Share the copies out to statements of a size that every server takes: one for a page, unless it is huge."""
    limit = largest_statement(database_of(Record))
    at_once = WRITTEN_AT_ONCE if limit is None else min(WRITTEN_AT_ONCE, limit)
    batch: list[Copy] = []
    size = 0
    for copy in copies:
        more = len(copy.text) if limit is None else _size(copy)
        if batch and size + more > at_once:
            yield batch
            batch, size = [], 0
        batch.append(copy)
        size += more
    if batch:
        yield batch


def _size(copy: Copy) -> int:
    """Return the bytes that a copy takes in a statement, its other columns at their largest."""
    return size_in_statement(copy.text) + 8 * (len(copy.name) + len(copy.email)) + 1_000


def _row(module_sync: ModuleSync, copy: Copy, operations: Any) -> tuple[Any, ...]:
    """Return the values of `COLUMNS`."""
    moment = operations.adapt_datetimefield_value
    return (
        module_sync.connection_id,
        module_sync.module,
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


def _can_be_stored(module_sync: ModuleSync, copies: Sequence[Copy]) -> bool:
    try:
        with atomic(Record):
            _write(module_sync, copies)
            transaction.set_rollback(True, using=written_alias(Record))
    except (DataError, IntegrityError):
        return False
    return True

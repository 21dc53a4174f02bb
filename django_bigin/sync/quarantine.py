"""Quarantine: rows that could not be stored, kept as they came until a later copy of them can be, or they are gone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from .. import clock
from ..api.values import read_id
from ..db.aliases import written
from ..models import ModuleSync, QuarantinedRow, Record
from .copies import Unstorable

RAW_LENGTH = 250_000  # written with its quotes escaped it still fits into a packet of 1 MB
IDS_AT_ONCE = 500


def with_quarantined(modules: QuerySet[ModuleSync]) -> QuerySet[ModuleSync]:
    """Let each module tell as `quarantined_rows` how many of its rows could not be stored."""
    of_module = QuarantinedRow.objects.filter(connection=OuterRef("connection"), module=OuterRef("module"))
    number = of_module.order_by().values("module").annotate(number=Count("pk")).values("number")
    return modules.annotate(quarantined_rows=Coalesce(Subquery(number), 0))


class Quarantine:
    """The quarantined rows of one module: one for each record, and one for each row without a usable id."""

    def __init__(self, module_sync: ModuleSync) -> None:
        self._of = {"connection_id": module_sync.connection_id, "module": module_sync.module}
        # Read with the module's row, so that a delta need not ask for it.
        self._number: int | None = getattr(module_sync, "quarantined_rows", None)

    @property
    def number(self) -> int:
        """How many rows there are."""
        if self._number is None:
            self._number = self._rows().count()
        return self._number

    def keep(self, unstorable: Iterable[Unstorable]) -> None:
        """Quarantine rows; of one that is there already, keep the later copy and count another try."""
        rows = {row.record_id or row.raw_hash: row for row in map(self._row, unstorable)}
        for some in _in_parts(list(rows.values())):
            before = self._earlier(some)
            for row in some:
                known = before.get(row.record_id or row.raw_hash)
                if known is not None:
                    row.tries, row.first_at = known.tries + 1, known.first_at
            self._rows().filter(pk__in=[known.pk for known in before.values()]).delete()
            written(QuarantinedRow).bulk_create(some)
        if rows:
            self._number = None

    def forget(self, ids: Iterable[int]) -> None:
        """Drop what is kept of records that could be read now."""
        if self.number:
            for some in _ids_in_parts(list(ids)):
                self._drop(self._rows().filter(record_id__in=some))

    def forget_deleted(self, deleted: Mapping[int, datetime]) -> None:
        """Drop what is kept of records that were deleted and not seen since."""
        if not self.number:
            return
        for some in _ids_in_parts(list(deleted)):
            kept = self._rows().filter(record_id__in=some).values_list("pk", "record_id", "seen_at")
            gone = [key for key, text, seen_at in kept if seen_at <= deleted[int(text)]]
            self._drop(self._rows().filter(pk__in=gone))

    def forget_unseen(self, opened_at: datetime, *, without_id: bool) -> None:
        """Drop what a scan of every record did not show any more.

        Args:
            without_id: the rows without a usable id as well.
        """
        if self.number:
            unseen = self._rows().filter(seen_at__lt=opened_at)
            self._drop(unseen if without_id else unseen.exclude(record_id=""))

    def unmirrored(self, live: QuerySet[Record], *, since: datetime | None = None) -> int:
        """Count the rows that no live record stands for: the product counts them, and the mirror does not.

        Args:
            since: those only that were seen then or later.
        """
        if not self.number:
            return 0
        rows = self._rows() if since is None else self._rows().filter(seen_at__gte=since)
        texts = list(rows.values_list("record_id", flat=True))
        parts = _ids_in_parts([int(text) for text in texts if text])
        return len(texts) - sum(live.filter(record_id__in=map(int, some)).count() for some in parts)

    def _row(self, unstorable: Unstorable) -> QuarantinedRow:
        raw, now = _raw_text(unstorable.row), clock.now()
        return QuarantinedRow(
            **self._of,
            record_id=_id_text(unstorable.row),
            raw=raw[:RAW_LENGTH],
            raw_hash=hashlib.sha256(raw.encode()).hexdigest(),
            reason=unstorable.reason,
            seen_at=unstorable.seen_at,
            first_at=now,
            last_at=now,
        )

    def _earlier(self, rows: Sequence[QuarantinedRow]) -> dict[str, QuarantinedRow]:
        """Return what is kept of the same records, or of the same rows where they have no id."""
        ids = [row.record_id for row in rows if row.record_id]
        hashes = [row.raw_hash for row in rows if not row.record_id]
        kept = [
            *self._rows().filter(record_id__in=ids).defer("raw"),
            *self._rows().filter(record_id="", raw_hash__in=hashes).defer("raw"),
        ]
        return {row.record_id or row.raw_hash: row for row in kept}

    def _drop(self, rows: QuerySet[Any]) -> None:
        if rows.delete()[0]:
            self._number = None

    def _rows(self) -> QuerySet[Any]:
        return written(QuarantinedRow).filter(**self._of)


def _in_parts(rows: Sequence[QuarantinedRow]) -> Iterator[list[QuarantinedRow]]:
    """Share rows out to statements that every server takes."""
    part: list[QuarantinedRow] = []
    for row in rows:
        if part and (len(part) >= IDS_AT_ONCE or sum(len(each.raw) for each in part) + len(row.raw) > RAW_LENGTH):
            yield part
            part = []
        part.append(row)
    if part:
        yield part


def _ids_in_parts(ids: Collection[int]) -> Iterator[list[str]]:
    texts = [str(record_id) for record_id in ids]
    return (texts[start : start + IDS_AT_ONCE] for start in range(0, len(texts), IDS_AT_ONCE))


def _raw_text(row: Any) -> str:
    """Return the row as JSON in ASCII, which every database stores."""
    try:
        return json.dumps(row, sort_keys=True, default=str)
    except RecursionError:
        return json.dumps({"id": _id_text(row), "...": "nested too deeply to be kept"})


def _id_text(row: Any) -> str:
    """Return the id of a row; "" where it is none that a record can have."""
    return (read_id(row.get("id")) if isinstance(row, Mapping) else None) or ""

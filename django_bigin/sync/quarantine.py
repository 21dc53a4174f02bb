"""Quarantine: rows that could not be stored, kept as they came until a later copy of them can be."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import F, QuerySet

from .. import clock
from ..db.aliases import written
from ..models import ModuleSync, QuarantinedRow
from .copies import Unstorable

RAW_LENGTH = 1_000_000


class Quarantine:
    """The quarantined rows of one module."""

    def __init__(self, module_sync: ModuleSync) -> None:
        self._of = {"connection_id": module_sync.connection_id, "module": module_sync.module}
        self._is_used: bool | None = None  # asked once a run, and only where it matters

    def keep(self, unstorable: Iterable[Unstorable]) -> None:
        """Quarantine rows; of one that is there already, count another try."""
        now = clock.now()
        for row, reason in unstorable:
            raw = _raw_text(row)
            kept, created = written(QuarantinedRow).get_or_create(
                **self._of,
                raw_hash=hashlib.sha256(raw.encode()).hexdigest(),
                defaults={"record_id": _shown_id(row), "raw": raw, "reason": reason, "first_at": now, "last_at": now},
            )
            if not created:
                again = written(QuarantinedRow).filter(pk=kept.pk)
                again.update(tries=F("tries") + 1, last_at=now, reason=reason)
            self._is_used = True

    def forget(self, ids: Iterable[int]) -> None:
        """Drop what is kept of records that could be read now."""
        texts = [str(record_id) for record_id in ids]
        if not texts:
            return
        if self._is_used is None:
            self._is_used = self._rows().exists()
        if self._is_used:
            self._rows().filter(record_id__in=texts).delete()

    def _rows(self) -> QuerySet[Any]:
        return written(QuarantinedRow).filter(**self._of)


def _raw_text(row: Any) -> str:
    """Return the row as JSON in ASCII, which every database stores."""
    try:
        return json.dumps(row, sort_keys=True, default=str)[:RAW_LENGTH]
    except RecursionError:
        return json.dumps({"id": _shown_id(row), "...": "nested too deeply to be kept"})


def _shown_id(row: Any) -> str:
    value = row.get("id") if isinstance(row, Mapping) else None
    return ascii(value).strip("'")[:40] if isinstance(value, str | int) else ""

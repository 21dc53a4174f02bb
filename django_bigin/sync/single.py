"""Single records, read by themselves."""

from __future__ import annotations

from ..api import records
from ..exceptions import RecordNotFoundError
from ..models import Record
from .copies import Batch
from .run import Run


def read(run: Run, record_id: int) -> Batch:
    """Read one record by itself; nothing where it is gone, which the deleted log tells."""
    try:
        raw, seen_at = run.send(records.record(run.product, run.module, record_id))
    except RecordNotFoundError:
        return Batch()
    return run.reader.single(raw, seen_at=seen_at, source=Record.Source.SINGLE)

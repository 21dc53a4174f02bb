"""A bulk read job's CSV: everything is text, links are ids alone. Source: api-bulk-notify-files section 1.4."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from typing import Any

from ..records.columns import BOOLEAN, LINK, LIST, MOMENT, Column
from ..world.organization import Organization
from ..world.store import Record
from .query import BulkQuery


def write_csv(
    organization: Organization, query: BulkQuery, records: Iterable[tuple[int, Record]], switches: dict[str, Any]
) -> bytes:
    """Write the query's columns of those records; the id comes first, asked for or not."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([switches["bulk_id_column"], *(column.name for column in query.columns)])
    cells = [(column.read, _writer_of(organization, column, switches["bulk_separator"])) for column in query.columns]
    for record_id, record in records:
        row: list[Any] = [record_id]
        row += ["" if (value := read(record_id, record)) is None else write(value) for read, write in cells]
        writer.writerow(row)
    return text.getvalue().encode("utf-8-sig" if switches["bulk_byte_order_mark"] else "utf-8")


def _writer_of(organization: Organization, column: Column, separator: str) -> Callable[[Any], Any]:
    """Return the function that writes one column's cells: ids for links, words for booleans, names for tags."""
    if column.kind == MOMENT:
        return organization.times.text
    if column.kind == BOOLEAN:
        return lambda value: "true" if value else "false"
    if column.kind == LIST:
        return lambda value: separator.join(map(str, value))
    if column.kind == LINK:
        return str
    return lambda value: ",".join(map(str, value)) if isinstance(value, list | tuple) else value

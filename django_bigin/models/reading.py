"""The values of records as Python types, and the present names of what they link to.

Rows that came together are peers: what one of them needs, the schema or the records that they link to, is read for all
of them in one query. So a page that shows a hundred contacts with their companies' names reads two tables once.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from django.apps import apps

from ..db.limits import parts_of

if TYPE_CHECKING:
    from .mirror import Record

LONGEST_ID = 19
Key = tuple[int, int]  # of a linked record: the connection's primary key, and the record's id


@dataclass(frozen=True)
class Link:
    """A record or a person that a field links to.

    Attributes:
        name: the present one, where the mirror has the record; else the one that came with the field.
    """

    record_id: int
    name: str

    def __str__(self) -> str:
        return self.name or str(self.record_id)


def link_id(value: Any) -> int | None:
    """Return the id of what a field's value links to; None where it links to nothing."""
    text = value.get("id") if isinstance(value, dict) else None
    if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) <= LONGEST_ID:
        return int(text)
    return None


def _decimal(value: Any) -> Decimal:
    if isinstance(value, bool):
        raise ValueError("a boolean is no number")
    return Decimal(str(value))


def _integer(value: Any) -> int:
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise ValueError("no whole number")
    return int(value)


def _moment(value: str) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError("a moment without an offset")
    return moment


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "currency": _decimal,
    "double": _decimal,
    "decimal": _decimal,
    "percent": _decimal,
    "integer": _integer,
    "bigint": _integer,
    "date": date.fromisoformat,
    "datetime": _moment,
}


def typed(value: Any, data_type: str) -> Any:
    """Read a value by the type that its field has in the schema; where it does not fit, return it as it is."""
    reader = _READERS.get(data_type)
    if reader is None or value is None:
        return value
    try:
        return reader(value)
    except (ValueError, TypeError, InvalidOperation):
        return value


class Peers:
    """Records that came together, and what was read for all of them."""

    def __init__(self, records: Iterable[Record]) -> None:
        # Weak: a record that somebody keeps does not keep a whole page.
        self._records = [weakref.ref(record) for record in records]
        self._types: dict[tuple[int, str], dict[str, str]] | None = None
        self._names: dict[Key, str] | None = None
        self._linked: dict[str, dict[Key, Record]] = {}

    def types_of(self, record: Record) -> Mapping[str, str]:
        """Return the type of each field of a record's module; empty where its schema is not known."""
        if self._types is None:
            there = list(self._there())
            schemas = (
                apps.get_model("django_bigin", "ModuleSchema")
                ._default_manager.using(record._state.db)
                .filter(
                    connection__in={each.connection_id for each in there}, module__in={each.module for each in there}
                )
            )
            self._types = {
                (schema.connection_id, schema.module): {each["name"]: each["data_type"] for each in schema.fields}
                for schema in schemas
            }
        return self._types.get((record.connection_id, record.module), {})

    def name_of(self, record: Record, record_id: int) -> str | None:
        """Return the present name of what a record links to; None where the mirror has it not."""
        if self._names is None:
            ids = {found for each in self._there() for found in _links_in(each)}
            self._names = {}
            for some in parts_of(ids):
                rows = self._live(record).filter(record_id__in=some)
                for connection_id, found, name in rows.values_list("connection_id", "record_id", "name"):
                    self._names[connection_id, found] = name
        return self._names.get((record.connection_id, record_id))

    def linked(self, record: Record, field: str, record_id: int) -> Record | None:
        """Return the record that a field of a record links to; None where the mirror has it not."""
        if field not in self._linked:
            found = (link_id(each.data.get(field)) for each in self._there() if _has_data(each))
            ids = {each for each in found if each is not None}
            rows = [row for some in parts_of(ids) for row in self._live(record).filter(record_id__in=some)]
            introduce(rows)
            self._linked[field] = {(row.connection_id, row.record_id): row for row in rows}
        return self._linked[field].get((record.connection_id, record_id))

    def _there(self) -> Iterator[Record]:
        return (record for ref in self._records if (record := ref()) is not None)

    def _live(self, record: Record) -> Any:
        connections = {each.connection_id for each in self._there()}
        rows = type(record)._default_manager.using(record._state.db)
        return rows.filter(connection__in=connections, deleted_at=None)


def introduce(rows: Iterable[Any]) -> None:
    """Make the records among rows that came together each other's peers."""
    model = apps.get_model("django_bigin", "Record")
    records = [row for row in rows if isinstance(row, model)]
    peers = Peers(records)
    for record in records:
        record._peers = peers


def _has_data(record: Record) -> bool:
    return "data" in record.__dict__  # not deferred


def _links_in(record: Record) -> Iterator[int]:
    if _has_data(record):
        yield from (found for value in record.data.values() if (found := link_id(value)) is not None)

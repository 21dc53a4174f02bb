"""The records of a module in an organization: live ones, the recycle bin, the deleted log, and sorted orders.

A record is a sparse dict: absent is null, the id is its key, a link is an integer id and a moment is seconds since
1970. That keeps a million records within a few hundred bytes each beside their own text.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .journal import Journal
from .modules import Field, ModuleSpec

Record = dict[str, Any]
# What an order sorts by: the value and, to break ties, the id.
Key = tuple[Any, int]

INDEXED_TIMES = ("Created_Time", "Modified_Time")


@dataclass(slots=True)
class LogRow:
    """One row of the deleted log."""

    id: int
    display_name: str | None
    deleted_by: int
    created_by: int | None
    deleted_at: int
    permanent: bool


class ModuleStore:
    """The records of one module; the only place that changes them."""

    def __init__(self, spec: ModuleSpec) -> None:
        self.spec = spec
        self.fields: dict[str, Field] = {field.api_name: field for field in spec.fields}
        self.fields_changed_at: int | None = None
        self.records: dict[int, Record] = {}
        self.bin: dict[int, Record] = {}
        self.log: dict[int, LogRow] = {}
        self.version = 0
        self.journal: Journal | None = None
        self._ids: list[int] = []
        self._time_orders: dict[str, list[Key]] = {}
        self._other_orders: dict[str, tuple[int, list[Key]]] = {}
        self._values: dict[str, dict[str, list[int]]] = {}

    # writing

    def add(self, record_id: int, record: Record) -> None:
        """Store a record that was not live before: new, or back from the recycle bin."""
        if self.journal is not None:
            self.journal.note(record_id, None)
        self.records[record_id] = record
        if self._ids and record_id < self._ids[-1]:
            insort(self._ids, record_id)
        else:
            self._ids.append(record_id)
        for name, order in self._time_orders.items():
            insort(order, (record[name], record_id))
        self._index(record_id, record)
        self.version += 1

    def add_many(self, records: Iterable[tuple[int, Record]], *, lately: bool = False) -> None:
        """Store many new records with rising ids at once; what sorts them is made again when next asked for.

        `lately`: they came now, so the search index does not know them yet.
        """
        for record_id, record in records:
            if lately and self.journal is not None:
                self.journal.note(record_id, None)
            self.records[record_id] = record
            self._ids.append(record_id)
        self._time_orders.clear()
        self._values.clear()
        self.version += 1

    def change(self, record_id: int, changes: Record) -> None:
        """Set those keys of a live record; None takes the key away."""
        record = self.records[record_id]
        if self.journal is not None:
            self.journal.note(record_id, record)
        for name, order in self._time_orders.items():
            if name in changes:
                _remove(order, (record[name], record_id))
                insort(order, (changes[name], record_id))
        self._unindex(record_id, record)
        for name, value in changes.items():
            if value is None:
                record.pop(name, None)
            else:
                record[name] = value
        self._index(record_id, record)
        self.version += 1

    def remove(self, record_id: int) -> Record:
        """Take a record from the live ones."""
        record = self.records.pop(record_id)
        if self.journal is not None:
            self.journal.note(record_id, record)
        _remove(self._ids, record_id)
        for name, order in self._time_orders.items():
            _remove(order, (record[name], record_id))
        self._unindex(record_id, record)
        self.version += 1
        return record

    # finding

    def sorted_by(self, name: str) -> Sequence[Any]:
        """Return the live records in ascending order: ids for "id", else (value, id); null first. Do not change it."""
        if name == "id":
            return self._ids
        if name in INDEXED_TIMES:
            order = self._time_orders.get(name)
            if order is None:
                order = self._time_orders[name] = sorted((record[name], i) for i, record in self.records.items())
            return order
        version, order = self._other_orders.get(name, (-1, []))
        if version != self.version:
            order = sorted((_sortable(record.get(name)), i) for i, record in self.records.items())
            self._other_orders[name] = (self.version, order)
        return order

    def key_of(self, name: str, entry: Any) -> Key:
        """Turn an entry of `sorted_by` into a key that compares with it after it is gone."""
        return (entry, entry) if name == "id" else entry

    def with_value(self, name: str, value: str) -> list[int]:
        """Return the ids of live records whose field has that text, whatever its case."""
        index = self._values.get(name)
        if index is None:
            index = self._values[name] = {}
            for record_id, record in self.records.items():
                if (stored := record.get(name)) is not None:
                    index.setdefault(str(stored).lower(), []).append(record_id)
        return index.get(str(value).lower(), [])

    def display_name(self, record_id: int) -> str | None:
        """Return the name by which others show this record, also after it was deleted."""
        record = self.records.get(record_id) or self.bin.get(record_id)
        if record is not None:
            return name_of(self.spec, record)
        row = self.log.get(record_id)
        return row.display_name if row is not None else None

    def log_rows(self) -> Iterator[LogRow]:
        """Yield the deleted log, oldest first."""
        return iter(sorted(self.log.values(), key=lambda row: (row.deleted_at, row.id)))

    def set_values(self, name: str, values: tuple[str, ...]) -> None:
        """Set the values of a pick list."""
        self.fields[name] = replace(self.fields[name], values=values)

    def purge_bin(self, *, before: int) -> None:
        """Delete for good what was deleted before that moment; the log keeps its rows."""
        # Deleted in order of time, so the first young one ends the search.
        for record_id in list(self.bin):
            row = self.log[record_id]
            if row.deleted_at > before:
                break
            del self.bin[record_id]
            row.permanent = True

    def _index(self, record_id: int, record: Record) -> None:
        for name, index in self._values.items():
            if (value := record.get(name)) is not None:
                index.setdefault(str(value).lower(), []).append(record_id)

    def _unindex(self, record_id: int, record: Record) -> None:
        for name, index in self._values.items():
            if (value := record.get(name)) is not None:
                ids = index[str(value).lower()]
                ids.remove(record_id)
                if not ids:
                    del index[str(value).lower()]


def place_after(order: Sequence[Any], name: str, key: Key, *, descending: bool) -> int:
    """Return the place after `key` in an order by that field, all or some of `sorted_by`; descending from the end."""
    entry: Any = key[1] if name == "id" else key
    return len(order) - bisect_left(order, entry) if descending else bisect_right(order, entry)


def name_of(spec: ModuleSpec, record: Record) -> str | None:
    """Return the record's display name; a contact's is made of its two names."""
    if spec.api_name == "Contacts":
        first, last = record.get("First_Name"), record.get("Last_Name")
        return f"{first} {last}" if first and last else first or last
    for field in spec.fields:
        if field.display:
            value = record.get(field.api_name)
            return None if value is None else str(value)
    return None


def _remove(order: list[Any], entry: Any) -> None:
    place = bisect_left(order, entry)
    if place < len(order) and order[place] == entry:
        del order[place]


def _sortable(value: Any) -> tuple[int, Any]:
    if value is None:
        return (0, "")
    return (1, value) if isinstance(value, int | float) else (2, str(value).lower())

"""The values of a record's fields as Python types."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

LONGEST_ID = 19


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

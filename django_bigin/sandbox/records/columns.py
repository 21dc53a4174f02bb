"""A column of a query, with the value that it reads from a record and the comparison with literals.

Search, COQL and bulk read all name fields, some of them through a link: `Account_Name.Billing_City`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from ..wire.whole_numbers import whole_number
from ..world.modules import Field
from ..world.organization import Organization, User
from ..world.store import ModuleStore, Record, name_of

Read = Callable[[int, Record], Any]
# Kinds by which operators are allowed; what is in none of them can neither be compared nor sorted.
TEXT, NUMBER, MOMENT, DAY, BOOLEAN, LINK, LIST, OTHER = (
    "text", "number", "datetime", "date", "boolean", "lookup", "list", "other",
)  # fmt: skip
KINDS = {
    **dict.fromkeys(("text", "picklist", "email", "phone", "website", "autonumber"), TEXT),
    **dict.fromkeys(("integer", "bigint", "double", "decimal", "currency", "percent"), NUMBER),
    **dict.fromkeys(("lookup", "ownerlookup", "userlookup"), LINK),
    "datetime": MOMENT, "date": DAY, "boolean": BOOLEAN, "multiselectpicklist": LIST,
}  # fmt: skip
USER_COLUMNS = {
    "id": (LINK, "id"), "first_name": (TEXT, "first_name"), "last_name": (TEXT, "last_name"),
    "full_name": (TEXT, "full_name"), "name": (TEXT, "full_name"), "email": (TEXT, "email"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `field` is None for ids and for what a person has."""

    name: str
    kind: str
    read: Read
    field: Field | None = None

    @property
    def data_type(self) -> str:
        """Return the type as the vendor names it."""
        return self.field.data_type if self.field else "bigint" if self.kind == LINK else "text"


def column_of(organization: Organization, store: ModuleStore, path: str) -> Column | None:
    """Find the column with that name, through one link at most; None if there is none."""
    name, _, rest = path.partition(".")
    if not rest:
        return _own_column(organization, store, name)
    field = store.fields.get(name)
    if field is None or KINDS.get(field.data_type) != LINK or "." in rest:
        return None
    if field.data_type != "lookup":
        return _person_column(organization, path, name, rest)
    return _linked_column(organization, path, name, field, rest)


def _own_column(organization: Organization, store: ModuleStore, name: str) -> Column | None:
    if name == "id":
        return Column("id", LINK, lambda record_id, record: record_id)
    field = store.fields.get(name)
    if field is None or field.hidden:
        return None
    if name == "Full_Name":
        return Column(name, TEXT, lambda record_id, record: name_of(store.spec, record), field)
    if name == "Pipeline":
        return Column(name, LINK, lambda record_id, record: record.get(name), field)
    kind = KINDS.get(field.data_type, OTHER)
    if field.json_type == "jsonarray" and kind != LIST:
        kind = OTHER
    if field.data_type == "bigint":
        return Column(name, kind, lambda record_id, record: _whole(record.get(name, field.default)), field)
    return Column(name, kind, lambda record_id, record: record.get(name, field.default), field)


def _person_column(organization: Organization, path: str, name: str, rest: str) -> Column | None:
    if rest not in USER_COLUMNS:
        return None
    kind, attribute = USER_COLUMNS[rest]

    def read(_record_id: int, record: Record) -> Any:
        user: User | None = organization.users.get(record.get(name) or 0)
        return getattr(user, attribute) if user else None

    return Column(path, kind, read)


def _linked_column(organization: Organization, path: str, name: str, field: Field, rest: str) -> Column | None:
    if name in organization.product.related_module_keys or field.lookup not in organization.stores:
        return None
    target = organization.stores[field.lookup]
    column = _own_column(organization, target, rest)
    if column is None:
        return None
    further = column.read

    def read(_record_id: int, record: Record) -> Any:
        linked = record.get(name)
        found = target.records.get(linked) if linked is not None else None
        return None if found is None or linked is None else further(linked, found)

    return Column(path, column.kind, read, column.field)


def literal(organization: Organization, column: Column, text: Any, *, offset_needed: bool = False) -> Any:
    """Read a value that a query compares a column with; ValueError if it is none of that kind."""
    written = str(text).strip() if not isinstance(text, bool) else str(text).lower()
    if column.kind == TEXT:
        return written.lower()
    if column.kind == LIST:
        return tuple(part.strip().lower() for part in written.replace(",", ";").split(";"))
    if column.kind == LINK:
        return _whole_number(written)
    if column.kind == NUMBER:
        return _number(written)
    if column.kind == BOOLEAN:
        return {"true": True, "false": False}[written.lower()] if written.lower() in {"true", "false"} else _bad(text)
    if column.kind == DAY:
        return date.fromisoformat(written).isoformat()
    if offset_needed and datetime.fromisoformat(written).tzinfo is None:
        _bad(text)
    return organization.times.read(written)


def comparable(column: Column, value: Any) -> Any:
    """Return the form in which a stored value is compared: texts without their case."""
    if column.kind == TEXT and value is not None:
        return str(value).lower()
    if column.kind == LIST and value is not None:
        return tuple(str(part).lower() for part in value)
    return value


def _whole(value: Any) -> int | None:
    return int(value) if value not in (None, "") else None


def _whole_number(text: str) -> int:
    number = whole_number(text)
    return _bad(text) if number is None else number


def _number(text: str) -> float | int:
    value = float(text)
    return value if not value.is_integer() else int(text) if text.lstrip("-").isdigit() else int(value)


def _bad(value: Any) -> Any:
    raise ValueError(f"{value!r} is no value of that column")

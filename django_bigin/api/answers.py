"""Answers, read: the same for every product, whatever its envelope is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, NamedTuple

from ..text import sentence as _
from .values import Json, read_id, shown


@dataclass(frozen=True)
class Place:
    """A place in a list, and so a call for one page of it.

    Attributes:
        number: of a page or of a record, as the product counts; of no meaning beside a token.
        token: what the page before gave to go on with.
        expires_at: when the token does, where the product says so.
    """

    number: int = 0
    token: str | None = field(default=None, repr=False)
    expires_at: datetime | None = None


class Order(NamedTuple):
    """The order of a list: by one field, rising or falling."""

    field: str
    descending: bool = False


@dataclass(frozen=True)
class MalformedRow:
    """A row that cannot be a record, and why in one sentence."""

    raw: Any
    reason: str


@dataclass(frozen=True)
class Page:
    """One answer to a list call.

    Attributes:
        records: as the product sends them, each with an `id` of digits, as a string.
        more_records: the product says so; where it does not, a token or a full page does.
        next_place: where to go on; None at the end, and where the product gives no way to what `more_records` tells of.
        answered_at: the product's `Date` of the answer, aware, in UTC.
        order: what the product says it sorted by; None where it does not say.
        malformed: rows without a usable `id`; nothing of a page is thrown away.
    """

    records: list[Json]
    more_records: bool
    next_place: Place | None
    answered_at: datetime
    order: Order | None = None
    malformed: tuple[MalformedRow, ...] = ()


def read_records(rows: Iterable[Any]) -> tuple[list[Json], tuple[MalformedRow, ...]]:
    """Tell records, each with its `id` as a string, from rows that cannot be one."""
    records, malformed = [], []
    for row in rows:
        identity = read_id(row.get("id")) if isinstance(row, dict) else None
        if identity is None:
            malformed.append(MalformedRow(row, _malformed_reason(row)))
        else:
            # Most rows are taken as they are: a hundred thousand of them pass here in a sync.
            records.append(row if row["id"] is identity else {**row, "id": identity})
    return records, tuple(malformed)


def _malformed_reason(row: Any) -> str:
    if not isinstance(row, dict):
        return _("The row is not an object.")
    if row.get("id") in (None, ""):
        return _("The row has no id.")
    return _("The id of the row is not a whole number of up to 19 digits.")


class BulkState(Enum):
    """How far a bulk read is."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class BulkJob:
    """A bulk read on its way, as one answer tells it.

    Attributes:
        rows: that its result holds; None before it is done.
        more: there are more pages after its own.
        token: what the next page is asked for by, where the product gives one.
    """

    job_id: str
    state: BulkState
    answered_at: datetime
    rows: int | None = None
    more: bool = False
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class RowResult:
    """The result of one row of a write.

    Attributes:
        code, message: the product's own words.
        id: of the record written; of the record already there for DUPLICATE_DATA, where the product tells it.
        action: "insert" or "update" after an upsert.
        duplicate_field: the field by which an upsert found its record.
    """

    ok: bool
    code: str
    message: str
    id: str | None = None
    action: str | None = None
    duplicate_field: str | None = None
    details: Json = field(default_factory=dict)

    @property
    def explanation(self) -> str:
        """One sentence for a person: what is wrong with the row and what to do."""
        if self.ok:
            return _("The row was written.")
        name = shown(self.details.get("api_name") or self.details.get("param_name") or "")
        parts = {
            "which": _("field %(name)s", name=name) if name else _("row"),
            "reason": shown(self.message).rstrip(".") or shown(self.code) or _("no reason given"),
        }
        return _ROW_SENTENCES.get(self.code, _("The row was refused: %(reason)s.")) % parts


_ROW_SENTENCES = {
    "INVALID_DATA": _("The value of the %(which)s was refused (%(reason)s): compare its type and length, or the id."),
    "MANDATORY_NOT_FOUND": _("The %(which)s must not be empty: give it a value."),
    "DUPLICATE_DATA": _("Another record has the same value in the %(which)s: update that one instead."),
    "MAPPING_MISMATCH": _("The %(which)s does not fit the team pipeline: choose a stage of that pipeline."),
}


@dataclass(frozen=True)
class Module:
    """One module as the product's metadata describes it."""

    api_name: str
    singular_label: str
    plural_label: str
    api_supported: bool
    viewable: bool
    generated_type: str | None
    parent_module: str | None
    modified_at: datetime | None
    raw: Json = field(default_factory=dict, repr=False)

    @property
    def readable(self) -> bool:
        """Tell whether records of it can be listed."""
        return self.api_supported and self.viewable


@dataclass(frozen=True)
class Field:
    """One field as the product's metadata describes it. `id` stays when the field is renamed."""

    api_name: str
    label: str
    data_type: str
    json_type: str | None
    length: int | None
    display_field: bool
    read_only: bool
    unique: bool
    custom: bool
    lookup_module: str | None
    id: str | None = None
    raw: Json = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Organization:
    """The organization behind a grant. `org_id` is Zoho's number for it, the same in all its products."""

    org_id: str
    company_name: str
    time_zone: str | None
    paid: bool
    users_licensed: int
    raw: Json = field(default_factory=dict, repr=False)

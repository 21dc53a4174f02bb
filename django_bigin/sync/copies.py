"""Copies of records: reading one from a row, and which of two wins. Pure: no network, no database."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from ..api.canonical import content_hash
from ..api.responses import read_id, read_moment

BEGINNING = datetime.min.replace(tzinfo=UTC)
# The field that names a record, by module, in the order in which they are looked for.
NAME_FIELDS = (
    "Full_Name",
    "Deal_Name",
    "Product_Name",
    "Event_Title",
    "Subject",
    "Note_Title",
    "full_name",
    "Account_Name",
    "Last_Name",
)
EMAIL_FIELDS = ("Email", "email")


class UnreadableRow(ValueError):
    """A row that cannot be stored; the message says why. It is set aside, never dropped."""


class StoredCopy(NamedTuple):
    """What of a stored record decides whether another copy wins."""

    bigin_id: int
    modified_at: datetime | None
    seen_at: datetime
    content_hash: str
    deleted_at: datetime | None


@dataclass(frozen=True)
class Copy:
    """One record as one answer gave it.

    Attributes:
        seen_at: Bigin's clock: of the answer that opened the walk, or of a single read's own answer.
    """

    bigin_id: int
    data: Mapping[str, Any]
    name: str
    email: str
    owner_bigin_id: int | None
    created_at: datetime | None
    modified_at: datetime | None
    seen_at: datetime
    content_hash: str
    source: str

    def beats(self, stored: StoredCopy | None) -> bool:
        """Whether this copy is to be written over the stored one.

        The greater (Modified_Time, seen_at) wins; equal in both but different, the later stored. A tombstone is lifted
        only by a copy that was seen after the deletion. A copy equal in content has nothing to write.
        """
        if stored is None:
            return True
        if stored.deleted_at is not None:
            return self.seen_at > stored.deleted_at
        mine = (self.modified_at or BEGINNING, self.seen_at)
        theirs = (stored.modified_at or BEGINNING, stored.seen_at)
        return mine >= theirs and self.content_hash != stored.content_hash


def read_copy(row: Mapping[str, Any], *, fields: Collection[str], seen_at: datetime, source: str) -> Copy:
    """Read a row into a copy that holds `id` and the wanted fields, and nothing else.

    Raises:
        UnreadableRow: it has no usable id, or holds what no database can store.
    """
    identity = read_id(row.get("id"))
    if identity is None:
        raise UnreadableRow("The row has no usable id.")
    data = {"id": identity, **{name: row[name] for name in fields if name in row and name != "id"}}
    _refuse_what_no_database_takes(data)
    owner = row.get("Owner")
    owner_id = read_id(owner.get("id")) if isinstance(owner, dict) else None
    return Copy(
        bigin_id=int(identity),
        data=data,
        name=_first_text(data, NAME_FIELDS),
        email=_first_text(data, EMAIL_FIELDS),
        owner_bigin_id=int(owner_id) if owner_id else None,
        created_at=read_moment(row.get("Created_Time") or row.get("created_time")),
        modified_at=read_moment(row.get("Modified_Time")),
        seen_at=seen_at,
        content_hash=content_hash(data),
        source=source,
    )


def _refuse_what_no_database_takes(data: Mapping[str, Any]) -> None:
    text = json.dumps(data, ensure_ascii=False)
    if "\\u0000" in text:
        raise UnreadableRow("The row holds a NUL character, which a database cannot store.")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UnreadableRow("The row holds half a character (a lone surrogate); no database stores that.") from None


def _first_text(data: Mapping[str, Any], names: Collection[str]) -> str:
    return next((data[name] for name in names if isinstance(data.get(name), str) and data[name]), "")

"""Copies of records: reading one from a row, and which of two wins. Pure: no network, no database."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from ..api.canonical import content_hash
from ..api.products import ModuleSpec
from ..api.values import read_id, read_moment

BEGINNING = datetime.min.replace(tzinfo=UTC)
LARGEST_ROW = 8_000_000  # characters; MariaDB takes 16 MB at once by default, and Bigin's fields are far from it
# An escaped NUL; behind an even number of backslashes only, since text may well speak of "\\u0000".
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


class UnreadableRow(ValueError):
    """A row that cannot be stored; the message says why. It is quarantined, never dropped."""


class StoredCopy(NamedTuple):
    """What of a stored record decides whether another copy wins."""

    record_id: int
    modified_at: datetime | None
    seen_at: datetime
    content_hash: str
    deleted_at: datetime | None


@dataclass(frozen=True)
class Copy:
    """One record as one answer gave it.

    Attributes:
        text: `data` as JSON, made once: for the look at what can be stored, and for storing it.
        seen_at: Bigin's clock: of the answer that opened the walk, or of a single read's own answer.
        size: characters of `data` as JSON.
    """

    record_id: int
    data: Mapping[str, Any]
    name: str
    email: str
    owner_record_id: int | None
    created_at: datetime | None
    modified_at: datetime | None
    seen_at: datetime
    content_hash: str
    source: str
    text: str = field(repr=False, default="")

    def beats(self, stored: StoredCopy | None) -> bool:
        """Whether this copy is to be written over the stored one.

        The greater (Modified_Time, seen_at) wins; equal in both but different, the later stored. A tombstone is lifted
        by a copy that was not seen before the deletion: within one second the later stored counts, since the deleted
        log is read again after every walk. A copy equal in content has nothing to write.
        """
        if stored is None:
            return True
        if stored.deleted_at is not None:
            return self.seen_at >= stored.deleted_at
        if self.content_hash == stored.content_hash:
            return False
        if self.modified_at is None or stored.modified_at is None:
            return self.seen_at >= stored.seen_at
        return (self.modified_at, self.seen_at) >= (stored.modified_at, stored.seen_at)


def read_copy(
    row: Mapping[str, Any], *, spec: ModuleSpec, fields: Collection[str], seen_at: datetime, source: str
) -> Copy:
    """Read a row into a copy that holds `id` and the wanted fields, and nothing else.

    Raises:
        UnreadableRow: it has no usable id, or holds what no database can store.
    """
    identity = read_id(row.get("id"))
    if identity is None:
        raise UnreadableRow("The row has no usable id.")
    data = {"id": identity, **{name: row[name] for name in fields if name in row and name != "id"}}
    try:
        text, digest = _text(data), content_hash(data)
    except RecursionError:
        raise UnreadableRow("The row is nested too deeply to be stored.") from None
    owner = row.get("Owner")
    owner_id = read_id(owner.get("id")) if isinstance(owner, dict) else None
    return Copy(
        record_id=int(identity),
        data=data,
        name=_first_text(data, spec.name_fields),
        email=_first_text(data, spec.email_fields),
        owner_record_id=int(owner_id) if owner_id else None,
        created_at=_shown_moment(row.get(spec.created_field)),
        modified_at=_shown_moment(row.get(spec.modified_field)),
        seen_at=seen_at,
        content_hash=digest,
        source=source,
        text=text,
    )


def _shown_moment(value: Any) -> datetime | None:
    """A moment that every database stores and every time zone can show."""
    moment = read_moment(value)
    return moment if moment is not None and 1000 < moment.year < 9999 else None


def _text(data: Mapping[str, Any]) -> str:
    """The row as JSON; refuses what no database takes."""
    try:
        text = json.dumps(data, ensure_ascii=False, allow_nan=False)
    except ValueError:
        raise UnreadableRow("The row holds a number without end, which JSON does not know.") from None
    if len(text) > LARGEST_ROW:
        raise UnreadableRow(f"The row is larger than {LARGEST_ROW:,} characters.")
    if "\\u0000" in text and _NUL.search(text):  # `in` first: the expression is far slower
        raise UnreadableRow("The row holds a NUL character, which a database cannot store.")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UnreadableRow("The row holds half a character (a lone surrogate); no database stores that.") from None
    return text


def _first_text(data: Mapping[str, Any], names: Collection[str]) -> str:
    return next((data[name] for name in names if isinstance(data.get(name), str) and data[name]), "")

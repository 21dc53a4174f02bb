"""Differences between a record as it is stored and as the product has it now. Pure: no network, no database."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import Any, NamedTuple

from ...api.canonical import canonical, content_hash
from ..copies import BEGINNING, Copy, StoredCopy
from ..store import EMAIL_LENGTH, NAME_LENGTH


class Kind(Enum):
    """The ways in which the mirror can differ from the product."""

    MISSING = "missing"
    """The product has it, and the mirror has not."""
    GONE = "gone"
    """The mirror has it, and the product has not."""
    DIFFERENT = "different"
    """Both have it, with other contents."""


class Difference(NamedTuple):
    """One record in which the mirror differs.

    Attributes:
        fields: the names of those that differ, or of our columns where the fields are equal; never their values.
        repaired: the mirror has been mended since.
    """

    record_id: int
    kind: Kind
    fields: Sequence[str] = ()
    repaired: bool = False


class StoredRow(NamedTuple):
    """A record as it is stored: every column that is compared."""

    record_id: int
    data: Any
    name: str
    email: str
    owner_record_id: int | None
    created_at: datetime | None
    modified_at: datetime | None
    seen_at: datetime
    content_hash: str
    deleted_at: datetime | None


def difference(stored: StoredRow | None, copy: Copy) -> Difference | None:
    """Compare what is stored with a copy that was just read; None where they are equal."""
    if stored is None or stored.deleted_at is not None:
        return Difference(copy.record_id, Kind.MISSING)
    fields = _fields(stored, copy) or _columns(stored, copy)
    return Difference(copy.record_id, Kind.DIFFERENT, fields) if fields else None


def is_later(stored: StoredRow | None, copy: Copy, *, known_until: datetime) -> bool:
    """Tell whether a copy shows a change that the mirror has not been told of yet, which is no difference.

    Args:
        known_until: up to when every change is stored, as the watermark says.
    """
    if copy.modified_at is None or copy.modified_at < known_until:
        return False
    if copy.modified_at > known_until:
        return True
    # Within its very second: a change that came after that page was read, where the stored copy is older.
    return stored is not None and (stored.modified_at or BEGINNING) < copy.modified_at


def to_be_replaced(stored: StoredRow) -> StoredCopy:
    """Return a stored record as one that any copy beats: what was written past the sync has no say."""
    deleted_at = BEGINNING if stored.deleted_at else None
    return StoredCopy(stored.record_id, None, BEGINNING, "", deleted_at)


def has_contents(stored: StoredRow, digest: str) -> bool:
    """Tell whether the stored contents are those of a digest, whatever the column says."""
    return isinstance(stored.data, dict) and content_hash(stored.data) == digest


def _fields(stored: StoredRow, copy: Copy) -> list[str]:
    if has_contents(stored, copy.content_hash):
        return []
    here = canonical(stored.data) if isinstance(stored.data, dict) else {}
    there = canonical(json.loads(copy.text))
    return sorted(name for name in here.keys() | there.keys() if here.get(name) != there.get(name))


def _columns(stored: StoredRow, copy: Copy) -> list[str]:
    expected = {
        "name": copy.name[:NAME_LENGTH],
        "email": copy.email[:EMAIL_LENGTH],
        "owner_record_id": copy.owner_record_id,
        "created_at": copy.created_at,
        "content_hash": copy.content_hash,
    }
    # A moment ahead of its answer was cut to that, so it may be told another time with every reading.
    if copy.modified_at is not None and copy.modified_at <= stored.seen_at:
        expected["modified_at"] = copy.modified_at
    return [name for name, value in expected.items() if getattr(stored, name) != value]

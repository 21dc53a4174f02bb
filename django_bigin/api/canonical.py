"""The canonical form of a record: two copies are equal when their canonical forms are."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

_LOOKUP_KEYS = frozenset({"id", "name", "email", "display_label", "zuid", "module"})
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)", re.ASCII)
_SHORTEST_MOMENT = len("2026-11-03T09:14Z")
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


def canonical(record: Mapping[str, Any]) -> dict[str, Any]:
    """Bring a record into the form in which copies are compared; pure, and the same when done twice.

    Keys that start with "$" are dropped, lookups and owners become their id, tags their sorted names; null, "", []
    and {} are absent; moments are in UTC without fractions; a whole number is an int; an "id" is a string.
    """
    result = {}
    for key, value in record.items():
        if value is None or key[:1] == "$":
            continue
        # Most values are strings, and a hundred thousand records are hashed at a time: they leave early.
        if isinstance(value, str):
            if value:
                result[key] = _text(value)
            continue
        plain: Any = _tag_names(value) if key == "Tag" and isinstance(value, list) else _plain(value)
        if plain is None or plain == "" or plain == [] or plain == {}:
            continue
        result[key] = str(plain) if key == "id" else plain
    return result


def content_hash(record: Mapping[str, Any]) -> str:
    """Hash the canonical form of a record: 64 hex digits."""
    # A lone surrogate, which JSON can spell, has no UTF-8; it must hash all the same.
    return hashlib.sha256(_encode(canonical(record)).encode("utf-8", "surrogatepass")).hexdigest()


def module_hash(hashes: Iterable[tuple[int, str]]) -> str:
    """Hash a whole module from (record id, content hash) of each live record, in any order."""
    digest = hashlib.sha256()
    for record_id, record_hash in sorted(hashes):
        digest.update(f"{record_id}:{record_hash}\n".encode())
    return digest.hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, Mapping):
        kept = {key: each for key, each in value.items() if not key.startswith("$")}
        if "id" in kept and _LOOKUP_KEYS.issuperset(kept):
            return None if kept["id"] is None else str(kept["id"])
        return canonical(kept)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def _text(text: str) -> str:
    # The two cheap looks first: few strings of a record are moments.
    if len(text) < _SHORTEST_MOMENT or text[10] != "T" or not _MOMENT.fullmatch(text):
        return text
    try:
        moment = datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return text
    return moment.isoformat()[:19] + "Z"


def _tag_names(tags: list[Any]) -> list[str]:
    return sorted(str(tag.get("name") if isinstance(tag, Mapping) else tag) for tag in tags)

"""The canonical form of a record: two copies are equal when their canonical forms are."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

_LOOKUP_KEYS = frozenset({"id", "name", "email", "display_label", "zuid", "module"})
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)", re.ASCII)
_ABSENT: Any = object()


def canonical(record: Mapping[str, Any]) -> dict[str, Any]:
    """Bring a record into the form in which copies are compared; pure, and the same when done twice.

    Keys that start with "$" are dropped, lookups and owners become their id, tags their sorted names; null, "", []
    and {} are absent; moments are in UTC without fractions; a whole number is an int; an "id" is a string.
    """
    result = {}
    for key, value in record.items():
        if key.startswith("$"):
            continue
        if key == "id":
            plain = str(value) if isinstance(value, (str, int)) and value != "" else _ABSENT
        elif key == "Tag" and isinstance(value, list):
            plain = sorted(_tag_names(value)) or _ABSENT
        else:
            plain = _canonical_value(value)
        if plain is not _ABSENT:
            result[key] = plain
    return result


def content_hash(record: Mapping[str, Any]) -> str:
    """Hash the canonical form of a record: 64 hex digits."""
    text = json.dumps(canonical(record), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    # A lone surrogate, which JSON can spell, has no UTF-8; it must hash all the same.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def module_hash(hashes: Iterable[tuple[int, str]]) -> str:
    """Hash a whole module from (record id, content hash) of each live record, in any order."""
    digest = hashlib.sha256()
    for record_id, record_hash in sorted(hashes):
        digest.update(f"{record_id}:{record_hash}\n".encode())
    return digest.hexdigest()


def _canonical_value(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return _ABSENT if value is None else value
    if isinstance(value, str):
        return _canonical_text(value) if value else _ABSENT
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, Mapping):
        return _canonical_object(value)
    if isinstance(value, (list, tuple)):
        items = [plain for plain in map(_canonical_value, value) if plain is not _ABSENT]
        return items or _ABSENT
    return value


def _canonical_text(text: str) -> str:
    # The two cheap looks first: most strings of a record are not moments.
    if len(text) < 20 or text[10] != "T" or not _MOMENT.fullmatch(text):
        return text
    try:
        moment = datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return text
    return moment.replace(tzinfo=None, microsecond=0).isoformat() + "Z"


def _canonical_object(value: Mapping[str, Any]) -> Any:
    kept = {key: each for key, each in value.items() if not key.startswith("$")}
    if "id" in kept and _LOOKUP_KEYS.issuperset(kept):
        identity = kept["id"]
        return str(identity) if isinstance(identity, (str, int)) and identity != "" else _ABSENT
    return canonical(kept) or _ABSENT


def _tag_names(tags: list[Any]) -> list[str]:
    names = (tag.get("name") if isinstance(tag, Mapping) else tag for tag in tags)
    return [str(name) for name in names if name]

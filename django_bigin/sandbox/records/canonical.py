"""The canonical form of a record and its hash: the meaning of "equal" when a mirror is compared with the sandbox.

Written from the project's definition and from nothing else; the mirror computes the same by code of its own, and
tests/contract/canonical.json holds both to it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

LOOKUP_KEYS = frozenset({"id", "name", "email", "display_label", "zuid", "module"})
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)\Z")
encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode
USER_KEYS = (
    "id", "full_name", "first_name", "last_name", "email", "status", "confirm", "zuid", "role", "profile",
    "created_time", "Modified_Time",
)  # fmt: skip


def canonical(record: dict[str, Any]) -> dict[str, Any]:
    """Return the record without all that does not count: `$` keys, names of links, empty values, time zones."""
    form: dict[str, Any] = {}
    for key, value in record.items():
        if value is None or key[:1] == "$":
            continue
        # Nearly every value is a short text that is no moment: such a one is done here.
        if type(value) is str and value[10:11] != "T":
            if value:
                form[key] = value
            continue
        reduced = _tag_names(value) if key == "Tag" and isinstance(value, list) else _reduce(value)
        if reduced is None or reduced == "" or reduced == [] or reduced == {}:
            continue
        form[key] = str(reduced) if key == "id" else reduced
    return form


def content_hash(record: dict[str, Any]) -> str:
    """Return the SHA-256 of the canonical form, 64 hex digits."""
    text = encode(canonical(record))
    # JSON can spell half of a surrogate pair, which UTF-8 cannot.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def module_hash(records: Iterable[dict[str, Any]]) -> str:
    """Return one hash for all records of a module; they must come in ascending order of their ids."""
    whole = hashlib.sha256()
    for record in records:
        whole.update(f"{record['id']}:{content_hash(record)}\n".encode())
    return whole.hexdigest()


def _reduce(value: Any) -> Any:
    if isinstance(value, str):
        # The look at two characters spares nearly every text the pattern.
        return _moment(value) if value[10:11] == "T" and MOMENT.match(value) else value
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, dict):
        kept = {key: each for key, each in value.items() if not key.startswith("$")}
        if "id" in kept and LOOKUP_KEYS.issuperset(kept):
            return None if kept["id"] is None else str(kept["id"])
        return canonical(kept)
    if isinstance(value, list):
        return [_reduce(item) for item in value]
    return value


def _moment(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return text
    return moment.isoformat()[:19] + "Z"


def _tag_names(tags: list[Any]) -> list[str]:
    return sorted(str(tag.get("name")) if isinstance(tag, dict) else str(tag) for tag in tags)

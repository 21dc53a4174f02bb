"""JSON by the standard, which Python's reader is more lenient than."""

from __future__ import annotations

import json
import math
import re
from typing import Any

DEEPEST = 100
HOLDERS = (dict, list)
# Half a pair of surrogates, as JSON spells it or as bytes; whole pairs are found too, and stay.
SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]|\xed[\xa0-\xbf]")


def read_json(body: bytes) -> Any:
    """Decode JSON; ValueError if it is none, holds NaN or an infinity, or is nested too deeply."""
    try:
        value = json.loads(body, parse_constant=_refuse, parse_float=_finite)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if _is_deep(value):
        raise ValueError("nested too deeply")
    return _without_surrogates(value) if SURROGATE.search(body) else value


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text} is too large")
    return number


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(DEEPEST):
        parts = [part.values() if isinstance(part, dict) else part for part in level if isinstance(part, HOLDERS)]
        level = [each for part in parts for each in part if isinstance(each, HOLDERS)]
        if not level:
            return False
    return True


def _without_surrogates(value: Any) -> Any:
    """Write `?` for half a pair, as Java does: it is no character, and could not be sent back."""
    return json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))

"""The forms of an answer that switches ask for: keys in any order, compressed, in chunks."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from .messages import JSON_TYPE, Request, Response


def prepare(response: Response, request: Request, switches: dict[str, Any], chance: Random) -> None:
    """Prepare an answer as the switches say; the order of keys changes in JSON alone."""
    if switches["key_order"] == "shuffled" and response.content_type == JSON_TYPE:
        response.payload = _shuffled(_decoded(response.payload), chance)
    response.chunked = switches["chunked"]
    accepts = "gzip" in request.headers.get("accept-encoding", "")
    if response.bomb is not None or (switches["gzip"] and accepts and isinstance(response.payload, str | dict)):
        response.gzip = True
        response.headers = [*response.headers, ("Content-Encoding", "gzip")]


def _decoded(payload: Any) -> Any:
    if not isinstance(payload, str):
        return payload
    try:
        return json.loads(payload)
    except ValueError:
        return payload  # a fault's own text


def _shuffled(value: Any, chance: Random) -> Any:
    if isinstance(value, list):
        return [_shuffled(each, chance) for each in value]
    if not isinstance(value, dict):
        return value
    names = list(value)
    chance.shuffle(names)
    return {name: _shuffled(value[name], chance) for name in names}

"""The number of calls that are being answered at once. Source: api-records section 13."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import contextmanager

from ..wire.messages import Request

# An insert, update or upsert of more rows than this is a heavy call.
LIGHT_ROWS = 10


class InFlight:
    """The calls of each caller between their arrival and their answer."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: Counter[Hashable] = Counter()

    @contextmanager
    def counting(self, caller: Hashable, request: Request) -> Iterator[tuple[int, int]]:
        """Count a call while it lasts; returns the caller's calls with it, and the heavy ones if it is one, else 0."""
        keys: list[Hashable] = [(caller, "any")]
        if caller is not None and is_heavy(request):
            keys.append((caller, "heavy"))
        with self._lock:
            self._calls.update(keys)
            counts = self._calls[keys[0]], self._calls[keys[1]] if len(keys) > 1 else 0
        try:
            yield counts
        finally:
            with self._lock:
                self._calls.subtract(keys)


def is_heavy(request: Request) -> bool:
    """Tell whether the sub-concurrency counts it: views, sorted lists, search, COQL and large writes."""
    if request.method == "GET":
        return "cvid" in request.query or "sort_by" in request.query or request.path.endswith("/search")
    return request.path.endswith("/coql") or (request.method in {"POST", "PUT"} and _rows(request) > LIGHT_ROWS)


def _rows(request: Request) -> int:
    try:
        body = request.json()
    except ValueError:
        return 0
    rows = body.get("data") if isinstance(body, dict) else None
    return len(rows) if isinstance(rows, list) else 0

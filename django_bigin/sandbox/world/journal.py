"""The latest changes of a module, with which a query sees it as it was some seconds ago: the search index lags."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

LONGEST_SECONDS = 3_600


class Journal:
    """The last hour's changes of one module: what each record was before, None for one that was not there."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._entries: deque[tuple[float, int, dict[str, Any] | None]] = deque()

    def note(self, record_id: int, before: dict[str, Any] | None) -> None:
        """Remember a record as it is right before a change."""
        now = self._clock()
        while self._entries and self._entries[0][0] < now - LONGEST_SECONDS:
            self._entries.popleft()
        # A clock set back makes the last ones a future that may never come.
        while self._entries and self._entries[-1][0] > now:
            self._entries.pop()
        self._entries.append((now, record_id, None if before is None else dict(before)))

    def before(self, seconds: float) -> dict[int, dict[str, Any] | None]:
        """Return the records that changed in that many seconds up to now, as they were at their beginning."""
        now = self._clock()
        found: dict[int, dict[str, Any] | None] = {}
        # Newest first, so the oldest change of each record stays. A clock set back leaves entries in the future.
        for at, record_id, record in reversed(self._entries):
            if at <= now - seconds:
                break
            if at <= now:
                found[record_id] = record
        return found

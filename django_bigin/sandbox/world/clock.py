"""The sandbox's clock: settable, movable, and as fast as asked for."""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime

# A token, a page or a job that begins at the latest moment expires before the end of Python's calendar.
EARLIEST, LATEST = (datetime(year, 1, 1, tzinfo=UTC).timestamp() for year in (1970, 9000))


class SandboxClock:
    """One clock for expiry, limits, credits, timestamps and the recycle bin."""

    def __init__(self) -> None:
        self._base = time.time()
        self._started = time.monotonic()
        self.speed = 1.0

    def seconds(self) -> float:
        """Return the moment as seconds since 1970."""
        return min(self._base + (time.monotonic() - self._started) * self.speed, LATEST)

    def now(self) -> datetime:
        """Return the moment, aware, in UTC."""
        return datetime.fromtimestamp(self.seconds(), UTC)

    def advance(self, seconds: float) -> None:
        """Jump forward, or back if negative."""
        self._rebase(self.seconds() + seconds)

    def set(self, moment: datetime) -> None:
        """Set the clock to a moment."""
        if moment.tzinfo is None:
            raise ValueError("the clock needs a moment with an offset, such as 2026-11-03T09:00:00+00:00")
        self._rebase(moment.timestamp())

    def set_speed(self, speed: float) -> None:
        """Let `speed` seconds pass in each real one; 0 stops the clock."""
        if not 0 <= speed < math.inf:
            raise ValueError("the clock's speed cannot be negative, nor without end")
        self._rebase(self.seconds())
        self.speed = float(speed)

    def _rebase(self, seconds: float) -> None:
        if not EARLIEST <= seconds <= LATEST:
            raise ValueError("the clock goes from 1970 to 9000")
        self._base = seconds
        self._started = time.monotonic()

"""The sandbox's clock: settable, movable, and as fast as asked for."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class SandboxClock:
    """One clock for expiry, limits, credits, timestamps and the recycle bin."""

    def __init__(self) -> None:
        self._base = time.time()
        self._started = time.monotonic()
        self.speed = 1.0

    def seconds(self) -> float:
        """Give the moment as seconds since 1970."""
        return self._base + (time.monotonic() - self._started) * self.speed

    def now(self) -> datetime:
        """Give the moment, aware, in UTC."""
        return datetime.fromtimestamp(self.seconds(), UTC)

    def advance(self, seconds: float) -> None:
        """Jump forward, or back if negative."""
        self._rebase(self.seconds() + seconds)

    def set(self, moment: datetime) -> None:
        """Go on from that moment."""
        if moment.tzinfo is None:
            raise ValueError("the clock needs a moment with an offset, such as 2026-11-03T09:00:00+00:00")
        self._rebase(moment.timestamp())

    def set_speed(self, speed: float) -> None:
        """Let `speed` seconds pass in each real one; 0 stops the clock."""
        if speed < 0:
            raise ValueError("the clock's speed cannot be negative")
        self._rebase(self.seconds())
        self.speed = float(speed)

    def _rebase(self, seconds: float) -> None:
        self._base = seconds
        self._started = time.monotonic()

"""The methods that set the sandbox's clock."""

from __future__ import annotations

from datetime import datetime

from .base import ControlBase


class ClockControl(ControlBase):
    """The sandbox's clock."""

    def now(self) -> datetime:
        """Return the sandbox's moment, aware, in UTC."""
        return self._clock.now()

    def advance(self, seconds: float) -> datetime:
        """Let time pass at once; returns the new moment."""
        with self._lock:
            self._clock.advance(seconds)
        return self._caught_up()

    def set_clock(self, now: datetime | str) -> datetime:
        """Set the clock to a moment (aware, or ISO text with an offset)."""
        with self._lock:
            self._clock.set(datetime.fromisoformat(now) if isinstance(now, str) else now)
        return self._caught_up()

    def set_speed(self, speed: float) -> datetime:
        """Let that many seconds pass in each real one; 0 stops the clock."""
        with self._lock:
            self._clock.set_speed(speed)
            return self._clock.now()

    def _caught_up(self) -> datetime:
        with self._lock:  # taking it runs what is due
            return self._clock.now()

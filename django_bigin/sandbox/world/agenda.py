"""Actions that are due at moments of the sandbox's clock, such as the end of a bulk read job."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count

Action = Callable[[], None]


class Agenda:
    """Actions and their moments. They are run at the next look, in the order of their moments."""

    def __init__(self) -> None:
        self._entries: list[tuple[float, int, Action]] = []
        self._numbers = count()

    def at(self, moment: float, action: Action) -> None:
        """Schedule an action, in seconds since 1970; at once, if the moment is past."""
        heappush(self._entries, (moment, next(self._numbers), action))

    def is_due(self, now: float) -> bool:
        """Tell whether anything is to be done."""
        # One look, since the server asks without the lock.
        first = self._entries[:1]
        return bool(first) and first[0][0] <= now

    def run(self, now: float) -> None:
        """Do what is due."""
        while self.is_due(now):
            _, _, action = heappop(self._entries)
            action()

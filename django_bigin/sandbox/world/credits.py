"""API credits of one organization: a rolling 24 hours. Source: api-records section 13."""

from __future__ import annotations

from collections import deque

WINDOW_SECONDS = 86_400
FREE_BUDGET = 5_000
PAID_BASE, PER_LICENCE, PAID_CAP = 50_000, 250, 100_000


def budget_of(*, paid: bool, licences: int) -> int:
    """Return the credits that an edition has in 24 hours."""
    return min(PAID_BASE + PER_LICENCE * licences, PAID_CAP) if paid else FREE_BUDGET


def write_cost(rows: int) -> int:
    """Return the credits of an insert, update or upsert: one for each ten rows."""
    return max(1, -(-rows // 10))


class CreditLedger:
    """The credits that were used, each with its moment; it comes back 24 hours later."""

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self._spent: deque[list[int]] = deque()  # [second, credits]
        self._used = 0

    def used(self, now: int) -> int:
        """Return the credits used in the last 24 hours."""
        while self._spent and self._spent[0][0] <= now - WINDOW_SECONDS:
            self._used -= self._spent.popleft()[1]
        # A clock set back forgets what was used later.
        while self._spent and self._spent[-1][0] > now:
            self._used -= self._spent.pop()[1]
        return self._used

    def spend(self, now: int, credits: int) -> None:
        """Note a call's price."""
        if self._spent and self._spent[-1][0] == now:
            self._spent[-1][1] += credits
        else:
            self._spent.append([now, credits])
        self._used += credits

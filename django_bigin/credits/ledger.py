"""Our own ledger of API calls and credits: no product has an endpoint that tells."""

from __future__ import annotations

from typing import Any

from .. import clock
from ..api.calls import CallMade
from ..db.aliases import database_of, written_alias
from ..db.upsert import upsert
from ..models import Connection, CreditUse

FLUSH_EVERY_CALLS = 25


class Meter:
    """Counts the calls of a run and writes them to the ledger, by organization and minute."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.calls = 0
        self.credits = 0
        self._unwritten_calls = 0
        self._unwritten_credits = 0

    def count(self, call: CallMade) -> None:
        """Take note of one call; handed to the client as `on_call`."""
        self.calls += 1
        self.credits += call.credits
        self._unwritten_calls += 1
        self._unwritten_credits += call.credits

    def flush_if_due(self) -> None:
        """Write once in a while, so that a process that dies loses little of the count."""
        if self._unwritten_calls >= FLUSH_EVERY_CALLS:
            self.flush()

    def flush(self) -> None:
        """Write what has been counted."""
        if not self._unwritten_calls:
            return
        minute = {
            "data_center": self.connection.data_center,
            "org_id": self.connection.org_id,
            "minute": clock.now().replace(second=0, microsecond=0),
        }
        prices = self.connection.description.credits
        budget = prices.of_day(paid=self.connection.org_paid, users=self.connection.org_licences)
        _add(minute, {"calls": self._unwritten_calls, "credits": self._unwritten_credits}, budget)
        self._unwritten_calls = self._unwritten_credits = 0


def _add(minute: dict[str, Any], counts: dict[str, int], budget: int) -> None:
    """Add to a minute's row, in one statement: many workers begin the same minute."""
    using = written_alias(CreditUse)
    row = {**minute, **counts, "day_budget": budget}
    row["minute"] = database_of(CreditUse).ops.adapt_datetimefield_value(row["minute"])
    upsert(CreditUse, [list(row.values())], columns=list(row), unique=list(minute), added=counts, using=using)

"""Our own ledger of API calls and credits: Bigin has no endpoint that tells."""

from __future__ import annotations

from django.db.models import F

from .. import clock
from ..api.client import ApiCall
from ..api.product import BIGIN
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

    def count(self, call: ApiCall) -> None:
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
        calls, credits = self._unwritten_calls, self._unwritten_credits
        minute = {
            "data_center": self.connection.data_center,
            "org_id": self.connection.org_id,
            "minute": clock.now().replace(second=0, microsecond=0),
        }
        budget = BIGIN.daily_credits(paid=self.connection.org_paid, users=self.connection.org_licences)
        added = {"calls": F("calls") + calls, "credits": F("credits") + credits, "day_budget": budget}
        row = CreditUse.objects.filter(**minute)
        if not row.update(**added):
            # Each statement by itself: in a transaction, two workers that begin a minute would deadlock on MariaDB.
            CreditUse.objects.bulk_create([CreditUse(**minute, day_budget=budget)], ignore_conflicts=True)
            row.update(**added)
        self._unwritten_calls = self._unwritten_credits = 0

"""The meter of a run: takes credits for its calls before they are made, and gives back what it did not spend."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ..api.calls import Call, CallMade
from ..models import Connection
from .account import Account, Priority

TAKEN_AT_MOST = 32  # calls; so many are taken for spent when a worker is killed
REFUSED = 429


class Meter:
    """Counts the calls and credits of a run.

    Credits are taken for one call, then for two, four and more at once: an idle delta takes one, and a long walk asks
    the database seldom.

    Attributes:
        priority: of the calls to come.
    """

    def __init__(self, connection: Connection, *, priority: Priority = Priority.PERSON) -> None:
        self.calls = 0
        self.credits = 0
        self.priority = priority
        self._account = Account(connection)
        self._credits_in_hand = 0
        self._calls_in_hand = 0
        self._take_next = 1
        self._probing = False
        self._answered = False
        self._refusal: CallMade | None = None

    def ask(self, call: Call[Any]) -> None:
        """Make sure of the credits for a call; handed to the client as `before_call`.

        Raises:
            RateLimitError: the share is spent, or the organization rests.
        """
        if self._probing and self._answered:
            self._account.settle()
            self._probing = False
        if self._credits_in_hand < call.credits:
            self._take(call.credits)

    def count(self, call: CallMade) -> None:
        """Take note of one call that was made; handed to the client as `on_call`. Touches no database."""
        self.calls += 1
        self.credits += call.credits
        self._calls_in_hand -= 1
        self._credits_in_hand -= call.credits
        if call.status == REFUSED:
            self._refusal = call
        elif call.status is not None and call.status < 500 and call.status != 401:
            self._answered = True

    def note_refusal(self) -> datetime | None:
        """Let the organization rest where the product refused a call of this run for a limit; return until when."""
        if self._refusal is None:
            return None
        until = self._account.note_refusal(self._refusal.retry_after, after_rest=self._probing)
        self._refusal, self._probing = None, False
        return until

    def flush(self) -> None:
        """Give back what was taken and not spent, and note what was refused."""
        self.note_refusal()
        if self._probing and self._answered:
            self._account.settle()
        self._probing = False
        self._account.give_back(self._credits_in_hand, calls=self._calls_in_hand)
        self._credits_in_hand = self._calls_in_hand = 0
        if self.priority is Priority.PERSON:
            self._account.note()  # where people or cron jobs sync, there may be no tick

    def _take(self, credits: int) -> None:
        least = credits - self._credits_in_hand
        taken = self._account.take(max(least, self._take_next), least=least, priority=self.priority)
        if taken.after_rest:
            self._probing, self._answered = True, False  # what was answered before the rest tells nothing
        self._credits_in_hand += taken.credits
        self._calls_in_hand += taken.credits
        self._take_next = min(self._take_next * 2, TAKEN_AT_MOST)

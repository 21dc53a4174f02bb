"""The meter of the calls that a site makes by itself: each takes its credits alone, so nothing is left to give back."""

from __future__ import annotations

import logging
from typing import Any

from django.db import DatabaseError

from ..api.calls import Call, CallMade
from ..db.aliases import on_commit
from ..db.apart import in_transaction
from ..models import Connection, CreditAccount
from .account import Account, Priority
from .meter import REFUSED

logger = logging.getLogger(__name__)


class CallMeter:
    """Counts calls one by one, as a person's; threads may share it.

    Inside a caller's transaction nothing is taken, since every worker would wait for the account until that ends: it is
    only looked whether there is room, and the calls are counted when the transaction commits.
    """

    def __init__(self, connection: Connection) -> None:
        self._account = Account(connection)

    def ask(self, call: Call[Any]) -> None:
        """Make sure of the credits for a call.

        Raises:
            RateLimitError: the site's share is spent.
        """
        if in_transaction(CreditAccount):
            self._account.check(call.credits, priority=Priority.PERSON)
        else:
            self._account.take(call.credits, least=call.credits, priority=Priority.PERSON)

    def count(self, call: CallMade) -> None:
        """Take note of a call that was made. Never raises: its answer is not to be lost for the sake of a count."""
        if in_transaction(CreditAccount):
            on_commit(CreditAccount, lambda: self._note(call, spent=call.credits, calls=1), robust=True)
            return
        try:
            self._note(call, spent=call.credits - call.price, calls=0)
        except DatabaseError:
            logger.exception("The credits of %s %s could not be counted.", call.method, call.path)

    def _note(self, call: CallMade, *, spent: int, calls: int) -> None:
        if spent or calls:
            self._account.add(spent, calls=calls)
        if call.status == REFUSED:
            self._account.note_refusal(call.retry_after, after_rest=False)

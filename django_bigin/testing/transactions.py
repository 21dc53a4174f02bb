"""The token service inside the transaction that `TestCase` wraps around each test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..connections.tokens import in_callers_transaction


@contextmanager
def refresh_in_transaction() -> Iterator[None]:
    """Let tokens be refreshed in the transaction that is open, in this thread.

    Outside of tests a refresh inside a transaction goes over a database connection of its own, or on SQLite is refused
    with an error, since a rollback would lose the token. In a `TestCase` that other connection does not see the test's
    rows, and the rollback is the end of the test. The kit's fixtures and `BiginTestCase` switch this on.
    """
    before = in_callers_transaction.set(True)
    try:
        yield
    finally:
        in_callers_transaction.reset(before)

"""A valid access token for a connection, with any number of processes asking at once.

The lease decides who asks Zoho. Everybody else uses the stored token while that still serves, and only then waits.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar

from django.db import connections as databases

from ..db.aliases import database_of, written
from ..exceptions import BiginError, TokenPendingError
from ..installation import require_ownership
from ..models import Connection
from .refresh import claim, refresh
from .states import require_connected
from .stored import AccessToken, fresh_token, read_connection, serving_token
from .throttling import rest_seconds, resting_error

WAIT_IN_WORKER_SECONDS = 90.0
WAIT_IN_REQUEST_SECONDS = 10.0
POLL_SECONDS = 0.1

in_callers_transaction: ContextVar[bool] = ContextVar("in_callers_transaction", default=False)
"""Set by `django_bigin.testing` alone: refresh in the transaction that is open, since it is the one that `TestCase`
wraps around a test. Nothing else could see the test's rows, and they are all rolled back with the token."""


class ConnectionTokens:
    """A connection's tokens as `Client` wants them: a valid one, and another when Zoho refuses it."""

    def __init__(
        self, connection_id: int, *, held: AccessToken | None = None, wait_seconds: float = WAIT_IN_WORKER_SECONDS
    ) -> None:
        self.connection_id = connection_id
        self.wait_seconds = wait_seconds
        self._held = held

    def current(self) -> str:
        """Return the token to send now; the database is asked only when the one in hand is about to expire."""
        if self._held is None or not self._held.serves:
            self._held = ensure_fresh_token(self.connection_id, wait_seconds=self.wait_seconds)
        return self._held.value

    def replace(self, refused: str) -> str:
        """Return another token than the one that Zoho refused."""
        self._held = ensure_fresh_token(self.connection_id, refused=refused, wait_seconds=self.wait_seconds)
        return self._held.value


def ensure_fresh_token(
    connection_id: int, *, refused: str = "", wait_seconds: float = WAIT_IN_WORKER_SECONDS
) -> AccessToken:
    """Return a token that Zoho should accept, refreshed if it has to be; many processes may ask at once.

    Args:
        refused: a token that Zoho has just refused: it is refreshed only if it is still the stored one.
        wait_seconds: how long to wait for another process's refresh once the stored token no longer serves.

    Raises:
        RefreshTokenError: the grant is gone: a person must reconnect.
        ConnectionNotReadyError: the connection is pending, paused or disconnected.
        ClientCredentialsError: the accounts server refuses the client: a person must compare its settings.
        TransientError: not now; `retry_after` says in how many seconds. TokenPendingError: the wait was too short.
        BiginError: the refresh would have to happen inside an open transaction on SQLite; or the database belongs to
            another installation, and its tokens with it.
    """
    require_ownership()
    if database_of(Connection).in_atomic_block and not in_callers_transaction.get():
        return _ensure_inside_transaction(connection_id, refused=refused, wait_seconds=wait_seconds)
    return _ensure(connection_id, refused=refused, wait_seconds=wait_seconds)


def token_of(connection: Connection) -> AccessToken:
    """Return the token of a row that was just read, without reading it again; `ensure_fresh_token` if it is due.

    Raises: what `ensure_fresh_token` does.
    """
    require_ownership()
    require_connected(connection)
    return fresh_token(connection) or ensure_fresh_token(connection.pk)


def refresh_now(connection_id: int) -> AccessToken:
    """Ask Zoho for a new token although the stored one may still serve: for people. Errors are not softened.

    A person need not wait out a backoff, only what Zoho itself asked for by throttling.
    """
    written(Connection).filter(pk=connection_id, throttle_count=0).update(next_attempt_at=None)
    stored = read_connection(connection_id)
    return ensure_fresh_token(connection_id, refused=stored.access_token.reveal(), wait_seconds=WAIT_IN_REQUEST_SECONDS)


def _ensure(connection_id: int, *, refused: str, wait_seconds: float) -> AccessToken:
    give_up_at = time.monotonic() + wait_seconds
    while True:
        connection = read_connection(connection_id)
        require_connected(connection)
        if fresh := fresh_token(connection, refused=refused):
            return fresh
        serving = serving_token(connection, refused=refused)
        if resting := rest_seconds(connection):
            if serving:
                return serving
            raise resting_error(connection, resting)
        if lease_id := claim(connection):
            return refresh(connection, lease_id, refused=refused)
        if serving:
            return serving
        if time.monotonic() >= give_up_at:
            raise TokenPendingError(
                f"Another process is refreshing the token of {connection}; try again shortly.", retry_after=5
            )
        time.sleep(POLL_SECONDS)


def _ensure_inside_transaction(connection_id: int, *, refused: str, wait_seconds: float) -> AccessToken:
    """Return the stored token while it serves; else refresh over a database connection of its own.

    Written in the caller's transaction, a new token would be lost with a rollback, and its row locked till the end.
    """
    connection = read_connection(connection_id)
    require_connected(connection)
    if serving := serving_token(connection, refused=refused):
        return serving
    if database_of(Connection).vendor == "sqlite":
        raise BiginError(
            f"The token of {connection} has expired, and SQLite cannot store a new one while a transaction is open: "
            "call ensure_fresh_token() before transaction.atomic(), or outside of it."
        )

    def apart() -> AccessToken:
        try:
            return _ensure(connection_id, refused=refused, wait_seconds=wait_seconds)
        finally:
            databases.close_all()

    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(apart).result()

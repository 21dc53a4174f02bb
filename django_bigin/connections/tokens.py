"""A valid access token for a connection, with any number of processes and threads asking at once.

The lease decides which process asks Zoho. Everybody else uses the stored token while that still serves, and only then
waits. Within a process one thread fetches, over a database connection of its own, and the others wait for it in memory:
however many ask, a process needs two connections, and whoever may not wait any longer can leave.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import replace

from ..db import leases
from ..db.aliases import database_of, written
from ..db.apart import RowLockedError, can_be_apart, in_transaction, scope_of
from ..exceptions import AccessTokenError, BiginError, EncryptionError, TokenPendingError, TransientError
from ..installation import require_ownership
from ..models import Connection
from ..text import sentence as _
from . import refusals
from .flights import Ended, Flight, Flights, is_flying
from .refresh import claim, refresh
from .states import require_connected
from .stored import AccessToken, fresh_token, read_connection, serving_token
from .throttling import rest_seconds, resting_error
from .unreadable import noting_unreadable

WAIT_IN_WORKER_SECONDS = 90.0
WAIT_IN_REQUEST_SECONDS = 9.0
"""So that a web request has its answer within ten."""
POLL_SECONDS, LONGEST_POLL_SECONDS = 0.1, 0.5

logger = logging.getLogger(__name__)

in_callers_transaction: ContextVar[bool] = ContextVar("in_callers_transaction", default=False)
"""Set by `django_bigin.testing` alone: refresh in the transaction that is open, since it is the one that `TestCase`
wraps around a test. Nothing else could see the test's rows, and they are all rolled back with the token."""


_flights: Flights[AccessToken] = Flights()


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

    def judge(self, token: str, *, accepted: bool) -> None:
        """Note in the connection's row that the API refuses a token just given, or takes one again."""
        if not accepted:
            self._held = None
            refusals.note_refused(self.connection_id, token)
        elif self._held is not None and self._held.doubted:
            self._held = replace(self._held, doubted=False)
            try:
                refusals.note_accepted(self.connection_id)
            except TransientError as error:  # the call was answered: the next client will note it
                logger.warning("%s", error)


def ensure_fresh_token(
    connection_id: int, *, refused: str = "", wait_seconds: float = WAIT_IN_WORKER_SECONDS
) -> AccessToken:
    """Return a token that Zoho should accept, refreshed if it has to be; any number of threads may ask at once.

    A new token is stored over a database connection of its own, so that it outlives a caller's transaction.

    Args:
        refused: a token that Zoho has just refused: it is refreshed only if it is still the stored one.
        wait_seconds: how long to wait, whoever refreshes it, once the stored token no longer serves. The refresh goes
            on without us.

    Raises:
        RefreshTokenError: the grant is gone: a person must reconnect.
        ConnectionNotReadyError: the connection is pending, paused or disconnected.
        ClientCredentialsError: the accounts server refuses the client: a person must compare its settings.
        TransientError: not now; `retry_after` says in how many seconds. TokenPendingError: the wait was too short.
        EncryptionError: a stored secret cannot be read; the connection is misconfigured, or needs authorization.
        BiginError: the refresh would have to be stored inside the transaction that is open; or the database belongs to
            another installation, and its tokens with it.
    """
    if _asks_for_itself():
        require_ownership()
        return _ensure(connection_id, refused=refused, is_wanted=_until(time.monotonic() + wait_seconds))
    serving = None
    if database_of(Connection).connection is not None:
        # A thread that has no database connection yet needs none to wait for a token.
        require_ownership()
        connection = read_connection(connection_id)
        require_connected(connection)
        with suppress(EncryptionError):  # whoever fetches will meet it again, and note it
            serving = serving_token(connection, refused=refused)
            if serving and (in_transaction(Connection) or fresh_token(connection, refused=refused)):
                return serving

    def fetch(flight: Flight[AccessToken]) -> AccessToken:
        require_ownership()
        return _ensure(connection_id, refused=refused, is_wanted=flight.is_wanted)

    return _fetch_apart((connection_id, refused), fetch, serving=serving, wait_seconds=wait_seconds)


def token_of(connection: Connection) -> AccessToken:
    """Return the token of a row that was just read, without reading it again; `ensure_fresh_token` if it is due.

    The caller has made sure that the database belongs to this installation.

    Raises: what `ensure_fresh_token` does.
    """
    require_connected(connection)
    try:
        fresh = fresh_token(connection)
    except EncryptionError:
        fresh = None  # whoever fetches will meet it again, and note it
    return fresh or ensure_fresh_token(connection.pk)


def refresh_now(connection_id: int, *, wait_seconds: float = WAIT_IN_REQUEST_SECONDS) -> AccessToken:
    """Ask Zoho for a new token although the stored one may still serve: for people. Errors are not softened.

    A person need not wait out a backoff, only what Zoho itself asked for by throttling.

    Raises: what `ensure_fresh_token` does.
    """
    if _asks_for_itself():
        return _refresh_now(connection_id, is_wanted=_until(time.monotonic() + wait_seconds))

    def fetch(flight: Flight[AccessToken]) -> AccessToken:
        return _refresh_now(connection_id, is_wanted=flight.is_wanted)

    return _fetch_apart((connection_id, None), fetch, serving=None, wait_seconds=wait_seconds)


def _refresh_now(connection_id: int, *, is_wanted: Callable[[], bool]) -> AccessToken:
    require_ownership()
    written(Connection).filter(pk=connection_id, throttle_count=0).update(next_attempt_at=None)
    with noting_unreadable(connection_id):
        refused = read_connection(connection_id).access_token.reveal()
    return _ensure(connection_id, refused=refused, is_wanted=is_wanted, insists=True)


def _asks_for_itself() -> bool:
    """Tell whether this thread refreshes by itself, over the database connection that it has."""
    return in_callers_transaction.get() or is_flying.get() or not can_be_apart(Connection)


def _until(moment: float) -> Callable[[], bool]:
    return lambda: time.monotonic() < moment


def _ensure(connection_id: int, *, refused: str, is_wanted: Callable[[], bool], insists: bool = False) -> AccessToken:
    """Return the stored token, or a new one of whichever process gets the lease, as long as anybody wants it.

    Args:
        insists: it is a person who asks, though another token may be no better.
    """
    with noting_unreadable(connection_id):
        return _ensure_readable(connection_id, refused=refused, is_wanted=is_wanted, insists=insists)


def _ensure_readable(connection_id: int, *, refused: str, is_wanted: Callable[[], bool], insists: bool) -> AccessToken:
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
        if refused and not insists and refusals.is_no_use_refreshing(connection):
            refusals.note_refused(connection_id, refused)
            raise AccessTokenError(_("%(connection)s: %(reason)s", connection=connection, reason=refusals.REASON))
        if lease_id := claim(connection):
            return refresh(connection, lease_id, refused=refused)
        if serving:
            return serving
        if not is_wanted():
            raise _pending(connection_id)
        _wait_while_held(connection_id, is_wanted)


def _wait_while_held(connection_id: int, is_wanted: Callable[[], bool]) -> None:
    """Wait until the other process gives the lease back, with its token or without; each look is one small read."""
    pause = POLL_SECONDS
    while True:
        time.sleep(pause)
        if not is_wanted() or not leases.is_held(written(Connection).filter(pk=connection_id)):
            return
        pause = min(pause * 1.5, LONGEST_POLL_SECONDS)


def _fetch_apart(
    what: tuple[int, str | None],
    fetch: Callable[[Flight[AccessToken]], AccessToken],
    *,
    serving: AccessToken | None,
    wait_seconds: float,
) -> AccessToken:
    """Wait for the one thread of this process that fetches a token, or start it.

    Args:
        what: the connection, and the token that was refused; None: a new one by all means.
        serving: the stored token, which will do where another is already at it, or does not come in time.
    """
    until, inside = time.monotonic() + wait_seconds, in_transaction(Connection)
    if inside and database_of(Connection).vendor == "sqlite":
        raise _inside_transaction(what[0], _("SQLite cannot store a new one while a transaction is open"))
    while True:
        flight, was_there = _flights.join((*scope_of(Connection), *what), fetch)
        if was_there and serving:
            return serving
        ended = flight.wait(until, leave_when_blocked=inside)
        try:
            if ended is Ended.DONE:
                return flight.result()
        except (RowLockedError, TokenPendingError) as error:
            is_late = time.monotonic() + POLL_SECONDS >= until
            locked = isinstance(error, RowLockedError)
        else:
            is_late, locked = True, ended is Ended.BLOCKED
        if locked and inside:
            raise _inside_transaction(
                what[0], _("its row is locked by a transaction, most likely by the one open here")
            )
        if serving:
            return serving
        if is_late:
            raise _locked_elsewhere(what[0]) if locked else _pending(what[0])
        # Another process was faster, or somebody's transaction was in the way: there is time for another look.
        time.sleep(POLL_SECONDS)


def _inside_transaction(connection_id: int, reason: str) -> BiginError:
    return BiginError(
        _(
            "The token of connection %(number)s has expired, and %(reason)s: call "
            "ensure_fresh_token() before transaction.atomic(), or outside of it. ATOMIC_REQUESTS opens "
            "one around every view.",
            number=connection_id,
            reason=reason,
        )
    )


def _locked_elsewhere(connection_id: int) -> TransientError:
    return TransientError(
        _(
            "The row of connection %(number)s is locked by an open database transaction, so no "
            "new token can be stored; try again later, and keep transactions that write to it short.",
            number=connection_id,
        ),
        retry_after=5,
    )


def _pending(connection_id: int) -> TokenPendingError:
    return TokenPendingError(
        _(
            "The token of connection %(number)s is being refreshed and has not come yet; try again shortly.",
            number=connection_id,
        ),
        retry_after=5,
    )

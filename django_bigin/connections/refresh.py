"""One refresh of a connection's token, under the lease that decides who asks Zoho.

The lease's id is the fence: an answer is stored only while it still stands in the row. No transaction is open while the
network is used. How an answer is judged is `api.oauth`'s; what follows from it is the table of verdicts here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from .. import clock
from ..api.oauth import TokenAnswer
from ..api.transport import CALL_SECONDS_AT_MOST
from ..db import leases
from ..db.aliases import written
from ..db.apart import RowLockedError
from ..db.backoff import backoff_seconds
from ..encryption.secret import Secret
from ..exceptions import (
    AuthorizationError,
    BiginError,
    ClientCredentialsError,
    EncryptionError,
    RateLimitError,
    ResponseError,
    TokenPendingError,
    TransientError,
)
from ..models import Connection
from ..models.fields import seal
from ..text import sentence as _
from . import states
from .accounts import accounts_server
from .states import Status
from .stored import AccessToken, fresh_token, read_connection, refresh_at, serving_token
from .throttling import count_request, note_throttled, rest_seconds, resting_error

LEASE_SECONDS = CALL_SECONDS_AT_MOST + 15
"""The call, and the storing of its answer."""
STORE_TRIES = 3  # an answer of Zoho's is worth waiting out somebody's transaction

FIRST_BACKOFF_SECONDS = 15.0
LONGEST_BACKOFF_SECONDS = 900.0
THROTTLED_SECONDS = 600.0
LONGEST_THROTTLED_SECONDS = 3600.0
MISCONFIGURED_SECONDS = 3600.0


def claim(connection: Connection) -> str | None:
    """Claim the refresh of a token that is kept fresh; return the lease's id, None where another process has it."""
    rows = _rows(connection).filter(status__in=states.TOKEN_KEPT)
    return leases.claim(rows, LEASE_SECONDS)


def refresh(connection: Connection, lease_id: str, *, refused: str) -> AccessToken:
    """Ask Zoho for a token under the lease, store the answer, and give the lease back.

    Args:
        refused: a token that Zoho has refused: it does not serve any more.

    Raises:
        BiginError: the refresh failed, and no stored token serves. The row says what follows from it.
    """
    # Read again under the lease: the previous holder may have finished between our look and our claim.
    connection = read_connection(connection.pk)
    fresh = fresh_token(connection, refused=refused)
    serving = serving_token(connection, refused=refused)
    resting = rest_seconds(connection)
    if fresh or resting:
        leases.release(_rows(connection), lease_id)
        if token := fresh or serving:
            return token
        raise resting_error(connection, resting)
    try:
        answer, asked_at = _ask(connection, lease_id)
    except EncryptionError:
        leases.release(_rows(connection), lease_id)
        raise
    except BiginError as error:
        _store_failure(connection, lease_id, error)
        if serving and isinstance(error, TransientError | ResponseError):
            return serving
        raise
    return _store_answer(connection, lease_id, answer, asked_at=asked_at)


def _ask(connection: Connection, lease_id: str) -> tuple[TokenAnswer, datetime]:
    now = clock.now()
    counted = count_request(connection, now)
    server = accounts_server(connection.registration, connection.data_center)
    # Counted before it is sent: a process that dies in between has still spent it at Zoho.
    if not leases.write(_rows(connection), lease_id, token_requests=counted):
        raise TokenPendingError(
            _("Another process took over the refresh of %(connection)s.", connection=connection), retry_after=1
        )
    return server.refresh(connection.refresh_token.reveal()), now


def _store_answer(connection: Connection, lease_id: str, answer: TokenAnswer, *, asked_at: datetime) -> AccessToken:
    expires_at = asked_at + timedelta(seconds=answer.expires_in_seconds)
    columns: dict[str, Any] = {
        "access_token": _sealed(connection, "access_token", answer.access_token),
        "expires_at": expires_at,
        "refresh_at": refresh_at(connection, expires_at),
        "refreshed_at": asked_at,
        "refresh_count": connection.refresh_count + 1,
        "failure_count": 0,
        "throttle_count": 0,
        "next_attempt_at": None,
    }
    if answer.refresh_token:
        columns["refresh_token"] = _sealed(connection, "refresh_token", answer.refresh_token)
    if answer.scopes:
        columns["scopes"] = list(answer.scopes)
    recovered = Verdict(columns, Status.HEALTHY, only_from=(Status.DEGRADED, Status.MISCONFIGURED))
    if connection.refused_count:  # only the API can tell that it takes this one
        recovered = Verdict(columns, Status.DEGRADED, only_from=(Status.MISCONFIGURED,))
    if not _release(connection, lease_id, recovered):
        # The lease expired, or a person reconnected or disconnected meanwhile: theirs is what counts.
        raise TokenPendingError(
            _("The connection %(connection)s changed while its token was refreshed.", connection=connection),
            retry_after=1,
        )
    return AccessToken(Secret(answer.access_token), expires_at, doubted=connection.refused_count > 0)


def _sealed(connection: Connection, name: str, value: str) -> Any:
    return seal(connection.uuid, connection.tenant_id, f"connection.{name}", value)


def _store_failure(connection: Connection, lease_id: str, error: BiginError) -> None:
    """Store when to try again and what a person must know; nothing if lease or grant are no longer ours."""
    judge = next(judge for kind, judge in _VERDICTS if isinstance(error, kind))
    _release(connection, lease_id, judge(connection, error), reason=error.message)


@dataclass(frozen=True)
class Verdict:
    """The consequence of an answer: columns to write, and a status to set if the present one is in `only_from`."""

    columns: dict[str, Any] = field(default_factory=dict)
    status: Status | None = None
    only_from: Collection[str] = states.TOKEN_KEPT


def _release(connection: Connection, lease_id: str, verdict: Verdict, *, reason: str = "") -> bool:
    """Give the lease back with all that follows from the answer, in one statement.

    Were the status written after the lease is given back, the next process would ask once more in between.

    Returns:
        False where lease or grant are no longer ours, and nothing was written.
    """
    for _attempt in range(STORE_TRIES - 1):
        with suppress(RowLockedError):
            return _release_at_once(connection, lease_id, verdict, reason=reason)
    return _release_at_once(connection, lease_id, verdict, reason=reason)


def _release_at_once(connection: Connection, lease_id: str, verdict: Verdict, *, reason: str) -> bool:
    held = _rows(connection).filter(lease_id=lease_id)
    while (old := held.values_list("status", flat=True).first()) is not None:
        moved: dict[str, Any] = {}
        if verdict.status is not None:
            moved = states.status_columns(old, verdict.status, reason=reason, only_from=verdict.only_from)
        # Only from the status that was seen: where a person was faster, look again.
        if leases.release(held.filter(status=old), lease_id, **verdict.columns, **moved):
            if moved:
                states.announce_written(connection, moved, old=old)
            return True
    return False


def _rows(connection: Connection) -> QuerySet[Any]:
    """Return the row, while it is of the same grant."""
    return written(Connection).filter(pk=connection.pk, grant_version=connection.grant_version)


def _revoked(connection: Connection, error: BiginError) -> Verdict:
    nothing = {"access_token": "", "expires_at": None, "refresh_at": None, "next_attempt_at": None}
    return Verdict(nothing, Status.NEEDS_AUTHORIZATION)


def _misconfigured(connection: Connection, error: BiginError) -> Verdict:
    # Nearly always a wrong secret or data center: the tokens stay, and it recovers once a person has corrected it.
    return Verdict({"next_attempt_at": _in_seconds(MISCONFIGURED_SECONDS)}, Status.MISCONFIGURED)


def _throttled(connection: Connection, error: BiginError) -> Verdict:
    if isinstance(error, RateLimitError) and error.status is None:  # our own bound: nothing was sent
        return Verdict({"next_attempt_at": _in_seconds(error.retry_after or THROTTLED_SECONDS)})
    note_throttled(connection)
    count = connection.throttle_count + 1
    rest = backoff_seconds(count, first=THROTTLED_SECONDS, longest=LONGEST_THROTTLED_SECONDS, jitter=False)
    return Verdict({"throttle_count": count, "next_attempt_at": _in_seconds(rest)}, Status.DEGRADED)


def _pending(connection: Connection, error: BiginError) -> Verdict:
    return Verdict()


def _failed(connection: Connection, error: BiginError) -> Verdict:
    count = connection.failure_count + 1
    rest = backoff_seconds(count, first=FIRST_BACKOFF_SECONDS, longest=LONGEST_BACKOFF_SECONDS)
    return Verdict({"failure_count": count, "next_attempt_at": _in_seconds(rest)}, Status.DEGRADED)


_VERDICTS: tuple[tuple[type[BiginError], Callable[[Connection, BiginError], Verdict]], ...] = (
    (TokenPendingError, _pending),
    (RateLimitError, _throttled),
    (ClientCredentialsError, _misconfigured),
    (AuthorizationError, _revoked),
    (BiginError, _failed),
)


def _in_seconds(seconds: float) -> datetime:
    return clock.now() + timedelta(seconds=seconds)

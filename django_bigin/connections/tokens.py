"""Keeping a connection's access token fresh, with any number of processes asking at once.

A conditional UPDATE decides who asks Zoho (the lease); its id decides whose answer is kept (the fence). No transaction
is open while the network is spoken to. Whoever loses the lease uses the stored token while it still serves, and only
then waits. How an answer is judged is `api.oauth`'s; what follows from it is here.
"""

from __future__ import annotations

import hashlib
import random
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connections as databases
from django.db import router, transaction
from django.db.models import Q

from .. import clock
from ..api.datacenters import DATA_CENTERS
from ..api.oauth import AccountsServer, ClientCredentials, TokenAnswer
from ..conf import TOKEN_LEASE_SECONDS, settings
from ..encryption.secret import Secret
from ..exceptions import (
    AuthorizationError,
    BiginError,
    ClientCredentialsError,
    RateLimitError,
    ResponseError,
    TokenPendingError,
    TransientError,
)
from ..installation import require_ownership
from ..models import ClientRegistration, Connection, RegistrationState
from ..models.fields import seal
from . import states
from .network import shared_session

LEASE_SECONDS = TOKEN_LEASE_SECONDS
SERVES_SECONDS = 60  # a token with this much left may still be used
WAIT_IN_WORKER_SECONDS = 90.0
WAIT_IN_REQUEST_SECONDS = 10.0
POLL_SECONDS = 0.1

# Zoho allows 10 token requests in 10 minutes for one grant (oauth.md section 8); two are left to people.
REQUESTS_AT_MOST = 8
REQUESTS_WINDOW = timedelta(minutes=10)

LONGEST_BACKOFF_SECONDS = 900.0
THROTTLED_SECONDS = 600.0
LONGEST_THROTTLED_SECONDS = 3600.0
MISCONFIGURED_SECONDS = 3600.0
REGISTRATION_WINDOW = timedelta(minutes=1)
REGISTRATION_GRANTS = 3

Status = Connection.Status

in_callers_transaction: ContextVar[bool] = ContextVar("in_callers_transaction", default=False)
"""Set by `django_bigin.testing` alone: refresh in the transaction that is open, since it is the one that `TestCase`
wraps around a test. Nothing else could see the test's rows, and they are all rolled back with the token."""


@dataclass(frozen=True)
class AccessToken:
    """A token that may be sent to Bigin now."""

    value: Secret = field(repr=False)
    expires_at: datetime


class ConnectionTokens:
    """A connection's tokens as `Client` wants them: fresh ones, and another when Bigin refuses one."""

    def __init__(
        self, connection_id: int, *, held: AccessToken | None = None, wait_seconds: float = WAIT_IN_WORKER_SECONDS
    ) -> None:
        self.connection_id = connection_id
        self.wait_seconds = wait_seconds
        self._held = held

    def current(self) -> str:
        """The token to send now; asks the database again only when the one in hand is about to run out."""
        if self._held is None or not _serves(self._held.expires_at, SERVES_SECONDS):
            self._held = ensure_fresh_token(self.connection_id, wait_seconds=self.wait_seconds)
        return self._held.value

    def replace(self, refused: str) -> str:
        """Another token than the one that Bigin refused."""
        self._held = ensure_fresh_token(self.connection_id, refused=refused, wait_seconds=self.wait_seconds)
        return self._held.value


def ensure_fresh_token(
    connection_id: int, *, refused: str = "", wait_seconds: float = WAIT_IN_WORKER_SECONDS
) -> AccessToken:
    """A token that Bigin should accept, refreshed if it has to be; many processes may ask at once.

    Args:
        refused: a token that Bigin has just refused: it is refreshed only if it is still the stored one.
        wait_seconds: how long to wait for somebody else's refresh once the stored token no longer serves.

    Raises:
        RefreshTokenError: the grant is gone: a person must reconnect.
        ConnectionNotReadyError: the connection is pending, paused or disconnected.
        ClientCredentialsError: the accounts server refuses the client: a person must compare its settings.
        TransientError: not now; `retry_after` says in how many seconds. TokenPendingError: the wait was too short.
        BiginError: the refresh would have to happen inside an open transaction on SQLite; or the database belongs to
            another installation, and its tokens with it.
    """
    require_ownership()
    alias = router.db_for_write(Connection)
    if databases[alias].in_atomic_block and not in_callers_transaction.get():
        return _ensure_inside_transaction(alias, connection_id, refused=refused, wait_seconds=wait_seconds)
    return _ensure(connection_id, refused=refused, wait_seconds=wait_seconds)


def token_of(connection: Connection) -> AccessToken:
    """The token of a row that was just read, without asking the database again; `ensure_fresh_token` if it is due.

    Raises: what `ensure_fresh_token` does.
    """
    require_ownership()
    states.require_connected(connection)
    fresh = _stored_token(connection, "", ahead_seconds=_margin_seconds(connection))
    return fresh or ensure_fresh_token(connection.pk)


def refresh_now(connection_id: int) -> AccessToken:
    """Ask Zoho for a new token although the stored one may still serve: for people. Errors are not softened.

    A person need not wait out a backoff, only what Zoho itself asked for by throttling.
    """
    Connection.objects.filter(pk=connection_id, throttle_count=0).update(next_attempt_at=None)
    stored = Connection.objects.get(pk=connection_id)
    return ensure_fresh_token(connection_id, refused=stored.access_token, wait_seconds=WAIT_IN_REQUEST_SECONDS)


def accounts_server(registration: ClientRegistration, data_center: str) -> AccountsServer:
    """The accounts server of a data center, spoken to as this registration.

    Raises:
        ClientCredentialsError: no secret is stored for that data center.
    """
    secrets = {row.data_center: row for row in registration.secrets.filter(data_center__in=("", data_center))}
    row = secrets.get(data_center) or secrets.get("")
    if row is None or not row.secret:
        raise ClientCredentialsError(
            f"No client secret is stored for registration {registration} in data center {data_center}: add one in the "
            "admin, under Client registrations."
        )
    if data_center not in settings.data_center_codes:
        raise ClientCredentialsError(
            f"Data center {data_center} is not switched on for this site: see BIGIN_EXTRA_DATA_CENTERS."
        )
    credentials = ClientCredentials(client_id=registration.client_id, client_secret=row.secret)
    return AccountsServer(DATA_CENTERS[data_center], credentials, session=shared_session(), timeouts=settings.timeouts)


def secret_was_mended(registration: ClientRegistration) -> None:
    """Let connections that rest for a wrong client secret or setting try again at once: a person has changed it."""
    Connection.objects.filter(registration=registration, status=Status.MISCONFIGURED).update(next_attempt_at=None)


def refresh_at(connection: Connection, expires_at: datetime) -> datetime:
    """When a token is to be refreshed: ten minutes ahead of its expiry, and a fixed part of ten more."""
    return expires_at - timedelta(seconds=_margin_seconds(connection))


# How it is done


def _ensure(connection_id: int, *, refused: str, wait_seconds: float) -> AccessToken:
    give_up_at = time.monotonic() + wait_seconds
    while True:
        connection = Connection.objects.select_related("registration").get(pk=connection_id)
        states.require_connected(connection)
        fresh = _stored_token(connection, refused, ahead_seconds=_margin_seconds(connection))
        if fresh:
            return fresh
        serving = _stored_token(connection, refused, ahead_seconds=SERVES_SECONDS)
        resting = _rest_seconds(connection)
        if resting:
            if serving:
                return serving
            raise _resting_error(connection, resting)
        lease_id = _claim_lease(connection)
        if lease_id:
            return _refresh(connection, lease_id, refused=refused)
        if serving:
            return serving
        if time.monotonic() >= give_up_at:
            raise TokenPendingError(
                f"Another process is refreshing the token of {connection}; try again shortly.", retry_after=5
            )
        time.sleep(POLL_SECONDS)


def _ensure_inside_transaction(alias: str, connection_id: int, *, refused: str, wait_seconds: float) -> AccessToken:
    """The stored token while it serves; else the refresh goes over a database connection of its own.

    Written in the caller's transaction, a new token would be lost with a rollback, and its row locked till the end.
    """
    connection = Connection.objects.get(pk=connection_id)
    states.require_connected(connection)
    serving = _stored_token(connection, refused, ahead_seconds=SERVES_SECONDS)
    if serving:
        return serving
    if databases[alias].vendor == "sqlite":
        raise BiginError(
            f"The token of {connection} has run out, and SQLite cannot store a new one while a transaction is open: "
            "call ensure_fresh_token() before transaction.atomic(), or outside of it."
        )

    def apart() -> AccessToken:
        try:
            return _ensure(connection_id, refused=refused, wait_seconds=wait_seconds)
        finally:
            databases.close_all()

    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(apart).result()


def _stored_token(connection: Connection, refused: str, *, ahead_seconds: float) -> AccessToken | None:
    if connection.expires_at is None or not _serves(connection.expires_at, ahead_seconds):
        return None
    value = connection.access_token
    if not value or value == refused:
        return None
    return AccessToken(value=value, expires_at=connection.expires_at)


def _serves(expires_at: datetime, ahead_seconds: float) -> bool:
    return expires_at - timedelta(seconds=ahead_seconds) > clock.now()


def _margin_seconds(connection: Connection) -> float:
    """The margin plus a share of it that is fixed for the connection, so that a thousand do not fall due at once."""
    margin = settings.BIGIN_REFRESH_MARGIN_SECONDS
    share = int.from_bytes(hashlib.sha256(connection.uuid.bytes).digest()[:4], "big") / 2**32
    return margin + margin * share


def _rest_seconds(connection: Connection) -> float:
    """How long this connection, or its whole registration, still has to leave the accounts server alone."""
    until = [connection.next_attempt_at] if connection.next_attempt_at else []
    throttled = RegistrationState.objects.filter(
        registration_id=connection.registration_id, data_center=connection.data_center
    )
    until += [state.throttled_until for state in throttled if state.throttled_until]
    now = clock.now()
    return max(((moment - now).total_seconds() for moment in until if moment > now), default=0.0)


def _resting_error(connection: Connection, seconds: float) -> BiginError:
    why = connection.status_reason or "The accounts server asked for fewer requests."
    if connection.status == Status.MISCONFIGURED:
        return ClientCredentialsError(f"{connection}: {why}")
    return TransientError(f"{connection}: {why} The next attempt is in {seconds:.0f} seconds.", retry_after=seconds)


def _claim_lease(connection: Connection) -> str | None:
    """Become the one who asks: a conditional UPDATE by the database's clock. The lease's id, None if it is taken."""
    lease_id = str(uuid.uuid4())
    claimed = (
        Connection.objects.filter(pk=connection.pk, grant_version=connection.grant_version)
        .filter(Q(lease_until=None) | Q(lease_until__lt=clock.DatabaseNow()))
        .update(lease_id=lease_id, lease_until=clock.database_in(LEASE_SECONDS))
    )
    return lease_id if claimed else None


def _refresh(connection: Connection, lease_id: str, *, refused: str) -> AccessToken:
    """Ask for a token under the lease, and store the answer if lease and grant are still the same."""
    # Read again under the lease: the previous holder may have finished between our look and our claim.
    connection.refresh_from_db()
    fresh = _stored_token(connection, refused, ahead_seconds=_margin_seconds(connection))
    serving = _stored_token(connection, refused, ahead_seconds=SERVES_SECONDS)
    resting = _rest_seconds(connection)
    if fresh or resting:
        _write(connection, lease_id)
        if fresh or serving:
            return fresh or serving  # type: ignore[return-value]  # one of them is set
        raise _resting_error(connection, resting)
    try:
        answer, asked_at = _ask(connection, lease_id)
    except BiginError as error:
        _note_failure(connection, lease_id, error)
        if serving and isinstance(error, TransientError | ResponseError):
            return serving
        raise
    return _store_answer(connection, lease_id, answer, asked_at=asked_at)


def _ask(connection: Connection, lease_id: str) -> tuple[TokenAnswer, datetime]:
    now = clock.now()
    recent = [at for at in map(datetime.fromisoformat, connection.token_requests) if at > now - REQUESTS_WINDOW]
    if len(recent) >= REQUESTS_AT_MOST:
        wait = (min(recent) + REQUESTS_WINDOW - now).total_seconds()
        raise RateLimitError(
            f"{connection} has made {len(recent)} token requests in ten minutes, and Zoho blocks a grant at ten.",
            retry_after=wait,
        )
    server = accounts_server(connection.registration, connection.data_center)
    # Counted before it is sent: a process that dies in between has still spent it at Zoho.
    counted = [at.isoformat() for at in (*recent, now)]
    held = Connection.objects.filter(pk=connection.pk, lease_id=lease_id).update(token_requests=counted)
    if not held:
        raise TokenPendingError(f"Another process took over the refresh of {connection}.", retry_after=1)
    return server.refresh(connection.refresh_token), now


def _store_answer(connection: Connection, lease_id: str, answer: TokenAnswer, *, asked_at: datetime) -> AccessToken:
    expires_at = asked_at + timedelta(seconds=answer.expires_in_seconds)
    changes: dict[str, Any] = {
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
        changes["refresh_token"] = _sealed(connection, "refresh_token", answer.refresh_token)
    if answer.scopes:
        changes["scopes"] = list(answer.scopes)
    if not _write(connection, lease_id, **changes):
        # The lease ran out, or a person reconnected or disconnected meanwhile: theirs is what counts.
        raise TokenPendingError(f"The connection {connection} changed while its token was refreshed.", retry_after=1)
    states.set_status(connection, Status.HEALTHY, only_from=(Status.DEGRADED, Status.MISCONFIGURED))
    return AccessToken(value=Secret(answer.access_token), expires_at=expires_at)


def _sealed(connection: Connection, name: str, value: str) -> Any:
    return seal(connection.uuid, connection.tenant_id, f"connection.{name}", value)


def _write(connection: Connection, lease_id: str, **changes: Any) -> bool:
    """Store under the lease and give it back; False where lease or grant are no longer ours."""
    return bool(
        Connection.objects.filter(pk=connection.pk, lease_id=lease_id, grant_version=connection.grant_version).update(
            lease_id="", lease_until=None, **changes
        )
    )


def _note_failure(connection: Connection, lease_id: str, error: BiginError) -> None:
    """Write down when to try again and what a person must know. Another grant's failure is not ours to note."""
    judge = next(judge for kind, judge in _FAILURES if isinstance(error, kind))
    changes, status = judge(connection, error)
    if _write(connection, lease_id, **changes) and status:
        states.set_status(connection, status, reason=error.message, only_from=states.WORKING)


_Verdict = tuple[dict[str, Any], "Connection.Status | None"]


def _revoked(connection: Connection, error: BiginError) -> _Verdict:
    nothing = {"access_token": "", "expires_at": None, "refresh_at": None, "next_attempt_at": None}
    return nothing, Status.NEEDS_AUTHORIZATION


def _misconfigured(connection: Connection, error: BiginError) -> _Verdict:
    # Nearly always a wrong secret or data center: the tokens stay, and it heals once a person has mended it.
    return {"next_attempt_at": _in_seconds(MISCONFIGURED_SECONDS)}, Status.MISCONFIGURED


def _throttled(connection: Connection, error: BiginError) -> _Verdict:
    if isinstance(error, RateLimitError) and error.status is None:  # our own bound: nothing was sent
        return {"next_attempt_at": _in_seconds(error.retry_after or THROTTLED_SECONDS)}, None
    count = connection.throttle_count + 1
    rest = min(THROTTLED_SECONDS * 2 ** (count - 1), LONGEST_THROTTLED_SECONDS)
    _note_throttled_grant(connection)
    return {"throttle_count": count, "next_attempt_at": _in_seconds(rest)}, Status.DEGRADED


def _transient(connection: Connection, error: BiginError) -> _Verdict:
    if isinstance(error, TokenPendingError):
        return {}, None
    count = connection.failure_count + 1
    longest = min(15.0 * 2 ** min(count - 1, 10), LONGEST_BACKOFF_SECONDS)
    rest = longest * random.uniform(0.5, 1)  # noqa: S311  # jitter, not a secret
    return {"failure_count": count, "next_attempt_at": _in_seconds(rest)}, Status.DEGRADED


_FAILURES: tuple[tuple[type[BiginError], Callable[[Connection, BiginError], _Verdict]], ...] = (
    (RateLimitError, _throttled),
    (ClientCredentialsError, _misconfigured),
    (AuthorizationError, _revoked),
    (BiginError, _transient),
)


def _in_seconds(seconds: float) -> datetime:
    return clock.now() + timedelta(seconds=seconds)


def _note_throttled_grant(connection: Connection) -> None:
    """Three grants of one registration throttled within a minute: the limit is the registration's; all of it rests."""
    now = clock.now()
    key: dict[str, Any] = {"registration_id": connection.registration_id, "data_center": connection.data_center}
    RegistrationState.objects.get_or_create(**key)
    with transaction.atomic():
        # Locked: grants are throttled together, and each must see the others.
        state = RegistrationState.objects.select_for_update().get(**key)
        recent = {
            grant: at
            for grant, at in state.recent_throttled
            if datetime.fromisoformat(at) > now - REGISTRATION_WINDOW and grant != connection.pk
        }
        recent[connection.pk] = now.isoformat()
        state.recent_throttled = list(recent.items())
        if len(recent) >= REGISTRATION_GRANTS:
            state.throttled_until = now + timedelta(seconds=THROTTLED_SECONDS)
        state.save(update_fields=("recent_throttled", "throttled_until"))

"""The states of a connection in one table, and the one way to change from one to another."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from .. import clock
from ..db.aliases import on_commit, written
from ..db.lock_waits import update_in_time
from ..exceptions import ConnectionNotReadyError, RefreshTokenError, TransientError
from ..models import Connection
from ..signals import connection_changed
from ..text import sentence as _

Status = Connection.Status


@dataclass(frozen=True)
class State:
    """A status, what it allows, and what is said of it.

    Attributes:
        syncable: it is synced.
        token_kept: its token is kept fresh: it neither waits for a person's consent nor is it switched off.
        needs_person: it stays as it is until a person acts. What a person switched off needs nobody.
        happened: a sentence.
        app_does: a sentence or two on what the app does about it by itself.
        person_does: a sentence on what a person is to do; "" where there is nothing to do.
    """

    syncable: bool
    token_kept: bool
    needs_person: bool
    happened: str
    app_does: str
    person_does: str


STATES: dict[str, State] = {
    Status.PENDING: State(
        syncable=False,
        token_kept=False,
        needs_person=True,
        happened=_("The connection has not been confirmed yet."),
        app_does=_("Nothing is mirrored. If nobody confirms it in time, its grant is revoked and it is removed."),
        person_does=_("Look at the organization's name, then confirm or discard the connection."),
    ),
    Status.HEALTHY: State(
        syncable=True,
        token_kept=True,
        needs_person=False,
        happened=_("The connection works."),
        app_does=_("Its token is kept fresh and its modules are mirrored."),
        person_does="",
    ),
    Status.DEGRADED: State(
        syncable=True,
        token_kept=True,
        needs_person=False,
        happened=_("The last refresh of the access token failed, or Zoho's API refuses the token; it may work later."),
        app_does=_("It tries again by itself, and goes on mirroring as long as the token is valid."),
        person_does=_("If it stays so while Zoho works, look at the reason."),
    ),
    Status.MISCONFIGURED: State(
        syncable=False,
        token_kept=True,
        needs_person=True,
        happened=_("Zoho does not accept the client, or the key of the stored secrets is missing."),
        app_does=_("The grant is kept. It tries again once an hour, for the key every five minutes."),
        person_does=_(
            "Read the reason: compare client id, client secret, data center and redirect URI with Zoho's API "
            "console, or put the key back into BIGIN_ENCRYPTION_KEYS."
        ),
    ),
    Status.NEEDS_AUTHORIZATION: State(
        syncable=False,
        token_kept=False,
        needs_person=True,
        happened=_("The connection has lost its grant at Zoho, or a stored secret of it was changed."),
        app_does=_("Nothing is sent to Zoho any more. The mirrored data stays readable."),
        person_does=_("Reconnect it on its page in the admin."),
    ),
    Status.PAUSED: State(
        syncable=False,
        token_kept=False,
        needs_person=False,
        happened=_("The connection is paused."),
        app_does=_("Nothing is sent to Zoho. Its grant and the mirrored data stay."),
        person_does=_("Resume it to go on."),
    ),
    Status.DISCONNECTED: State(
        syncable=False,
        token_kept=False,
        needs_person=False,
        happened=_("The connection is disconnected."),
        app_does=_("Nothing is sent to Zoho. The mirrored data stays readable until it is purged."),
        person_does=_("Connect it again to go on."),
    ),
}

SYNCABLE = tuple(status for status, state in STATES.items() if state.syncable)
TOKEN_KEPT = tuple(status for status, state in STATES.items() if state.token_kept)
NEED_PERSON = tuple(status for status, state in STATES.items() if state.needs_person)

_TRIES = 10


def state_of(connection: Connection) -> State:
    """Return the row of the table that a connection is in."""
    return STATES[connection.status]


def is_syncable(connection: Connection) -> bool:
    """Tell whether a connection is synced."""
    return state_of(connection).syncable


def require_connected(connection: Connection) -> None:
    """Refuse to work with a connection that waits for a person, or that a person switched off.

    Raises:
        RefreshTokenError: its grant is gone.
        ConnectionNotReadyError: it is pending, paused or disconnected.
    """
    state = state_of(connection)
    if state.token_kept:
        return
    error = RefreshTokenError if connection.status == Status.NEEDS_AUTHORIZATION else ConnectionNotReadyError
    reason = f"{state.happened} {state.person_does}"
    raise error(_("%(connection)s: %(reason)s", connection=connection, reason=reason))


def set_status(connection: Connection, to: str, *, reason: str = "", only_from: Collection[str] = ()) -> bool:
    """Set the status; of several processes that try, one makes the change and sends `connection_changed`.

    Args:
        connection: brought up to date when the change is made.
        reason: one sentence for a person.
        only_from: change only from these; empty: from any other.

    Returns:
        True if this call made the change.

    Raises:
        TransientError: somebody's transaction has the row locked.
    """
    for _attempt in range(_TRIES):
        rows = written(Connection).filter(pk=connection.pk)
        old = rows.values_list("status", flat=True).first()
        if old is None or not (changes := status_columns(old, to, reason=reason, only_from=only_from)):
            return False
        # Only from what was seen: where somebody else was faster, look again.
        if write(rows.filter(status=old), **changes):
            announce_written(connection, changes, old=old)
            return True
    return False


def write(rows: QuerySet[Any], **columns: Any) -> int:
    """Write to the row of a connection in the caller's own thread and transaction; return how many rows it was.

    Raises:
        TransientError: somebody's transaction has the row locked, for longer than may be waited.
    """

    def refusal() -> TransientError:
        return TransientError(
            _(
                "The connection's row is locked by an open database transaction, so what is to be noted there cannot "
                "be stored; try again later, and keep transactions that write to it short."
            ),
            retry_after=5,
        )

    return update_in_time(rows, refusal, **columns)


def status_columns(old: str, to: str, *, reason: str = "", only_from: Collection[str] = ()) -> dict[str, Any]:
    """Return the columns to write for a change of status; empty where it is none, or not allowed from there."""
    if old == to or (only_from and old not in only_from):
        return {}
    changes: dict[str, Any] = {"status": to, "status_reason": reason, "status_since": clock.now()}
    if to == Status.PAUSED:
        changes["status_before_pause"] = old
    if to == Status.HEALTHY:
        changes["last_alert_status"] = ""  # the next failure is another change, with a mail of its own
    return changes


def announce_written(connection: Connection, changes: Mapping[str, Any], *, old: str) -> None:
    """Bring an object up to date with what `status_columns` had written, and announce the change."""
    for name, value in changes.items():
        setattr(connection, name, value)
    announce(connection, old=old, new=changes["status"], reason=changes["status_reason"])


def announce(connection: Connection, *, old: str, new: str, reason: str) -> None:
    """Send `connection_changed` once the change is committed."""

    def send() -> None:
        connection_changed.send_robust(sender=Connection, connection=connection, old=old, new=new, reason=reason)

    on_commit(Connection, send, robust=True)

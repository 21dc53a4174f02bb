"""Throttling: the time for which a connection, or a whole registration, leaves the accounts server alone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from .. import clock
from ..db.aliases import atomic, written
from ..exceptions import BiginError, ClientCredentialsError, RateLimitError, TransientError
from ..models import Connection, RegistrationState
from ..text import sentence as _

# Zoho allows 10 token requests in 10 minutes for one grant (oauth.md section 8); two are left to people.
REQUESTS_AT_MOST = 8
REQUESTS_WINDOW = timedelta(minutes=10)

REGISTRATION_GRANTS = 3
REGISTRATION_WINDOW = timedelta(minutes=1)
REGISTRATION_REST = timedelta(minutes=10)


def rest_seconds(connection: Connection) -> float:
    """Return how long to wait before the next token request; 0 where there is no need."""
    until = [connection.next_attempt_at] if connection.next_attempt_at else []
    rows = written(RegistrationState).filter(
        registration_id=connection.registration_id, data_center=connection.data_center
    )
    until += [row.throttled_until for row in rows if row.throttled_until]
    now = clock.now()
    return max(((moment - now).total_seconds() for moment in until if moment > now), default=0.0)


def resting_error(connection: Connection, seconds: float) -> BiginError:
    """Make the error for a caller that needs a token while the connection rests and has none."""
    reason = connection.status_reason or _("The accounts server asked for fewer requests.")
    if connection.status == Connection.Status.MISCONFIGURED:
        return ClientCredentialsError(_("%(connection)s: %(reason)s", connection=connection, reason=reason))
    return TransientError(
        _(
            "%(connection)s: %(reason)s The next attempt is in %(seconds)s seconds.",
            connection=connection,
            reason=reason,
            seconds=f"{seconds:.0f}",
        ),
        retry_after=seconds,
    )


def count_request(connection: Connection, now: datetime) -> list[str]:
    """Return the moments of the last ten minutes' token requests, with one more.

    Raises:
        RateLimitError: there were as many as we allow ourselves; the row is not touched, and nothing may be sent.
    """
    recent = [at for at in map(datetime.fromisoformat, connection.token_requests) if at > now - REQUESTS_WINDOW]
    if len(recent) >= REQUESTS_AT_MOST:
        raise RateLimitError(
            _(
                "%(connection)s has made %(number)s token requests in ten minutes, and Zoho blocks a grant at ten.",
                connection=connection,
                number=len(recent),
            ),
            retry_after=(min(recent) + REQUESTS_WINDOW - now).total_seconds(),
        )
    return [at.isoformat() for at in (*recent, now)]


def note_throttled(connection: Connection) -> None:
    """Note that Zoho throttles a grant; from three of a registration within a minute on, all of its grants rest.

    The limit is then the registration's, not the grant's.
    """
    now = clock.now()
    key: dict[str, Any] = {"registration_id": connection.registration_id, "data_center": connection.data_center}
    written(RegistrationState).get_or_create(**key)
    with atomic(RegistrationState):
        # Locked: grants are throttled together, and each must see the others.
        state = written(RegistrationState).select_for_update().get(**key)
        recent = {
            grant: at
            for grant, at in state.recent_throttled
            if datetime.fromisoformat(at) > now - REGISTRATION_WINDOW and grant != connection.pk
        }
        recent[connection.pk] = now.isoformat()
        state.recent_throttled = list(recent.items())
        if len(recent) >= REGISTRATION_GRANTS:
            state.throttled_until = now + REGISTRATION_REST
        state.save(update_fields=("recent_throttled", "throttled_until"))

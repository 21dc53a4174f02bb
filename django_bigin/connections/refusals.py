"""The API's refusals of a token that the accounts server has just given.

Another token does not help against them, so few are asked for: the connection is degraded, the API is tried again with
growing pauses and the token that there is, and the first call that it answers brings the connection back.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from .. import clock
from ..db.aliases import written
from ..db.backoff import backoff_seconds
from ..exceptions import EncryptionError
from ..models import Connection
from ..text import sentence as _
from .states import Status, announce_written, status_columns, write
from .stored import fresh_token, read_connection

REFRESHES_AT_MOST = 3  # afterwards a token is only replaced when it is due
FIRST_REST_SECONDS, LONGEST_REST_SECONDS = 60.0, 600.0
REASON = _("Zoho's API refuses the access token that its accounts server has just given.")


def is_no_use_refreshing(connection: Connection) -> bool:
    """Tell whether the refused token is as good as the next one would be."""
    return connection.refused_count >= REFRESHES_AT_MOST and fresh_token(connection) is not None


def note_refused(connection_id: int, token: str) -> None:
    """Note that the API refuses a token although it was just given; of many that note it at once, one counts."""
    connection = read_connection(connection_id)
    with suppress(EncryptionError):
        if connection.access_token.reveal() != token:
            return
    old, count = connection.status, connection.refused_count + 1
    rest = backoff_seconds(count, first=FIRST_REST_SECONDS, longest=LONGEST_REST_SECONDS, jitter=False)
    changes = status_columns(old, Status.DEGRADED, reason=REASON, only_from=(Status.HEALTHY,))
    rows = written(Connection).filter(
        pk=connection_id, grant_version=connection.grant_version, status=old, refused_count=connection.refused_count
    )
    columns = {"refused_count": count, "next_attempt_at": clock.now() + timedelta(seconds=rest), **changes}
    if old == Status.DEGRADED:
        columns["status_reason"] = REASON
    if write(rows, **columns) and changes:
        announce_written(connection, changes, old=old)


def note_accepted(connection_id: int) -> None:
    """Note that the API takes the connection's token again."""
    rows = written(Connection).filter(pk=connection_id, refused_count__gt=0)
    while (connection := rows.first()) is not None:
        old = connection.status
        changes = status_columns(old, Status.HEALTHY, only_from=(Status.DEGRADED,))
        if write(rows.filter(status=old), refused_count=0, next_attempt_at=None, **changes):
            if changes:
                announce_written(connection, changes, old=old)
            return

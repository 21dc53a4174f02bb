"""The token in a connection's row: read it, and tell how long it may be used."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from .. import clock
from ..conf import settings
from ..db.aliases import written
from ..encryption.secret import Secret
from ..models import Connection

SERVES_SECONDS = 60  # a token that is valid for longer may still be used


@dataclass(frozen=True)
class AccessToken:
    """A token that may be sent to Zoho now.

    Attributes:
        doubted: the API has refused those before it, though they had just been given.
    """

    value: Secret = field(repr=False)
    expires_at: datetime
    doubted: bool = False

    @property
    def serves(self) -> bool:
        """True while it is valid for long enough to be used."""
        return _is_ahead(self.expires_at, SERVES_SECONDS)


def read_connection(connection_id: int) -> Connection:
    """Read a connection as it stands where it is written, with its registration."""
    connection: Connection = written(Connection).select_related("registration").get(pk=connection_id)
    return connection


def fresh_token(connection: Connection, *, refused: str = "") -> AccessToken | None:
    """Return the stored token if it is not due to be refreshed and is not the refused one.

    Of a misconfigured connection none is fresh: only a refresh tells whether a person has corrected what is wrong.
    """
    if connection.status == Connection.Status.MISCONFIGURED:
        return None
    return _stored_token(connection, refused, ahead_seconds=_margin_seconds(connection))


def serving_token(connection: Connection, *, refused: str = "") -> AccessToken | None:
    """Return the stored token if it is still valid, be it due or not, and is not the refused one."""
    return _stored_token(connection, refused, ahead_seconds=SERVES_SECONDS)


def refresh_at(connection: Connection, expires_at: datetime) -> datetime:
    """Return when a token is due: `BIGIN_REFRESH_MARGIN_SECONDS` ahead of its expiry, up to twice as much."""
    return expires_at - timedelta(seconds=_margin_seconds(connection))


def _stored_token(connection: Connection, refused: str, *, ahead_seconds: float) -> AccessToken | None:
    if connection.expires_at is None or not _is_ahead(connection.expires_at, ahead_seconds):
        return None
    if connection.refused_count and connection.next_attempt_at and _is_ahead(connection.next_attempt_at, 0):
        return None  # the API is left alone for a while
    value = connection.access_token.reveal()
    if not value or value == refused:
        return None
    return AccessToken(value=value, expires_at=connection.expires_at, doubted=connection.refused_count > 0)


def _is_ahead(moment: datetime, seconds: float) -> bool:
    return moment - timedelta(seconds=seconds) > clock.now()


def _margin_seconds(connection: Connection) -> float:
    """Return the margin plus a share of it that is fixed for the connection, so that many do not fall due at once."""
    margin = settings.BIGIN_REFRESH_MARGIN_SECONDS
    share = int.from_bytes(hashlib.sha256(connection.uuid.bytes).digest()[:4], "big") / 2**32
    return margin + margin * share

"""Secrets of a connection that cannot be read: the state that follows, at once and audited.

A key that is missing is a wrong setting: the connection is misconfigured, and heals once the key is back. A secret that
was changed, or moved here from another row, is nothing that the app did, and there is no telling what else was: the
connection stops until a person authorizes anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from .. import audit, clock
from ..db.aliases import written
from ..exceptions import DamagedSecretError, EncryptionError
from ..models import Connection
from .states import TOKEN_KEPT, Status, set_status, write
from .stored import read_connection

LOOK_AGAIN = timedelta(minutes=5)


@contextmanager
def noting_unreadable(connection_id: int) -> Iterator[None]:
    """Note in a connection's row that its secrets cannot be read, where that stops what is done inside."""
    try:
        yield
    except EncryptionError as error:
        _note(read_connection(connection_id), error)
        raise


def _note(connection: Connection, error: EncryptionError) -> None:
    damaged = isinstance(error, DamagedSecretError)
    now = clock.now()
    columns: dict[str, Any] = {"refresh_at": now, "next_attempt_at": now + LOOK_AGAIN}
    if damaged:
        columns = {"refresh_at": None, "next_attempt_at": None}
    # What is stored stays as it is: a backup or a key may bring it back.
    rows = written(Connection).filter(pk=connection.pk, grant_version=connection.grant_version)
    write(rows.filter(status__in=TOKEN_KEPT), **columns)
    to = Status.NEEDS_AUTHORIZATION if damaged else Status.MISCONFIGURED
    if set_status(connection, to, reason=error.message, only_from=TOKEN_KEPT):
        audit.record("secret unreadable", connection, detail=error.message)

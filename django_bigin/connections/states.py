"""Moving a connection from one status to another: said once, to the row and to whoever listens."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db import transaction

from .. import clock
from ..models import Connection
from ..signals import connection_changed

Status = Connection.Status
WORKING = (Status.HEALTHY, Status.DEGRADED, Status.MISCONFIGURED)
"""Neither waiting for a person nor switched off by one."""
TRIES = 10


def move(connection: Connection, to: str, *, reason: str = "", only_from: Collection[str] = ()) -> bool:
    """Set the status; whoever makes the change, and no other, sends `connection_changed`.

    Args:
        connection: brought up to date when the change is made.
        reason: one sentence for a person.
        only_from: change only from these; empty: from any other.

    Returns:
        Whether this call made the change.
    """
    for _ in range(TRIES):
        rows = Connection.objects.filter(pk=connection.pk)
        old = rows.values_list("status", flat=True).first()
        if old is None or old == to or (only_from and old not in only_from):
            return False
        changes = _changes(old, to, reason)
        # Only from what was seen: where somebody else was faster, look again.
        if rows.filter(status=old).update(**changes):
            for name, value in changes.items():
                setattr(connection, name, value)
            announce(connection, old=old, new=to, reason=reason)
            return True
    return False


def _changes(old: str, to: str, reason: str) -> dict[str, Any]:
    changes: dict[str, Any] = {"status": to, "status_reason": reason, "status_since": clock.now()}
    if to == Status.PAUSED:
        changes["status_before_pause"] = old
    if to == Status.HEALTHY:
        changes["last_alert_status"] = ""  # the next time it fails is another change, with a mail of its own
    return changes


def announce(connection: Connection, *, old: str, new: str, reason: str) -> None:
    """Send `connection_changed` once the change is committed."""
    transaction.on_commit(
        lambda: connection_changed.send_robust(
            sender=Connection, connection=connection, old=old, new=new, reason=reason
        ),
        robust=True,
    )

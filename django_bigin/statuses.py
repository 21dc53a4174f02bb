"""Moving a connection from one status to another: said once, to the row and to whoever listens."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db import transaction

from . import clock
from .models import Connection
from .signals import connection_changed

Status = Connection.Status


def move(connection: Connection, to: str, *, reason: str = "", only_from: Collection[str] = ()) -> bool:
    """Set the status; whoever makes the change, and no other, sends `connection_changed`.

    Args:
        connection: brought up to date when the change is made.
        reason: one sentence for a person.
        only_from: change only from these; empty: from any other.

    Returns:
        Whether this call made the change.
    """
    for old in only_from or [status for status in Status.values if status != to]:
        rows = Connection.objects.filter(pk=connection.pk, status=old)
        if old != to and rows.update(**_changes(to, reason)):
            connection.status, connection.status_reason = to, reason
            announce(connection, old=old, new=to, reason=reason)
            return True
    return False


def _changes(to: str, reason: str) -> dict[str, Any]:
    changes: dict[str, Any] = {"status": to, "status_reason": reason, "status_since": clock.now()}
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

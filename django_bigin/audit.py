"""The audit: one event for each act that a person may later ask about."""

from __future__ import annotations

from . import clock
from .models import AuditEvent, Connection


def record(action: str, connection: Connection, *, actor: str = "", detail: str = "") -> None:
    """Add an event, copied as text so that it outlives what it names. No secret belongs in `detail`."""
    AuditEvent.objects.create(
        action=action,
        at=clock.now(),
        actor=actor[:150],
        tenant=str(connection.tenant)[:200],
        tenant_key=str(connection.tenant_id),
        connection=str(connection)[:300],
        connection_key=str(connection.pk or ""),
        detail=detail,
    )

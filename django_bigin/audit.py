"""The audit: one event for each act that a person may later ask about."""

from __future__ import annotations

import hashlib
from typing import Any

from . import clock
from .db.aliases import written
from .models import AuditEvent, Connection
from .models.audit import KEY_LENGTH


def record(action: str, connection: Connection, *, actor: str = "", detail: str = "") -> None:
    """Add an event, copied as text so that it outlives what it names. No secret belongs in `detail`."""
    written(AuditEvent).create(
        action=action,
        at=clock.now(),
        actor=actor[:150],
        tenant=str(connection.tenant)[:200],
        tenant_key=key_of(connection.tenant_id),
        connection=str(connection)[:300],
        connection_key=str(connection.pk or ""),
        detail=detail,
    )


def key_of(tenant_key: Any) -> str:
    """Return a tenant's primary key as the audit holds it: as text, and of one that is too long its SHA-256."""
    key = "" if tenant_key is None else str(tenant_key)
    return key if len(key) <= KEY_LENGTH else f"sha256:{hashlib.sha256(key.encode()).hexdigest()}"

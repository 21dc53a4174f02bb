"""The lease on a module: one process at a time works on it, and each page it stores shows that it still holds it.

What is stored also shows that the connection is still at work: a pause or a disconnect stops a sync between two pages.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import Q

from .. import clock
from ..connections import states
from ..connections.states import require_connected
from ..exceptions import LeaseLostError
from ..models import Connection, ModuleSync

LEASE_SECONDS = 120  # longer than the calls and the storing of one page


def claim(module_sync_id: int) -> str | None:
    """Become the one who works on a module, by the database's clock. None where another does."""
    return _claim(module_sync_id)


def claim_due(module_sync_id: int) -> str | None:
    """Become the one who works on a module if it is due and may be worked on; in one statement, unread."""
    usable = Connection.objects.filter(status__in=states.USABLE)
    due = Q(next_run_at=None) | Q(next_run_at__lte=clock.now())
    return _claim(module_sync_id, due, enabled=True, unavailable_reason="", connection__in=usable)


def _claim(module_sync_id: int, *conditions: Q, **more: Any) -> str | None:
    lease_id = str(uuid.uuid4())
    free = Q(lease_until=None) | Q(lease_until__lt=clock.DatabaseNow())
    claimed = ModuleSync.objects.filter(free, *conditions, pk=module_sync_id, **more).update(
        lease_id=lease_id, lease_until=clock.database_in(LEASE_SECONDS)
    )
    return lease_id if claimed else None


def move(progress: ModuleSync, lease_id: str, *, release: bool = False, **changes: Any) -> None:
    """Write progress under the lease and prolong it, or give it back.

    Raises:
        LeaseLostError: the lease is another's; inside a transaction, all of it must go.
        AuthorizationError: the connection was paused or disconnected meanwhile; likewise. It may still be given back.
    """
    held = ModuleSync.objects.filter(pk=progress.pk, lease_id=lease_id)
    if release:
        done = held.update(lease_id="", lease_until=None, **changes)
    else:
        working = Connection.objects.filter(pk=progress.connection_id, status__in=states.WORKING)
        done = held.filter(connection__in=working).update(lease_until=clock.database_in(LEASE_SECONDS), **changes)
    if not done:
        if not release:
            require_connected(Connection.objects.get(pk=progress.connection_id))
        raise LeaseLostError(f"Another process took over the sync of {progress.module}; nothing is lost.")
    for name, value in changes.items():
        if not hasattr(value, "resolve_expression"):
            setattr(progress, name, value)

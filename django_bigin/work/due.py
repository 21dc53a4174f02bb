"""Rows that are due, of each kind of work, the most urgent first.

Whether one is reserved already is not asked here: that is the scheduler's, the same for every kind.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from .. import clock
from ..conf import settings
from ..connections import states
from ..db import leases
from ..db.aliases import written
from ..models import Connection, Job, ModuleSync

Status = Connection.Status


def jobs() -> QuerySet[Any]:
    """Return the jobs that wait for a worker, those of a dead worker among them."""
    unfinished = written(Job).filter(leases.free(), state__in=Job.UNFINISHED)
    return unfinished.order_by("-priority", "requested_at", "pk")


def refreshes() -> QuerySet[Any]:
    """Return the connections whose token is to be refreshed."""
    now = clock.now()
    rested = Q(next_attempt_at=None) | Q(next_attempt_at__lte=now)
    kept = written(Connection).filter(rested, refresh_at__lte=now, status__in=states.TOKEN_KEPT)
    return kept.order_by("refresh_at", "pk")


def metadata() -> QuerySet[Any]:
    """Return the connections whose modules and fields are to be read."""
    due = Q(metadata_at=None) | Q(metadata_at__lte=clock.now())
    return written(Connection).filter(due, status__in=states.SYNCABLE).order_by("metadata_at", "pk")


def revocations() -> QuerySet[Any]:
    """Return the connections whose grant is to be revoked: disconnected without it, or not confirmed in time."""
    now = clock.now()
    rested = Q(next_attempt_at=None) | Q(next_attempt_at__lte=now)
    unrevoked = Q(status=Status.DISCONNECTED) & ~Q(refresh_token="")
    unconfirmed = Q(status=Status.PENDING, confirm_until__lte=now)
    left = written(Connection).filter((unrevoked & rested) | unconfirmed)
    return left.order_by("next_attempt_at", "pk")


def modules() -> QuerySet[Any]:
    """Return the modules that are to be synced."""
    due = Q(next_run_at=None) | Q(next_run_at__lte=clock.now())
    mirrored = written(ModuleSync).filter(due, enabled=True, unavailable_reason="", module__in=settings.BIGIN_MODULES)
    syncable = mirrored.filter(connection__status__in=states.SYNCABLE, connection__metadata_at__isnull=False)
    return syncable.order_by("next_run_at", "pk")

"""Chores of the tick: what is to be looked after and needs no worker. None of them calls Zoho."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from .. import clock
from ..conf import settings
from ..connections import authorize
from ..credits.account import note_all
from ..db.aliases import written
from ..models import CreditAccount, CreditUse, Heartbeat, Job, RegistrationState
from . import heartbeats

logger = logging.getLogger(__name__)

TRIM_EVERY = timedelta(hours=1)
SILENT_FOR = timedelta(days=1)
CREDITS_KEPT_FOR = timedelta(days=1, hours=1)

Chore = Callable[[], Any]


def register(chore: Chore) -> None:
    """Let each tick do a chore of a higher layer as well."""
    if chore not in _CHORES:
        _CHORES.append(chore)


def unregister(chore: Chore) -> None:
    """Take back what was registered."""
    _CHORES.remove(chore)


def run_chores() -> list[str]:
    """Do every chore; one that fails is logged, and keeps none of the others from being done.

    Returns:
        The names of those that failed.
    """
    failed = []
    for chore in _CHORES:
        try:
            chore()
        except Exception:
            logger.exception("The chore %s failed; the next tick tries again.", chore.__name__)
            failed.append(chore.__name__)
    return failed


def trim() -> None:
    """Delete what is kept for a time only; once an hour is enough."""
    now = clock.now()
    last = written(Heartbeat).filter(name=heartbeats.TRIM).values_list("seen_at", flat=True).first()
    if last is not None and last > now - TRIM_EVERY:
        return
    heartbeats.beat(heartbeats.TRIM, kind=heartbeats.TICK)
    authorize.trim_attempts()
    written(Job).filter(finished_at__lt=now - settings.job_retention).delete()
    written(CreditUse).filter(minute__lt=now - CREDITS_KEPT_FOR).delete()
    written(CreditAccount).filter(window__lte=0, noted_at__lt=now - TRIM_EVERY, refused_until=None).delete()
    written(CreditAccount).filter(window__lte=0, refused_until__lt=now - CREDITS_KEPT_FOR).delete()
    written(Heartbeat).filter(seen_at__lt=now - SILENT_FOR).delete()
    written(RegistrationState).filter(throttled_until__lt=now).update(throttled_until=None)


_CHORES: list[Chore] = [note_all, trim]

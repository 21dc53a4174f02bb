"""Signs of life of the tick and of the workers."""

from __future__ import annotations

import os
import socket
from datetime import datetime

from django.db.models import Max

from .. import clock
from ..db.aliases import written
from ..models import Heartbeat

TICK = "tick"
TRIM = "trim"  # not a sign of life: when the tick last deleted what is kept for a time only


def beat(name: str, *, kind: str) -> None:
    """Note that a worker, or the tick, is alive."""
    seen = {"kind": kind[:16], "seen_at": clock.now()}
    # Not update_or_create(): it locks what is not there yet, and ticks at once would deadlock on MariaDB.
    if not written(Heartbeat).filter(name=name[:200]).update(**seen):
        written(Heartbeat).bulk_create([Heartbeat(name=name[:200], **seen)], ignore_conflicts=True)


def beat_as_worker(kind: str) -> None:
    """Note that this process does work of a kind."""
    beat(f"{socket.gethostname()}:{os.getpid()}", kind=kind)


def last_seen() -> dict[str, datetime]:
    """Return when each kind was last seen: `tick`, and the kinds of work that workers have done."""
    latest = Heartbeat.objects.exclude(name=TRIM).order_by().values_list("kind").annotate(Max("seen_at"))
    return dict(latest)

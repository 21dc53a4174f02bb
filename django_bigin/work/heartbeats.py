"""Signs of life of the tick and of the workers."""

from __future__ import annotations

import os
import socket
from datetime import timedelta

from .. import clock
from ..db.aliases import written
from ..models import Heartbeat

TICK = "tick"


def beat(name: str, *, kind: str) -> None:
    """Note that a worker, or the tick, is alive."""
    seen = {"kind": kind[:16], "seen_at": clock.now()}
    # Not update_or_create(): it locks what is not there yet, and ticks at once would deadlock on MariaDB.
    if not written(Heartbeat).filter(name=name[:200]).update(**seen):
        written(Heartbeat).bulk_create([Heartbeat(name=name[:200], **seen)], ignore_conflicts=True)


def beat_as_worker(kind: str) -> None:
    """Note that this process does work of a kind."""
    beat(f"{socket.gethostname()}:{os.getpid()}", kind=kind)


def unseen_for(kind: str) -> timedelta | None:
    """Return for how long no worker of a kind has been seen; None where none ever was."""
    latest = Heartbeat.objects.filter(kind=kind).order_by("-seen_at").values_list("seen_at", flat=True).first()
    return None if latest is None else clock.now() - latest

"""Signs of life of the tick and of the workers."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable
from datetime import datetime

from django.db.models import Max

from .. import clock
from ..db.aliases import written
from ..models import Heartbeat

TICK = "tick"
TRIM = "trim"  # not a sign of life: when the tick last deleted what is kept for a time only

_IN_TICK = " bigin_tick"


def beat(name: str, *, kind: str) -> None:
    """Note that a worker, or the tick, is alive."""
    who = {"name": name[:200], "kind": kind[:16]}
    # Not update_or_create(): it locks what is not there yet, and ticks at once would deadlock on MariaDB.
    if not written(Heartbeat).filter(**who).update(seen_at=clock.now()):
        written(Heartbeat).bulk_create([Heartbeat(**who, seen_at=clock.now())], ignore_conflicts=True)


def beat_as_worker(kind: str, *, in_tick: bool = False) -> None:
    """Note that this process does work of a kind.

    Args:
        in_tick: it does what its own tick handed out, and takes nothing from a queue.
    """
    beat(f"{socket.gethostname()}:{os.getpid()}{_IN_TICK if in_tick else ''}", kind=kind)


def worker_last_seen(kinds: Iterable[str]) -> datetime | None:
    """Return when a worker that takes work from a queue last did work of one of these kinds; None where none has."""
    workers = written(Heartbeat).filter(kind__in=list(kinds)).exclude(name__endswith=_IN_TICK)
    seen: datetime | None = workers.aggregate(latest=Max("seen_at"))["latest"]
    return seen


def last_seen() -> dict[str, datetime]:
    """Return when each kind was last seen: `tick`, and the kinds of work that workers have done."""
    latest = Heartbeat.objects.exclude(name=TRIM).order_by().values_list("kind").annotate(Max("seen_at"))
    return dict(latest)

"""Signs of life of the tick and of the workers."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max

from .. import clock
from ..db.aliases import written
from ..db.apart import scope_of
from ..models import Heartbeat

TICK = "tick"
TRIM = "trim"  # not a sign of life: when the tick last deleted what is kept for a time only

BEAT_AGAIN_AFTER = timedelta(seconds=10)

_IN_TICK = " bigin_tick"
_beaten: dict[tuple[Any, ...], datetime] = {}


def beat(name: str, *, kind: str) -> None:
    """Note that a worker, or the tick, is alive."""
    who = {"name": name[:200], "kind": kind[:16]}
    # Not update_or_create(): it locks what is not there yet, and ticks at once would deadlock on MariaDB.
    if not written(Heartbeat).filter(**who).update(seen_at=clock.now()):
        written(Heartbeat).bulk_create([Heartbeat(**who, seen_at=clock.now())], ignore_conflicts=True)


def beat_as_worker(kind: str, *, in_tick: bool = False) -> None:
    """Note that this process does work of a kind; in the table once in a while, as a beat costs as much as a claim.

    Args:
        in_tick: it does what its own tick handed out, and takes nothing from a queue.
    """
    name = f"{socket.gethostname()}:{os.getpid()}{_IN_TICK if in_tick else ''}"
    what, now = (scope_of(Heartbeat), name, kind), clock.now()
    last = _beaten.get(what)
    if last is None or abs(now - last) >= BEAT_AGAIN_AFTER:
        beat(name, kind=kind)
        _beaten[what] = now


def forget() -> None:
    """Forget what this process has noted, as after a change of databases in a test."""
    _beaten.clear()


def worker_last_seen(kinds: Iterable[str]) -> datetime | None:
    """Return when a worker that takes work from a queue last did work of one of these kinds; None where none has."""
    workers = written(Heartbeat).filter(kind__in=list(kinds)).exclude(name__endswith=_IN_TICK)
    seen: datetime | None = workers.aggregate(latest=Max("seen_at"))["latest"]
    return seen


def last_seen() -> dict[str, datetime]:
    """Return when each kind was last seen: `tick`, and the kinds of work that workers have done."""
    latest = Heartbeat.objects.exclude(name=TRIM).order_by().values_list("kind").annotate(Max("seen_at"))
    return dict(latest)

"""The use case behind every button: write a job for each connection, and wake a worker or run it at once."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied

from .. import clock
from ..conf import settings
from ..db.aliases import atomic, on_commit, reread
from ..models import Connection, Job
from ..policy import access_policy
from ..text import moment
from ..text import sentence as _
from . import heartbeats, jobs, scheduler
from .kinds import JOB, KINDS
from .scheduler import BrokerDown, Waker

SILENT_AFTER = timedelta(minutes=20)  # the modules of a free edition are due every quarter of an hour
NO_CELERY = _("this site works without Celery")

_KINDS_OF_QUEUE = [kind.short_name for kind in KINDS.values() if kind.queue_setting == KINDS[JOB].queue_setting]


@dataclass
class RequestOutcome:
    """The outcome of a request, for whoever made it. Inside a transaction it is filled once that is committed.

    Attributes:
        batch: what its new jobs have in common.
        queued: jobs that a worker was told of.
        stored: jobs that stay due until the next tick, because no worker could be woken.
        why_stored: the reason for that.
        outlook: a sentence on when those that are queued or stored are done, from what was last seen; "" where a worker
            was seen lately, so that it is now.
        queued_before: jobs that had been requested already and are unfinished.
        done: jobs that were run at once.
    """

    batch: uuid.UUID = field(default_factory=uuid.uuid4)
    queued: list[Job] = field(default_factory=list)
    stored: list[Job] = field(default_factory=list)
    why_stored: str = ""
    outlook: str = ""
    queued_before: list[Job] = field(default_factory=list)
    done: list[Job] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """Tell whether the transaction around the request is still to be committed."""
        return not (self.queued or self.stored or self.queued_before or self.done)


def set_waker(waker: Waker) -> Waker:
    """Say how a worker is woken; returns how it was done before."""
    global _waker
    before, _waker = _waker, waker
    return before


def request(kind: str, connections: Iterable[Connection], *, user: Any = None, actor: str = "") -> RequestOutcome:
    """Write a job for each connection, and wake a worker or run it, once it is committed.

    Args:
        user: who requests it, a row of the site's users.
        actor: their name, where there is no such row.
    """
    outcome = RequestOutcome()
    with atomic(Job):
        # In one order, whatever the caller's: two requests for the same connections would lock each other out.
        ordered = sorted(connections, key=lambda connection: connection.pk)
        requested = [_ensure_job(kind, connection, outcome, user, actor) for connection in ordered]
    if jobs.SPECS[kind].at_once:
        outcome.done = [_run(job) for job in requested]
    else:
        on_commit(Job, lambda: _wake(requested, outcome))
    return outcome


def request_verification(
    connections: Iterable[Connection], *, repair: bool = False, user: Any = None, actor: str = ""
) -> RequestOutcome:
    """Let a worker verify the mirror of each connection, as the admin's action does: a job each, with its report.

    Args:
        repair: mend what differs.
        user: who requests it; the access policy must let them sync each of the connections.
        actor: their name, where nobody of the site's users requests it, such as a schedule.

    Raises:
        PermissionDenied: the person may not, and nothing was requested.
    """
    chosen = list(connections)
    if user is not None and not all(access_policy().may(user, "sync", each.tenant) for each in chosen):
        raise PermissionDenied
    return request(Job.Kind.REPAIR if repair else Job.Kind.VERIFY, chosen, user=user, actor=actor)


def _ensure_job(kind: str, connection: Connection, outcome: RequestOutcome, user: Any, actor: str) -> Job:
    job = jobs.ensure_job(kind, connection, user=user, actor=actor, batch=outcome.batch)
    job.connection = connection  # it is named in the answer; not to be read again for each
    return job


def _run(job: Job) -> Job:
    done = jobs.run(job.pk)
    if done is None:  # another process was faster
        reread(job)
    return done or job


def _wake(requested: list[Job], outcome: RequestOutcome) -> None:
    """Wake a worker for each. After the first that the broker does not take, the others wait for the tick as well."""
    seen = heartbeats.worker_last_seen(_KINDS_OF_QUEUE)
    silent = seen is None or seen < clock.now() - _patience()
    if not settings.BIGIN_CELERY:
        outcome.why_stored = NO_CELERY
    for job in requested:
        if not outcome.why_stored:
            try:
                # Where a tick was faster, it is on its way as well.
                if scheduler.hand_out(KINDS[JOB], job.pk, _waker) and silent:
                    # Should nobody take the message, the next tick is not to wait until it has expired.
                    scheduler.give_back(KINDS[JOB], job.pk)
            except BrokerDown as error:
                outcome.why_stored = str(error)
        if outcome.why_stored:
            outcome.stored.append(job)
        else:
            (outcome.queued if job.batch == outcome.batch else outcome.queued_before).append(job)
    if outcome.why_stored or silent:
        outcome.outlook = _outlook(seen, queued=not outcome.why_stored)


def _outlook(worker_seen: datetime | None, *, queued: bool) -> str:
    """Say when a request is done for which no worker is known to be there."""
    tick = heartbeats.last_seen().get(heartbeats.TICK)
    sentences = []
    if queued:
        queue = KINDS[JOB].queue
        sentences.append(
            _("No worker of %(queue)s was seen since %(moment)s.", queue=queue, moment=moment(worker_seen))
            if worker_seen
            else _("No worker of %(queue)s was seen yet.", queue=queue)
        )
    if tick is None:
        sentences.append(
            _("It waits for a tick, and none was seen yet: start beat and a worker, or bigin_tick.")
            if settings.BIGIN_CELERY
            else _("It waits for a tick, and none was seen yet: start bigin_tick.")
        )
    else:
        sentences.append(_("The next tick sees to it; the last one was at %(moment)s.", moment=moment(tick)))
    return " ".join(sentences)


def _patience() -> timedelta:
    """Return how long a worker may be silent because nothing was due."""
    return max(SILENT_AFTER, timedelta(seconds=2 * (settings.BIGIN_SYNC_INTERVAL_SECONDS or 0)))


def _wake_nobody(kind: str, row_id: int) -> None:
    raise BrokerDown(_("no message broker is set up"))


_waker: Waker = _wake_nobody

"""The use case behind every button: write a job for each connection, and wake a worker or run it at once."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ..db.aliases import atomic, on_commit, reread
from ..models import Connection, Job
from . import jobs, scheduler
from .kinds import JOB, KINDS
from .scheduler import BrokerDown, Waker


@dataclass
class RequestOutcome:
    """The outcome of a request, for whoever made it. Inside a transaction it is filled once that is committed.

    Attributes:
        batch: what its new jobs have in common.
        queued: jobs that a worker was told of.
        stored: jobs that stay due until the next tick, because no worker could be woken.
        why_stored: the reason for that.
        queued_before: jobs that had been requested already and are unfinished.
        done: jobs that were run at once.
    """

    batch: uuid.UUID = field(default_factory=uuid.uuid4)
    queued: list[Job] = field(default_factory=list)
    stored: list[Job] = field(default_factory=list)
    why_stored: str = ""
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
    for job in requested:
        if not outcome.why_stored:
            try:
                scheduler.hand_out(KINDS[JOB], job.pk, _waker)  # where a tick was faster, it is on its way as well
            except BrokerDown as error:
                outcome.why_stored = str(error)
        if outcome.why_stored:
            outcome.stored.append(job)
        else:
            (outcome.queued if job.batch == outcome.batch else outcome.queued_before).append(job)


def _wake_nobody(kind: str, row_id: int) -> None:
    raise BrokerDown("no message broker is set up")


_waker: Waker = _wake_nobody

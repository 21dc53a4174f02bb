"""What people ask for: each a row, so that it survives a broker that is down and a worker that dies.

A job is run in slices under a lease. Running one twice is harmless: the second finds the lease taken or the job done.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Q

from .. import clock
from ..connections import lifecycle, tokens
from ..exceptions import BiginError
from ..models import Connection, Job, ModuleSync
from ..sync import ModuleResult, Options, sync_connection
from ..sync.plan import ensure_modules

SLICE_SECONDS = 60.0
LEASE_SECONDS = 300  # a slice, and the wait for the token before it
TRIES_AT_MOST = 5

Kind, State = Job.Kind, Job.State

UNFINISHED = (State.WAITING, State.RUNNING)

KEPT = ("details", "progress", "created", "updated", "deleted", "quarantined", "calls", "credits")
"""What a job comes to, bit by bit."""


def ask(
    kind: str,
    connection: Connection,
    *,
    user: Any = None,
    actor: str = "",
    batch: uuid.UUID | None = None,
    module: str = "",
) -> Job:
    """Write down that something is wanted. The same thing asked for twice is one job, as long as it is not done."""
    with transaction.atomic():
        # Two people who ask at the same moment queue up here.
        Connection.objects.select_for_update().get(pk=connection.pk)
        same = Job.objects.filter(kind=kind, connection=connection, module=module, state__in=UNFINISHED).first()
        return same or Job.objects.create(
            kind=kind,
            connection=connection,
            module=module,
            batch=batch,
            asked_by=user,
            asked_by_name=(actor or str(user or ""))[:150],
            priority=1,
            asked_at=clock.now(),
        )


def run(job_id: int, *, slice_seconds: float = SLICE_SECONDS) -> Job | None:
    """Run a job, or go on with it, for about so long. None where it is done, gone, or another process has it."""
    job = _claim(job_id)
    if job is None:
        return None
    started = time.monotonic()
    try:
        finished = _WORK[Kind(job.kind)](job, slice_seconds)
    except BiginError as error:
        _close(job, started, State.FAILED, error=str(error))
    except BaseException:
        # Not ours to judge; the lease runs out and another worker tries, so many times.
        _close(job, started, State.WAITING if job.tries < TRIES_AT_MOST else State.FAILED, error="It was interrupted.")
        raise
    else:
        _close(job, started, _outcome(job) if finished else State.WAITING)
    return job


def record_job(connection: Connection, result: ModuleResult, *, full: bool, actor: str) -> None:
    """Keep the result of a module's sync that no job asked for."""
    now = clock.now()
    Job.objects.create(
        kind=Kind.FULL_SYNC if full else Kind.SYNC,
        connection=connection,
        module=result.module,
        asked_by_name=actor[:150],
        state=State.FAILED if result.error else State.DONE,
        created=result.created,
        updated=result.updated,
        deleted=result.deleted,
        quarantined=result.quarantined,
        calls=result.calls,
        credits=result.credits,
        seconds=result.seconds,
        result="" if result.finished else "The time was up; the next run goes on.",
        error=result.error,
        asked_at=now,
        started_at=now,
        finished_at=now,
    )


def due_jobs(limit: int) -> list[int]:
    """Ids of the jobs that wait for a worker, the most urgent first; those of a dead worker among them."""
    now = clock.DatabaseNow()
    dead = Q(state=State.RUNNING, lease_until__lt=now)
    queued = Q(queued_until__gt=now)
    rows = Job.objects.filter(Q(state=State.WAITING) | dead).exclude(queued)
    return list(rows.order_by("-priority", "asked_at", "pk").values_list("pk", flat=True)[:limit])


# How it is done


def _claim(job_id: int) -> Job | None:
    lease_id = str(uuid.uuid4())
    free = Q(state=State.WAITING) | Q(state=State.RUNNING, lease_until__lt=clock.DatabaseNow())
    claimed = Job.objects.filter(free, pk=job_id).update(
        state=State.RUNNING, lease_id=lease_id, lease_until=clock.database_in(LEASE_SECONDS)
    )
    if not claimed:
        return None
    job = Job.objects.select_related("connection__tenant", "connection__registration").get(pk=job_id)
    job.tries += 1
    job.started_at = job.started_at or clock.now()
    Job.objects.filter(pk=job_id).update(tries=job.tries, started_at=job.started_at)
    return job


def _keep(job: Job) -> bool:
    """Store what the job has come to so far, for whoever looks, or goes on after this process has died."""
    held = Job.objects.filter(pk=job.pk, lease_id=job.lease_id)
    return bool(held.update(lease_until=clock.database_in(LEASE_SECONDS), **_kept(job)))


def _kept(job: Job) -> dict[str, Any]:
    return {name: getattr(job, name) for name in KEPT}


def _close(job: Job, started: float, state: str, *, error: str = "") -> None:
    job.state, job.error = state, error or job.error
    job.seconds = round(job.seconds + time.monotonic() - started, 3)
    done = state in (State.DONE, State.FAILED)
    Job.objects.filter(pk=job.pk, lease_id=job.lease_id).update(
        state=state,
        error=job.error,
        result=job.result,
        seconds=job.seconds,
        **_kept(job),
        finished_at=clock.now() if done else None,
        lease_id="",
        lease_until=None,
        queued_until=None,
    )


def _outcome(job: Job) -> str:
    return State.FAILED if job.error else State.DONE


def _refresh(job: Job, slice_seconds: float) -> bool:
    token = tokens.refresh_now(job.connection_id)
    job.result = f"A new token, good until {token.expires_at:%H:%M} UTC."
    return True


def _disconnect(job: Job, slice_seconds: float) -> bool:
    outcome = lifecycle.disconnect(job.connection, actor=job.asked_by_name)
    job.result = outcome.detail
    return True


def _pause(job: Job, slice_seconds: float) -> bool:
    done = lifecycle.pause(job.connection, actor=job.asked_by_name)
    job.result = "Paused." if done else "There was nothing to pause."
    return True


def _resume(job: Job, slice_seconds: float) -> bool:
    done = lifecycle.resume(job.connection, actor=job.asked_by_name)
    job.result = "Resumed." if done else "It was not paused."
    return True


def _sync(job: Job, slice_seconds: float) -> bool:
    """Sync what this job has not finished yet; a slice that runs out of time leaves the rest to the next."""
    full = job.kind == Kind.FULL_SYNC
    rows = [row for row in ensure_modules(job.connection) if not job.module or row.module == job.module]
    if full and not job.details:
        # Asked for once: the later slices go on with these walks instead of beginning them again.
        ModuleSync.objects.filter(pk__in=[row.pk for row in rows]).update(full_requested=True)
    names = [row.module for row in rows if row.module not in job.details]
    ends_at = time.monotonic() + slice_seconds
    for name in names:
        left = ends_at - time.monotonic()
        if left <= 0:
            break
        [result] = sync_connection(job.connection, modules=[name], options=Options(deadline_seconds=left))
        _add(job, result)
        job.progress = f"{len(job.details)} of {len(rows)} modules"
        if not _keep(job):
            return False  # the lease ran out, and another process goes on
    job.result = _sentence(job.details.values())
    job.error = " ".join(entry["error"] for entry in job.details.values() if entry["error"])
    return len(job.details) == len(rows)


def _add(job: Job, result: ModuleResult) -> None:
    job.created += result.created
    job.updated += result.updated
    job.deleted += result.deleted
    job.quarantined += result.quarantined
    job.calls += result.calls
    job.credits += result.credits
    if result.finished or result.error or result.skipped:
        job.details[result.module] = result.as_dict()


def _sentence(results: Iterable[dict[str, Any]]) -> str:
    entries = list(results)
    counts = {name: sum(entry[name] for entry in entries) for name in ("created", "updated", "deleted")}
    skipped = [entry["module"] for entry in entries if entry["skipped"]]
    sentence = f"{counts['created']:,} new, {counts['updated']:,} changed, {counts['deleted']:,} deleted."
    return f"{sentence} Left out: {', '.join(skipped)}." if skipped else sentence


_WORK = {
    Kind.REFRESH: _refresh,
    Kind.SYNC: _sync,
    Kind.FULL_SYNC: _sync,
    Kind.PAUSE: _pause,
    Kind.RESUME: _resume,
    Kind.DISCONNECT: _disconnect,
}

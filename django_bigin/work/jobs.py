"""Jobs: what people request, each a row, so that it survives a broker that is down and a worker that dies.

A job is run in slices under a lease. Running one twice is harmless: the second finds the lease taken or the job done.
A sync that no job requested leaves one as well, which is finished when it is written: the record of its result.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import DateTimeField, F, Value
from django.db.models.functions import Coalesce

from .. import clock
from ..connections import lifecycle, states, tokens
from ..db import leases
from ..db.aliases import atomic, written
from ..exceptions import BiginError, LeaseLostError
from ..models import Connection, Job, ModuleSync
from ..models.fields import is_stored
from ..sync import ModuleResult, Options, sync_connection
from ..sync.plan import ensure_modules
from ..sync.results import ANOTHER_WORKS
from ..text import sentence as _
from . import verifications

SLICE_SECONDS = 60.0
LEASE_SECONDS = 300
"""It is extended after every module. In between there may be a wait for the token (90 s), a slice (60 s), the call that
is under way at its end (45 s), and what a module's end reads and stores whatever the time."""
TRIES_AT_MOST = 5  # in a row, without a result

Kind, State, Status = Job.Kind, Job.State, Connection.Status

COUNTS = ("created", "updated", "deleted", "quarantined", "calls", "credits")
"""The columns of a job that add up those of its modules' results."""
PROGRESS_COLUMNS = ("details", "progress", *COUNTS)
"""The columns of a job's result so far."""


@dataclass(frozen=True)
class JobSpec:
    """The description of one kind of job.

    Attributes:
        run: works on a job for about so many seconds, and notes its result in it; True when it is done, LeaseLostError
            where another process has taken the job over.
        statuses: of the connections that it makes sense for.
        at_once: it needs no network, so no worker.
    """

    run: Callable[[Job, float], bool]
    statuses: frozenset[str]
    at_once: bool = False


def makes_sense(kind: str, connection: Connection) -> bool:
    """Tell whether a kind of job makes sense for a connection as it is now."""
    if kind == Kind.DISCONNECT and connection.status == Status.DISCONNECTED:
        return is_stored(connection, "refresh_token")  # its grant could not be revoked the last time
    return connection.status in SPECS[kind].statuses


def ensure_job(
    kind: str,
    connection: Connection,
    *,
    user: Any = None,
    actor: str = "",
    batch: uuid.UUID | None = None,
    module: str = "",
) -> Job:
    """Write a job that is due. The same one requested twice is one job, as long as it is unfinished."""
    with atomic(Connection):
        # Two people who request it at the same moment queue up here.
        written(Connection).select_for_update().get(pk=connection.pk)
        same = {"kind": kind, "connection": connection, "module": module}
        job: Job | None = written(Job).filter(state__in=Job.UNFINISHED, **same).first()
        return job or written(Job).create(
            **same,
            batch=batch,
            requested_by=user,
            requested_by_name=(actor or str(user or ""))[:150],
            requested_at=clock.now(),
        )


def record_job(connection: Connection, result: ModuleResult, *, full: bool, actor: str) -> None:
    """Keep the result of a module's sync that no job requested."""
    now = clock.now()
    written(Job).create(
        kind=Kind.FULL_SYNC if full else Kind.SYNC,
        connection=connection,
        module=result.module,
        requested_by_name=actor[:150],
        state=State.FAILED if result.error and not result.resting else State.DONE,
        created=result.created,
        updated=result.updated,
        deleted=result.deleted,
        quarantined=result.quarantined,
        calls=result.calls,
        credits=result.credits,
        seconds=result.seconds,
        result=f"{_counts(result)} {result.incomplete}".strip()
        if result.finished
        else _("The time limit was reached; the next run resumes it."),
        error=result.error,
        requested_at=now,
        started_at=now,
        finished_at=now,
    )


def run(job_id: int, *, slice_seconds: float = SLICE_SECONDS) -> Job | None:
    """Run a job, or resume it, for about so long. None where it is done, gone, or another process has it."""
    job = _claim(job_id)
    if job is None:
        return None
    started = time.monotonic()
    if job.tries > TRIES_AT_MOST:
        _finish(job, started, error=_given_up(job))
        return job
    try:
        finished = SPECS[job.kind].run(job, slice_seconds)
    except LeaseLostError:
        return None
    except verifications.Resting as rest:
        until = clock.database_in(max(rest.seconds, 1.0))
        _put_back(job, started, error=str(rest), tries=0, queued_until=until)
    except BiginError as error:
        _finish(job, started, error=str(error))
    except (KeyboardInterrupt, SystemExit):
        # The worker was told to stop, as with every deployment: that says nothing of the job, so it is no try.
        _put_back(job, started, error=_("The worker was stopped."), tries=job.tries - 1)
        raise
    except BaseException as error:  # gevent's Timeout is no Exception
        # It may be a passing trouble of this worker, so others try again, up to a limit.
        reason = _("Unexpected error (%(kind)s): see the worker's log.", kind=type(error).__name__)
        if job.tries < TRIES_AT_MOST:
            _put_back(job, started, error=reason, tries=job.tries)
        else:
            _finish(job, started, error=reason)
        raise
    else:
        if finished:
            _finish(job, started, error=job.error)
        else:
            _put_back(job, started, error=job.error, tries=0)  # this one got on, so the count begins anew
    return job


def _claim(job_id: int) -> Job | None:
    rows = written(Job).filter(pk=job_id)
    lease_id = leases.claim(
        rows.filter(state__in=Job.UNFINISHED),
        LEASE_SECONDS,
        state=State.RUNNING,
        # Counted with the claim: a job that kills its worker has no other chance to be counted.
        tries=F("tries") + 1,
        started_at=Coalesce("started_at", Value(clock.now(), output_field=DateTimeField())),
        error="",
    )
    if lease_id is None:
        return None
    job: Job | None = rows.select_related("connection__tenant", "connection__registration").first()
    return job


def _save_progress(job: Job) -> None:
    """Store the job's result so far, for whoever looks, or resumes it after this process has died.

    Raises:
        LeaseLostError: the lease has expired, and another process goes on.
    """
    if not leases.extend(written(Job).filter(pk=job.pk), job.lease_id, LEASE_SECONDS, **_progress_of(job)):
        raise LeaseLostError(_("Another process took over the job; nothing is lost."))


def _finish(job: Job, started: float, *, error: str) -> None:
    job.finished_at = clock.now()
    _release(job, started, state=State.FAILED if error else State.DONE, error=error, finished_at=job.finished_at)


def _put_back(job: Job, started: float, *, error: str, tries: int, queued_until: Any = None) -> None:
    """Leave the rest of a job to another slice, which nobody is to begin before `queued_until`."""
    _release(job, started, state=State.WAITING, error=error, tries=tries, queued_until=queued_until)


def _release(job: Job, started: float, **changes: Any) -> None:
    changes["seconds"] = round(job.seconds + time.monotonic() - started, 3)
    for name, value in changes.items():
        setattr(job, name, value)
    row = written(Job).filter(pk=job.pk)
    leases.release(row, job.lease_id, result=job.result, **_progress_of(job), **{"queued_until": None, **changes})


def _progress_of(job: Job) -> dict[str, Any]:
    return {name: getattr(job, name) for name in PROGRESS_COLUMNS}


def _given_up(job: Job) -> str:
    return _(
        "%(number)s tries in a row ended without a result, so it is not tried again: see the workers' "
        "logs. A worker that is killed has often run out of memory.",
        number=job.tries - 1,
    )


def _refresh(job: Job, slice_seconds: float) -> bool:
    token = tokens.refresh_now(job.connection_id, wait_seconds=tokens.WAIT_IN_WORKER_SECONDS)
    job.result = _("New token, valid until %(time)s UTC.", time=f"{token.expires_at:%H:%M}")
    return True


def _disconnect(job: Job, slice_seconds: float) -> bool:
    job.result = lifecycle.disconnect(job.connection, actor=job.requested_by_name).detail
    return True


def _pause(job: Job, slice_seconds: float) -> bool:
    done = lifecycle.pause(job.connection, actor=job.requested_by_name)
    job.result = _("Paused.") if done else _("There was nothing to pause.")
    return True


def _resume(job: Job, slice_seconds: float) -> bool:
    done = lifecycle.resume(job.connection, actor=job.requested_by_name)
    job.result = _("Resumed.") if done else _("It was not paused.")
    return True


def _sync(job: Job, slice_seconds: float) -> bool:
    """Sync what this job has not finished yet; a slice that runs out of time leaves the rest to the next."""
    rows = [row for row in ensure_modules(job.connection) if not job.module or row.module == job.module]
    if not job.details:
        _begin_sync(job, rows)
    ends_at = time.monotonic() + slice_seconds
    for number, name in enumerate(_unfinished(job, rows)):
        left = ends_at - time.monotonic()
        # The first has its turn however late it is: every slice gets on by a page at least.
        if number and left <= 0:
            break
        [result] = sync_connection(job.connection, modules=[name], options=Options(deadline_seconds=left))
        _add(job, result)
        job.progress = _progress(job, rows)
        _save_progress(job)
    job.result = _sentence(job)
    job.error = " ".join(entry["error"] for entry in job.details.values() if entry["error"])
    return not _unfinished(job, rows)


def _begin_sync(job: Job, rows: list[ModuleSync]) -> None:
    """Request the full syncs of a job, once: the later slices resume them instead of beginning them again."""
    job.details = {row.module: ModuleResult(row.module).as_dict() for row in rows}
    job.progress = _progress(job, rows)
    with atomic(ModuleSync):
        _save_progress(job)
        if job.kind == Kind.FULL_SYNC:
            written(ModuleSync).filter(pk__in=[row.pk for row in rows]).update(full_requested=True)


def _unfinished(job: Job, rows: Iterable[ModuleSync]) -> list[str]:
    """Return the modules that this job has still to work on: one that failed or was skipped has had its turn.

    One that another process works on has not: that process may be dead, or have begun before this was requested.
    """
    over = {
        name
        for name, entry in job.details.items()
        if entry["finished"] or entry["error"] or entry["skipped"] not in ("", ANOTHER_WORKS)
    }
    return [row.module for row in rows if row.module not in over]


def _progress(job: Job, rows: Collection[ModuleSync]) -> str:
    done = len(rows) - len(_unfinished(job, rows))
    return _("%(number)s of %(total)s modules", number=done, total=len(rows))


def _add(job: Job, result: ModuleResult) -> None:
    """Add the result of one slice to those of the slices before, of its module and of all."""
    entry, before = result.as_dict(), job.details.get(result.module)
    for name in COUNTS:
        setattr(job, name, getattr(job, name) + entry[name])
    if before is not None:
        entry |= {name: before[name] + entry[name] for name in (*COUNTS, "unchanged", "seconds")}
    job.details[result.module] = entry


def _counts(of: Job | ModuleResult) -> str:
    return _(
        "%(new)s new, %(changed)s changed, %(deleted)s deleted.",
        new=f"{of.created:,}",
        changed=f"{of.updated:,}",
        deleted=f"{of.deleted:,}",
    )


def _sentence(job: Job) -> str:
    sentence = _counts(job)
    skipped = [name for name, entry in job.details.items() if entry["skipped"]]
    incomplete = [name for name, entry in job.details.items() if entry["incomplete"]]
    said = [sentence]
    if skipped:
        said.append(_("Skipped: %(names)s.", names=", ".join(skipped)))
    if incomplete:
        said.append(_("Incomplete: %(names)s.", names=", ".join(incomplete)))
    return " ".join(said)


# Of a misconfigured connection as well: the token that is stored may still serve, and once a person has corrected the
# client, whatever asks for a token brings the connection back.
_TOKEN_KEPT = frozenset(states.TOKEN_KEPT)

SPECS: Mapping[str, JobSpec] = {
    Kind.REFRESH: JobSpec(_refresh, _TOKEN_KEPT),
    Kind.SYNC: JobSpec(_sync, _TOKEN_KEPT),
    Kind.FULL_SYNC: JobSpec(_sync, _TOKEN_KEPT),
    Kind.VERIFY: JobSpec(verifications.run, _TOKEN_KEPT),
    Kind.REPAIR: JobSpec(verifications.run, _TOKEN_KEPT),
    Kind.PAUSE: JobSpec(_pause, _TOKEN_KEPT, at_once=True),
    Kind.RESUME: JobSpec(_resume, frozenset({Status.PAUSED}), at_once=True),
    Kind.DISCONNECT: JobSpec(_disconnect, frozenset(Status.values) - {Status.DISCONNECTED}),
}

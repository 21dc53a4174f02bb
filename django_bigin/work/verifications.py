"""Verifications as jobs: their slices, and the record of those that no job requested."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence

from .. import audit, clock
from ..credits.account import Priority
from ..db.aliases import written
from ..models import Connection, Job
from ..sync import Options, Verification, verify_connection
from ..sync.plan import ensure_modules
from ..text import sentence as _

Kind, State = Job.Kind, Job.State


class Resting(Exception):
    """A job that rests, and goes on after some seconds."""

    def __init__(self, reason: str, seconds: float) -> None:
        super().__init__(reason)
        self.seconds = seconds


def run(job: Job, slice_seconds: float) -> bool:
    """Verify what this job has not finished yet; a slice that runs out of time leaves the rest to the next.

    Raises:
        Resting: a limit of calls is reached.
    """
    modules = [row.module for row in ensure_modules(job.connection) if job.module in ("", row.module)]
    results = {name: Verification.from_json(entry) for name, entry in job.details.items()}
    ends_at = time.monotonic() + slice_seconds
    for number, name in enumerate(_unfinished(modules, results)):
        left = ends_at - time.monotonic()
        # The first has its turn however late it is: every slice gets on by a page at least.
        if number and left <= 0:
            break
        [result] = verify_connection(
            job.connection,
            modules=[name],
            repair=job.kind == Kind.REPAIR,
            options=Options(deadline_seconds=left, priority=Priority.BACKFILL),
            begun=results,
        )
        results[name] = result
        _note(job, modules, results)
        if result.rests_until is not None:
            raise Resting(result.error, (result.rests_until - clock.now()).total_seconds())
    done = not _unfinished(modules, results)
    if done:
        _audit(job.connection, results.values(), repair=job.kind == Kind.REPAIR, actor=job.requested_by_name)
    return done


def record(connection: Connection, results: Sequence[Verification], *, repair: bool, actor: str) -> Job:
    """Keep the result of a verification that no job requested, and audit it."""
    now = clock.now()
    job = Job(
        kind=Kind.REPAIR if repair else Kind.VERIFY,
        connection=connection,
        requested_by_name=actor[:150],
        requested_at=now,
        started_at=now,
        finished_at=now,
    )
    by_name = {result.module: result for result in results}
    _note(job, list(by_name), by_name)
    job.state = State.FAILED if job.error else State.DONE
    job.seconds = sum(result.seconds for result in results)
    job.save(using=written(Job).db)
    _audit(connection, results, repair=repair, actor=actor)
    return job


def sentence_of(results: Collection[Verification]) -> str:
    """Say in a sentence what verifications came to."""
    found, repaired = sum(each.found for each in results), sum(each.repaired for each in results)
    said = [
        _(
            "%(records)s records compared: %(missing)s missing here, %(gone)s gone there, %(different)s different.",
            records=f"{sum(each.compared for each in results):,}",
            missing=f"{sum(each.missing for each in results):,}",
            gone=f"{sum(each.gone for each in results):,}",
            different=f"{sum(each.different for each in results):,}",
        )
    ]
    if found:
        said.append(_("Repaired: %(number)s of %(total)s.", number=f"{repaired:,}", total=f"{found:,}"))
    if skipped := [each.module for each in results if each.skipped]:
        said.append(_("Skipped: %(names)s.", names=", ".join(skipped)))
    if doubtful := [each.module for each in results if each.doubt]:
        said.append(_("Not certain: %(names)s.", names=", ".join(doubtful)))
    return " ".join(said)


def _unfinished(modules: Sequence[str], results: dict[str, Verification]) -> list[str]:
    """Return what is still to be verified. What could not be verified now is over as well: the job does not wait."""
    over = {
        name
        for name, each in results.items()
        if each.finished or each.later or (each.error and each.rests_until is None)
    }
    return [name for name in modules if name not in over]


def _note(job: Job, modules: Sequence[str], results: dict[str, Verification]) -> None:
    """Write the results so far into a job, which is not saved."""
    of = results.values()
    job.details = {name: result.to_json() for name, result in results.items()}
    done = len(modules) - len(_unfinished(modules, results))
    job.progress = _("%(number)s of %(total)s modules", number=done, total=len(modules))
    job.result = sentence_of(of)
    job.error = " ".join(each.error for each in of if each.error)
    job.quarantined = sum(each.quarantined for each in of)
    job.calls, job.credits = sum(each.calls for each in of), sum(each.credits for each in of)


def _audit(connection: Connection, results: Collection[Verification], *, repair: bool, actor: str) -> None:
    audit.record("repair" if repair else "verify", connection, actor=actor, detail=sentence_of(results))

"""Bulk read jobs: their states on the sandbox's clock, their results and their callbacks.

A job looks at the records at the moment it begins to work, and not again. Source: api-bulk-notify-files section 1.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

from ..records.listing import PageToken, keep_token
from ..wire.refusals import error_body
from ..world.callbacks import Callback
from ..world.state import State
from ..world.store import Record
from .calendar_result import write_calendar
from .csv_result import write_csv
from .query import BulkQuery

RESULT_SECONDS, MOST_CALENDAR_ROWS = 86_400, 20_000
# Which part of the time a job takes is over when it enters a state.
STATES = ((0.0, "ADDED"), (0.1, "QUEUED"), (0.3, "IN PROGRESS"))
WORKS_AT = 0.3


@dataclass(slots=True)
class Job:
    """One job. `failure` is the state it ends in, "" if it ends well."""

    id: int
    org_id: str
    user_id: int
    query: BulkQuery
    file_type: str
    callback_url: str
    created_at: float
    seconds: float
    failure: str
    per_page: int
    result: bytes = b""
    count: int = 0
    more: bool = False
    next_page_token: str | None = None

    @property
    def ends_at(self) -> float:
        """Return the moment at which it is done."""
        return self.created_at + self.seconds

    def state(self, now: float) -> str:
        """Return its state at a moment."""
        if now >= self.ends_at:
            return self.failure or "COMPLETED"
        spent = (now - self.created_at) / self.seconds if self.seconds > 0 else 0.0
        return next(name for part, name in reversed(STATES) if spent >= part or part == 0.0)

    def has_result(self, now: float) -> bool:
        """Tell whether its file can be downloaded: from its end on, for a day."""
        return self.state(now) == "COMPLETED" and bool(self.result) and now <= self.ends_at + RESULT_SECONDS

    def forget_result(self) -> None:
        """Delete the file."""
        self.result = b""


def start_job(state: State, job: Job) -> None:
    """Schedule a job's work and its end."""
    state.bulk_jobs[job.id] = job
    state.agenda.at(job.created_at + WORKS_AT * job.seconds, partial(_work, state, job))
    state.agenda.at(job.ends_at + RESULT_SECONDS + 1, job.forget_result)
    if job.callback_url:
        state.agenda.at(job.ends_at, partial(_call_back, state, job))


def show_job(state: State, job: Job, now: float) -> dict[str, Any]:
    """Show a job as its details and its callback do; `result` is there at the end alone."""
    shown: dict[str, Any] = {"id": str(job.id), "operation": "read", "state": job.state(now)}
    if shown["state"] == "COMPLETED":
        shown["result"] = {
            "page": job.query.page,
            "per_page": job.per_page,
            "count": job.count,
            "download_url": f"{state.organizations[job.org_id].product.bulk_path}/read/{job.id}/result",
            "more_records": job.more,
        }
        if job.next_page_token:
            shown["result"]["next_page_token"] = job.next_page_token
    elif shown["state"] == job.failure:
        message = "Internal server error occurred."
        shown["result"] = {"error_message": error_body("INTERNAL_SERVER_ERROR", message)}
    return shown | {
        "query": job.query.body,
        "created_by": state.renderers[job.org_id].person(job.user_id),
        "created_time": state.organizations[job.org_id].times.text(int(job.created_at)),
        "file_type": job.file_type,
    }


def _call_back(state: State, job: Job) -> None:
    body = {"data": [show_job(state, job, job.ends_at)]}
    state.callbacks.add(Callback(job.id, job.org_id, job.callback_url, body, job.ends_at))


# work


def _work(state: State, job: Job) -> None:
    """Write the result from the records that are there now."""
    start = (job.query.page - 1) * job.per_page
    found = list(islice(_found(state, job), start, start + job.per_page + 1))
    job.more, found = len(found) > job.per_page, found[: job.per_page]
    job.count = len(found)
    write = write_csv if job.file_type == "csv" else write_calendar
    text = write(state.organizations[job.org_id], job.query, found, state.switches)
    job.result = _packed(f"{job.id}.{job.file_type}", text)
    if job.more and state.switches["bulk_paging"] == "token":
        expires_at = state.clock.seconds() + state.switches["page_token_seconds"]
        token = PageToken(job.org_id, job.user_id, f"bulk/{job.id}", {}, job.query.page + 1, 0, None, expires_at)
        job.next_page_token = keep_token(state, token)


def _packed(name: str, content: bytes) -> bytes:
    """Return a zip with that one file."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr(name, content)
    return packed.getvalue()


def _found(state: State, job: Job) -> Iterator[tuple[int, Record]]:
    """Yield the records that the job reads, in ascending order of ids."""
    store, test = job.query.store, job.query.test
    owners = _owners_seen(state, job)
    for record_id in store.sorted_by("id"):
        record = store.records[record_id]
        if (owners is None or record.get("Owner") in owners) and (test is None or test(record_id, record)):
            yield record_id, record


def _owners_seen(state: State, job: Job) -> set[int] | None:
    """Return the users whose records the job's user sees, None for all: roles below the top one see their own."""
    organization = state.organizations[job.org_id]
    is_on_top = organization.users[job.user_id].role == organization.admin.role
    return None if is_on_top or state.switches["bulk_visibility"] == "all" else {job.user_id}

"""Bulk read: jobs that take their time on the sandbox's clock, and a zip with one CSV at their end.

Source: api-bulk-notify-files section 1.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from .bulk_query import BulkQuery, read_bulk_query, refuse_job
from .call import Call
from .columns import BOOLEAN, LINK, LIST, MOMENT, Column
from .errors import error_body, refuse
from .http import Response
from .listing import PageToken, keep_token
from .scopes import Scopes
from .timestamps import Timestamps

PATH = "/bigin/bulk/v2"
CREDITS, DOWNLOADS_A_MINUTE, RESULT_SECONDS = 50, 10, 86_400
# Which part of the time a job takes is over when it enters a state.
STATES = ((0.0, "ADDED"), (0.1, "QUEUED"), (0.3, "IN PROGRESS"))
NEVER_AGAIN = "Many requests fired in concurrent than the allowed limit"


@dataclass(slots=True)
class Job:
    """One job; its result is made when somebody first looks after it began."""

    id: int
    org_id: str
    user_id: int
    query: BulkQuery
    created_at: float
    seconds: float
    failure: str
    result: bytes | None = None
    count: int = 0
    more: bool = False
    next_page_token: str | None = None

    def state(self, now: float) -> str:
        """Tell how far it is."""
        spent = (now - self.created_at) / self.seconds if self.seconds else 1.0
        if spent >= 1:
            return self.failure or "COMPLETED"
        return next(name for part, name in reversed(STATES) if spent >= part or part == 0.0)


def create_job(call: Call) -> Response:
    """Start a job."""
    call.spent = CREDITS
    call.allow("bulk")
    if call.switches["bulk_content_type"] == "required" and "json" not in call.request.headers.get("content-type", ""):
        raise refuse("MEDIA_TYPE_NOT_SUPPORTED")
    body = _body(call)
    query = _read_query(call, body)
    job = Job(
        call.organization.new_id(), call.organization.org_id, call.token.user_id, query,
        call.state.clock.seconds(), call.switches["bulk_read_seconds"],
        "" if call.switches["bulk_read_ends"] == "COMPLETED" else call.switches["bulk_read_ends"],
    )  # fmt: skip
    call.state.bulk_jobs[job.id] = job
    details = {
        "id": str(job.id),
        "operation": "read",
        "state": "ADDED",
        "created_by": call.renderer.person(job.user_id),
        "created_time": call.organization.times.text(int(job.created_at)),
    }
    added = {"status": "success", "code": "ADDED_SUCCESSFULLY", "message": "Added successfully.", "details": details}
    return Response(201, {"data": [added], "info": {}})


def _body(call: Call) -> dict[str, Any]:
    if not call.request.body.strip():
        raise refuse_job("REQUEST_BODY_IS_EMPTY")
    try:
        body = call.request.json()
    except ValueError as error:
        raise refuse_job("REQUEST_BODY_NOT_READABLE") from error
    if not isinstance(body, dict) or not isinstance(body.get("query"), dict):
        raise refuse_job("QUERY_NOT_SUPPORTED")
    callback = body.get("callback")
    if callback is not None:
        url = callback.get("url") if isinstance(callback, dict) else None
        if not isinstance(url, str) or not url.startswith(("http://", "https://")):
            raise refuse_job("INVALID_CALLBACK_URL")
        if callback.get("method", "post") != "post":
            raise refuse_job("INVALID_CALLBACK_METHOD")
    if body.get("file_type", body["query"].get("file_type", "csv")) != "csv":
        raise refuse_job("JOB_NOT_SUPPORTED", file_type=body.get("file_type"))
    return body


def _read_query(call: Call, body: dict[str, Any]) -> BulkQuery:
    given = body["query"]
    if "page_token" not in given:
        return read_bulk_query(call, given)
    token: PageToken | None = call.state.page_tokens.get(str(given["page_token"]))
    mine = (call.organization.org_id, call.token.user_id)
    if token is None or (token.org_id, token.user_id) != mine or not token.module.startswith("bulk/"):
        raise refuse("TOKEN_BOUND_DATA_MISMATCH", details={"param_name": "page_token"})
    if token.expires_at <= call.state.clock.seconds():
        raise refuse("EXPIRED_VALUE", details={"param_name": "page_token"})
    before: Job = call.state.bulk_jobs[int(token.module.removeprefix("bulk/"))]
    return read_bulk_query(call, {**before.query.body, "page": token.page})


# looking at jobs


def job_details(call: Call) -> Response:
    """Answer how far a job is, and at its end what it found."""
    job = _job(call)
    state = job.state(call.state.clock.seconds())
    if state == "IN PROGRESS" or state == "COMPLETED":
        _work(call, job)
    shown: dict[str, Any] = {"id": str(job.id), "operation": "read", "state": state}
    if state == "COMPLETED":
        shown["result"] = {
            "page": job.query.page,
            "per_page": call.switches["bulk_rows_per_page"],
            "count": job.count,
            "download_url": f"{PATH}/read/{job.id}/result",
            "more_records": job.more,
        }
        if job.next_page_token:
            shown["result"]["next_page_token"] = job.next_page_token
    elif state == job.failure:
        message = "Internal server error occurred."
        shown["result"] = {"error_message": error_body("INTERNAL_SERVER_ERROR", message)}
    shown |= {
        "query": job.query.body,
        "created_by": call.renderer.person(job.user_id),
        "created_time": call.organization.times.text(int(job.created_at)),
        "file_type": "csv",
    }
    return Response(200, {"data": [shown]})


def download(call: Call) -> Response:
    """Answer the zip; ten a minute."""
    job = _job(call)
    now = call.state.clock.seconds()
    if job.state(now) != "COMPLETED" or now > job.created_at + job.seconds + RESULT_SECONDS:
        raise _not_found(call)
    key = ("bulk result", call.organization.org_id)
    if call.state.downloads.count(key, since=now - 60) >= DOWNLOADS_A_MINUTE:
        raise refuse("TOO_MANY_REQUESTS", NEVER_AGAIN)
    call.state.downloads.note(key, now)
    _work(call, job)
    name = f"attachment; filename={job.id}.zip"
    return Response(200, job.result, [("Content-Disposition", name)], content_type="application/x-download")


def _job(call: Call) -> Job:
    call.allow("bulk")
    job: Job | None = call.state.bulk_jobs.get(int(call.arguments[0]))
    if job is None or job.org_id != call.organization.org_id:
        raise _not_found(call)
    call.need(Scopes(call.token.scopes).allow_module(job.query.store.spec.api_name, "READ"))
    return job


def _not_found(call: Call) -> Any:
    return refuse("RESOURCE_NOT_FOUND", details={"resource": call.arguments[0]})


# work


def _work(call: Call, job: Job) -> None:
    """Write the CSV of what is there now, once."""
    if job.result is not None:
        return
    store, test, rows_per_page = job.query.store, job.query.test, call.switches["bulk_rows_per_page"]
    records = store.records
    found = (i for i in store.sorted_by("id") if test is None or test(i, records[i]))
    start = (job.query.page - 1) * rows_per_page
    ids = list(islice(found, start, start + rows_per_page + 1))
    job.more, ids = len(ids) > rows_per_page, ids[:rows_per_page]
    job.count = len(ids)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([call.switches["bulk_id_column"], *(column.name for column in job.query.columns)])
    cells = [(column.read, _writer_of(call, column)) for column in job.query.columns]
    for record_id in ids:
        record = records[record_id]
        row = [record_id]
        row += ["" if (value := read(record_id, record)) is None else write(value) for read, write in cells]
        writer.writerow(row)
    encoding = "utf-8-sig" if call.switches["bulk_byte_order_mark"] else "utf-8"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr(f"{job.id}.csv", text.getvalue().encode(encoding))
    job.result = packed.getvalue()
    if job.more and call.switches["bulk_paging"] == "token":
        token = PageToken(
            job.org_id, job.user_id, f"bulk/{job.id}", {}, job.query.page + 1, 0, None,
            call.state.clock.seconds() + call.switches["page_token_seconds"],
        )  # fmt: skip
        job.next_page_token = keep_token(call.state, token)


def _writer_of(call: Call, column: Column) -> Callable[[Any], Any]:
    """Give what writes one column's cells: ids for links, words for booleans, names for tags."""
    times: Timestamps = call.organization.times
    if column.kind == MOMENT:
        return times.text
    if column.kind == BOOLEAN:
        return lambda value: "true" if value else "false"
    if column.kind == LIST:
        separator = call.switches["bulk_separator"]
        return lambda value: separator.join(map(str, value))
    if column.kind == LINK:
        return str
    return lambda value: ",".join(map(str, value)) if isinstance(value, list | tuple) else value


ROUTES = {
    "read": {"POST": create_job},
    "read/{id}": {"GET": job_details},
    "read/{id}/result": {"GET": download},
}

"""Bulk read: start a job, look how far it is, fetch its zip. There is no list of jobs, and none can be cancelled.

Source: api-bulk-notify-files section 1.
"""

from __future__ import annotations

from typing import Any

from ..calls.call import Call
from ..records.listing import PageToken
from ..wire.messages import Response
from ..wire.refusals import Refusal, refuse
from ..world.callbacks import is_address
from .jobs import MOST_CALENDAR_ROWS, Job, show_job, start_job
from .query import BulkQuery, read_bulk_query, refuse_job

CREDITS, DOWNLOADS_A_MINUTE = 50, 10
TOO_MANY = "Many requests fired in concurrent than the allowed limit"


def create_job(call: Call) -> Response:
    """Start a job."""
    call.spent = CREDITS
    call.allow("bulk")
    if call.switches["bulk_content_type"] == "required" and "json" not in call.request.headers.get("content-type", ""):
        raise refuse("MEDIA_TYPE_NOT_SUPPORTED")
    try:
        job = _read_job(call)
    except Refusal as refusal:
        if call.switches["bulk_refusals"] == "rows":
            refusal.body = {"data": [refusal.body]}
        raise
    start_job(call.state, job)
    details = {
        "id": str(job.id),
        "operation": "read",
        "state": "ADDED",
        "created_by": call.renderer.person(job.user_id),
        "created_time": call.organization.times.text(int(job.created_at)),
    }
    added = {"status": "success", "code": "ADDED_SUCCESSFULLY", "message": "Added successfully.", "details": details}
    return Response(201, {"data": [added], "info": {}})


def _read_job(call: Call) -> Job:
    body = _body(call)
    callback_url = _callback_url(body.get("callback"))
    before = _continued(call, body["query"])
    if before is None:
        file_type = body.get("file_type", body["query"].get("file_type", "csv"))
        query = read_bulk_query(call, body["query"], file_type)
    else:
        file_type, query = before.file_type, _next_page(call, before)
    rows = call.switches["bulk_rows_per_page"]
    return Job(
        id=call.organization.new_id(),
        org_id=call.organization.org_id,
        user_id=call.token.user_id,
        query=query,
        file_type=file_type,
        callback_url=callback_url,
        created_at=call.state.clock.seconds(),
        seconds=call.switches["bulk_read_seconds"],
        failure="" if call.switches["bulk_read_ends"] == "COMPLETED" else call.switches["bulk_read_ends"],
        per_page=rows if file_type == "csv" else min(rows, MOST_CALENDAR_ROWS),
    )


def _body(call: Call) -> dict[str, Any]:
    if not call.request.body.strip():
        raise refuse_job("REQUEST_BODY_IS_EMPTY")
    try:
        body = call.request.json()
    except ValueError as error:
        raise refuse_job("REQUEST_BODY_NOT_READABLE") from error
    if not isinstance(body, dict) or not isinstance(body.get("query"), dict):
        raise refuse_job("QUERY_NOT_SUPPORTED")
    return body


def _callback_url(given: Any) -> str:
    if given is None:
        return ""
    url = given.get("url") if isinstance(given, dict) else None
    if not isinstance(url, str) or not is_address(url):
        raise refuse_job("INVALID_CALLBACK_URL")
    if given.get("method", "post") != "post":
        raise refuse_job("INVALID_CALLBACK_METHOD")
    return url


def _continued(call: Call, query: dict[str, Any]) -> Job | None:
    """Find the job whose page token a query names; None if it names none."""
    if "page_token" not in query:
        return None
    token: PageToken | None = call.state.page_tokens.get(str(query["page_token"]))
    mine = (call.organization.org_id, call.token.user_id)
    if token is None or (token.org_id, token.user_id) != mine or not token.module.startswith("bulk/"):
        raise refuse("TOKEN_BOUND_DATA_MISMATCH", details={"param_name": "page_token"})
    if token.expires_at <= call.state.clock.seconds():
        raise refuse("EXPIRED_VALUE", details={"param_name": "page_token"})
    job: Job = call.state.bulk_jobs[int(token.module.removeprefix("bulk/"))]
    return job


def _next_page(call: Call, before: Job) -> BulkQuery:
    return read_bulk_query(call, {**before.query.body, "page": before.query.page + 1}, before.file_type)


# looking at jobs


def job_details(call: Call) -> Response:
    """Answer a job's state, and at its end its result."""
    job, now = _job(call)
    return Response(200, {"data": [show_job(call.state, job, now)]})


def download(call: Call) -> Response:
    """Answer the zip; ten a minute."""
    job, now = _job(call)
    if not job.has_result(now):
        raise _not_found(call)
    key = ("bulk result", call.organization.org_id)
    if call.state.downloads.count(key, seconds=60) >= DOWNLOADS_A_MINUTE:
        raise refuse("TOO_MANY_REQUESTS", TOO_MANY)
    call.state.downloads.note(key)
    name = f"attachment; filename={job.id}.zip"
    return Response(200, job.result, [("Content-Disposition", name)], content_type="application/x-download")


def _job(call: Call) -> tuple[Job, float]:
    """Return the job that the path names, and the moment at which it is looked at."""
    call.allow("bulk")
    now = call.state.clock.seconds()
    # Its moment may have come since the lock was taken.
    call.state.agenda.run(now)
    job: Job | None = call.state.bulk_jobs.get(int(call.arguments[0]))
    if job is None or job.org_id != call.organization.org_id:
        raise _not_found(call)
    call.need(call.scopes.allow_module(job.query.store.spec.api_name, "READ"))
    return job, now


def _not_found(call: Call) -> Refusal:
    return refuse("RESOURCE_NOT_FOUND", details={"resource": call.arguments[0]})


ROUTES = {
    "read": {"POST": create_job},
    "read/{id}": {"GET": job_details},
    "read/{id}/result": {"GET": download},
}

"""Bulk reads of the API that Bigin and Zoho CRM share: a job is started, looked at, and its zip downloaded.

Source: https://www.bigin.com/developer/docs/apis/v2/bulk-read/create-job.html, job-details.html (read 2026-11)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ....exceptions import RequestError, ResponseError
from ....text import sentence as _
from ...answers import BulkJob, BulkState
from ...calls import Answer, Call
from ...values import Json, read_id, read_text
from ..product import ModuleSpec, Product
from .lists import read_rows

_ENDS = {"COMPLETED": BulkState.DONE, "FAILURE": BulkState.FAILED, "FAILED": BulkState.FAILED}


@dataclass(frozen=True)
class BulkReads:
    """Bulk reads below a base path of their own.

    Attributes:
        credits: what a job costs; each look at it, and the download, are calls as others.
        rows_per_job: that one job gives at most.
        without: modules that have none.
    """

    base_path: str
    scope_name: str = "bulk.READ"
    credits: int = 50
    rows_per_job: int = 200_000
    without: tuple[str, ...] = ("Notes", "Attachments", "Users")

    def offers(self, spec: ModuleSpec) -> bool:
        """Tell whether a module can be read so."""
        return spec.described and spec.name not in self.without

    def create(
        self, product: Product, spec: ModuleSpec, *, fields: Sequence[str], page: int, token: str | None
    ) -> Call[BulkJob]:
        """Build the call that starts a job for one page, by the token of the page before if that gave one."""
        query = {"module": spec.name, "fields": list(fields), "page": page}
        body = {"query": {"page_token": token}} if token else {"query": query, "file_type": "csv"}
        return self._call(product, spec, "POST", "read", reader=_read_created, body=body, credits=self.credits)

    def details(self, product: Product, spec: ModuleSpec, job_id: str) -> Call[BulkJob]:
        """Build the call that tells how far a job is."""
        return self._call(product, spec, "GET", f"read/{job_id}", reader=_read_details)

    def result(self, product: Product, spec: ModuleSpec, job_id: str) -> Call[None]:
        """Build the call that downloads the zip of a job; it is for `Client.download`."""
        return self._call(product, spec, "GET", f"read/{job_id}/result", reader=lambda call, answer: None)

    def _call(
        self,
        product: Product,
        spec: ModuleSpec,
        method: str,
        path: str,
        *,
        reader: Any,
        body: Json | None = None,
        credits: int | None = None,
    ) -> Call[Any]:
        return Call(
            method,
            f"{self.base_path}/{path}",
            product=product.name,
            reader=reader,
            errors=product.errors,
            module=spec.name,
            body=body,
            scope=product.scope(self.scope_name),
            credits=product.credits.call if credits is None else credits,
            idempotent=method == "GET",
        )


def _read_created(call: Call[BulkJob], answer: Answer) -> BulkJob:
    row = _first(call, answer)
    details = row.get("details")
    job_id = read_id(details.get("id")) if isinstance(details, dict) else None
    if row.get("status") != "success" or job_id is None:
        reason = str(row.get("code") or "")
        raise RequestError(
            _("%(product)s starts no bulk read of %(module)s.", product=call.product, module=call.module),
            code=reason,
            endpoint=call.endpoint,
        )
    return BulkJob(job_id, BulkState.WAITING, answer.answered_at)


def _read_details(call: Call[BulkJob], answer: Answer) -> BulkJob:
    row = _first(call, answer)
    # An unknown state is one more on the way.
    state = _ENDS.get(str(row.get("state")), BulkState.WAITING)
    result = row.get("result") if state is BulkState.DONE else None
    if state is BulkState.DONE and not isinstance(result, dict):
        raise ResponseError(
            _("%(product)s says that a bulk read is done, and not what it holds.", product=call.product),
            endpoint=call.endpoint,
        )
    found = result if isinstance(result, dict) else {}
    count = found.get("count")
    return BulkJob(
        read_id(row.get("id")) or "",
        state,
        answer.answered_at,
        rows=count if isinstance(count, int) else None,
        more=found.get("more_records") is True,
        token=read_text(found.get("next_page_token")) or None,
    )


def _first(call: Call[BulkJob], answer: Answer) -> Json:
    rows = read_rows(call, answer, "data")
    return rows[0] if rows and isinstance(rows[0], dict) else {}

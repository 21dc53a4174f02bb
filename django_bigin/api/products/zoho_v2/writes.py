"""Writes of the API that Bigin and Zoho CRM share, and the result of each row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from ....exceptions import ResponseError
from ....text import sentence as _
from ...answers import RowResult
from ...calls import Answer, Call
from ...values import Json, read_id
from ..product import ModuleSpec, Product
from .lists import read_rows


class WritesByRow:
    """Writes of up to a hundred rows a call, each judged by itself."""

    def create(
        self, product: Product, spec: ModuleSpec, rows: Sequence[Mapping[str, Any]], *, trigger: Sequence[str] | None
    ) -> Call[list[RowResult]]:
        """Build the call that inserts rows."""
        return self._call(product, spec, "POST", rows, trigger=trigger)

    def update(
        self, product: Product, spec: ModuleSpec, rows: Sequence[Mapping[str, Any]], *, trigger: Sequence[str] | None
    ) -> Call[list[RowResult]]:
        """Build the call that updates rows by their `id`."""
        return self._call(product, spec, "PUT", rows, trigger=trigger, ids=[str(row["id"]) for row in rows])

    def upsert(
        self,
        product: Product,
        spec: ModuleSpec,
        rows: Sequence[Mapping[str, Any]],
        *,
        trigger: Sequence[str] | None,
        duplicate_check_fields: Sequence[str] | None,
    ) -> Call[list[RowResult]]:
        """Build the call that updates what matches by a unique field, and inserts the rest."""
        extra = {"duplicate_check_fields": list(duplicate_check_fields)} if duplicate_check_fields is not None else {}
        return self._call(product, spec, "POST", rows, "upsert", trigger=trigger, extra=extra)

    def delete(
        self, product: Product, spec: ModuleSpec, ids: Sequence[str], *, trigger: Sequence[str] | None
    ) -> Call[list[RowResult]]:
        """Build the call that moves records to the recycle bin."""
        params = [("ids", ",".join(ids))]
        if trigger is not None:
            params.append(("wf_trigger", "true" if trigger else "false"))
        return product.call(
            "DELETE",
            spec.list_path,
            module=spec.name,
            params=params,
            reader=partial(read_row_results, expected=len(ids), ids=tuple(ids)),
        )

    def _call(
        self,
        product: Product,
        spec: ModuleSpec,
        method: str,
        rows: Sequence[Mapping[str, Any]],
        *path: str,
        trigger: Sequence[str] | None,
        extra: Json | None = None,
        ids: Sequence[str] | None = None,
    ) -> Call[list[RowResult]]:
        body: Json = {"data": [dict(row) for row in rows], **(extra or {})}
        if trigger is not None:
            body["trigger"] = list(trigger)
        return product.call(
            method,
            spec.list_path,
            *path,
            module=spec.name,
            body=body,
            credits=product.credits.of_write(len(rows)),
            reader=partial(read_row_results, expected=len(rows), ids=None if ids is None else tuple(ids)),
        )


def read_row_results(
    call: Call[Any], answer: Answer, *, expected: int, ids: Sequence[str] | None = None
) -> list[RowResult]:
    """Read a result for each row of a write, in the order of the request.

    A refused row comes under 200, 201, 202, 207 or 400 alike, so each is judged by itself.

    Args:
        expected: how many rows were sent.
        ids: the ids that were sent, in order (update and delete).

    Raises:
        ResponseError: a result is missing, unreadable, or of a record that was not sent.
    """
    entries = read_rows(call, answer, "data")
    if len(entries) != expected or not all(isinstance(entry, dict) for entry in entries):
        unreadable = _(
            "%(product)s's answer does not hold one readable result for each of %(expected)s rows, so it is not known "
            "which were written: read them before writing again.",
            product=call.product,
            expected=expected,
        )
        raise ResponseError(unreadable, status=answer.status, endpoint=call.endpoint)
    results = [_read_row_result(entry) for entry in entries]
    if ids is None or all(result.id in (None, sent) for result, sent in zip(results, ids, strict=True)):
        return results
    by_id = {result.id: result for result in results}
    if set(by_id) != set(ids):
        others = _(
            "%(product)s answered for other records than were sent, so it is not known which were written: read them "
            "before writing again.",
            product=call.product,
        )
        raise ResponseError(others, status=answer.status, endpoint=call.endpoint)
    return [by_id[sent] for sent in ids]


def _read_row_result(entry: Json) -> RowResult:
    code, status = entry.get("code"), entry.get("status")
    details = entry.get("details")
    details = details if isinstance(details, dict) else {}
    ok = status.lower() == "success" if isinstance(status, str) else code == "SUCCESS"
    identity = details.get("id")
    if identity is None and isinstance(details.get("duplicate_record"), dict):
        # Newer CRM answers name the clashing record one level deeper.
        identity = details["duplicate_record"].get("id")
    action, duplicate_field = entry.get("action"), entry.get("duplicate_field")
    return RowResult(
        ok=ok,
        code=str(code or ("SUCCESS" if ok else "")),
        message=str(entry.get("message") or ""),
        id=read_id(identity),
        action=action if isinstance(action, str) else None,
        duplicate_field=duplicate_field if isinstance(duplicate_field, str) else None,
        details=details,
    )

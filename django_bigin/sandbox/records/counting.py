"""The number of records that a module has, a view shows or a search would find. Source: api-records section 10."""

from __future__ import annotations

from ..calls.call import Call
from ..wire.messages import Response
from ..wire.refusals import refuse
from .listing import read_view
from .search import READERS, read_test


def count_records(call: Call) -> Response:
    """Answer one number, counted at once: no index lags here."""
    if call.switches["count_endpoint"] == "missing":
        raise refuse("INVALID_URL_PATTERN")
    store = call.module(call.arguments[0], "READ")
    records, query = store.records, call.request.query
    if "cvid" in query and (owner := read_view(call, store)) is not None:
        records = {record_id: record for record_id, record in records.items() if record.get("Owner") == owner}
    if any(query.get(name) for name in READERS):
        test = read_test(call, store)
        records = {record_id: record for record_id, record in records.items() if test(record_id, record)}
    return Response(200, {"count": len(records)})


ROUTES = {"{module}/actions/count": {"GET": count_records}}

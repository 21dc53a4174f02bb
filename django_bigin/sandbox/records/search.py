"""Search: criteria, e-mail address, phone or word, over an index that lags. Source: api-records section 8."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from zlib import crc32

from ..calls.call import Call
from ..wire.messages import Response
from ..wire.refusals import refuse
from ..world.store import ModuleStore, Record
from .columns import BOOLEAN, DAY, LINK, LIST, MOMENT, NUMBER, TEXT, column_of, literal
from .conditions import Comparison, Test, build_test, compare, comparisons
from .criteria import CriteriaError, read_criteria
from .listing import FIELDS_PER_CALL, PER_PAGE, read_number, read_page

CRITERIA = 10
SHORTEST_WORD = 2
ORDERED = {
    "equals": "equal", "not_equal": "not_equal", "greater_than": "greater", "greater_equal": "greater_equal",
    "less_than": "less", "less_equal": "less_equal", "between": "between", "in": "in",
}  # fmt: skip
TEXTUAL = {"equals": "equal", "not_equal": "not_equal", "starts_with": "starts", "in": "in"}
COMPARATORS: dict[str, dict[str, str]] = {
    **dict.fromkeys((TEXT, LIST), TEXTUAL),
    **dict.fromkeys((NUMBER, MOMENT, DAY), ORDERED),
    BOOLEAN: {"equals": "equal"},
    LINK: {"equals": "equal"},
}


def search_records(call: Call) -> Response:
    """Answer one page of matches: full rows, in another order than `info` says."""
    store = call.module(call.arguments[0], "READ")
    if call.switches["search_scope"] == "both":
        call.need(call.scopes.has("ZohoSearch.securesearch.READ"))
    test = read_test(call, store)
    per_page = read_number(call, "per_page", PER_PAGE, most=PER_PAGE)
    page = read_page(call, per_page, wall=call.switches["search_wall"])
    records = lagging(store, call.switches["search_lag_seconds"])
    found = [record_id for record_id, record in records.items() if test(record_id, record)]
    if call.switches["search_order"] == "unordered":
        found.sort(key=lambda record_id: crc32(b"%d" % record_id))
    else:
        found.sort(reverse=True)
    shown = found[(page - 1) * per_page : page * per_page]
    if not shown:
        return Response(204)
    rows = call.renderer.full_rows(store, {record_id: records[record_id] for record_id in shown})
    info = {
        "per_page": per_page,
        "count": len(rows),
        "sort_by": "id",
        "page": page,
        "sort_order": "desc",
        "more_records": page * per_page < len(found),
    }
    return Response(200, {"data": _only(call, rows), "info": info})


def lagging(store: ModuleStore, seconds: float) -> Mapping[int, Record]:
    """Return the live records as they were so many seconds ago."""
    earlier = store.journal.before(seconds) if store.journal is not None and seconds > 0 else {}
    if not earlier:
        return store.records
    records = {**store.records, **{i: record for i, record in earlier.items() if record is not None}}
    for record_id in [i for i, record in earlier.items() if record is None]:
        records.pop(record_id, None)
    return records


def _only(call: Call, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    names = [name.strip() for name in call.request.query.get("fields", "").split(",") if name.strip()]
    if len(names) > FIELDS_PER_CALL:
        raise refuse("LIMIT_EXCEEDED", details={"limit": FIELDS_PER_CALL, "param_name": "fields"})
    wanted = {"id", *names}
    return [{name: row[name] for name in row if name in wanted} for row in rows] if names else rows


# what is searched for


def read_test(call: Call, store: ModuleStore) -> Test:
    """Read the search, which is exactly one of the four kinds."""
    query = call.request.query
    given = [name for name in READERS if query.get(name)]
    if not given:
        raise refuse("REQUIRED_PARAM_MISSING", details={"param_names": list(READERS)})
    if len(given) > 1:
        raise refuse("AMBIGUITY_DURING_PROCESSING", details={"param_names": given})
    return READERS[given[0]](call, store, query[given[0]])


def _by_criteria(call: Call, store: ModuleStore, text: str) -> Test:
    try:
        condition = read_criteria(text)
    except CriteriaError as error:
        raise refuse("INVALID_QUERY", details={"reason": str(error), "param_name": "criteria"}) from error
    if sum(1 for _ in comparisons(condition)) > CRITERIA:
        raise refuse("LIMIT_EXCEEDED", details={"limit": CRITERIA, "param_name": "criteria"})
    return build_test(condition, lambda one: _criterion(call, store, one))


def _criterion(call: Call, store: ModuleStore, one: Comparison) -> Test:
    column = column_of(call.organization, store, one.name) if "." not in one.name else None
    if column is None or column.kind not in COMPARATORS:
        raise refuse("INVALID_QUERY", details={"api_name": one.name, "reason": "the field is not available for search"})
    operator = COMPARATORS[column.kind].get(one.operator)
    if operator is None or (operator == "between" and len(one.values) != 2):
        details = {"api_name": one.name, "data_type": column.data_type, "operator": one.operator}
        raise refuse("INVALID_QUERY", details=details)
    try:
        values = tuple(literal(call.organization, column, value, offset_needed=True) for value in one.values)
    except (ValueError, OverflowError) as error:
        raise refuse("INVALID_QUERY", details={"api_name": one.name, "data_type": column.data_type}) from error
    return compare(column, operator, values)


def _by_email(call: Call, store: ModuleStore, text: str) -> Test:
    names, wanted = _fields_of(store, "email"), text.strip().lower()
    return lambda record_id, record: any(str(record.get(name, "")).lower() == wanted for name in names)


def _by_phone(call: Call, store: ModuleStore, text: str) -> Test:
    names, wanted = _fields_of(store, "phone"), _digits(text)
    if not wanted:
        raise refuse("INVALID_DATA", details={"param_name": "phone"})
    return lambda record_id, record: any(_digits(record.get(name)) == wanted for name in names)


def _by_word(call: Call, store: ModuleStore, text: str) -> Test:
    if len(text.strip()) < SHORTEST_WORD:
        raise refuse("INVALID_DATA", details={"param_name": "word", "minimum_length": SHORTEST_WORD})
    names = _fields_of(store, "text", "email", "phone", "website", "picklist")
    # At the beginning of a word, anywhere in any field that can be searched.
    begins = re.compile(r"(?<!\w)" + re.escape(text.strip()), re.IGNORECASE).search
    return lambda record_id, record: any(begins(str(record[name])) is not None for name in names if name in record)


def _fields_of(store: ModuleStore, *types: str) -> list[str]:
    return [n for n, field in store.fields.items() if field.data_type in types and field.json_type == "string"]


def _digits(value: Any) -> str:
    return "".join(sign for sign in str(value or "") if sign.isdigit())


READERS: dict[str, Callable[[Call, ModuleStore, str], Test]] = {
    "criteria": _by_criteria, "email": _by_email, "phone": _by_phone, "word": _by_word,
}  # fmt: skip
ROUTES = {"{module}/search": {"GET": search_records}}

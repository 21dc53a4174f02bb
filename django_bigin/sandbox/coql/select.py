"""COQL: SELECT over one module and its links, 10,000 rows at most. Source: api-records section 9."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from ..calls.call import Call
from ..records.columns import (
    BOOLEAN,
    DAY,
    LINK,
    LIST,
    MOMENT,
    NUMBER,
    OTHER,
    TEXT,
    Column,
    column_of,
    comparable,
    literal,
)
from ..records.conditions import Comparison, Condition, Test, build_test, compare, comparisons
from ..records.search import lagging
from ..wire.messages import Response
from ..wire.refusals import Refusal, refuse
from ..world.store import INDEXED_TIMES, ModuleStore, Record
from .grammar import Query, QueryError, read_query

ROWS, LAST_OFFSET, COLUMNS, CONDITIONS, VALUES, JOINS = 200, 9_800, 50, 25, 50, 2
EMPTIES = {"empty", "not_empty"}
ORDERED = {"equal", "not_equal", "greater", "greater_equal", "less", "less_equal", "between", "not_between"}
TEXTUAL = {"equal", "not_equal", "like", "not_like", "in", "not_in", *EMPTIES}
OPERATORS = {
    TEXT: TEXTUAL,
    LIST: TEXTUAL,
    **{kind: {"in", "not_in", *ORDERED, *EMPTIES} for kind in (NUMBER, MOMENT, DAY)},
    BOOLEAN: {"equal"},
    LINK: {"equal", "not_equal", "in", "not_in", *EMPTIES},
}
# Ids are links by their nature, yet scans by `id >` are what the manuals advise.
ID_OPERATORS = OPERATORS[LINK] | ORDERED
# Filtering by the team pipeline finds nothing, though there are such rows (P).
NEVER_FOUND = "Pipeline"


def query_records(call: Call) -> Response:
    """Answer one query."""
    call.allow("coql")
    query = _read(call)
    store = call.module(query.module, "READ")
    _check_limits(query)
    columns = _columns(call, store, query)
    test = _where(call, store, query.where)
    order = [(_sortable_column(call, store, name), descending) for name, descending in query.order]
    limit = ROWS if query.limit is None else query.limit
    records = lagging(store, call.switches["coql_lag_seconds"])
    found = _sorted(store, records, query, test, order)
    rows = list(islice(found, query.offset, query.offset + limit + 1))
    if not rows or not limit:
        return Response(204)
    data = [_row(call, columns, record_id, records[record_id]) for record_id in rows[:limit]]
    return Response(200, {"data": data, "info": {"count": len(data), "more_records": len(rows) > limit}})


def _read(call: Call) -> Query:
    try:
        body = call.request.json()
    except ValueError as error:
        raise refuse("INVALID_DATA", details={"expected_data_type": "jsonobject"}) from error
    text = body.get("select_query") if isinstance(body, dict) else None
    if not isinstance(text, str) or not text.strip():
        raise refuse("MANDATORY_NOT_FOUND", details={"api_name": "select_query"})
    try:
        query = read_query(text, brackets=call.switches["coql_brackets"] == "required")
    except QueryError as error:
        raise refuse("SYNTAX_ERROR", details=error.details) from error
    if query.where is None and call.switches["coql_where"] == "required":
        raise refuse("SYNTAX_ERROR", "missing clause", details={"clause": "where"})
    return query


def _check_limits(query: Query) -> None:
    found = list(comparisons(query.where)) if query.where is not None else []
    names = {*query.columns, *(one.name for one in found), *(name for name, _ in query.order)}
    counts = [
        ("limit", query.limit or 0, ROWS),
        ("offset", query.offset, LAST_OFFSET),
        ("select", len(query.columns), COLUMNS),
        ("where", len(found), CONDITIONS),
        ("in", max((len(one.values) for one in found), default=0), VALUES),
        ("join", len({name.partition(".")[0] for name in names if "." in name}), JOINS),
    ]
    for clause, count, most in counts:
        if count > most:
            raise refuse("LIMIT_EXCEEDED", "limit exceeded", details={"clause": clause, "limit": most})
    for name in query.columns:
        if query.columns.count(name) > 1:
            raise refuse("DUPLICATE_DATA", details={"column_name": name})


# columns


def _column(call: Call, store: ModuleStore, name: str) -> Column:
    column = column_of(call.organization, store, name)
    if column is None:
        raise _bad_column(name, "column given seems to be invalid")
    return column


def _columns(call: Call, store: ModuleStore, query: Query) -> list[Column]:
    columns = [_column(call, store, name) for name in query.columns]
    for column in columns:
        if column.kind == OTHER and column.data_type != "textarea":
            raise _bad_column(column.name, "column not supported in select clause")
    return columns


def _sortable_column(call: Call, store: ModuleStore, name: str) -> Column:
    column = _column(call, store, name)
    if column.kind == OTHER:
        raise _bad_column(name, "column not supported in order by clause")
    return column


def _bad_column(name: str, reason: str) -> Refusal:
    return refuse("INVALID_QUERY", details={"column_name": name, "reason": reason})


def _row(call: Call, columns: list[Column], record_id: int, record: Record) -> dict[str, Any]:
    row = {column.name: _shown(call, column, column.read(record_id, record)) for column in columns}
    return row | {"id": str(record_id)}


def _shown(call: Call, column: Column, value: Any) -> Any:
    if value is None:
        return None
    if column.kind == MOMENT:
        return call.organization.times.text(value)
    if column.kind != LINK:
        return str(value) if column.data_type == "bigint" else value
    if column.field is None:
        return str(value)
    shown: dict[str, str | None] = {"id": str(value)}
    if call.switches["coql_lookup_names"]:
        shown = {"name": _name_of(call, value), **shown}
    return shown


def _name_of(call: Call, linked: int) -> str | None:
    user, store = call.organization.users.get(linked), call.organization.store_of(linked)
    return user.full_name if user else store.display_name(linked) if store else None


# conditions


def _where(call: Call, store: ModuleStore, where: Condition | None) -> Test:
    if where is None:
        return lambda record_id, record: True
    return build_test(where, lambda one: _comparison(call, store, one))


def _comparison(call: Call, store: ModuleStore, one: Comparison) -> Test:
    column = _column(call, store, one.name)
    if column.name == NEVER_FOUND:
        return lambda record_id, record: False
    allowed = ID_OPERATORS if column.name == "id" else OPERATORS.get(column.kind)
    if allowed is None:
        raise _bad_column(one.name, "column not supported in where clause")
    if one.operator not in allowed:
        raise _bad_value(column, one.operator)
    if one.operator.endswith("like"):
        return _like(column, one)
    try:
        values = tuple(literal(call.organization, column, value) for value in one.values)
    except (ValueError, OverflowError) as error:
        raise _bad_value(column, one.operator) from error
    return compare(column, one.operator, values)


def _like(column: Column, one: Comparison) -> Test:
    pattern = str(one.values[0]).lower()
    wanted, turned = pattern.strip("%"), "not_" if one.operator.startswith("not_") else ""
    ends = (pattern.startswith("%"), pattern.endswith("%"))
    kind = {(True, True): "contains", (True, False): "ends", (False, True): "starts", (False, False): "equal"}[ends]
    return compare(column, turned + kind, ((wanted,) if column.kind == LIST else wanted,))


def _bad_value(column: Column, operator: str) -> Refusal:
    details = {"column_name": column.name, "data_type": column.data_type, "operator": operator.replace("_", " ")}
    return refuse("INVALID_QUERY", details=details)


# order


def _sorted(
    store: ModuleStore, records: Mapping[int, Record], query: Query, test: Test, order: list[tuple[Column, bool]]
) -> Iterator[int]:
    """Return the ids that match, in order. Scans by id or time begin and end where their condition does."""
    names = [column.name for column, _ in order]
    in_step = records is store.records and not any(descending for _, descending in order)
    if in_step and (names in ([], ["id"]) or (names and names[0] in INDEXED_TIMES and names[1:] in ([], ["id"]))):
        ids = _from(store, names[0] if names else "id", query.where)
        return (record_id for record_id in ids if test(record_id, records[record_id]))
    found = sorted(record_id for record_id in records if test(record_id, records[record_id]))
    for column, descending in reversed(order):
        found.sort(key=lambda i: _place(column, i, records[i]), reverse=descending)
    return iter(found)


def _from(store: ModuleStore, name: str, where: Condition | None) -> Iterable[int]:
    entries = store.sorted_by(name)
    start = 0
    for one in _required(where):
        if one.name == name == "id" and one.operator in {"greater", "greater_equal"} and str(one.values[0]).isdigit():
            bisect = bisect_right if one.operator == "greater" else bisect_left
            start = max(start, bisect(entries, int(one.values[0])))
    return islice(entries, start, None) if name == "id" else (entry[1] for entry in entries)


def _required(where: Condition | None) -> Iterator[Comparison]:
    """Yield the conditions that every row must fulfil."""
    if isinstance(where, Comparison):
        yield where
    elif where is not None and where.operator == "and":
        for part in where.parts:
            yield from _required(part)


def _place(column: Column, record_id: int, record: Record) -> tuple[int, Any]:
    value = comparable(column, column.read(record_id, record))
    return (0, 0) if value is None else (1, value)


ROUTES = {"coql": {"POST": query_records}}

"""The checked query of a bulk read job. Source: api-bulk-notify-files sections 1.2 and 1.5."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..calls.call import Call, absence
from ..records.columns import BOOLEAN, DAY, LINK, LIST, MOMENT, NUMBER, OTHER, TEXT, Column, column_of, literal
from ..records.conditions import Comparison, Condition, Group, Test, build_test, compare, comparisons
from ..records.listing import view_ids
from ..wire.refusals import Refusal, refuse
from ..wire.whole_numbers import whole_number
from ..world.rendering import listed_names
from ..world.store import ModuleStore

PAGES, CRITERIA, LONGEST_VALUE, MOST_DIGITS = 50, 25, 255, 19
EMPTY = "${EMPTY}"
FILE_TYPES = ("csv", "ics")
EQUALS = {"equal": "equal", "not_equal": "not_equal", "in": "in", "not_in": "not_in"}
TEXTUAL = {
    **EQUALS, "contains": "contains", "not_contains": "not_contains", "starts_with": "starts", "ends_with": "ends",
}  # fmt: skip
ORDERED = {
    **EQUALS, "less_than": "less", "less_equal": "less_equal", "greater_than": "greater",
    "greater_equal": "greater_equal",
}  # fmt: skip
MOMENTS = {**ORDERED, "between": "between", "not_between": "not_between"}
COMPARATORS = {
    TEXT: TEXTUAL, LIST: TEXTUAL, NUMBER: ORDERED, MOMENT: MOMENTS, DAY: MOMENTS, BOOLEAN: {"equal": "equal"},
    LINK: EQUALS,
}  # fmt: skip
# Not exportable, as deny-lists of programs for CRM have it.
NOT_EXPORTED = {"Participants", "CTI_Entry"}


@dataclass(frozen=True, slots=True)
class BulkQuery:
    """A checked query; `body` is shown again in the job's details."""

    store: ModuleStore
    columns: tuple[Column, ...]
    test: Test | None
    page: int
    body: dict[str, Any]


def read_bulk_query(call: Call, query: dict[str, Any], file_type: Any) -> BulkQuery:
    """Check a query; the first thing wrong with it refuses the job."""
    store = _module(call, query.get("module"))
    if file_type not in FILE_TYPES or (file_type == "ics" and store.spec.api_name != "Events"):
        raise refuse_job("JOB_NOT_SUPPORTED", file_type=file_type)
    if file_type == "ics" and query.get("fields"):
        raise refuse_job("FIELD_NOT_SUPPORTED", file_type=file_type)
    page = whole_number(query.get("page", 1))
    if page is None or not 1 <= page <= PAGES:
        raise refuse_job("PAGE_RANGE_EXCEEDED", max_limit=PAGES)
    columns = _columns(call, store, query.get("fields"))
    criteria = query.get("criteria")
    test = None if criteria is None else _criteria(call, store, criteria)
    if query.get("cvid") is not None:
        test = _in_view(call, store, str(query["cvid"]), test)
    return BulkQuery(store, columns, test, page, {**query, "page": page})


def refuse_job(code: str, message: str | None = None, **details: Any) -> Refusal:
    """Build the refusal of a job; the words that go with most codes are not documented."""
    return refuse(code, message or code.replace("_", " ").lower(), details=details, status=400)


def _in_view(call: Call, store: ModuleStore, cvid: str, test: Test | None) -> Test | None:
    """Narrow a test to a custom view: every record, or those of the user who asks."""
    every, own = view_ids(call.organization, store.spec.api_name)
    if cvid not in {every, own}:
        raise refuse_job("INVALID_DATA", "invalid data", api_name="cvid")
    if cvid == every:
        return test
    mine = call.token.user_id
    return lambda record_id, record: record.get("Owner") == mine and (test is None or test(record_id, record))


def _criteria(call: Call, store: ModuleStore, given: Any) -> Test:
    condition = _condition(call, given)
    if sum(1 for _ in comparisons(condition)) > CRITERIA:
        raise refuse_job("CRITERIA_LIMIT_EXCEEDED", limit=CRITERIA)
    return build_test(condition, lambda one: _comparison(call, store, one))


def _module(call: Call, given: Any) -> ModuleStore:
    if isinstance(given, dict) and call.switches["bulk_module_object"] == "accepted":
        given = given.get("api_name")
    if given is not None and not isinstance(given, str):
        raise refuse_job("INVALID_DATA", "invalid data", api_name="module", expected_data_type="string")
    modules = call.product.modules
    name = given or ""
    if call.switches["bulk_deals"] == "accepted":
        name = call.product.module_named(name)
    if name not in modules or absence(call, name) == 400:
        raise refuse_job("MODULE_NOT_AVAILABLE", f"Requested module '{given or ''}' is not available.", module=given)
    if not modules[name].has_deleted_log:
        raise refuse_job("MODULE_NOT_SUPPORTED", module=given)
    return call.module(name, "READ")


def _columns(call: Call, store: ModuleStore, given: Any) -> tuple[Column, ...]:
    if given is None or given == []:
        names = [name for name in listed_names(store) if _exported(store, name)]
    elif isinstance(given, list) and all(isinstance(name, str) for name in given):
        names = given
    else:
        raise refuse_job("INVALID_DATA", "invalid data", api_name="fields", expected_data_type="jsonarray")
    columns = []
    for name in dict.fromkeys(names):
        if name.lower() == "id":
            continue
        column = column_of(call.organization, store, name)
        if column is None:
            raise refuse_job("FIELD_NOT_AVAILABLE", api_name=name)
        if "." not in name and not _exported(store, name):
            raise refuse_job("FIELD_NOT_SUPPORTED", api_name=name)
        columns.append(column)
    return tuple(columns)


def _exported(store: ModuleStore, name: str) -> bool:
    field = store.fields[name]
    return name not in NOT_EXPORTED and field.data_type not in {"subform", "ALARM", "RRULE"}


def _condition(call: Call, given: Any) -> Condition:
    if not isinstance(given, dict):
        raise refuse_job("INVALID_CRITERIA")
    leaf_keys = given.keys() & {"api_name", "field", "comparator", "value"}
    if "group" not in given:
        return _leaf(call, given)
    if leaf_keys:
        raise refuse_job("AMBIGUOUS_CRITERIA")
    parts = given["group"]
    if not isinstance(parts, list) or not parts:
        raise refuse_job("INVALID_CRITERIA")
    if len(parts) == 1:
        raise refuse_job("AMBIGUOUS_GROUP_IN_CRITERIA")
    word = str(given.get("group_operator", "")).lower()
    if word not in {"and", "or"}:
        raise refuse_job("GROUP_OPERATOR_NOT_SUPPORTED", group_operator=given.get("group_operator"))
    return Group(word, tuple(_condition(call, part) for part in parts))


def _leaf(call: Call, given: dict[str, Any]) -> Comparison:
    name, field = given.get("api_name"), given.get("field")
    if name is None and isinstance(field, dict) and call.switches["bulk_module_object"] == "accepted":
        name = field.get("api_name")
    if not isinstance(name, str) or not isinstance(given.get("comparator"), str) or "value" not in given:
        raise refuse_job("INVALID_CRITERIA")
    value = given["value"]
    values = tuple(value) if isinstance(value, list) else (value,)
    comparator = given["comparator"].lower()
    if comparator in {"in", "not_in", "between", "not_between"} and isinstance(value, str):
        values = tuple(part.strip() for part in value.split(","))
    return Comparison(name, comparator, values)


def _comparison(call: Call, store: ModuleStore, one: Comparison) -> Test:
    column = column_of(call.organization, store, one.name)
    if column is None:
        raise refuse_job("FIELD_IN_CRITERIA_NOT_AVAILABLE", api_name=one.name)
    if column.kind == OTHER:
        raise refuse_job("FIELD_IN_CRITERIA_NOT_SUPPORTED", api_name=one.name)
    known = {name for comparators in COMPARATORS.values() for name in comparators}
    if one.operator not in known:
        raise refuse_job("FIELD_COMPARATOR_IN_CRITERIA_NOT_SUPPORTED", comparator=one.operator)
    operator = COMPARATORS[column.kind].get(one.operator)
    if operator is None:
        raise refuse_job("FIELD_AND_COMPARATOR_IN_CRITERIA_NOT_COMPATIBLE", api_name=one.name, comparator=one.operator)
    if one.values == (EMPTY,) and operator in {"equal", "not_equal"} and column.kind != BOOLEAN:
        return compare(column, operator.replace("equal", "empty"), ())
    if EMPTY in one.values or ("between" in operator and len(one.values) != 2):
        raise refuse_job("COMPARATOR_AND_VALUE_IN_CRITERIA_NOT_COMPATIBLE", api_name=one.name)
    return compare(column, operator, tuple(_value(call, column, value) for value in one.values))


def _value(call: Call, column: Column, value: Any) -> Any:
    text = str(value)
    is_number = column.kind == LINK or column.data_type == "bigint"
    most = MOST_DIGITS if is_number else LONGEST_VALUE if column.kind in {TEXT, LIST} else None
    if most is not None and len(text) > most:
        raise refuse_job("VALUE_LIMIT_EXCEEDED_IN_CRITERIA", api_name=column.name, maximum_length=most)
    try:
        if column.kind == MOMENT and "." in text:
            raise ValueError("milliseconds are not taken")
        return literal(call.organization, column, value, offset_needed=True)
    except (ValueError, OverflowError) as error:
        raise refuse_job("VALUE_IN_CRITERIA_NOT_SUPPORTED", api_name=column.name) from error

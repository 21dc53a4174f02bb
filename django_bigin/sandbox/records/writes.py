"""Insert, update, upsert, delete through the API: rows judged one by one. Source: api-records section 6."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..calls.call import Call, charge_rows
from ..wire.messages import Response
from ..wire.refusals import RowRefusal, refuse
from ..wire.whole_numbers import whole_number
from ..world.changes import Writer, unique_clash
from ..world.store import ModuleStore, Record
from ..world.values import MISSING_ID, RowReader, mandatory

ROWS_PER_CALL = 100
Row = dict[str, Any]


# operations


def insert(call: Call) -> Response:
    """Insert 1 to 100 records."""
    return insert_rows(call, call.module(call.arguments[0], "CREATE"))


def insert_rows(call: Call, store: ModuleStore, *, also: Row | None = None) -> Response:
    """Insert the call's rows; `also` is added to each."""
    rows, _ = read_rows(call)
    rows = [row | also if also and isinstance(row, dict) else row for row in rows]
    results = each_row(rows, lambda index, row: _insert_row(call, store, index, row))
    return answer_rows(call, results, done=_inserted_status(call, results))


def update(call: Call) -> Response:
    """Update records, each named by its `id`."""
    store = call.module(call.arguments[0], "UPDATE")
    rows, _ = read_rows(call)

    def one(index: int, row: Any) -> Row:
        if isinstance(row, dict) and row.get("id") in (None, ""):
            raise mandatory("id", index)
        return update_row(call, store, index, row, _read_id(row, index))

    results = each_row(rows, one)
    return answer_rows(call, results, done=changed_status(call, results))


def update_one(call: Call) -> Response:
    """Update the record that the path names."""
    store = call.module(call.arguments[0], "UPDATE")
    rows, _ = read_rows(call)
    record_id = int(call.arguments[1])
    results = each_row(rows[:1], lambda index, row: update_row(call, store, index, row, record_id))
    return answer_rows(call, results, done=changed_status(call, results))


def upsert(call: Call) -> Response:
    """Update the records that the duplicate check finds, insert the rest."""
    store = call.module(call.arguments[0], "CREATE")
    call.module(call.arguments[0], "UPDATE")
    rows, body = read_rows(call)
    named = body.get("duplicate_check_fields")
    if named and not (isinstance(named, list) and all(isinstance(name, str) for name in named)):
        raise refuse("INVALID_DATA", details={"api_name": "duplicate_check_fields", "expected_data_type": "jsonarray"})
    checks = tuple(name for name in named or () if name in store.fields) or store.spec.duplicate_check

    def one(index: int, row: Any) -> Row:
        record_id, field = _duplicate(store, row, checks)
        if record_id is None:
            return _insert_row(call, store, index, row) | {"action": "insert", "duplicate_field": None}
        result = update_row(call, store, index, row, record_id)
        return result | {"action": "update", "duplicate_field": field}

    results = each_row(rows, one)
    inserted = all(result.get("action") == "insert" for result in results)
    done = _inserted_status(call, results) if inserted else changed_status(call, results)
    return answer_rows(call, results, done=done)


def delete(call: Call) -> Response:
    """Delete the records that `ids` names."""
    ids = [text.strip() for text in call.request.query.get("ids", "").split(",") if text.strip()]
    store = call.module(call.arguments[0], "DELETE")
    if not ids:
        raise refuse("REQUIRED_PARAM_MISSING", details={"param_name": "ids"})
    if len(ids) > ROWS_PER_CALL:
        raise refuse("LIMIT_EXCEEDED", details={"limit": ROWS_PER_CALL, "param_name": "ids"})
    return delete_ids(call, store, ids)


def delete_one(call: Call) -> Response:
    """Delete the record that the path names."""
    return delete_ids(call, call.module(call.arguments[0], "DELETE"), [call.arguments[1]])


# rows


def _insert_row(call: Call, store: ModuleStore, index: int, row: Any) -> Row:
    changes = RowReader(call.organization, store).read(row, index)
    _refuse_clash(store, changes, index)
    record_id = _writer(call).insert(store, changes)
    return _success(call, store, record_id, "record added")


def update_row(call: Call, store: ModuleStore, index: int, row: Any, record_id: int) -> Row:
    """Update one record; RowRefusal if the row cannot be."""
    if record_id not in store.records:
        raise RowRefusal("INVALID_DATA", MISSING_ID, id=str(record_id), json_path=f"$.data[{index}].id")
    changes = RowReader(call.organization, store).read(row, index, stored=store.records[record_id])
    _refuse_clash(store, changes, index, but=record_id)
    _writer(call).update(store, record_id, changes)
    return _success(call, store, record_id, "record updated")


def delete_ids(call: Call, store: ModuleStore, ids: list[str]) -> Response:
    """Delete those records and answer each."""
    call.workflows = call.request.query.get("wf_trigger") != "false"

    def one(_index: int, text: Any) -> Row:
        record_id = whole_number(text)
        if record_id is None:
            raise RowRefusal("INVALID_DATA", MISSING_ID, id=text)
        _writer(call).delete(store, record_id)
        return {"code": "SUCCESS", "details": {"id": text}, "message": "record deleted", "status": "success"}

    results = each_row(list(ids), one)
    return answer_rows(call, results, done=changed_status(call, results))


def _duplicate(store: ModuleStore, row: Any, checks: tuple[str, ...]) -> tuple[int | None, str | None]:
    """Find the record an upsert means: by id, else by the first check field that matches; each needs a value."""
    if not isinstance(row, dict):
        return None, None
    given = whole_number(row.get("id"))
    if given is not None and given in store.records:
        return given, "id"
    if any(row.get(name) in (None, "") for name in checks):
        return None, None
    for name in checks:
        value = row[name]
        if isinstance(value, str | int) and (found := store.with_value(name, str(value))):
            return found[0], name
    return None, None


def _refuse_clash(store: ModuleStore, changes: Record, index: int, *, but: int | None = None) -> None:
    clash = unique_clash(store, changes, but=but)
    if clash is not None:
        name, other = clash
        raise RowRefusal("DUPLICATE_DATA", api_name=name, id=str(other), json_path=f"$.data[{index}].{name}")


def _read_id(row: Any, index: int) -> int:
    if not isinstance(row, dict):
        raise RowRefusal("INVALID_DATA", expected_data_type="jsonobject", json_path=f"$.data[{index}]")
    record_id = whole_number(row["id"])
    if record_id is None:
        raise RowRefusal("INVALID_DATA", MISSING_ID, id=str(row["id"]), json_path=f"$.data[{index}].id")
    return record_id


# envelope


def read_rows(call: Call) -> tuple[list[Any], dict[str, Any]]:
    """Read the 1 to 100 rows of the body, and the body, and set the price."""
    try:
        body = call.request.json()
    except ValueError as error:
        raise refuse("INVALID_DATA", details={"expected_data_type": "jsonobject"}) from error
    rows = body.get("data") if isinstance(body, dict) else None
    if not isinstance(rows, list) or not rows:
        raise refuse("INVALID_DATA", details={"expected_data_type": "jsonarray", "api_name": "data"})
    if len(rows) > ROWS_PER_CALL:
        raise refuse("LIMIT_EXCEEDED", "Record insertion limit exceeded", details={"limit": ROWS_PER_CALL})
    charge_rows(call, len(rows))
    # Workflows run unless the key is there without the word. There are none here, so the call log tells it.
    trigger = body.get("trigger")
    call.workflows = trigger is None or (isinstance(trigger, list) and "workflow" in trigger)
    return rows, body


def each_row(rows: list[Any], one: Callable[[int, Any], Row]) -> list[Row]:
    """Judge each row by itself, in the order asked."""
    results = []
    for index, row in enumerate(rows):
        try:
            results.append(one(index, row))
        except RowRefusal as refusal:
            results.append(refusal.body)
    return results


def answer_rows(call: Call, results: list[Row], *, done: int) -> Response:
    """Answer the results of all rows; `done` is the status where each went well."""
    failed = sum(result["status"] == "error" for result in results)
    if failed == len(results):
        return Response(call.switches["all_failed_status"], {"data": results}, outcome=results[0]["code"])
    if failed:
        return Response(call.switches["partial_status"], {"data": results}, outcome="partial")
    return Response(done, {"data": results})


def _inserted_status(call: Call, results: list[Row]) -> int:
    status: int = 201 if len(results) == 1 else call.switches["many_inserted_status"]
    return status


def changed_status(call: Call, results: list[Row]) -> int:
    """Return the status of rows that were all updated or deleted."""
    status: int = 200 if len(results) == 1 else call.switches["many_changed_status"]
    return status


def _success(call: Call, store: ModuleStore, record_id: int, message: str) -> Row:
    record, text = store.records[record_id], call.organization.times.text
    details = {
        "Modified_Time": text(record["Modified_Time"]),
        "Modified_By": call.renderer.person(record.get("Modified_By")),
        "Created_Time": text(record["Created_Time"]),
        "id": str(record_id),
        "Created_By": call.renderer.person(record.get("Created_By")),
    }
    return {"code": "SUCCESS", "details": details, "message": message, "status": "success"}


def _writer(call: Call) -> Writer:
    return Writer(call.organization, user_id=call.token.user_id, now=call.now)


ROUTES = {
    "{module}": {"POST": insert, "PUT": update, "DELETE": delete},
    "{module}/upsert": {"POST": upsert},
    "{module}/{id}": {"PUT": update_one, "DELETE": delete_one},
}

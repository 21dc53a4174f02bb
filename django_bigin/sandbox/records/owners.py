"""Changes of records' owners. Source: api-records section 6.7."""

from __future__ import annotations

from typing import Any

from ..calls.call import Call
from ..wire.messages import Response
from ..wire.refusals import RowRefusal, refuse
from ..wire.whole_numbers import whole_number
from ..world.changes import Writer
from .writes import Row, answer_rows, each_row

RECORDS_PER_CALL = 500


def change_owner(call: Call) -> Response:
    """Make the `owner` of the body the owner of the records that the path or `ids` names."""
    call.allow("change_owner", "CREATE")
    store = call.organization.store(call.arguments[0])
    if store is None or not store.spec.has_deleted_log:
        raise refuse("INVALID_MODULE", details={"resource_path_index": 0})
    try:
        body = call.request.json()
    except ValueError as error:
        raise refuse("INVALID_DATA", details={"expected_data_type": "jsonobject"}) from error
    owner_id = _owner_id(call, body if isinstance(body, dict) else {})
    ids = [call.arguments[1]] if len(call.arguments) > 1 else body.get("ids")
    if not isinstance(ids, list) or not ids:
        raise refuse("MANDATORY_NOT_FOUND", details={"api_name": "ids"})
    if len(ids) > RECORDS_PER_CALL:
        raise refuse("LIMIT_EXCEEDED", details={"limit": RECORDS_PER_CALL})
    writer = Writer(call.organization, user_id=call.token.user_id, now=call.now)

    def one(_index: int, given: Any) -> Row:
        text = str(given)
        record_id = whole_number(text)
        if record_id is None or record_id not in store.records:
            raise RowRefusal("INVALID_DATA", "the id given seems to be invalid", id=text)
        writer.update(store, record_id, {"Owner": owner_id})
        message = "owner updated successfully"
        return {"code": "SUCCESS", "details": {"id": text}, "message": message, "status": "success"}

    return answer_rows(call, each_row(ids, one), done=200)


def _owner_id(call: Call, body: dict[str, Any]) -> int:
    owner = body.get("owner")
    if not isinstance(owner, dict) or not owner.get("id"):
        raise refuse("MANDATORY_NOT_FOUND", details={"api_name": "owner"})
    user_id = whole_number(owner["id"])
    if user_id is None or user_id not in call.organization.users:
        raise refuse("INVALID_DATA", "the id given seems to be invalid", details={"api_name": "owner"})
    return user_id


ROUTES = {
    "{module}/actions/change_owner": {"POST": change_owner},
    "{module}/{id}/actions/change_owner": {"POST": change_owner},
}

"""Tags: a module's list of them, and which records have them. Source: api-bulk-notify-files section 9."""

from __future__ import annotations

from typing import Any

from ..calls.call import Call
from ..records.writes import Row, answer_rows, each_row
from ..wire.messages import Response
from ..wire.refusals import RowRefusal, error_body, refuse
from ..wire.whole_numbers import whole_number
from ..world.organization import Tag
from ..world.store import ModuleStore

TAGS_PER_CALL, RECORDS_PER_CALL, RECORDS_PER_CREDIT, ALLOWED, LONGEST_NAME = 100, 500, 50, 10, 25
UNTAGGED = {"Notes"}


# the list


def list_tags(call: Call) -> Response:
    """Answer a module's tags."""
    call.allow("settings.tags")
    shown = [_show(call, tag) for tag in _tags(call).values()]
    info = {"count": len(shown), "allowed_count": ALLOWED}
    return Response(200, {"tags": shown, "info": info}) if shown else Response(204)


def create_tags(call: Call) -> Response:
    """Make tags; a name that is taken is refused."""
    call.allow("settings.tags", "CREATE")
    module, tags = _module(call), _tags(call)

    def one(index: int, row: Any) -> Row:
        name = _name(row, index)
        _refuse_taken(tags, name)
        tag = call.organization.add_tag(module, name, at=call.now, by=call.token.user_id)
        return _success(_details(call, tag), "tags created successfully")

    return _answer(call, each_row(_given(call), one), done=201)


def update_tags(call: Call) -> Response:
    """Rename tags, each named by its `id` or by the path; the records that have them show the new name."""
    call.allow("settings.tags", "UPDATE")
    module, tags = _module(call), _tags(call)

    def one(index: int, row: Any) -> Row:
        given = row.get("id") if isinstance(row, dict) else None
        tag = _by_id(tags, call.arguments[0] if call.arguments else given)
        name = _name(row, index)
        if name.lower() != tag.name.lower():
            _refuse_taken(tags, name)
        _replace(call, module, tag.name, name)
        del tags[tag.name]
        tag.name, tag.modified_at, tag.modified_by = name, call.now, call.token.user_id
        tags[name] = tag
        return _success(_details(call, tag), "tags updated successfully")

    return _answer(call, each_row(_given(call), one), done=200)


def delete_tag(call: Call) -> Response:
    """Delete a tag, from the records too."""
    call.allow("settings.tags", "DELETE")
    for module, tags in call.organization.tags.items():
        for name, tag in tags.items():
            if str(tag.id) == call.arguments[0]:
                _replace(call, module, name, None)
                del tags[name]
                return Response(200, {"tags": _success({"id": call.arguments[0]}, "tags deleted successfully")})
    raise refuse("INVALID_DATA", "tags not found", details={"id": call.arguments[0]})


def count_tagged(call: Call) -> Response:
    """Answer the number of records that have a tag, as text."""
    call.allow("settings.tags")
    module, tags = _module(call), _tags(call)
    try:
        name = _by_id(tags, call.arguments[0]).name
    except RowRefusal as refusal:
        raise refuse("INVALID_DATA", "tags not found", details={"id": call.arguments[0]}) from refusal
    records = call.organization.stores[module].records.values()
    return Response(200, {"count": str(sum(name in record.get("Tag", ()) for record in records))})


# on records


def add_tags(call: Call) -> Response:
    """Tag records; names and ids come in the query or in the body, both are documented."""
    return _change_tags(call, _added)


def remove_tags(call: Call) -> Response:
    """Take tags from records."""
    return _change_tags(call, lambda old, names, over_write: tuple(name for name in old if name not in names))


def _added(old: tuple[str, ...], names: tuple[str, ...], over_write: bool) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*(() if over_write else old), *names)))


def _change_tags(call: Call, change: Any) -> Response:
    store = call.module(call.arguments[0], "UPDATE")
    if store.spec.api_name in UNTAGGED:
        raise refuse("INVALID_MODULE", details={"resource_path_index": 0})
    body = _body(call)
    names = _names(call, body)
    ids = [call.arguments[1]] if len(call.arguments) > 1 else _ids(call, body)
    call.spent = -(-len(ids) // RECORDS_PER_CREDIT)
    over_write = str(body.get("over_write", call.request.query.get("over_write", False))).lower() == "true"
    results = each_row(ids, lambda index, text: _tag_one(call, store, text, change, names, over_write))
    response = answer_rows(call, results, done=200)
    done = sum(result["status"] == "success" for result in results)
    response.payload |= {"wf_scheduler": False, "success_count": str(done), "locked_count": 0}
    return response


def _tag_one(call: Call, store: ModuleStore, text: str, change: Any, names: tuple[str, ...], over_write: bool) -> Row:
    record_id = whole_number(text)
    if record_id is None or record_id not in store.records:
        raise RowRefusal("INVALID_DATA", "the id given seems to be invalid", id=text)
    tags = change(store.records[record_id].get("Tag", ()), names, over_write)
    for name in tags:
        call.organization.tag_id(store.spec.api_name, name)
    stamps = {"Modified_Time": call.now, "Modified_By": call.token.user_id} if call.switches["tags_touch"] else {}
    store.change(record_id, {"Tag": tags or None, **stamps})
    return _success({"id": text, "tags": list(tags)}, "tags updated successfully")


def _body(call: Call) -> dict[str, Any]:
    if not call.request.body:
        return {}
    try:
        body = call.request.json()
    except ValueError as error:
        raise refuse("INVALID_DATA", details={"expected_data_type": "jsonobject"}) from error
    return body if isinstance(body, dict) else {}


def _names(call: Call, body: dict[str, Any]) -> tuple[str, ...]:
    given = body.get("tags") or call.request.query.get("tag_names", "").split(",")
    found = [tag.get("name") if isinstance(tag, dict) else tag for tag in given] if isinstance(given, list) else []
    names = tuple(name.strip() for name in found if isinstance(name, str) and name.strip())
    if not names:
        raise refuse("REQUIRED_PARAM_MISSING", details={"param_name": "tag_names"})
    return names


def _ids(call: Call, body: dict[str, Any]) -> list[str]:
    given = body.get("ids") or call.request.query.get("ids", "").split(",")
    ids = [str(text).strip() for text in given if str(text).strip()] if isinstance(given, list) else []
    if not ids:
        raise refuse("REQUIRED_PARAM_MISSING", details={"param_name": "ids"})
    if len(ids) > RECORDS_PER_CALL:
        raise refuse("LIMIT_EXCEEDED", details={"limit": RECORDS_PER_CALL, "param_name": "ids"})
    return ids


# parts


def _module(call: Call) -> str:
    name = call.request.query.get("module", "")
    if not name:
        raise refuse("REQUIRED_PARAM_MISSING", details={"param_name": "module"})
    store = call.organization.store(name)
    if store is None or store.spec.api_name in UNTAGGED:
        raise refuse("INVALID_MODULE", details={"param_name": "module"})
    return store.spec.api_name


def _tags(call: Call) -> dict[str, Tag]:
    return call.organization.tags[_module(call)]


def _given(call: Call) -> list[Any]:
    rows = _body(call).get("tags")
    if not isinstance(rows, list) or not rows:
        raise refuse("INVALID_DATA", details={"expected_data_type": "jsonarray", "api_name": "tags"})
    if len(rows) > TAGS_PER_CALL:
        raise refuse("LIMIT_EXCEEDED", details={"limit": TAGS_PER_CALL})
    return rows


def _name(row: Any, index: int) -> str:
    name = row.get("name") if isinstance(row, dict) else None
    if not isinstance(name, str) or not name.strip():
        raise RowRefusal("MANDATORY_NOT_FOUND", api_name="name", json_path=f"$.tags[{index}].name")
    if len(name.strip()) > LONGEST_NAME:
        raise RowRefusal("INVALID_DATA", api_name="name", maximum_length=LONGEST_NAME)
    return name.strip()


def _refuse_taken(tags: dict[str, Tag], name: str) -> None:
    taken = next((tag for tag in tags.values() if tag.name.lower() == name.lower()), None)
    if taken is not None:
        raise RowRefusal("DUPLICATE_DATA", api_name="name", id=str(taken.id))


def _by_id(tags: dict[str, Tag], given: Any) -> Tag:
    tag = next((tag for tag in tags.values() if str(tag.id) == str(given)), None)
    if tag is None:
        raise RowRefusal("INVALID_DATA", "tags not found", id=str(given))
    return tag


def _replace(call: Call, module: str, old: str, new: str | None) -> None:
    store = call.organization.stores[module]
    for record_id, record in store.records.items():
        if old in record.get("Tag", ()):
            tags = tuple(new if name == old else name for name in record["Tag"] if name != old or new is not None)
            store.change(record_id, {"Tag": tags or None})
    call.renderer.forget()


def _show(call: Call, tag: Tag) -> dict[str, Any]:
    return {"name": tag.name, **_details(call, tag)}


def _details(call: Call, tag: Tag) -> dict[str, Any]:
    text, person = call.organization.times.text, call.renderer.person
    return {
        "created_time": text(tag.created_at),
        "modified_time": text(tag.modified_at),
        "modified_by": person(tag.modified_by),
        "id": str(tag.id),
        "created_by": person(tag.created_by),
    }


def _success(details: dict[str, Any], message: str) -> Row:
    return {**error_body("INVALID_DATA", message, details), "code": "SUCCESS", "status": "success"}


def _answer(call: Call, results: list[Row], *, done: int) -> Response:
    response = answer_rows(call, results, done=done)
    return Response(response.status, {"tags": results}, outcome=response.outcome)


ROUTES = {
    "settings/tags": {"GET": list_tags, "POST": create_tags, "PUT": update_tags},
    "settings/tags/{id}": {"PUT": update_tags, "DELETE": delete_tag},
    "settings/tags/{id}/actions/records_count": {"GET": count_tagged},
    "{module}/actions/add_tags": {"POST": add_tags},
    "{module}/{id}/actions/add_tags": {"POST": add_tags},
    "{module}/actions/remove_tags": {"POST": remove_tags},
    "{module}/{id}/actions/remove_tags": {"POST": remove_tags},
}

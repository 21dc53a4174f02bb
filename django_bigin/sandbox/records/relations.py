"""Related lists: records that belong to a record are read, linked and unlinked.

Source: api-records sections 11 and 14.5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..accounts.scopes import OWN_SCOPE_MODULES
from ..calls.call import Call
from ..wire.messages import Response
from ..wire.refusals import RowRefusal, refuse
from ..wire.whole_numbers import whole_number
from ..world.store import ModuleStore
from .listing import (
    BOUND_PARAMETERS,
    PER_PAGE,
    PageToken,
    keep_token,
    read_names,
    read_number,
    read_page,
    token_mismatch,
)
from .writes import Row, answer_rows, delete_ids, each_row, insert_rows, read_rows, update_row

NO_RELATION = "the relation name given seems to be invalid"
NOT_LINKED = "the relation given seems to be invalid"


@dataclass(frozen=True, slots=True)
class Relation:
    """One parent's related list."""

    parent: ModuleStore
    parent_id: int
    related: ModuleStore
    fields: tuple[str, ...]

    @property
    def is_link(self) -> bool:
        """Tell whether the two are linked by nothing but that."""
        return not self.fields


def list_related(call: Call) -> Response:
    """Answer one page of a record's related list: seven keys about the page, none of the order."""
    relation = _relation(call, "READ")
    names = read_names(call)
    per_page = read_number(call, "per_page", PER_PAGE, most=PER_PAGE)
    resumed = _resume(call) if "page_token" in call.request.query else None
    page = resumed.page if resumed else read_page(call, per_page, wall=call.switches["page_wall"])
    ids = sorted(_related_ids(call, relation), reverse=True)
    shown, more = ids[(page - 1) * per_page : page * per_page], page * per_page < len(ids)
    if not shown:
        return Response(204)
    expires_at = call.state.clock.seconds() + call.switches["page_token_seconds"]
    token = _token(call, page + 1, per_page, expires_at, resumed) if more else None
    info = {
        "per_page": per_page,
        "next_page_token": token,
        "count": len(shown),
        "page": page,
        "previous_page_token": resumed.previous if resumed else None,
        "page_token_expiry": call.organization.times.text(int(expires_at)) if token else None,
        "more_records": more,
    }
    return Response(200, {"data": call.renderer.rows(relation.related, shown, names), "info": info})


def _token(call: Call, page: int, per_page: int, expires_at: float, resumed: PageToken | None) -> str:
    previous = call.request.query.get("page_token") if resumed else None
    offset = (page - 1) * per_page
    org_id, user_id = call.organization.org_id, call.token.user_id
    return keep_token(
        call.state, PageToken(org_id, user_id, _list_name(call), _bound(call), page, offset, previous, expires_at)
    )


def _resume(call: Call) -> PageToken:
    if "page" in call.request.query:
        raise refuse("AMBIGUITY_DURING_PROCESSING", details={"param_names": ["page", "page_token"]})
    token: PageToken | None = call.state.page_tokens.get(call.request.query["page_token"])
    mine = (call.organization.org_id, call.token.user_id, _list_name(call), _bound(call))
    if token is None or (token.org_id, token.user_id, token.module, token.bound) != mine:
        raise token_mismatch(call)
    if token.expires_at <= call.state.clock.seconds():
        raise refuse("EXPIRED_VALUE", details={"param_name": "page_token"})
    return token


def _bound(call: Call) -> dict[str, str]:
    return {name: call.request.query[name] for name in BOUND_PARAMETERS if name in call.request.query}


def _list_name(call: Call) -> str:
    return "/".join(call.arguments[:3])


def _relation(call: Call, operation: str) -> Relation:
    """Read parent, id and related list; a note's own scope is needed beside the parent's."""
    name = call.product.module_named(call.arguments[2])
    if name.lower() in OWN_SCOPE_MODULES:
        parent, related = call.module(call.arguments[0], "READ"), call.module(name, operation)
    else:
        parent, related = call.module(call.arguments[0], operation), call.organization.stores[name]
    fields = call.product.related_lists.get(parent.spec.api_name, {}).get(name)
    if fields is None:
        raise refuse(
            "INVALID_MODULE", "the relation name given seems to be invalid", details={"resource_path_index": 2}
        )
    parent_id = int(call.arguments[1])
    if parent_id not in parent.records:
        raise refuse("INVALID_DATA", "the id given seems to be invalid", details={"resource_path_index": 1})
    return Relation(parent, parent_id, related, fields)


def _related_ids(call: Call, relation: Relation) -> set[int]:
    if relation.is_link:
        linked = call.organization.links.of(relation.parent.spec.api_name, relation.parent_id)
        return {i for i in linked if i in relation.related.records}
    wanted = str(relation.parent_id)
    return {i for name in relation.fields for i in relation.related.with_value(name, wanted)}


# linking


def link(call: Call) -> Response:
    """Link the records that the path or the rows name; linking again is no mistake."""
    relation = _relation(call, "UPDATE")
    _refuse_unlinkable(relation)
    if len(call.arguments) > 3:
        rows: list[Any] = [{"id": call.arguments[3]}]
    else:
        rows, _ = read_rows(call)
    return answer_rows(call, each_row(rows, lambda index, row: _link(call, relation, row)), done=200)


def _link(call: Call, relation: Relation, row: Any) -> Row:
    text = str(row.get("id")) if isinstance(row, dict) else ""
    related_id = whole_number(text)
    if related_id is None or related_id not in relation.related.records:
        raise RowRefusal("INVALID_DATA", "the id given seems to be invalid", id=text)
    call.organization.links.add(
        relation.parent.spec.api_name, relation.parent_id, relation.related.spec.api_name, related_id
    )
    _touch(call, relation, related_id)
    return {"code": "SUCCESS", "details": {"id": text}, "message": "relation added", "status": "success"}


def unlink(call: Call) -> Response:
    """Unlink the records that the path or `ids` names; what is not linked is refused."""
    if call.arguments[2] == "Notes" and len(call.arguments) > 3:
        return _delete_note(call, _relation(call, "DELETE"))
    relation = _relation(call, "UNLINK")
    _refuse_unlinkable(relation)
    given = call.arguments[3] if len(call.arguments) > 3 else call.request.query.get("ids", "")
    ids = [text.strip() for text in given.split(",") if text.strip()]
    if not ids:
        raise refuse("REQUIRED_PARAM_MISSING", details={"param_name": "ids"})
    return answer_rows(call, each_row(list(ids), lambda index, text: _unlink(call, relation, text)), done=200)


def _unlink(call: Call, relation: Relation, text: str) -> Row:
    names = (relation.parent.spec.api_name, relation.related.spec.api_name)
    related_id = whole_number(text)
    if related_id is None or not call.organization.links.remove(names[0], relation.parent_id, names[1], related_id):
        raise RowRefusal("INVALID_DATA", NOT_LINKED, id=text)
    _touch(call, relation, related_id)
    return {"code": "SUCCESS", "details": {"id": text}, "message": "relation removed", "status": "success"}


def _touch(call: Call, relation: Relation, related_id: int) -> None:
    """Set Last_Activity_Time on both sides; Modified_Time stays, as recorded."""
    for store, record_id in ((relation.parent, relation.parent_id), (relation.related, related_id)):
        if record_id in store.records and "Last_Activity_Time" in store.fields:
            store.change(record_id, {"Last_Activity_Time": call.now})


def _refuse_unlinkable(relation: Relation) -> None:
    if not relation.is_link:
        raise refuse(
            "INVALID_MODULE", "the relation name given seems to be invalid", details={"resource_path_index": 2}
        )


# notes of one record. Source: api-bulk-notify-files section 6


def add_notes(call: Call) -> Response:
    """Add notes to the record that the path names."""
    relation = _relation(call, "CREATE")
    if relation.related.spec.api_name != "Notes":
        raise refuse("INVALID_REQUEST_METHOD")
    parent = {"Parent_Id": {"id": str(relation.parent_id)}, "$se_module": relation.parent.spec.api_name}
    return insert_rows(call, relation.related, also=parent)


def change_related(call: Call) -> Response:
    """Change one note of a record, or link one record to another."""
    if call.arguments[2] != "Notes":
        return link(call)
    relation = _relation(call, "UPDATE")
    note_id = _note_id(call, relation)
    rows, _ = read_rows(call)
    results = each_row(rows[:1], lambda index, row: update_row(call, relation.related, index, row, note_id))
    return answer_rows(call, results, done=200)


def get_related(call: Call) -> Response:
    """Answer one note of a record."""
    relation = _relation(call, "READ")
    if relation.related.spec.api_name != "Notes":
        raise refuse("INVALID_REQUEST_METHOD")
    note_id = int(call.arguments[3])
    if note_id not in _related_ids(call, relation):
        return Response(204)
    return Response(200, {"data": [call.renderer.full_row(relation.related, note_id)]})


def _note_id(call: Call, relation: Relation) -> int:
    note_id = int(call.arguments[3])
    if note_id not in _related_ids(call, relation):
        raise refuse("INVALID_DATA", "the id given seems to be invalid", details={"resource_path_index": 3})
    return note_id


def _delete_note(call: Call, relation: Relation) -> Response:
    return delete_ids(call, relation.related, [str(_note_id(call, relation))])


ROUTES = {
    "{module}/{id}/{related}": {"GET": list_related, "POST": add_notes, "PUT": link, "DELETE": unlink},
    "{module}/{id}/{related}/{id}": {"GET": get_related, "PUT": change_related, "DELETE": unlink},
}

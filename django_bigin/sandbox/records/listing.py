"""Reading records: list, one, the deleted log. Source: api-records sections 4, 5, 7."""

from __future__ import annotations

import secrets
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from ..calls.call import Call
from ..wire.messages import Response
from ..wire.refusals import Refusal, refuse
from ..wire.whole_numbers import whole_number
from ..world.organization import Organization
from ..world.rendering import compact
from ..world.state import State
from ..world.store import Key, ModuleStore, place_after

PER_PAGE = 200
FIELDS_PER_CALL = 50
SAFE_SORT_FIELDS = ("id", "Created_Time", "Modified_Time")
# What a page token is bound to; `page` must be left out with one.
BOUND_PARAMETERS = ("fields", "sort_by", "sort_order", "per_page", "cvid", "approved", "ids")
TOKENS_KEPT = 50_000
VIEW_CREDITS = 3


@dataclass(slots=True)
class PageToken:
    """The position at which a listing continues; the switch `page_token_paging` says what it remembers."""

    org_id: str
    user_id: int
    module: str
    bound: dict[str, str]
    page: int
    offset: int
    previous: str | None
    expires_at: float
    after: Key | None = None
    snapshot: array[int] | None = None


@dataclass(slots=True)
class ListQuery:
    """A list call: the rows that it asks for, and its position among them."""

    names: tuple[str, ...]
    per_page: int
    sort_by: str
    descending: bool
    page: int = 1
    offset: int = 0
    token: str | None = None
    resumed: PageToken | None = None


# list


class Page(NamedTuple):
    """The ids of one page; `snapshot` is the frozen order, if paging is by snapshot."""

    ids: list[int]
    more: bool
    last_key: Key | None = None
    snapshot: array[int] | None = None


def list_records(call: Call) -> Response:
    """Answer one page of a module's records."""
    store = call.module(call.arguments[0], "READ")
    asked = _read_list_query(call, store)
    if not_modified(call, store):
        return Response(304, outcome="not modified")
    page = _read_page(call, store, asked)
    # A frozen page may have lost all its rows; the listing continues past it.
    if not page.ids and not (page.snapshot and page.more):
        return Response(204)
    rows = call.renderer.rows_text(store, page.ids, asked.names)
    info = _info(call, store, asked, page)
    return Response(200, f'{{"data":{rows},"info":{compact(info)}}}')


def _read_list_query(call: Call, store: ModuleStore) -> ListQuery:
    query = call.request.query
    names = read_names(call)
    if "page" in query and "page_token" in query:
        raise refuse("AMBIGUITY_DURING_PROCESSING", details={"param_names": ["page", "page_token"]})
    if "cvid" in query:
        call.spent = VIEW_CREDITS
        if "sort_by" in query:
            raise refuse("AMBIGUITY_DURING_PROCESSING", details={"param_names": ["cvid", "sort_by"]})
        read_view(call, store)
    per_page = read_number(call, "per_page", PER_PAGE, most=PER_PAGE)
    sort_by, descending = _read_order(call, store)
    asked = ListQuery(names, per_page, sort_by, descending)
    if "page_token" in query:
        asked.token = query["page_token"]
        asked.resumed = _resume(call, store, asked.token)
        asked.page, asked.offset = asked.resumed.page, asked.resumed.offset
        if asked.offset >= call.switches["page_token_ceiling"]:
            raise refuse("PAGINATION_LIMIT_EXCEEDED", details={"limit": call.switches["page_token_ceiling"]})
        return asked
    asked.page = read_page(call, per_page, wall=call.switches["page_wall"])
    asked.offset = (asked.page - 1) * per_page
    return asked


def read_names(call: Call) -> tuple[str, ...]:
    """Read `fields`, which is required."""
    text = call.request.query.get("fields", "")
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if not names:
        raise refuse("REQUIRED_PARAM_MISSING", details={"param_name": "fields"})
    if len(names) > FIELDS_PER_CALL:
        raise refuse("LIMIT_EXCEEDED", details={"limit": FIELDS_PER_CALL, "param_name": "fields"})
    if names == ("id",) and call.switches["fields_id_alone"] == "refused":
        raise refuse("INVALID_DATA", details={"param_name": "fields"})
    return names


def _read_order(call: Call, store: ModuleStore) -> tuple[str, bool]:
    query, mode = call.request.query, call.switches["sort_fields"]
    sort_by, sort_order = query.get("sort_by", "id"), query.get("sort_order", "desc").lower()
    if mode == "ignored":
        return "id", True
    allowed = SAFE_SORT_FIELDS if mode == "safe" else ("id", *store.fields)
    if sort_by not in allowed:
        raise refuse("INVALID_DATA", details={"param_name": "sort_by"})
    if sort_order not in {"asc", "desc"}:
        raise refuse("INVALID_DATA", details={"param_name": "sort_order"})
    return sort_by, sort_order == "desc"


def read_number(call: Call, name: str, default: int, *, most: int | None = None) -> int:
    """Read a whole number of at least 1 from the query."""
    number = whole_number(call.request.query.get(name, default))
    if number is None or number < 1 or (most is not None and number > most):
        details: dict[str, Any] = {"param_name": name}
        raise refuse("INVALID_DATA", details=details | ({"limit": most} if most else {}))
    return number


def read_page(call: Call, per_page: int, *, wall: int) -> int:
    """Read `page`; what lies past the wall is refused, whether there are records or not."""
    is_zero = call.request.query.get("page") == "0" and call.switches["page_zero"] == "first"
    page = 1 if is_zero else read_number(call, "page", 1)
    if wall and page * per_page > wall:
        raise refuse("DISCRETE_PAGINATION_LIMIT_EXCEEDED", details={"limit": wall})
    return page


def _resume(call: Call, store: ModuleStore, value: str) -> PageToken:
    token: PageToken | None = call.state.page_tokens.get(value)
    mine = (call.organization.org_id, call.token.user_id, store.spec.api_name)
    if token is None or (token.org_id, token.user_id, token.module) != mine or _bound(call) != _trim(call, token.bound):
        raise token_mismatch(call)
    if token.expires_at <= call.state.clock.seconds():
        raise refuse("EXPIRED_VALUE", details={"param_name": "page_token"})
    return token


def token_mismatch(call: Call) -> Refusal:
    """Build the refusal of a page token that does not belong to the question."""
    status = call.switches["token_mismatch_status"]
    return refuse("TOKEN_BOUND_DATA_MISMATCH", details={"param_name": "page_token"}, status=status)


def _bound(call: Call) -> dict[str, str]:
    given = {name: call.request.query[name] for name in BOUND_PARAMETERS if name in call.request.query}
    return _trim(call, given)


def _trim(call: Call, bound: dict[str, str]) -> dict[str, str]:
    return {"fields": bound["fields"]} if call.switches["page_token_binding"] == "fields" else bound


def _read_page(call: Call, store: ModuleStore, asked: ListQuery) -> Page:
    resumed = asked.resumed
    if call.switches["page_token_paging"] == "snapshot":
        frozen = resumed.snapshot if resumed and resumed.snapshot is not None else _freeze(call, store, asked)
        end = asked.offset + asked.per_page
        ids = [record_id for record_id in frozen[asked.offset : end] if record_id in store.records]
        return Page(ids, end < len(frozen), snapshot=frozen)
    order = _order(call, store, asked)
    start = asked.offset
    if resumed is not None and resumed.after is not None:
        start = place_after(order, asked.sort_by, resumed.after, descending=asked.descending)
    entries = _slice(order, start, asked.per_page, descending=asked.descending)
    ids = [entry if isinstance(entry, int) else entry[1] for entry in entries]
    more = start + asked.per_page < len(order)
    return Page(ids, more, store.key_of(asked.sort_by, entries[-1]) if entries else None)


def _order(call: Call, store: ModuleStore, asked: ListQuery) -> Sequence[Any]:
    order = store.sorted_by(asked.sort_by)
    query, honoured = call.request.query, call.switches["if_modified_since"] == "honoured"
    # Nothing here ever waits for an approval.
    if query.get("approved") == "false":
        return []
    if "ids" in query and call.switches["list_ids"] == "honoured":
        wanted = {whole_number(text.strip()) for text in query["ids"].split(",")}
        order = [entry for entry in order if (entry if isinstance(entry, int) else entry[1]) in wanted]
    if "cvid" in query and (owner := read_view(call, store)) is not None:
        order = [e for e in order if store.records[e if isinstance(e, int) else e[1]].get("Owner") == owner]
    since = since_header(call) if honoured else None
    if since is not None:
        changed = {entry[1] for entry in _newer(store, since)}
        order = [entry for entry in order if (entry if isinstance(entry, int) else entry[1]) in changed]
    return order


def _freeze(call: Call, store: ModuleStore, asked: ListQuery) -> array[int]:
    order = _order(call, store, asked)
    entries = reversed(order) if asked.descending else iter(order)
    return array("q", (entry if isinstance(entry, int) else entry[1] for entry in entries))


def _slice(order: Sequence[Any], start: int, count: int, *, descending: bool) -> list[Any]:
    if not descending:
        return list(order[start : start + count])
    end = len(order) - start
    return list(islice(reversed(order[max(0, end - count) : max(0, end)]), count))


def _info(call: Call, store: ModuleStore, asked: ListQuery, page: Page) -> dict[str, Any]:
    """Build the nine keys, in the recorded order."""
    expires_at = call.state.clock.seconds() + call.switches["page_token_seconds"]
    following = None
    if page.more:
        following = keep_token(
            call.state,
            PageToken(
                call.organization.org_id, call.token.user_id, store.spec.api_name, _bound(call), asked.page + 1,
                asked.offset + asked.per_page, asked.token, expires_at,
                after=page.last_key if call.switches["page_token_paging"] == "keyset" else None, snapshot=page.snapshot,
            ),
        )  # fmt: skip
    return {
        "per_page": asked.per_page,
        "next_page_token": following,
        "count": len(page.ids),
        "sort_by": asked.sort_by,
        "page": asked.page,
        "previous_page_token": asked.resumed.previous if asked.resumed else None,
        "page_token_expiry": call.organization.times.text(int(expires_at)) if following else None,
        "sort_order": "desc" if asked.descending else "asc",
        "more_records": page.more,
    }


def keep_token(state: State, token: PageToken) -> str:
    """Mint an opaque name for a page token and remember it."""
    tokens = state.page_tokens
    while len(tokens) >= TOKENS_KEPT:
        del tokens[next(iter(tokens))]
    value = secrets.token_hex(24)
    tokens[value] = token
    return value


def read_view(call: Call, store: ModuleStore) -> int | None:
    """Read `cvid`: the user whose records the view shows, None for all records."""
    every, own = view_ids(call.organization, store.spec.api_name)
    if call.request.query["cvid"] not in {every, own}:
        raise refuse("INVALID_DATA", details={"param_name": "cvid"})
    return call.token.user_id if call.request.query["cvid"] == own else None


def view_ids(organization: Organization, module: str) -> tuple[str, str]:
    """Return the ids of the two views that every module has: all records, and those of the user who asks."""
    all_ids, own = (str(organization.metadata_id("view", module, name)) for name in ("all", "own"))
    return all_ids, own


# If-Modified-Since


def since_header(call: Call) -> int | None:
    """Read `If-Modified-Since`; None if it is not there or not a moment."""
    text = call.request.headers.get("if-modified-since")
    if text is None:
        return None
    try:
        return int(datetime.fromisoformat(text).timestamp())
    except (ValueError, OverflowError):
        return None


def not_modified(call: Call, store: ModuleStore) -> bool:
    """Tell whether the switch is on and nothing changed since the header's moment."""
    since = since_header(call) if call.switches["if_modified_since"] == "honoured" else None
    return since is not None and not _newer(store, since)


def _newer(store: ModuleStore, since: int) -> Sequence[Any]:
    order = store.sorted_by("Modified_Time")
    return order[place_after(order, "Modified_Time", (since, 2**63), descending=False) :]


# one, deleted


def get_record(call: Call) -> Response:
    """Answer one record: an array of one and no `info`; what is not there is 204."""
    store = call.module(call.arguments[0], "READ")
    record_id = int(call.arguments[1])
    if record_id not in store.records:
        return Response(204)
    names = tuple(name.strip() for name in call.request.query.get("fields", "").split(",") if name.strip())
    if len(names) > FIELDS_PER_CALL:
        raise refuse("LIMIT_EXCEEDED", details={"limit": FIELDS_PER_CALL, "param_name": "fields"})
    if not names:
        return Response(200, {"data": [call.renderer.full_row(store, record_id)]})
    full = call.renderer.full_row(store, record_id)
    wanted = {"id", *names}
    return Response(200, {"data": [{name: value for name, value in full.items() if name in wanted}]})


def list_deleted(call: Call) -> Response:
    """Answer one page of the deleted log."""
    store = call.module(call.arguments[0], "READ")
    if not store.spec.has_deleted_log:
        raise refuse("INVALID_MODULE", details={"resource_path_index": 0})
    kind = call.request.query.get("type", "all")
    if kind not in {"all", "recycle", "permanent"}:
        raise refuse("INVALID_DATA", details={"param_name": "type"})
    per_page = read_number(call, "per_page", PER_PAGE, most=PER_PAGE)
    page = read_page(call, per_page, wall=call.switches["deleted_wall"])
    rows = [row for row in store.log_rows() if kind == "all" or row.permanent == (kind == "permanent")]
    if (since := since_header(call)) is not None and call.switches["if_modified_since"] == "honoured":
        rows = [row for row in rows if row.deleted_at > since]
        if not rows:
            return Response(304, outcome="not modified")
    if call.switches["deleted_order"] == "newest":
        rows.reverse()
    shown = rows[(page - 1) * per_page : page * per_page]
    if not shown or call.switches["deleted_log"] == "empty":
        return Response(204)
    data = [
        {
            "deleted_by": call.renderer.person(row.deleted_by),
            "id": str(row.id),
            "display_name": row.display_name,
            "type": "permanent" if row.permanent else "recycle",
            "created_by": call.renderer.person(row.created_by),
            "deleted_time": call.organization.times.text(row.deleted_at),
        }
        for row in shown
    ]
    info = {"per_page": per_page, "count": len(data), "page": page, "more_records": page * per_page < len(rows)}
    return Response(200, {"data": data, "info": info})


ROUTES = {
    "{module}/deleted": {"GET": list_deleted},
    "{module}": {"GET": list_records},
    "{module}/{id}": {"GET": get_record},
}

"""Lists, single records, changes and deletions of the API that Bigin and Zoho CRM share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from ....exceptions import BiginError, InvalidDataError, RecordNotFoundError, RequestError, ResponseError
from ....text import sentence as _
from ...answers import Order, Page, Place, read_records
from ...calls import Answer, Call
from ...values import Json, read_moment
from ..product import ModuleSpec, Product

_FIRST = Place(number=1)


@dataclass(frozen=True)
class PagesByToken:
    """Lists that go by page number until a token is given, and by token from then on."""

    first: Place = _FIRST

    def page(
        self,
        product: Product,
        spec: ModuleSpec,
        place: Place,
        *,
        fields: Sequence[str] = (),
        order: Order | None = None,
        per_page: int,
    ) -> Call[Page]:
        """Build the call for one page of a module."""
        # A page token is bound to every other parameter, so they are built in one way only.
        params = [("fields", ",".join(fields))] if fields else []
        params += [*spec.list_params, ("per_page", str(per_page))]
        if order is not None:
            params += [("sort_by", order.field), ("sort_order", "desc" if order.descending else "asc")]
        return _list_call(product, spec, place, spec.list_path, params=params, per_page=per_page)

    def record(self, product: Product, spec: ModuleSpec, record_id: str, *, fields: Sequence[str]) -> Call[Any]:
        """Build the call for one record; its answer is the record and the moment of it."""
        return product.call(
            "GET",
            spec.list_path,
            record_id,
            module=spec.name,
            params=(("fields", ",".join(fields)),) if fields else (),
            reader=partial(_read_record, record_id=record_id),
            on_refusal=partial(_no_record, record_id=record_id),
        )

    def count(self, product: Product, spec: ModuleSpec) -> Call[int | None]:
        """Build the call for the number of a module's records."""
        return product.call(
            "GET", spec.list_path, "actions", "count", module=spec.name, reader=_read_count, on_refusal=_no_count
        )


@dataclass(frozen=True)
class ChangesByOrder:
    """Changed records are those at the beginning of a list that is sorted by its modified field, newest first."""

    narrowed: bool = False

    def page(
        self,
        product: Product,
        spec: ModuleSpec,
        place: Place,
        *,
        fields: Sequence[str],
        since: datetime,
        per_page: int,
    ) -> Call[Page]:
        """Build the call for one page of the list; `since` is for whoever reads it."""
        order = Order(spec.modified_field, descending=True)
        return product.lists.page(product, spec, place, fields=fields, order=order, per_page=per_page)


@dataclass(frozen=True)
class DeletedLog:
    """Each module has a log of deleted records, those that are gone for good as well."""

    for_good: bool = True

    def page(self, product: Product, spec: ModuleSpec, place: Place) -> Call[Page]:
        """Build the call for one page of a module's log. The order of its rows is not documented."""
        per_page = product.limits.page_size
        params = [("type", "all"), ("per_page", str(per_page))]
        return _list_call(product, spec, place, spec.list_path, "deleted", params=params, per_page=per_page)

    def deleted_at(self, row: Mapping[str, Any]) -> datetime | None:
        """Read when the record of a row was deleted."""
        return read_moment(row.get("deleted_time"))


def _list_call(
    product: Product, spec: ModuleSpec, place: Place, *path: str, params: list[tuple[str, str]], per_page: int
) -> Call[Page]:
    where = ("page_token", place.token) if place.token is not None else ("page", str(place.number))
    return product.call(
        "GET",
        *path,
        module=spec.name,
        params=(*params, where),
        reader=partial(read_page, place=place, key=spec.list_key, per_page=per_page),
    )


def read_page(call: Call[Any], answer: Answer, *, place: Place, key: str = "data", per_page: int = 200) -> Page:
    """Read the answer to a list call; 204, which has no body, is an empty page.

    Args:
        place: the one that was asked for.
        key: where the rows stand: "data", or "users".

    Raises:
        ResponseError: it is not a list answer.
    """
    if answer.status == 204:
        return Page([], more_records=False, next_place=None, answered_at=answer.answered_at)
    rows = read_rows(call, answer, key)
    info = answer.body.get("info")
    info = info if isinstance(info, dict) else {}
    records, malformed = read_records(rows)
    token, more = _read_token(call, answer, info), info.get("more_records")
    more_records = more if isinstance(more, bool) else token is not None or len(rows) >= per_page
    return Page(
        records=records,
        more_records=more_records,
        next_place=_next_place(place, token, info) if more_records else None,
        answered_at=answer.answered_at,
        order=_read_order(info),
        malformed=malformed,
    )


def _read_token(call: Call[Any], answer: Answer, info: Json) -> str | None:
    token = info.get("next_page_token")
    if not isinstance(token, str) or not token:
        return None
    if not token.isprintable():  # no address carries it, and no database stores it
        raise ResponseError(
            _(
                "%(product)s gave a page token that cannot be sent back; try again, and report it if it stays so.",
                product=call.product,
            ),
            status=answer.status,
            endpoint=call.endpoint,
        )
    return token


def _next_place(place: Place, token: str | None, info: Json) -> Place | None:
    if token is not None:
        return Place(place.number + 1, token, read_moment(info.get("page_token_expiry")))
    return None if place.token is not None else Place(place.number + 1)


def _read_order(info: Json) -> Order | None:
    by, order = info.get("sort_by"), info.get("sort_order")
    return Order(by, order.lower() == "desc") if isinstance(by, str) and isinstance(order, str) else None


def read_rows(call: Call[Any], answer: Answer, key: str) -> list[Any]:
    """Read the list under a key.

    Raises:
        ResponseError: there is none.
    """
    rows = answer.body.get(key) if isinstance(answer.body, dict) else None
    if not isinstance(rows, list):
        raise ResponseError(
            _(
                '%(product)s\'s answer holds no list "%(key)s", so it cannot be read; try again, and report '
                "it if it stays so.",
                product=call.product,
                key=key,
            ),
            status=answer.status,
            endpoint=call.endpoint,
        )
    return rows


def _read_record(call: Call[Any], answer: Answer, *, record_id: str) -> tuple[Json, datetime]:
    page = read_page(call, answer, place=Place())
    if not page.records and not page.malformed:
        raise RecordNotFoundError(_not_found(call, record_id), status=answer.status, endpoint=call.endpoint)
    if len(page.records) != 1 or page.records[0]["id"] != record_id:
        raise ResponseError(
            _(
                "%(product)s answered with something else than the record %(record_id)s; try again.",
                product=call.product,
                record_id=record_id,
            ),
            endpoint=call.endpoint,
        )
    return page.records[0], answer.answered_at


def _no_record(call: Call[Any], error: BiginError, *, record_id: str) -> Any:
    if isinstance(error, InvalidDataError):
        # The id is the only data of this request.
        not_found = _not_found(call, record_id)
        raise RecordNotFoundError(not_found, status=error.status, code=error.code, endpoint=error.endpoint) from error
    raise error


def _not_found(call: Call[Any], record_id: str) -> str:
    return _(
        "There is no record %(record_id)s in %(module)s; it was deleted, or the id is of another organization.",
        record_id=record_id,
        module=call.module,
    )


def _read_count(call: Call[Any], answer: Answer) -> int | None:
    number = answer.body.get("count") if isinstance(answer.body, dict) else None
    return number if isinstance(number, int) and not isinstance(number, bool) and number >= 0 else None


def _no_count(call: Call[Any], error: BiginError) -> int | None:
    if isinstance(error, RequestError) and error.status in (400, 404):
        return None
    raise error

"""A product that shares nothing with Bigin but the frame: offsets, bare records, other words, an organization header.

It proves that a product is its description and its dialect alone: the client, the calls and the shortcuts carry it as
they are.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from django_bigin.api import metadata, records
from django_bigin.api.answers import Field, Module, Organization, Page, Place, read_records
from django_bigin.api.client import Client
from django_bigin.api.datacenters import data_center
from django_bigin.api.products import Credits, Limits, ModuleSpec, Product
from django_bigin.api.products.refusals import ErrorRow, ErrorTable, Refusal
from django_bigin.api.values import read_moment
from django_bigin.exceptions import (
    AccessTokenError,
    RecordNotFoundError,
    RequestError,
    ResponseError,
    ScopeError,
    ServerError,
)
from tests.support.answers import ANSWERED, HTML

SINCE = datetime(2026, 11, 3, tzinfo=UTC)


@dataclass(frozen=True)
class Offsets:
    first: Place = Place(number=0)  # noqa: RUF009  # frozen, so it may be shared

    def page(self, product, spec, place, *, fields=(), order=None, per_page, path=(), params=()):
        def read(call, answer):
            found, malformed = read_records([] if answer.status == 204 else answer.body["data"])
            more = len(found) + len(malformed) == per_page
            after = Place(number=place.number + per_page) if more else None
            return Page(found, more, after, answer.answered_at, malformed=malformed)

        sort = [("sortBy", f"{'-' if order.descending else ''}{order.field}")] if order else []
        where = [("from", str(place.number)), ("limit", str(per_page)), *sort, *params]
        return product.call("GET", spec.list_path, *path, module=spec.name, params=where, reader=read)

    def record(self, product, spec, record_id, *, fields):
        def missing(call, error):
            if error.status == 404:
                raise RecordNotFoundError("Gone.", status=404) from error
            raise error

        return product.call(
            "GET",
            spec.list_path,
            record_id,
            module=spec.name,
            reader=lambda call, answer: (answer.body, answer.answered_at),
            on_refusal=missing,
        )

    def count(self, product, spec):
        return product.call(
            "GET", spec.list_path, "count", module=spec.name, reader=lambda call, answer: answer.body["count"]
        )


@dataclass(frozen=True)
class ChangesByRange:
    narrowed: bool = True

    def page(self, product, spec, place, *, fields, since, per_page):
        span = [("modifiedTimeRange", f"{since:%Y-%m-%dT%H:%M:%S.000Z},")]
        return product.lists.page(product, spec, place, per_page=per_page, path=("search",), params=span)


@dataclass(frozen=True)
class Bin:
    for_good: bool = False

    def page(self, product, spec, place):
        everything = ModuleSpec(spec.name, path="recycleBin")
        return product.lists.page(product, everything, place, per_page=2, params=[("module", spec.name)])

    def deleted_at(self, row):
        return read_moment(row.get("deletedTime"))


class Descriptions:
    def modules(self, product):
        return product.call("GET", "modules", reader=lambda call, answer: [self._module(row) for row in answer.body])

    def fields(self, product, spec):
        def read(call, answer):
            return [Field(row["name"], row["name"], "text", *[None] * 2, *[False] * 4, None) for row in answer.body]

        return product.call("GET", "fields", module=spec.name, reader=read)

    def organization(self, product):
        def read(call, answer):
            return Organization(answer.body["id"], answer.body["name"], None, False, 0)

        return product.call("GET", "organizations", reader=read)

    def _module(self, row):
        return Module(row["name"], row["name"], row["name"], True, True, None, None, None)


def read_refusal(body):
    code = body.get("errorCode") if isinstance(body, dict) else None
    return Refusal(code, body["message"], whole=True) if code else Refusal()


ERRORS = ErrorTable(
    rows=(
        ErrorRow(ServerError, "%(product)s failed.", statuses=range(500, 600), whatever_code=True),
        ErrorRow(AccessTokenError, "%(product)s refuses the token.", codes=("INVALID_OAUTH",), token_in_doubt=True),
        ErrorRow(ScopeError, "The grant lacks %(scope)s.", codes=("SCOPE_MISMATCH",)),
    ),
    read=read_refusal,
    by_row=lambda answer: False,
    garbled=ErrorRow(ResponseError, "%(product)s did not answer in JSON."),
)

SHELF = Product(
    key="shelf",
    name="Shelf",
    base_path="/api/v1",
    scope_prefix="Shelf",
    default_scopes=("Shelf.books.READ",),
    scope_name=lambda method, parts: f"{parts[0]}.READ",
    limits=Limits(page_size=2, fields_per_call=1_000, write_batch=1),
    credits=Credits(call=3, rows_per_write=1, free_day=100, paid_day=1_000, paid_day_per_user=0, paid_day_cap=1_000),
    specs=(ModuleSpec("Books", modified_field="modifiedTime", path="books"),),
    lists=Offsets(),
    errors=ERRORS,
    metadata=Descriptions(),
    changes=ChangesByRange(),
    deletions=Bin(),
    organization_header="orgId",
)


def refused(code):
    return {"errorCode": code, "message": "No."}


@pytest.fixture
def client(session, tokens, calls):
    return Client(data_center("eu"), tokens, session=session, on_call=calls.append, product=SHELF, org_id="77")


def test_lists_by_offset_end_with_a_short_page(server, client, calls):
    server.answer(data={"data": [{"id": "1"}, {"id": "2"}]})
    server.answer(data={"data": [{"id": "3"}]})

    pages = list(client.records.iter_pages("Books", fields=["title"]))

    assert [record["id"] for page in pages for record in page.records] == ["1", "2", "3"]
    assert [(asked.path, asked.query) for asked in server.asked] == [
        ("/api/v1/books", {"from": "0", "limit": "2"}),
        ("/api/v1/books", {"from": "2", "limit": "2"}),
    ]
    assert [asked.headers["orgId"] for asked in server.asked] == ["77", "77"]
    assert [call.credits for call in calls] == [3, 3]


def test_lists_by_offset_end_with_204(server, client):
    server.answer(data={"data": [{"id": "1"}, {"no": "id"}]})
    server.answer(204)

    pages = list(client.records.iter_pages("Books", fields=["title"]))

    assert [len(page.records) for page in pages] == [1, 0]
    assert len(pages[0].malformed) == 1


def test_a_single_record_is_bare(server, client):
    server.answer(data={"id": "1", "title": "Emma"})
    assert client.records.fetch_record("Books", 1) == ({"id": "1", "title": "Emma"}, ANSWERED)

    server.answer(404, data=refused("URL_NOT_FOUND"))
    with pytest.raises(RecordNotFoundError):
        client.records.fetch_record("Books", 2)


def test_changes_come_by_a_range_of_time(server, client):
    server.answer(data={"data": [{"id": "1"}], "count": 1})

    page = client.send(records.changed_page(SHELF, "Books", fields=["title"], since=SINCE))

    assert SHELF.changes.narrowed
    assert [record["id"] for record in page.records] == ["1"]
    assert server.asked[0].path == "/api/v1/books/search"
    assert server.asked[0].query["modifiedTimeRange"] == "2026-11-03T00:00:00.000Z,"


def test_deletions_come_from_a_recycle_bin(server, client):
    server.answer(data={"data": [{"id": "1", "deletedTime": "2026-11-03T09:14:52.000Z"}]})

    [page] = client.records.iter_deleted_pages("Books")

    assert [SHELF.deletions.deleted_at(row) for row in page.records] == [ANSWERED]
    assert server.asked[0].path == "/api/v1/recycleBin"
    assert not SHELF.deletions.for_good


def test_metadata_is_read_by_the_product(server, client):
    server.answer(data=[{"name": "Books"}])
    server.answer(data=[{"name": "title"}])
    server.answer(data={"id": "77", "name": "Library"})
    server.answer(data={"count": 9})

    assert [module.api_name for module in client.send(metadata.modules(SHELF))] == ["Books"]
    assert [field.api_name for field in client.metadata.fetch_fields("Books")] == ["title"]
    assert client.metadata.fetch_organization().org_id == "77"
    assert client.records.count("Books") == 9


def test_errors_come_from_its_own_table_and_name_it(server, client, tokens):
    server.answer(401, data=refused("INVALID_OAUTH"))
    server.answer(403, data=refused("SCOPE_MISMATCH"))
    with pytest.raises(ScopeError, match=r"lacks Shelf\.books\.READ"):
        client.records.count("Books")
    assert tokens.refused == ["1000.first.token"]

    server.answer(422, data=refused("UNPROCESSABLE_ENTITY"))
    with pytest.raises(RequestError, match="Shelf refused the request"):
        client.records.count("Books")

    for _ in range(2):
        server.answer(**HTML)
    with pytest.raises(ResponseError, match="Shelf did not answer in JSON"):
        client.records.count("Books")


def test_it_is_only_read(client):
    with pytest.raises(ValueError, match="Shelf does not take records"):
        client.records.create("Books", [{"title": "Emma"}])

import pytest

from django_bigin.api.answers import Order, Place
from django_bigin.exceptions import (
    PageTokenError,
    PaginationLimitError,
    ServerError,
    SyncError,
)
from tests.support.answers import HTML, refusal, rows


def test_a_walk_goes_on_by_token_with_all_else_as_it_was(server, client):
    server.answer(data=rows(1, 2, more=True, token="t1&="))
    server.answer(data=rows(3, 4, more=True, token="t2"))
    server.answer(data=rows(5))

    pages = list(client.records.iter_pages("Contacts", fields=["Email", "Modified_Time"], order=Order("id")))

    assert [record["id"] for page in pages for record in page.records] == ["1", "2", "3", "4", "5"]
    constant = {"fields": "Email,Modified_Time", "per_page": "200", "sort_by": "id", "sort_order": "asc"}
    assert [asked.query for asked in server.asked] == [
        constant | {"page": "1"},
        constant | {"page_token": "t1&="},
        constant | {"page_token": "t2"},
    ]


def test_a_walk_goes_on_by_number_where_no_token_is_given(server, client):
    server.answer(data=rows(1, more=True))
    server.answer(data=rows(2, more=True))
    server.answer(204)

    pages = list(client.records.iter_pages("Contacts", fields=["Email"]))

    assert len(pages) == 3
    assert [asked.query.get("page") for asked in server.asked] == ["1", "2", "3"]


def test_a_token_that_comes_late_is_taken(server, client):
    server.answer(data=rows(1, more=True))
    server.answer(data=rows(2, more=True, token="late"))
    server.answer(data=rows(3))

    list(client.records.iter_pages("Contacts", fields=["Email"]))

    assert server.asked[2].query == {"fields": "Email", "per_page": "200", "page_token": "late"}


def test_a_walk_that_was_cut_off_goes_on_with_its_token(server, client):
    server.answer(data=rows(3))

    list(client.records.iter_pages("Contacts", Place(token="kept"), fields=["Email"]))

    assert "page" not in server.asked[0].query
    assert server.asked[0].query["page_token"] == "kept"


@pytest.mark.parametrize("tokens_given", [["a", "a"], ["a", "b", "a"]])
def test_a_page_token_that_comes_twice_ends_the_walk(server, client, tokens_given):
    for number, token in enumerate(tokens_given):
        server.answer(data=rows(number + 1, more=True, token=token))

    walk = client.records.iter_pages("Contacts", fields=["Email"])

    with pytest.raises(SyncError, match="twice"):
        list(walk)
    assert len(server.asked) == len(tokens_given)


def test_the_token_a_walk_began_with_counts_as_seen(server, client):
    server.answer(data=rows(1, more=True, token="kept"))

    with pytest.raises(SyncError, match="twice"):
        list(client.records.iter_pages("Contacts", Place(token="kept"), fields=["Email"]))


def test_a_server_that_gives_one_page_for_ever_is_left(server, client):
    for _ in range(5):
        server.answer(data=rows(1, 2, more=True))

    with pytest.raises(SyncError, match="again and again"):
        list(client.records.iter_pages("Contacts", fields=["Email"]))


def test_new_records_may_push_a_page_to_the_next_number(server, client):
    server.answer(data=rows(2, 1, more=True))
    server.answer(data=rows(2, 1, more=True))
    server.answer(data=rows(0))

    assert len(list(client.records.iter_pages("Contacts", fields=["Email"]))) == 3


def test_more_without_a_token_in_the_midst_of_tokens_is_told(server, client):
    server.answer(data=rows(1, more=True, token="a"))
    server.answer(data=rows(2, more=True))

    with pytest.raises(PaginationLimitError, match="no page token to go on with"):
        list(client.records.iter_pages("Contacts", fields=["Email"]))


@pytest.mark.parametrize(
    ("code", "kind", "sentence"),
    [
        ("EXPIRED_VALUE", PageTokenError, "start the list again"),
        ("TOKEN_BOUND_DATA_MISMATCH", PageTokenError, "start the list again"),
        ("PAGINATION_LIMIT_EXCEEDED", PaginationLimitError, "100,000"),
        ("DISCRETE_PAGINATION_LIMIT_EXCEEDED", PaginationLimitError, "2,000"),
    ],
)
def test_the_end_of_what_pages_reach_is_told_apart(server, client, tokens, code, kind, sentence):
    server.answer(401 if code == "TOKEN_BOUND_DATA_MISMATCH" else 400, data=refusal(code))

    with pytest.raises(kind, match=sentence):
        list(client.records.iter_pages("Contacts", Place(token="old"), fields=["Email"]))
    assert tokens.refused == []


def test_what_was_read_before_an_error_has_been_given(server, client):
    server.answer(data=rows(1, more=True, token="a"))
    server.answer(502, **HTML)
    walk = client.records.iter_pages("Contacts", fields=["Email"])

    assert next(walk).records == [{"id": "1"}]
    with pytest.raises(ServerError):
        next(walk)


def test_the_deleted_log_is_read_by_number(server, client):
    server.answer(data={"data": [{"id": "1", "type": "recycle"}], "info": {"more_records": True}})
    server.answer(204)

    pages = list(client.records.iter_deleted_pages("Contacts"))

    assert [len(page.records) for page in pages] == [1, 0]
    assert server.asked[0].path == "/bigin/v2/Contacts/deleted"
    assert [asked.query for asked in server.asked] == [
        {"type": "all", "per_page": "200", "page": "1"},
        {"type": "all", "per_page": "200", "page": "2"},
    ]

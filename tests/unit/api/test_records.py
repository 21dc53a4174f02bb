import pytest

from django_bigin.api import records
from django_bigin.api.answers import Order, Place
from django_bigin.exceptions import (
    RecordNotFoundError,
    ResponseError,
    ScopeError,
    ServerError,
)
from tests.support.answers import ANSWERED, BIG, HTML, refusal, rows


def test_a_page_is_asked_from_the_api_domain_of_the_table(server, client):
    server.answer(data=rows(BIG, sort_by="id", sort_order="asc"))

    page = client.records.fetch_page("Contacts", Place(number=2), fields=["Last_Name", "Email"], order=Order("id"))

    asked = server.asked[0]
    assert (asked.method, asked.path, asked.headers["Host"]) == ("GET", "/bigin/v2/Contacts", "www.zohoapis.eu")
    assert asked.headers["Authorization"] == "Zoho-oauthtoken 1000.first.token"
    assert asked.query == {
        "fields": "Last_Name,Email",
        "per_page": "200",
        "sort_by": "id",
        "sort_order": "asc",
        "page": "2",
    }
    assert page.records == [{"id": BIG}]
    assert page.order == Order("id")
    assert page.answered_at == ANSWERED


def test_an_empty_module_gives_an_empty_page(server, client):
    server.answer(204)

    page = client.records.fetch_page("Contacts", fields=["Last_Name"])

    assert (page.records, page.more_records, page.answered_at) == ([], False, ANSWERED)


def test_ids_of_19_digits_are_exact_as_numbers_too(server, client):
    server.answer(body=b'{"data": [{"id": 5725767000000530017}, {"id": 5.725767000000530e18}]}')

    page = client.records.fetch_page("Contacts", fields=["Last_Name"])

    assert [record["id"] for record in page.records] == [BIG]
    assert len(page.malformed) == 1


@pytest.mark.parametrize(
    "how",
    [
        {"fields": []},
        {"fields": ["F"] * 51},
        {"fields": ["F"], "per_page": 0},
        {"fields": ["F"], "per_page": 201},
    ],
)
def test_what_bigin_would_refuse_is_not_asked(server, client, how):
    with pytest.raises(ValueError):
        client.records.fetch_page("Contacts", **how)
    assert server.asked == []


@pytest.mark.parametrize("module", ["", "../org", "Contacts/1", "Contacts?x=1", "Con tacts", "1Contacts", "Contacts\n"])
def test_only_an_api_name_becomes_part_of_a_path(server, client, module):
    for call in (
        lambda: client.records.fetch_page(module, fields=["F"]),
        lambda: client.records.fetch_record(module, BIG),
        lambda: client.records.create(module, [{}]),
        lambda: client.records.delete(module, [BIG]),
        lambda: client.metadata.fetch_fields(module),
        lambda: client.records.count(module),
        lambda: next(client.records.iter_deleted_pages(module)),
    ):
        with pytest.raises(ValueError, match="API name"):
            call()
    assert server.asked == []


def test_one_record_comes_with_the_moment_of_the_answer(server, client):
    server.answer(data={"data": [{"id": BIG, "Last_Name": "Wen"}]})

    record, answered_at = client.records.fetch_record("Contacts", int(BIG), fields=["Last_Name"])

    assert (record["Last_Name"], answered_at) == ("Wen", ANSWERED)
    assert (server.asked[0].path, server.asked[0].query) == (f"/bigin/v2/Contacts/{BIG}", {"fields": "Last_Name"})


@pytest.mark.parametrize(
    "answer", [{"status": 204}, {"data": {"data": []}}, {"status": 400, "data": refusal("INVALID_DATA")}]
)
def test_a_record_that_is_not_there_says_so(server, client, answer):
    server.answer(**answer)

    with pytest.raises(RecordNotFoundError, match=BIG):
        client.records.fetch_record("Contacts", BIG)


@pytest.mark.parametrize("data", [{"data": [{"id": "7"}]}, {"data": [{"Last_Name": "Wen"}]}, rows(BIG, 8)])
def test_something_else_than_the_record_is_not_taken_for_it(server, client, data):
    server.answer(data=data)
    server.answer(data=data)

    with pytest.raises(ResponseError, match=BIG):
        client.records.fetch_record("Contacts", BIG)
    assert len(server.asked) == 2


@pytest.mark.parametrize("record_id", ["", "abc", "1/../2", 1.5, None, True])
def test_an_id_that_is_none_is_not_asked_for(server, client, record_id):
    with pytest.raises(ValueError, match="up to 19 digits"):
        client.records.fetch_record("Contacts", record_id)
    assert server.asked == []


def test_one_page_of_the_deleted_log(server, client):
    server.answer(data=rows(1))

    assert client.send(records.deleted_page(client.product, "Contacts", Place(number=3))).records == [{"id": "1"}]
    assert server.asked[0].query == {"type": "all", "per_page": "200", "page": "3"}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"data": {"count": 1234}}, 1234),
        ({"data": {"count": 0}}, 0),
        ({"data": {"count": "12"}}, None),
        ({"data": {}}, None),
        ({"data": [1]}, None),
        ({"status": 204}, None),
        ({"status": 404, "data": refusal("INVALID_URL_PATTERN")}, None),
        ({"status": 404, **HTML}, None),
        ({"status": 404, "body": ""}, None),
        ({"status": 400, "data": refusal("INVALID_DATA")}, None),
    ],
)
def test_a_count_that_is_not_answered_is_none(server, client, answer, expected):
    server.answer(**answer)

    assert client.records.count("Contacts") == expected


def test_a_count_that_fails_is_an_error_all_the_same(server, client):
    server.answer(500)
    with pytest.raises(ServerError):
        client.records.count("Contacts")
    server.answer(401, data=refusal("OAUTH_SCOPE_MISMATCH"))
    with pytest.raises(ScopeError):
        client.records.count("Contacts")

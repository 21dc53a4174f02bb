from datetime import UTC, datetime

import pytest

from django_bigin.exceptions import (
    InvalidDataError,
    NetworkError,
    RateLimitError,
    ResponseError,
    ServerError,
)
from tests.support.answers import BIG, HTML, refusal, results


@pytest.mark.parametrize("status", [200, 201, 202, 207, 400])
def test_rows_are_judged_one_by_one_whatever_the_status(server, client, status):
    server.answer(status, data={"data": [*results(1)["data"], refusal("DUPLICATE_DATA", api_name="Email", id="9")]})

    good, bad = client.records.create("Contacts", [{"Last_Name": "Wen"}, {"Last_Name": "Wu"}])

    assert (good.ok, good.id) == (True, "1")
    assert (bad.ok, bad.code, bad.id) == (False, "DUPLICATE_DATA", "9")
    asked = server.asked[0]
    assert (asked.method, asked.path) == ("POST", "/bigin/v2/Contacts")
    assert asked.headers["Content-Type"] == "application/json"
    assert asked.json == {"data": [{"Last_Name": "Wen"}, {"Last_Name": "Wu"}]}


def test_a_write_goes_out_by_hundreds_and_comes_back_in_order(server, client, calls):
    for start, end in ((1, 101), (101, 201), (201, 251)):
        server.answer(201, data=results(*range(start, end)))

    done = client.records.create("Contacts", [{"Last_Name": str(i)} for i in range(250)])

    assert [each.id for each in done] == [str(i) for i in range(1, 251)]
    assert [len(asked.json["data"]) for asked in server.asked] == [100, 100, 50]
    assert [call.credits for call in calls] == [10, 10, 5]


def test_nothing_to_write_asks_nobody(server, client):
    assert (
        client.records.create("Contacts", [])
        == client.records.update("Contacts", [])
        == client.records.delete("Contacts", [])
        == []
    )
    assert server.asked == []


def test_an_update_names_ids_as_text(server, client):
    server.answer(data=results(BIG))

    client.records.update("Contacts", [{"id": int(BIG), "Mobile": None}], trigger=[])

    assert server.asked[0].method == "PUT"
    assert server.asked[0].json == {"data": [{"id": BIG, "Mobile": None}], "trigger": []}


def test_an_update_without_an_id_is_not_sent(server, client):
    with pytest.raises(ValueError, match="up to 19 digits"):
        client.records.update("Contacts", [{"Mobile": "1"}])
    assert server.asked == []


def test_an_upsert_says_what_to_match_by(server, client):
    server.answer(data={"data": [results(1)["data"][0] | {"action": "insert", "duplicate_field": None}]})

    (result,) = client.records.upsert(
        "Contacts", [{"Email": "a@b.example"}], duplicate_check_fields=["Email"], trigger=["workflow"]
    )

    assert result.action == "insert"
    assert server.asked[0].path == "/bigin/v2/Contacts/upsert"
    assert server.asked[0].json == {
        "data": [{"Email": "a@b.example"}],
        "duplicate_check_fields": ["Email"],
        "trigger": ["workflow"],
    }


@pytest.mark.parametrize(
    ("trigger", "sent"), [(None, {}), ([], {"wf_trigger": "false"}), (["workflow"], {"wf_trigger": "true"})]
)
def test_a_delete_names_ids_in_the_query(server, client, calls, trigger, sent):
    server.answer(data=results(1, 2))

    done = client.records.delete("Tasks", ["1", 2], trigger=trigger)

    assert [each.id for each in done] == ["1", "2"]
    assert (server.asked[0].method, server.asked[0].query) == ("DELETE", {"ids": "1,2"} | sent)
    assert calls[0].credits == 1


def test_a_single_row_that_is_refused_is_a_result_and_no_error(server, client):
    server.answer(400, data={"data": [refusal("INVALID_DATA", "record not deleted", id=BIG)]})

    (result,) = client.records.delete("Tasks", [BIG])

    assert not result.ok


def test_a_write_that_is_refused_as_a_whole_is_an_error(server, client):
    server.answer(400, data=refusal("INVALID_DATA", expected_data_type="jsonarray", api_name="data"))

    with pytest.raises(InvalidDataError, match="data"):
        client.records.create("Contacts", [{}])


@pytest.mark.parametrize(
    "answer",
    [
        HTML,
        {"status": 204},
        {"body": ""},
        {"data": {}},
        {"data": {"data": []}},
        {"data": results(1, 2)},
        {"data": {"data": None}},
        {"status": 202, "body": '{"data": [{"co'},
        {"status": 302, "body": ""},
    ],
)
def test_a_write_whose_answer_cannot_be_read_is_never_repeated(server, client, answer):
    server.answer(**answer)

    with pytest.raises(ResponseError, match=r"not known wh|no list"):
        client.records.create("Contacts", [{"Last_Name": "Wen"}])
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"status": 500, "data": refusal("INTERNAL_ERROR")}, ServerError),
        ({"status": 502, **HTML}, ServerError),
        ({"status": 429, "data": refusal("TOO_MANY_REQUESTS")}, RateLimitError),
        ({"data": results(1), "drop": True}, NetworkError),
        ({"data": results(1), "delay": 0.8}, NetworkError),
        ({"data": results(1), "missing": 9}, NetworkError),
    ],
)
def test_a_write_that_failed_is_not_repeated_and_keeps_what_was_done(server, client, answer, kind):
    server.answer(201, data=results(*range(1, 101)))
    server.answer(**answer)

    with pytest.raises(kind) as caught:
        client.records.create("Contacts", [{"Last_Name": str(i)} for i in range(101)])
    assert len(server.asked) == 2
    assert [each.id for each in caught.value.completed] == [str(i) for i in range(1, 101)]
    if kind is NetworkError:
        assert "look before sending it again" in str(caught.value)


@pytest.mark.parametrize("value", [datetime(2026, 1, 1, tzinfo=UTC), float("nan"), {1}])
def test_what_json_cannot_spell_is_the_callers_error(server, client, calls, value):
    with pytest.raises((TypeError, ValueError)):
        client.records.create("Contacts", [{"X": value}])
    assert (server.asked, calls) == ([], [])

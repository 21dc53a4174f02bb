from datetime import UTC, datetime

import pytest

from django_bigin.api import records
from django_bigin.api.answers import Order, Place
from django_bigin.api.calls import Answer
from django_bigin.api.products.bigin import BIGIN
from django_bigin.api.values import Unreadable
from django_bigin.exceptions import ResponseError
from tests.support.answers import BIG

NOW = datetime(2026, 11, 3, 9, 14, 52, tzinfo=UTC)


def page(body, status=200, *, place=None, per_page=200):
    call = records.list_page(BIGIN, "Contacts", place, fields=["Last_Name"], per_page=per_page)
    return call.read(Answer(status, body, NOW))


def test_a_page_is_read_whole():
    info = {
        "per_page": 2,
        "next_page_token": "c8582",
        "count": 2,
        "sort_by": "Modified_Time",
        "page": 1,
        "previous_page_token": None,
        "page_token_expiry": "2026-11-04T10:14:52+01:00",
        "sort_order": "DESC",
        "more_records": True,
    }
    read = page({"data": [{"id": BIG, "Last_Name": "Wen"}], "info": info})

    assert read.records == [{"id": BIG, "Last_Name": "Wen"}]
    assert (read.more_records, read.next_place.token) == (True, "c8582")
    assert read.next_place.expires_at == NOW.replace(day=4)
    assert read.answered_at == NOW
    assert read.order == Order("Modified_Time", descending=True)
    assert read.malformed == ()


@pytest.mark.parametrize("token", ["a\x00b", "\ud800", "a\nb"])
def test_a_page_token_that_is_no_text_makes_the_answer_unreadable(token):
    with pytest.raises(ResponseError, match="page token"):
        page({"data": [{"id": "1"}], "info": {"more_records": True, "next_page_token": token}})


def test_204_is_an_empty_page():
    read = page(None, status=204)

    assert (read.records, read.more_records, read.next_place, read.order) == ([], False, None, None)


@pytest.mark.parametrize("info", [None, {}, [], "x", {"more_records": None}, {"more_records": "yes"}, {"count": 1}])
def test_without_a_word_about_more_a_short_page_is_the_last(info):
    assert page({"data": [{"id": "1"}], "info": info}, per_page=2).more_records is False
    assert page({"data": [{"id": "1"}]}, per_page=2).more_records is False


def test_without_a_word_about_more_a_full_page_or_a_token_means_more():
    assert page({"data": [{"id": "1"}, {"id": "2"}]}, per_page=2).more_records is True
    assert page({"data": [{"id": "1"}], "info": {"next_page_token": "t"}}, per_page=2).more_records is True


def test_a_full_page_that_says_it_is_the_last_is_the_last():
    assert page({"data": [{"id": "1"}], "info": {"more_records": False}}, per_page=1).more_records is False


@pytest.mark.parametrize("token", [None, "", 5, {}])
def test_without_a_usable_page_token_the_next_page_goes_by_number(token):
    info = {"next_page_token": token, "more_records": True}

    assert page({"data": [], "info": info}, place=Place(number=4)).next_place == Place(number=5)


def test_more_without_a_token_after_a_token_has_no_next_page():
    read = page({"data": [{"id": "1"}], "info": {"more_records": True}}, place=Place(token="t"))

    assert (read.more_records, read.next_place) == (True, None)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"Last_Name": "Wen"}, "The row has no id."),
        ({"id": None}, "The row has no id."),
        ({"id": ""}, "The row has no id."),
        ({"id": "abc"}, "The id of the row is not a whole number of up to 19 digits."),
        ({"id": 5.725767000000530e18}, "The id of the row is not a whole number of up to 19 digits."),
        ("a string", "The row is not an object."),
        (None, "The row is not an object."),
    ],
)
def test_a_row_without_a_usable_id_is_set_aside_and_not_lost(row, reason):
    read = page({"data": [{"id": "1"}, row, {"id": 2}]})

    assert [record["id"] for record in read.records] == ["1", "2"]
    assert [(each.raw, each.reason) for each in read.malformed] == [(row, reason)]


def test_a_set_aside_row_counts_for_a_full_page():
    assert page({"data": [{"id": "1"}, {}]}, per_page=2).more_records is True


@pytest.mark.parametrize("body", [None, {}, [], "x", Unreadable(), {"data": None}, {"data": {}}, {"users": []}])
def test_a_page_without_its_list_cannot_be_read(body):
    with pytest.raises(ResponseError, match=r'no list "data"|other than JSON'):
        page(body)

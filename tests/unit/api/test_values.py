import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_bigin.api.values import Unreadable, read_date_header, read_id, read_json, read_moment, shown

NOW = datetime(2026, 11, 3, 9, 14, 52, tzinfo=UTC)


@given(st.integers(min_value=1, max_value=2**63 - 1))
def test_an_id_of_up_to_19_digits_is_kept_exactly(number):
    assert read_id(str(number)) == read_id(number) == str(number)
    assert read_json(b'{"id": %d}' % number) == {"id": number}


@pytest.mark.parametrize(
    "value", [None, "", "abc", "12a", " 12", "-5", 0, -5, 1.5, float(2**62), True, [], {}, 2**63, "9" * 19, "007", "٣"]
)
def test_anything_else_is_no_id(value):
    assert read_id(value) is None


@pytest.mark.parametrize("body", [b"<html>", b"\xff", b"[" * 100_000, b"nothing"])
def test_what_never_was_json_is_unreadable(body):
    assert read_json(body) == Unreadable()


@pytest.mark.parametrize(("body", "at"), [(b'{"a": ', 6), (b'{"a": 1} {', 9), (b'[{"id": "1"},', 13), (b"{'a': 1}", 1)])
def test_what_is_json_only_to_begin_with_says_where(body, at):
    assert read_json(body) == Unreadable(at)


@pytest.mark.parametrize(
    ("damaged", "value", "where"),
    [
        (b'"a\x01b"', "a\x01b", "a control character, at character 17"),
        (b'"a\nb"', "a\nb", "a control character, at character 17"),
        (b'"caf\xe9"', "caf\ufffd", "a byte that is no UTF-8, at byte 19"),
        (b"Infinity", math.inf, "Infinity is not JSON"),
        (b"9" * 5000, math.inf, "Exceeds the limit"),
    ],
)
def test_one_value_that_json_does_not_allow_costs_no_other_and_is_told(damaged, value, where, caplog):
    body = b'{"rows": [' + b'{"a":' + damaged + b'},{"a":"good"}]}'
    assert read_json(body) == {"rows": [{"a": value}, {"a": "good"}]}
    [record] = caplog.records
    assert where in record.getMessage()


def test_a_number_that_is_none_is_read_as_such(caplog):
    assert math.isnan(read_json(b'{"a": NaN}')["a"])


def test_proper_json_is_read_without_a_word(caplog):
    assert read_json('{"a": "é\\u0001"}'.encode()) == {"a": "é\x01"}
    assert caplog.records == []


def test_an_empty_body_is_nothing():
    assert read_json(b"") is read_json(b" \n") is None


@pytest.mark.parametrize("text", ["Tue, 03 Nov 2026 09:14:52 GMT", "Tue, 03 Nov 2026 10:14:52 +0100"])
def test_the_date_header_is_read_into_utc(text):
    assert read_date_header(text) == NOW
    assert read_date_header(text).tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "now",
        "2026-11-03",
        "Tue, 99 Nov 2026 09:14:52 GMT",
        "Tue, 03 Nov 99999999999 09:14:52 GMT",
        "Tue, 03 Nov 2026 09:14:52 +99999999999999999999",
    ],
)
def test_a_date_header_that_is_none_is_none(text):
    assert read_date_header(text) is None


@pytest.mark.parametrize("text", ["Fri, 31 Dec 9999 23:59:59 GMT", "Thu, 01 Jan 1970 00:00:00 GMT"])
def test_a_date_header_of_another_age_is_not_believed(text):
    assert read_date_header(text) is None


def test_a_moment_is_read_into_utc():
    assert read_moment("2026-11-03T10:14:52+01:00") == NOW
    for value in (None, 5, "", "yesterday", "2026-11-03T10:14:52", "0001-01-01T00:00:00+05:00"):
        assert read_moment(value) is None


@pytest.mark.parametrize("text", ["1000." + "ab12" * 8 + "." + "cd34" * 8, "see 1004." + "A" * 30 + " here"])
def test_what_looks_like_a_token_is_never_shown(text):
    assert "[hidden]" in shown(text)
    assert "ab12" not in shown(text)
    assert "AAAA" not in shown(text)

from datetime import UTC, datetime

import pytest

from django_bigin.api import records
from django_bigin.api.answers import RowResult
from django_bigin.api.calls import Answer
from django_bigin.api.products.bigin import BIGIN
from django_bigin.exceptions import ResponseError
from tests.support.answers import BIG


def read_row_results(body, *, expected, ids=None):
    rows = [{"Last_Name": "Wen"}] * expected
    calls = records.create(BIGIN, "Contacts", rows) if ids is None else records.delete(BIGIN, "Contacts", ids)
    return calls[0].read(Answer(200, body, datetime(2026, 11, 3, tzinfo=UTC)))


GOOD_ROW = {"code": "SUCCESS", "details": {"id": BIG}, "message": "record added", "status": "success"}
BAD_ROW = {
    "code": "MANDATORY_NOT_FOUND",
    "details": {"api_name": "Stage", "json_path": "$.data[1].Stage"},
    "message": "required field not found",
    "status": "error",
}


def test_each_row_is_judged_by_itself():
    good, bad = read_row_results({"data": [GOOD_ROW, BAD_ROW]}, expected=2)

    assert (good.ok, good.id, good.code, good.action) == (True, BIG, "SUCCESS", None)
    assert (bad.ok, bad.id, bad.code) == (False, None, "MANDATORY_NOT_FOUND")
    assert bad.explanation == "The field Stage must not be empty: give it a value."


def test_an_upsert_says_what_it_did():
    (result,) = read_row_results({"data": [GOOD_ROW | {"action": "update", "duplicate_field": "Email"}]}, expected=1)

    assert (result.action, result.duplicate_field) == ("update", "Email")


@pytest.mark.parametrize(
    "details", [{"api_name": "Email", "id": BIG}, {"api_name": "Email", "duplicate_record": {"id": BIG}}]
)
def test_a_duplicate_names_the_record_that_is_there(details):
    row = {"code": "DUPLICATE_DATA", "details": details, "message": "duplicate data", "status": "error"}

    (result,) = read_row_results({"data": [row]}, expected=1)

    assert (result.ok, result.id) == (False, BIG)
    assert "field Email" in result.explanation


@pytest.mark.parametrize(
    ("row", "ok"),
    [
        ({"code": "SUCCESS"}, True),
        ({"status": "Success"}, True),
        ({"code": "SUCCESS", "status": "error"}, False),
        ({"code": "INVALID_DATA"}, False),
        ({}, False),
        ({"details": None, "code": 5}, False),
    ],
)
def test_only_what_says_success_is_one(row, ok):
    (result,) = read_row_results({"data": [row]}, expected=1)

    assert result.ok is ok
    assert result.explanation.endswith(".")


def test_a_row_with_a_wrong_value_names_the_field():
    row = RowResult(
        False, "INVALID_DATA", "invalid data", details={"api_name": "Amount", "expected_data_type": "double"}
    )

    assert row.explanation == (
        "The value of the field Amount was refused (invalid data): compare its type and length, or the id."
    )


@pytest.mark.parametrize("rows", [[], [GOOD_ROW], [GOOD_ROW] * 3, [GOOD_ROW, None], [GOOD_ROW, "x"]])
def test_a_missing_result_leaves_it_unknown_what_was_written(rows):
    with pytest.raises(ResponseError, match="not known which"):
        read_row_results({"data": rows}, expected=2)


def test_results_in_another_order_are_put_right_by_id():
    rows = [{"code": "SUCCESS", "details": {"id": each}, "status": "success"} for each in ("2", "1")]

    assert [each.id for each in read_row_results({"data": rows}, expected=2, ids=["1", "2"])] == ["1", "2"]


def test_a_result_of_another_record_is_not_believed():
    with pytest.raises(ResponseError, match="other records"):
        read_row_results({"data": [GOOD_ROW]}, expected=1, ids=["7"])


def test_a_refused_row_need_not_name_its_id():
    results = read_row_results({"data": [BAD_ROW, GOOD_ROW]}, expected=2, ids=["7", BIG])

    assert [each.ok for each in results] == [False, True]

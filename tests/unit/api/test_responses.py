from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_bigin.api.responses import (
    RowResult,
    Unreadable,
    error_for,
    read_date_header,
    read_field,
    read_id,
    read_json,
    read_module,
    read_moment,
    read_organization,
    read_page,
    read_row_results,
    shown,
)
from django_bigin.exceptions import (
    AccessTokenError,
    AuthorizationError,
    InvalidDataError,
    ModuleNotAvailableError,
    PageTokenError,
    PaginationLimitError,
    RateLimitError,
    RequestError,
    ResponseError,
    ScopeError,
    ServerError,
)

NOW = datetime(2026, 11, 3, 9, 14, 52, tzinfo=UTC)
BIG = "5725767000000530017"


def page(body, status=200, **how):
    return read_page(status, body, answered_at=NOW, **how)


# -- values ----------------------------------------------------------------------------------------------------------


@given(st.integers(min_value=1, max_value=2**63 - 1))
def test_an_id_of_up_to_19_digits_is_kept_exactly(number):
    assert read_id(str(number)) == read_id(number) == str(number)
    assert read_json(b'{"id": %d}' % number) == {"id": number}


@pytest.mark.parametrize(
    "value", [None, "", "abc", "12a", " 12", "-5", 0, -5, 1.5, float(2**62), True, [], {}, 2**63, "9" * 19, "007", "٣"]
)
def test_anything_else_is_no_id(value):
    assert read_id(value) is None


@pytest.mark.parametrize("body", [b"<html>", b'{"a": ', b"\xff", b"[" * 100_000, b'{"a": NaN}', b"9" * 5000])
def test_what_is_not_json_is_unreadable(body):
    assert isinstance(read_json(body), Unreadable)


def test_an_empty_body_is_nothing():
    assert read_json(b"") is read_json(b" \n") is None


@pytest.mark.parametrize("text", ["Tue, 03 Nov 2026 09:14:52 GMT", "Tue, 03 Nov 2026 10:14:52 +0100"])
def test_the_date_header_is_read_into_utc(text):
    assert read_date_header(text) == NOW
    assert read_date_header(text).tzinfo is UTC


@pytest.mark.parametrize("text", [None, "", "now", "2026-11-03", "Tue, 99 Nov 2026 09:14:52 GMT"])
def test_a_date_header_that_is_none_is_none(text):
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


# -- pages -----------------------------------------------------------------------------------------------------------


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
    assert (read.more_records, read.next_page_token) == (True, "c8582")
    assert read.page_token_expires_at == NOW.replace(day=4)
    assert read.answered_at == NOW
    assert read.sorted_by == ("Modified_Time", "desc")
    assert read.malformed == ()


def test_204_is_an_empty_page():
    read = page(None, status=204)

    assert (read.records, read.more_records, read.next_page_token, read.sorted_by) == ([], False, None, None)


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
def test_a_page_token_that_is_none_is_none(token):
    assert page({"data": [], "info": {"next_page_token": token}}).next_page_token is None


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
    with pytest.raises(ResponseError, match='no list "data"'):
        page(body)


# -- results of a write ----------------------------------------------------------------------------------------------

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
        "Bigin does not take the value of the field Amount (invalid data): compare its type and length, or the id."
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


# -- metadata --------------------------------------------------------------------------------------------------------


def test_a_module_is_read():
    entry = {
        "api_name": "Associated_Products",
        "plural_label": "Associated Products",
        "api_supported": True,
        "viewable": True,
        "generated_type": "subform",
        "parent_module": {"api_name": "Pipelines", "id": "1"},
        "modified_time": "2026-11-03T10:14:52+01:00",
    }
    module = read_module(entry)

    assert (module.api_name, module.parent_module, module.generated_type) == (
        "Associated_Products",
        "Pipelines",
        "subform",
    )
    assert module.modified_at == NOW
    assert module.readable
    assert module.raw == entry


def test_a_module_that_the_api_does_not_have_is_not_readable():
    assert not read_module({"api_name": "Social", "api_supported": False, "viewable": True}).readable
    assert not read_module({"api_name": "Products", "api_supported": True, "viewable": False}).readable
    assert read_module({"api_name": "Contacts", "parent_module": {}}).readable


def test_a_field_is_read():
    entry = {
        "api_name": "Account_Name",
        "field_label": "Company Name",
        "data_type": "lookup",
        "json_type": "jsonobject",
        "length": 120,
        "display_field": False,
        "read_only": False,
        "field_read_only": False,
        "custom_field": False,
        "unique": {},
        "lookup": {"api_name": "Contacts", "module": {"api_name": "Accounts", "id": "1"}},
    }
    field = read_field(entry)

    assert (field.api_name, field.label, field.data_type, field.length) == (
        "Account_Name",
        "Company Name",
        "lookup",
        120,
    )
    assert (field.unique, field.custom, field.read_only, field.display_field) == (False, False, False, False)
    assert field.lookup_module == "Accounts"
    assert read_field(entry | {"unique": {"casesensitive": "0"}}).unique


def test_a_link_to_any_module_names_none():
    field = read_field({"api_name": "Related_To", "lookup": {"module": {"api_name": "se_module", "id": "1"}}})

    assert field.lookup_module is None


def test_a_field_that_says_little_is_a_text():
    field = read_field({"api_name": "X"})

    assert (field.label, field.data_type, field.lookup_module, field.length) == ("X", "text", None, None)


def test_an_organization_is_read():
    entry = {
        "id": "7618134000000020005",
        "company_name": "Northwind Lite",
        "zgid": 942010964,
        "time_zone": "Africa/Nairobi",
        "license_details": {"paid": True, "users_license_purchased": 20},
    }
    read = read_organization(entry)

    assert (read.org_id, read.company_name, read.time_zone) == ("942010964", "Northwind Lite", "Africa/Nairobi")
    assert (read.paid, read.users_licensed) == (True, 20)


def test_an_organization_that_says_little_counts_as_free():
    read = read_organization({"zgid": "942010964", "license_details": None})

    assert (read.company_name, read.time_zone, read.paid, read.users_licensed) == ("", None, False, 0)
    with pytest.raises(ResponseError, match="zgid"):
        read_organization({})


# -- errors ----------------------------------------------------------------------------------------------------------


def refusal(code, message="the message", **details):
    return {"code": code, "details": details, "message": message, "status": "error"}


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (401, "INVALID_TOKEN", AccessTokenError),
        (400, "INVALID_TOKEN", AccessTokenError),
        (401, "AUTHENTICATION_FAILURE", AccessTokenError),
        (401, "INVALID_OAUTHTOKEN", AccessTokenError),
        (401, "OAUTH_SCOPE_MISMATCH", ScopeError),
        (403, "OAUTH_SCOPE_MISMATCH", ScopeError),
        (403, "NO_PERMISSION", ModuleNotAvailableError),
        (400, "AUTHORIZATION_FAILED", ModuleNotAvailableError),
        (400, "INVALID_MODULE", ModuleNotAvailableError),
        (404, "INVALID_URL_PATTERN", ModuleNotAvailableError),
        (400, "INVALID_REQUEST", RequestError),
        (400, "REQUIRED_PARAM_MISSING", RequestError),
        (400, "LIMIT_EXCEEDED", RequestError),
        (400, "AMBIGUITY_DURING_PROCESSING", RequestError),
        (412, "RECORD_MODIFIED", RequestError),
        (400, "A_NEW_CODE", RequestError),
        (400, "INVALID_DATA", InvalidDataError),
        (400, "MANDATORY_NOT_FOUND", InvalidDataError),
        (400, "EXPIRED_VALUE", PageTokenError),
        (400, "TOKEN_BOUND_DATA_MISMATCH", PageTokenError),
        (401, "TOKEN_BOUND_DATA_MISMATCH", PageTokenError),
        (400, "DISCRETE_PAGINATION_LIMIT_EXCEEDED", PaginationLimitError),
        (400, "PAGINATION_LIMIT_EXCEEDED", PaginationLimitError),
        (429, "TOO_MANY_REQUESTS", RateLimitError),
        (400, "TOO_MANY_REQUESTS", RateLimitError),
        (429, "SOMETHING", RateLimitError),
        (500, "INTERNAL_ERROR", ServerError),
        (503, "INVALID_TOKEN", ServerError),
        (200, "INVALID_MODULE", ModuleNotAvailableError),
    ],
)
def test_an_error_goes_by_its_code_first(status, code, kind):
    error = error_for(status, refusal(code), endpoint="GET /bigin/v2/Contacts", module="Contacts")

    assert type(error) is kind
    assert (error.status, error.code, error.endpoint) == (status, code, "GET /bigin/v2/Contacts")


@pytest.mark.parametrize("body", [None, {}, {"code": None}, {"code": 5}, []])
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, RequestError),
        (401, AccessTokenError),
        (403, ModuleNotAvailableError),
        (404, ModuleNotAvailableError),
        (405, RequestError),
        (429, RateLimitError),
        (500, ServerError),
        (599, ServerError),
    ],
)
def test_without_a_code_it_goes_by_its_status(status, body, kind):
    assert type(error_for(status, body, module="Contacts")) is kind


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (200, ResponseError),
        (302, ResponseError),
        (400, ResponseError),
        (401, ResponseError),
        (403, ResponseError),
        (404, ModuleNotAvailableError),
        (429, RateLimitError),
        (502, ServerError),
    ],
)
def test_html_goes_by_its_status_where_that_says_enough(status, kind):
    assert type(error_for(status, Unreadable(), module="Contacts")) is kind


def test_away_from_modules_a_missing_right_is_a_matter_for_a_person():
    assert type(error_for(403, refusal("NO_PERMISSION"))) is AuthorizationError
    assert type(error_for(404, refusal("INVALID_URL_PATTERN"))) is RequestError
    assert type(error_for(404, None)) is RequestError


def test_a_bad_page_token_is_told_by_the_parameter_too():
    assert type(error_for(400, refusal("INVALID_DATA", param_name="page_token"))) is PageTokenError
    assert type(error_for(400, refusal("INVALID_DATA", api_name="page_token"))) is PageTokenError


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (
            refusal("OAUTH_SCOPE_MISMATCH"),
            "lacks the scope ZohoBigin.modules.contacts.READ, or one that covers it: reconnect",
        ),
        (refusal("INVALID_MODULE"), "does not have the module Contacts for this connection"),
        (refusal("NO_PERMISSION"), "may not use the module Contacts"),
        (refusal("DISCRETE_PAGINATION_LIMIT_EXCEEDED", limit=2000), "end at 2,000 records"),
        (refusal("PAGINATION_LIMIT_EXCEEDED", limit=100000), "ends at 100,000 records"),
        (refusal("PAGINATION_LIMIT_EXCEEDED"), "ends at 100,000 records"),
        (refusal("EXPIRED_VALUE"), "start the walk again"),
        (refusal("REQUIRED_PARAM_MISSING", "One is missing", param_name="fields"), "(fields: One is missing)"),
        (refusal("INVALID_DATA", "the id given seems to be invalid"), "(the id given seems to be invalid)"),
        (refusal("INVALID_TOKEN"), "refresh it, or authorize again"),
        (refusal("X", ""), "no reason given"),
    ],
)
def test_an_error_says_in_one_sentence_what_to_do(body, sentence):
    error = error_for(400, body, module="Contacts", scope="ZohoBigin.modules.contacts.READ")

    assert sentence in str(error)
    assert error.message.endswith(".")
    assert "\n" not in str(error)

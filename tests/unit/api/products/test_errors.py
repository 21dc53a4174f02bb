from datetime import UTC, datetime

import pytest

from django_bigin.api.calls import Answer
from django_bigin.api.products.bigin import BIGIN
from django_bigin.api.values import Unreadable
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
from tests.support.answers import refusal


def error_for(status, body, *, module=None):
    call = BIGIN.call("GET", module or "org", module=module, reader=lambda call, answer: None)
    return BIGIN.errors.find(call, Answer(status, body, datetime(2026, 11, 3, tzinfo=UTC)))


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
    error = error_for(status, refusal(code), module="Contacts")

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
        (refusal("DISCRETE_PAGINATION_LIMIT_EXCEEDED", limit=2000), "by number end at 2,000 records"),
        (refusal("PAGINATION_LIMIT_EXCEEDED", limit=100000), "tokens end at 100,000 records"),
        (refusal("PAGINATION_LIMIT_EXCEEDED"), "tokens end at 100,000 records"),
        (refusal("EXPIRED_VALUE"), "start the list again"),
        (refusal("REQUIRED_PARAM_MISSING", "One is missing", param_name="fields"), "(fields: One is missing)"),
        (refusal("INVALID_DATA", "the id given seems to be invalid"), "(the id given seems to be invalid)"),
        (refusal("INVALID_TOKEN"), "refresh it, or authorize again"),
        (refusal("X", ""), "no reason given"),
    ],
)
def test_an_error_says_in_one_sentence_what_to_do(body, sentence):
    error = error_for(400, body, module="Contacts")

    assert sentence in str(error)
    assert error.message.endswith(".")
    assert "\n" not in str(error)

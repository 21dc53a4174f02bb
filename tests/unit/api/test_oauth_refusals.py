import pytest

from django_bigin.exceptions import (
    BiginError,
    ClientCredentialsError,
    GrantTokenError,
    RateLimitError,
    RefreshTokenError,
    ServerError,
)
from tests.support.tokens import ACCESS, AS_HTML, GRANT, HTML, REFRESH, THROTTLED, THROTTLED_IN_CHINESE


@pytest.mark.parametrize("status", [200, 400, 401])
@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ({"error": "invalid_code"}, RefreshTokenError),
        ({"error": "invalid_grant", "error_description": "gone"}, RefreshTokenError),
        ({"error": "invalid_client"}, ClientCredentialsError),
        ({"error": "invalid_client_secret"}, ClientCredentialsError),
        ({"error": "invalid_redirect_uri"}, ClientCredentialsError),
        ({"error": "invalid_scope"}, ClientCredentialsError),
        ({"error": "unauthorized_client", "error_description": "x"}, ClientCredentialsError),
        (THROTTLED, RateLimitError),
        (THROTTLED_IN_CHINESE, RateLimitError),
        ({"error": "access_denied"}, RateLimitError),
        ({"error": "Access Denied"}, RateLimitError),
        ({"error": "a new word", "error_description": "of which we know nothing"}, RateLimitError),
        ({"status": "failure"}, RateLimitError),
        ({"error": "general_error"}, ServerError),
        ({"error": "general_error", "error_description": "x", "status": "failure"}, ServerError),
        ({"error": "a new word"}, ServerError),
        ({"error": 5}, ServerError),
        ({"error": ""}, ServerError),
        ({"access_token": ""}, ServerError),
        ({"access_token": None, "refresh_token": REFRESH}, ServerError),
        ({"access_token": "two words\r\nInjected: header"}, ServerError),
        ({}, ServerError),
        ([], ServerError),
        ("a string", ServerError),
        (5, ServerError),
    ],
)
def test_a_refused_refresh_is_classified_from_its_body(server, accounts, status, data, kind):
    server.answer(status, data=data)

    with pytest.raises(BiginError) as caught:
        accounts.refresh(REFRESH)
    assert type(caught.value) is kind
    assert caught.value.status == status
    assert caught.value.endpoint == "POST /oauth/v2/token"


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 200, "body": HTML, "headers": AS_HTML},
        {"status": 404, "body": HTML, "headers": AS_HTML},
        {"status": 502, "body": HTML, "headers": AS_HTML},
        {"status": 500, "body": ""},
        {"status": 200, "body": ""},
        {"status": 200, "body": b"\xff\xfe\x00"},
        {"status": 200, "body": '{"access_token": "1000.cut'},
        {"status": 200, "body": "[" * 100_000},
        {"status": 200, "body": '{"access_token": NaN}'},
    ],
)
def test_what_cannot_be_read_is_transient(server, accounts, answer):
    server.answer(**answer)
    server.answer(**answer)

    with pytest.raises(ServerError):
        accounts.refresh(REFRESH)
    with pytest.raises(ServerError):
        accounts.exchange(GRANT)


def test_a_429_of_any_body_is_a_throttle(server, accounts):
    server.answer(429, body=HTML, headers=AS_HTML)

    with pytest.raises(RateLimitError) as caught:
        accounts.refresh(REFRESH)
    assert caught.value.retry_after == 600


@pytest.mark.parametrize("data", [THROTTLED, THROTTLED_IN_CHINESE])
def test_a_throttle_says_how_long_to_rest(server, accounts, data):
    server.answer(400, data=data)

    with pytest.raises(RateLimitError, match="ten minutes") as caught:
        accounts.exchange(GRANT)
    assert caught.value.retry_after == 600


@pytest.mark.parametrize("code", ["invalid_code", "invalid_grant"])
def test_a_dead_grant_token_says_what_it_may_be_and_what_to_do(server, accounts, code):
    server.answer(data={"error": code})

    with pytest.raises(GrantTokenError, match="data center than eu; make a new one"):
        accounts.exchange(GRANT)


@pytest.mark.parametrize("grant", ["", " \n"])
def test_an_empty_grant_token_asks_nobody(server, accounts, grant):
    with pytest.raises(GrantTokenError, match="empty"):
        accounts.exchange(grant)
    assert server.asked == []


def test_a_wrong_data_center_is_named_where_the_client_is_refused(server, accounts):
    server.answer(data={"error": "invalid_client"})

    with pytest.raises(ClientCredentialsError, match="data center eu"):
        accounts.refresh(REFRESH)


def test_foreign_words_stay_short_and_on_one_line(server, accounts):
    server.answer(data={"error": f"strange\r\nword {ACCESS} " + "x" * 5000})

    with pytest.raises(ServerError) as caught:
        accounts.refresh(REFRESH)
    assert "\n" not in str(caught.value)
    assert ACCESS not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_revoke_puts_the_token_into_the_form(server, accounts):
    server.answer(data={"status": "success"})

    assert accounts.revoke(REFRESH) is True
    asked = server.asked[0]
    assert (asked.method, asked.path, asked.query) == ("POST", "/oauth/v2/token/revoke", {})
    assert asked.form == {"token": REFRESH}


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 400, "data": {"error": "invalid_token"}},
        {"status": 400, "data": {}},
        {"status": 400, "body": ""},
        {"status": 200, "data": {"error": "invalid_code"}},
    ],
)
def test_a_token_that_is_not_known_is_told_apart(server, accounts, answer):
    server.answer(**answer)

    assert accounts.revoke(REFRESH) is False


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"status": 400, "data": THROTTLED}, RateLimitError),
        ({"status": 400, "data": THROTTLED_IN_CHINESE}, RateLimitError),
        ({"status": 429, "body": HTML, "headers": AS_HTML}, RateLimitError),
        ({"status": 400, "body": HTML, "headers": AS_HTML}, ServerError),
        ({"status": 200, "body": HTML, "headers": AS_HTML}, ServerError),
        ({"status": 502, "body": HTML, "headers": AS_HTML}, ServerError),
        ({"status": 500, "data": {}}, ServerError),
        ({"status": 200, "data": {}}, ServerError),
    ],
)
def test_anything_else_leaves_it_open_whether_the_token_lives(server, accounts, answer, kind):
    server.answer(**answer)

    with pytest.raises(kind):
        accounts.revoke(REFRESH)

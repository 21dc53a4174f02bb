import base64
import logging
import threading
from datetime import UTC, datetime
from urllib.parse import quote

import pytest

from django_bigin.api.answers import Place
from django_bigin.api.calls import CallMade
from django_bigin.api.client import Client
from django_bigin.api.datacenters import DATA_CENTERS, DataCenter, data_center
from django_bigin.api.transport import Timeouts, new_session
from django_bigin.exceptions import (
    AccessTokenError,
    BiginError,
    ModuleNotAvailableError,
    NetworkError,
    PageTokenError,
    RateLimitError,
    RefreshTokenError,
    RequestError,
    ResponseError,
    ScopeError,
    ServerError,
)
from tests.support.answers import HTML, INVALID_TOKEN, refusal, results, rows


@pytest.mark.parametrize("center", DATA_CENTERS.values(), ids=lambda each: each.code)
def test_each_data_center_is_asked_at_its_own_host(server, session, tokens, center):
    server.answer(204)

    Client(center, tokens, session=session).records.fetch_page("Contacts", fields=["Email"])

    assert server.asked[0].headers["Host"] == center.api_domain.removeprefix("https://")


def test_a_client_closes_the_connections_that_it_opened_itself(own_server, tokens, monkeypatch):
    monkeypatch.setattr("django_bigin.api.client.new_session", lambda: new_session(sandbox_url=own_server.url))
    own_server.answer(204)

    with pytest.raises(RuntimeError, match="of the caller's"), Client(data_center("eu"), tokens) as client:
        client.records.fetch_page("Contacts", fields=["Email"])
        assert not own_server.ended.acquire(timeout=0.2), "it is kept open for the next call"
        raise RuntimeError("an error of the caller's")

    assert own_server.ended.acquire(timeout=30), "the server still waits on a connection"


def test_a_client_leaves_a_session_open_that_others_share(own_server, tokens):
    with new_session(sandbox_url=own_server.url) as session:
        for _ in range(2):
            own_server.answer(204)
            with Client(data_center("eu"), tokens, session=session) as client:
                client.records.fetch_page("Contacts", fields=["Email"])

        assert own_server.accepted == 1
    assert own_server.ended.acquire(timeout=30)


def test_a_data_center_that_is_not_of_the_table_is_refused(session, tokens):
    with pytest.raises(ValueError, match="table"):
        Client(DataCenter("us", "https://accounts.zoho.com", "https://evil.test"), tokens, session=session)


def test_without_a_date_the_clock_of_the_caller_counts(server, session, tokens):
    now = datetime(2026, 1, 2, tzinfo=UTC)
    client = Client(data_center("eu"), tokens, session=session, now=lambda: now)
    for headers in ({}, {"Date": "nonsense"}):
        server.answer(204, headers=headers)

        assert client.records.fetch_page("Contacts", fields=["Last_Name"]).answered_at == now


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 401, "data": INVALID_TOKEN},
        {"status": 400, "data": INVALID_TOKEN},
        {"status": 401, "data": refusal("AUTHENTICATION_FAILURE")},
        {"status": 401, "body": ""},
        {"status": 400, "data": refusal("INVALID_REQUEST", "verify the oauth header")},
    ],
)
def test_a_refused_token_is_replaced_once_and_the_call_made_again(server, client, tokens, answer):
    server.answer(**answer)
    server.answer(data=rows(1))

    page = client.records.fetch_page("Contacts", fields=["Email"])

    assert page.records == [{"id": "1"}]
    assert tokens.refused == ["1000.first.token"]
    assert [asked.headers["Authorization"].split()[1] for asked in server.asked] == [
        "1000.first.token",
        "1000.second.token",
    ]


def test_a_write_is_made_again_as_well_since_it_was_not_carried_out(server, client, tokens):
    server.answer(401, data=INVALID_TOKEN)
    server.answer(201, data=results(1))

    assert client.records.create("Contacts", [{"Last_Name": "Wen"}])[0].ok
    assert server.asked[0].body == server.asked[1].body


def test_a_second_refusal_is_final(server, client, tokens):
    for _ in range(3):
        server.answer(401, data=INVALID_TOKEN)

    with pytest.raises(AccessTokenError):
        client.records.fetch_page("Contacts", fields=["Email"])
    assert (len(server.asked), len(tokens.refused)) == (2, 1)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"status": 401, "data": refusal("OAUTH_SCOPE_MISMATCH")}, ScopeError),
        ({"status": 403, "data": refusal("OAUTH_SCOPE_MISMATCH")}, ScopeError),
        ({"status": 403, "data": refusal("NO_PERMISSION")}, ModuleNotAvailableError),
        ({"status": 400, "data": refusal("INVALID_REQUEST")}, RequestError),
        ({"status": 401, "data": refusal("TOKEN_BOUND_DATA_MISMATCH")}, PageTokenError),
        ({"status": 500, "data": INVALID_TOKEN}, ServerError),
        ({"status": 429, "data": refusal("TOO_MANY_REQUESTS")}, RateLimitError),
    ],
)
def test_nothing_else_asks_for_another_token(server, client, tokens, answer, kind):
    server.answer(**answer)

    with pytest.raises(kind):
        client.records.fetch_page("Contacts", fields=["Email"])
    assert (len(server.asked), tokens.refused) == (1, [])


def test_a_missing_scope_is_named_with_what_to_do(server, client):
    server.answer(401, data=refusal("OAUTH_SCOPE_MISMATCH"))

    with pytest.raises(ScopeError, match=r"ZohoBigin\.modules\.notes\.READ.*reconnect with more scopes"):
        client.records.fetch_page("Notes", fields=["Note_Title"])


def test_a_grant_that_is_gone_is_told_by_whoever_replaces_the_token(server, client, tokens):
    server.answer(401, data=INVALID_TOKEN)
    tokens.replace = lambda refused: (_ for _ in ()).throw(RefreshTokenError("authorize again"))

    with pytest.raises(RefreshTokenError):
        client.records.fetch_page("Contacts", fields=["Email"])


@pytest.mark.parametrize("bad", ["", "two words", "1000.a\r\nX-Evil: 1", "1000.ä"])
def test_a_token_that_cannot_travel_is_refused_without_being_shown(server, session, tokens, bad):
    tokens.first = bad
    client = Client(data_center("eu"), tokens, session=session)

    with pytest.raises(AccessTokenError) as caught:
        client.records.fetch_page("Contacts", fields=["Email"])
    assert server.asked == []
    assert not bad or bad not in str(caught.value)


@pytest.mark.parametrize(
    "bad",
    [
        HTML,
        {"body": ""},
        {"body": '{"data": [{"id"'},
        {"status": 304},
        {"status": 302, "body": ""},
        {"status": 401, **HTML},
    ],
)
def test_a_read_that_is_not_json_is_tried_twice(server, client, bad):
    server.answer(**bad)
    server.answer(data=rows(1))
    assert client.records.fetch_page("Contacts", fields=["Email"]).records == [{"id": "1"}]

    server.answer(**bad)
    server.answer(**bad)
    with pytest.raises(ResponseError, match=r"something other than JSON|no JSON from character \d+ on"):
        client.records.fetch_page("Contacts", fields=["Email"])
    assert len(server.asked) == 4


def test_a_redirect_is_not_followed(server, client):
    for _ in range(2):
        server.answer(302, body="", headers={"Location": "https://www.zohoapis.com/bigin/v2/Contacts"})

    with pytest.raises(ResponseError):
        client.records.fetch_page("Contacts", fields=["Email"])
    assert {asked.headers["Host"] for asked in server.asked} == {"www.zohoapis.eu"}


def test_a_refusal_under_200_is_a_refusal(server, client):
    server.answer(data=refusal("INVALID_MODULE"))

    with pytest.raises(ModuleNotAvailableError, match="module Dealz"):
        client.records.fetch_page("Dealz", fields=["Email"])


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "17"}, 17),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "Fri, 02 Jan 2026 00:01:00 GMT"}, 60),
        ({"Retry-After": "Fri, 02 Jan 2015 00:01:00 GMT"}, 0),
    ],
)
def test_how_long_to_wait_is_read_where_it_is_said(server, session, tokens, header, seconds):
    client = Client(data_center("eu"), tokens, session=session, now=lambda: datetime(2026, 1, 2, tzinfo=UTC))
    server.answer(429, data=refusal("TOO_MANY_REQUESTS"), headers=header)

    with pytest.raises(RateLimitError) as caught:
        client.records.fetch_page("Contacts", fields=["Email"])
    assert caught.value.retry_after == seconds


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ({"drop": True}, "closed the connection"),
        ({"delay": 0.8}, "within 0.4 seconds"),
        ({"missing": 9}, "broke its answer off"),
    ],
)
def test_no_answer_is_a_network_error_that_does_not_quote_the_address(server, client, how, sentence):
    server.answer(data=rows(1), **how)

    with pytest.raises(NetworkError, match=sentence) as caught:
        client.records.fetch_page("Contacts", Place(token="p4ge-t0ken"), fields=["Email"])
    assert caught.value.__context__ is None
    assert "p4ge" not in str(caught.value)
    assert caught.value.endpoint == "GET /bigin/v2/Contacts"


def test_every_http_call_is_told(server, client, calls):
    server.answer(401, data=INVALID_TOKEN)
    server.answer(**HTML)
    server.answer(data=rows(1), drop=True)
    with pytest.raises(NetworkError):
        client.records.fetch_page("Contacts", fields=["Email"])

    assert [(call.method, call.path, call.module, call.status, call.credits) for call in calls] == [
        ("GET", "/bigin/v2/Contacts", "Contacts", 401, 0),
        ("GET", "/bigin/v2/Contacts", "Contacts", 200, 1),
        ("GET", "/bigin/v2/Contacts", "Contacts", None, 1),
    ]
    assert all(isinstance(call, CallMade) and call.seconds >= 0 for call in calls)


def test_one_session_serves_several_threads(server, session, tokens):
    for _ in range(40):
        server.answer(data=rows(1))
    found, failures = [], []

    def read():
        client = Client(data_center("eu"), tokens, session=session, timeouts=Timeouts(2, 5))
        try:
            found.extend(client.records.fetch_page("Contacts", fields=["Email"]).records for _ in range(10))
        except BiginError as error:
            failures.append(error)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert len(found) == 40


def test_no_token_is_logged_at_debug_on_any_path(server, client, caplog):
    caplog.set_level(logging.DEBUG)
    answers = [
        {"data": rows(1)},
        {"status": 401, "data": INVALID_TOKEN},
        {"status": 400, "data": refusal("ODD", "you sent 1000." + "ab" * 16 + "." + "cd" * 16)},
        HTML,
        HTML,
        {"status": 502, **HTML},
        {"data": rows(1), "drop": True},
        {"data": rows(1), "missing": 5},
    ]
    for answer in answers:
        server.answer(**answer)
    page_token = "-".join(("p4ge", "t0ken"))
    while server.answers:
        try:
            client.records.fetch_page("Contacts", Place(token=page_token), fields=["Email"])
        except BiginError:
            logging.getLogger("test").exception("it failed with %r", client)

    assert caplog.records
    for secret in ("1000.first.token", "1000.second.token", "ab" * 16, "p4ge-t0ken"):
        for spelling in (secret, quote(secret, safe=""), base64.b64encode(secret.encode()).decode()[:-4]):
            assert spelling not in caplog.text

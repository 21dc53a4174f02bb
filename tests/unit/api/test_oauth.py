import base64
import hashlib
import logging
from urllib.parse import parse_qsl, quote, quote_plus, urlsplit

import pytest

from django_bigin.api.datacenters import DataCenter, data_center
from django_bigin.api.oauth import AccountsServer, ClientCredentials, TokenAnswer
from django_bigin.exceptions import BiginError, NetworkError, TransientError
from tests.support.tokens import ACCESS, AS_HTML, GOOD, GRANT, REFRESH, REFRESHED, SECRET, THROTTLED


def test_an_exchange_sends_everything_in_the_form_and_nothing_elsewhere(server, accounts):
    server.answer(data=GOOD)

    answer = accounts.exchange(f" {GRANT}\n")

    asked = server.asked[0]
    assert (asked.method, asked.path, asked.query) == ("POST", "/oauth/v2/token", {})
    assert asked.headers["Host"] == "accounts.zoho.eu"
    assert "Authorization" not in asked.headers
    assert asked.form == {
        "grant_type": "authorization_code",
        "client_id": "1000.CLIENT",
        "client_secret": SECRET,
        "code": GRANT,
    }
    assert answer == TokenAnswer(
        access_token=ACCESS,
        refresh_token=REFRESH,
        expires_in_seconds=3600,
        api_domain="https://www.zohoapis.eu",
        scopes=("ZohoBigin.modules.ALL", "ZohoBigin.org.READ"),
    )


def test_redirect_uri_and_verifier_go_along_where_there_are_any(server, accounts):
    server.answer(data=GOOD)

    accounts.exchange(GRANT, redirect_uri="http://localhost:8000/cb?a=1&b=2", code_verifier="v" * 43)

    assert server.asked[0].form["redirect_uri"] == "http://localhost:8000/cb?a=1&b=2"
    assert server.asked[0].form["code_verifier"] == "v" * 43


def test_a_refresh_sends_no_scope_and_no_redirect_uri(server, accounts):
    server.answer(data=REFRESHED)

    answer = accounts.refresh(REFRESH)

    assert server.asked[0].form == {
        "grant_type": "refresh_token",
        "client_id": "1000.CLIENT",
        "client_secret": SECRET,
        "refresh_token": REFRESH,
    }
    assert "Authorization" not in server.asked[0].headers
    assert answer.access_token == ACCESS
    assert answer.refresh_token is None


def test_the_netrc_of_the_machine_adds_nothing(server, accounts, monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text("machine accounts.zoho.eu login a password b\ndefault login a password b\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    accounts._session.trust_env = True
    for data in (GOOD, REFRESHED, {"status": "success"}):
        server.answer(data=data)

    accounts.exchange(GRANT)
    accounts.refresh(REFRESH)
    accounts.revoke(REFRESH)

    assert not any("Authorization" in asked.headers for asked in server.asked)


@pytest.mark.parametrize("status", [302, 307, 308])
def test_a_redirect_does_not_carry_the_secret_elsewhere(server, accounts, status):
    for _ in range(3):
        server.answer(status, body="", headers={"Location": "https://accounts.zoho.com/oauth/v2/token"})

    for call in (lambda: accounts.exchange(GRANT), lambda: accounts.refresh(REFRESH), lambda: accounts.revoke(REFRESH)):
        with pytest.raises(TransientError):
            call()
    assert len(server.asked) == 3


def test_only_data_centers_of_the_table_are_spoken_to(session):
    evil = DataCenter("eu", "https://accounts.zoho.eu.evil.test", "https://www.zohoapis.eu")

    with pytest.raises(ValueError, match="table"):
        AccountsServer(evil, ClientCredentials("id", "secret"), session=session)


def test_the_authorization_url_asks_for_a_refresh_token_each_time(accounts):
    url = accounts.authorization_url(
        redirect_uri="https://app.example/cb", state="st4te", scopes=["ZohoBigin.modules.ALL", "ZohoBigin.org.READ"]
    )

    assert url.startswith("https://accounts.zoho.eu/oauth/v2/auth?")
    assert dict(parse_qsl(urlsplit(url).query)) == {
        "response_type": "code",
        "client_id": "1000.CLIENT",
        "redirect_uri": "https://app.example/cb",
        "scope": "ZohoBigin.modules.ALL,ZohoBigin.org.READ",
        "state": "st4te",
        "access_type": "offline",
        "prompt": "consent",
    }


def test_the_authorization_url_carries_the_challenge_and_not_the_verifier(accounts):
    verifier = "v" * 43
    url = accounts.authorization_url(
        redirect_uri="https://a.example", state="s", scopes=["a.B"], code_verifier=verifier
    )
    query = dict(parse_qsl(urlsplit(url).query))

    digest = hashlib.sha256(verifier.encode()).digest()
    assert query["code_challenge"] == base64.urlsafe_b64encode(digest).decode().rstrip("=")
    assert query["code_challenge_method"] == "S256"
    assert verifier not in url


@pytest.mark.parametrize("bad", ["\x00", "\ud800"])
def test_scopes_that_no_database_stores_lose_no_token(bad, server, accounts):
    server.answer(data=GOOD | {"scope": f"a.B{bad} c.D"})

    assert accounts.refresh("1000.r").scopes == ("a.B\ufffd", "c.D")


def test_rewritten_scopes_lose_no_token(server, accounts):
    server.answer(data=GOOD | {"scope": "zohobigin.modules.all  ZohoBigin.Org.Read AaaServer.profile.READ"})

    answer = accounts.exchange(GRANT)

    assert answer.access_token == ACCESS
    assert answer.scopes == ("zohobigin.modules.all", "ZohoBigin.Org.Read", "AaaServer.profile.READ")


@pytest.mark.parametrize(
    ("change", "seconds"),
    [
        ({"expires_in": 3600000, "expires_in_sec": 3600}, 3600),
        ({"expires_in": "1800"}, 1800),
        ({"expires_in": None}, 3600),
        ({"expires_in": "soon"}, 3600),
        ({"expires_in": True}, 3600),
        ({"expires_in": -1}, 3600),
        ({"expires_in": 1e3}, 3600),
        ({"expires_in": [3600]}, 3600),
    ],
)
def test_the_lifetime_is_read_in_every_spelling(server, accounts, change, seconds):
    server.answer(data=REFRESHED | change)

    assert accounts.refresh(REFRESH).expires_in_seconds == seconds


def test_an_answer_of_the_least_content_will_do(server, accounts):
    server.answer(data={"access_token": ACCESS})

    assert accounts.refresh(REFRESH) == TokenAnswer(ACCESS, None, 3600, None, ())


def test_a_token_under_an_odd_status_is_a_token(server, accounts):
    server.answer(400, data=REFRESHED, headers={"Content-Type": "text/html"})

    assert accounts.refresh(REFRESH).access_token == ACCESS


@pytest.mark.parametrize("value", ["", None, 5, ["x"], {}])
def test_a_refresh_token_that_is_none_keeps_the_old_one(server, accounts, value):
    server.answer(data=GOOD | {"refresh_token": value})

    assert accounts.refresh(REFRESH).refresh_token is None


@pytest.mark.parametrize(
    "api_domain", ["https://evil.test", "https://www.zohoapis.eu.evil.test", "https://www.zohoapis.com", 5, None]
)
def test_the_api_domain_of_an_answer_is_data_and_never_a_host(server, accounts, api_domain):
    server.answer(data=REFRESHED | {"api_domain": api_domain})
    server.answer(data=REFRESHED)

    answer = accounts.refresh(REFRESH)
    accounts.refresh(REFRESH)

    assert answer.api_domain == (api_domain if isinstance(api_domain, str) else None)
    assert {asked.headers["Host"] for asked in server.asked} == {"accounts.zoho.eu"}


@pytest.mark.parametrize("how", [{"drop": True}, {"delay": 0.8}, {"missing": 50}])
def test_no_answer_is_a_network_error_without_a_secret(server, accounts, how):
    for _ in range(3):
        server.answer(data=GOOD, **how)

    for call in (lambda: accounts.exchange(GRANT), lambda: accounts.refresh(REFRESH), lambda: accounts.revoke(REFRESH)):
        with pytest.raises(NetworkError) as caught:
            call()
        assert caught.value.__context__ is None
        assert not any(secret in str(caught.value) for secret in (SECRET, REFRESH, GRANT, ACCESS))


def test_a_server_that_is_not_there_is_a_network_error(accounts, session):
    for adapter in session.adapters.values():
        adapter._origin = "http://127.0.0.1:1"

    with pytest.raises(NetworkError, match="could not be reached"):
        accounts.refresh(REFRESH)


def spellings(secret):
    raw = secret.encode()
    yield from (secret, quote(secret, safe=""), quote_plus(secret), secret.encode("unicode_escape").decode())
    for shift in range(3):
        # Base64 of the secret inside a longer text: the middle is the same for one of three alignments.
        yield base64.b64encode(b"x" * shift + raw)[4:-4].decode()
        yield base64.urlsafe_b64encode(b"x" * shift + raw)[4:-4].decode()


def test_no_secret_is_logged_at_debug_on_any_path(server, accounts, caplog):
    caplog.set_level(logging.DEBUG)
    answers = [
        ({"data": GOOD}, "exchange"),
        ({"data": REFRESHED}, "refresh"),
        ({"data": GOOD | {"scope": "other"}}, "exchange"),
        ({"status": 400, "data": THROTTLED | {"echo": REFRESH}}, "refresh"),
        ({"data": {"error": "invalid_code"}}, "exchange"),
        ({"data": {"error": REFRESH}}, "refresh"),
        ({"data": {"error": "invalid_client"}}, "refresh"),
        ({"status": 502, "body": f"<html>{REFRESH}</html>", "headers": AS_HTML}, "refresh"),
        ({"data": GOOD, "drop": True}, "exchange"),
        ({"data": GOOD, "missing": 9}, "refresh"),
        ({"data": {"status": "success"}}, "revoke"),
        ({"status": 400, "data": {"error": REFRESH}}, "revoke"),
        ({"data": GOOD, "drop": True}, "revoke"),
    ]
    for answer, call in answers:
        server.answer(**answer)
        token = GRANT if call == "exchange" else REFRESH
        try:
            extra = {"code_verifier": "verifier-" + "v" * 40} if call == "exchange" else {}
            logging.getLogger("test").debug("got %r", getattr(accounts, call)(token, **extra))
        except BiginError:
            logging.getLogger("test").exception("it failed")

    assert "requests_oauthlib" in {record.name.split(".")[0] for record in caplog.records}
    for secret in (SECRET, GRANT, REFRESH, ACCESS, "verifier-" + "v" * 40):
        for spelling in spellings(secret):
            assert spelling not in caplog.text


def test_nothing_that_holds_a_secret_shows_it(accounts):
    answer = TokenAnswer(ACCESS, REFRESH, 3600, None, ())
    credentials = ClientCredentials("1000.CLIENT", SECRET)

    for shown in (repr(answer), str(answer), repr(credentials), repr(accounts), repr(vars(accounts))):
        assert not any(secret in shown for secret in (ACCESS, REFRESH, SECRET))


def test_the_module_needs_no_setting_of_the_process(monkeypatch):
    monkeypatch.delenv("OAUTHLIB_INSECURE_TRANSPORT", raising=False)
    monkeypatch.delenv("OAUTHLIB_RELAX_TOKEN_SCOPE", raising=False)

    assert AccountsServer(data_center("us"), ClientCredentials("id", "secret")).data_center.code == "us"

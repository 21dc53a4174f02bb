import os

import pytest
import requests

from django_bigin.api.datacenters import DATA_CENTERS
from django_bigin.api.transport import DEFAULT_TIMEOUTS, is_loopback, new_session, sandbox_origin

ORIGINS = [origin for each in DATA_CENTERS.values() for origin in (each.accounts_server, each.api_domain)]


@pytest.mark.parametrize("origin", ORIGINS)
def test_every_origin_of_the_table_is_carried_to_the_sandbox_under_its_own_host(server, session, origin):
    server.answer(data={})

    response = session.get(origin + "/some/path", params={"a": "b c"}, timeout=2)

    assert server.asked[0].headers["Host"] == origin.removeprefix("https://")
    assert (server.asked[0].path, server.asked[0].query) == ("/some/path", {"a": "b c"})
    assert response.url.startswith(origin)


@pytest.mark.parametrize(
    "url",
    [
        "https://www.zohoapis.com.evil.test/",
        "https://www.zohoapis.com@evil.test/",
        "https://www.zohoapis.com:444/",
        "http://www.zohoapis.com/",
        "https://evil.test/",
        "http://127.0.0.1:1/",
    ],
)
def test_with_a_sandbox_nothing_else_can_be_reached(server, session, url):
    with pytest.raises(requests.exceptions.InvalidSchema):
        session.get(url, timeout=2)
    assert server.asked == []


def test_without_a_sandbox_only_https_is_spoken():
    assert list(new_session().adapters) == ["https://"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_never_followed(server, session, status):
    server.answer(status, body="", headers={"Location": "https://www.zohoapis.eu/elsewhere"})

    response = session.get("https://www.zohoapis.eu/here", timeout=2)

    assert response.status_code == status
    assert len(server.asked) == 1


def test_cookies_of_one_call_are_not_sent_with_the_next(server, session):
    server.answer(data={}, headers={"Set-Cookie": "crmcsr=abc; path=/"})
    server.answer(data={})

    session.get("https://www.zohoapis.eu/1", timeout=2)
    session.get("https://www.zohoapis.eu/2", timeout=2)

    assert "Cookie" not in server.asked[1].headers


def test_towards_the_sandbox_proxies_of_the_environment_do_not_count(server, session, monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    server.answer(data={})

    assert session.get("https://www.zohoapis.eu/", timeout=2).status_code == 200
    assert "HTTPS_PROXY" in os.environ


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8400", "http://127.0.0.1:8400/", "https://sandbox.test", "http://[::1]:8400"]
)
def test_a_bare_origin_is_a_sandbox_address(url):
    assert sandbox_origin(url) == url.rstrip("/")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("127.0.0.1:8400", "http://"),
        ("ftp://127.0.0.1", "http://"),
        ("", "http://"),
        ("http://", "name a host"),
        ("http://user:hunter2@127.0.0.1:8400", "no user name"),
        ("http://127.0.0.1:8400/eu", "no path"),
        ("http://127.0.0.1:8400?x=1", "no path"),
        ("http://127.0.0.1:8400#x", "no path"),
        ("http://127.0.0.1:8400\\@evil.test", "no user name"),
        ("http://127.0.0.1:99999", "cannot be read"),
        ("http://[::1", "cannot be read"),
    ],
)
def test_anything_else_is_refused_with_a_reason(url, why):
    with pytest.raises(ValueError, match="sandbox's address") as caught:
        new_session(sandbox_url=url)
    assert why in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://localhost:1", "http://127.0.0.1", "http://127.9.9.9:80/", "https://[::1]:8"])
def test_this_machine_is_loopback(url):
    assert is_loopback(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1@evil.test",
        "http://localhost.evil.test",
        "http://127.0.0.1.nip.io",
        "http://10.0.0.1",
        "http://0.0.0.0",
        "http://[::1",
        "localhost:8400",
        "",
    ],
)
def test_anything_else_is_not(url):
    assert not is_loopback(url)


def test_the_timeouts_together_stay_below_a_refresh_lease():
    assert sum(DEFAULT_TIMEOUTS) < 45

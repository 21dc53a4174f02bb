"""Everything else that a callback may be: forged, repeated, late, hostile."""

import html
import json
import threading
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from django_bigin.connections.authorize import REFUSALS
from django_bigin.models import ClientRegistration, Connection
from tests.support.browsing import (
    CALLBACK,
    Trap,
    changed,
    come_back,
    nothing_was_connected,
    press_connect,
    user_in,
)
from tests.support.grants import REVOKE, TOKEN

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    "server",
    [
        "https://evil.test",
        "https://accounts.zoho.com.evil.test",
        "https://accounts.zoho.com@evil.test",
        "http://accounts.zoho.com",
        "https://accounts.zoho.com:8443",
        "https://accounts.zoho.com/",
        "https://accounts.zoho.com/oauth",
        "https://ACCOUNTS.ZOHO.COM",
        quote("https://accounts.zoho.com", safe=""),
        "https://accounts.zoho.ca",
        "trap",
    ],
)
def test_a_hostile_accounts_server_is_never_asked(server: str, world: Any, browser: Client, trap: Trap) -> None:
    location = world.consent(press_connect(browser), user=user_in(world, "us"))
    named = trap.url if server == "trap" else server
    page = come_back(browser, changed(location, accounts_server=named))
    assert page.status_code == 400
    assert "data center that is not known" in page.content.decode()
    assert trap.caught == []
    nothing_was_connected(world)


@pytest.mark.parametrize("place", ["xx", "US", "com", "us.evil.test", "uk", "com@evil"])
def test_an_unknown_location_is_refused(place: str, world: Any, browser: Client) -> None:
    location = world.consent(press_connect(browser), user=user_in(world, "us"))
    page = come_back(browser, changed(location, location=place, accounts_server=None))
    assert page.status_code == 400
    nothing_was_connected(world)


def test_a_location_and_a_server_that_disagree_are_refused(world: Any, browser: Client) -> None:
    location = world.consent(press_connect(browser), user=user_in(world, "us"))
    page = come_back(browser, changed(location, location="eu"))
    assert "two different ones" in page.content.decode()
    nothing_was_connected(world)


def test_a_data_center_where_the_client_is_not_switched_on_is_said(world: Any, browser: Client) -> None:
    ClientRegistration.objects.update(data_centers=["us"])
    page = come_back(browser, world.consent(press_connect(browser), user=user_in(world, "ca")))
    assert "is not switched on" in page.content.decode()
    nothing_was_connected(world)


@pytest.mark.parametrize("name", ["state", "code", "error", "location", "accounts-server"])
def test_a_security_parameter_given_twice_is_refused(name: str, world: Any, browser: Client) -> None:
    location = world.consent(press_connect(browser), user=user_in(world, "us"))
    page = come_back(browser, f"{location.rstrip('&')}&{name}=a&{name}=b")
    assert REFUSALS["repeated"] in page.content.decode()
    nothing_was_connected(world)


def test_an_error_without_state_consumes_nothing(world: Any, browser: Client) -> None:
    address = press_connect(browser)
    page = come_back(browser, f"{CALLBACK}?error=access_denied")
    assert REFUSALS["zoho-error"] in page.content.decode()
    come_back(browser, world.consent(address, user=user_in(world, "us")))
    assert Connection.objects.exists()


def test_pressing_reject_at_zoho_is_said_in_words(world: Any, browser: Client) -> None:
    location = world.consent(press_connect(browser), user=user_in(world, "us"), accept=False)
    page = come_back(browser, location)
    assert "did not give your consent" in page.content.decode()
    nothing_was_connected(world)


def test_nothing_of_a_callback_is_shown(world: Any, browser: Client) -> None:
    location = world.consent(press_connect(browser), user=user_in(world, "us"))
    page = come_back(browser, changed(location, error="<script>alert(1)</script>", code=None))
    assert "alert(1)" not in page.content.decode()


@pytest.mark.parametrize("state", ["forged", "", None])
def test_a_forged_or_missing_state_is_refused(state: str | None, world: Any, browser: Client) -> None:
    location = world.consent(press_connect(browser), user=user_in(world, "us"))
    page = come_back(browser, changed(location, state=state))
    assert page.status_code == 400
    nothing_was_connected(world)


def test_a_replayed_callback_is_refused_and_changes_nothing(world: Any, browser: Client) -> None:
    location = world.consent(press_connect(browser), user=user_in(world, "us"))
    come_back(browser, location)
    before = Connection.objects.values().get()
    page = come_back(browser, location)
    assert REFUSALS["used"] in page.content.decode()
    assert Connection.objects.values().get() == before
    assert world.count_calls(TOKEN) == 1


def test_a_double_click_exchanges_the_code_once(world: Any, browser: Client, person: Any) -> None:
    location = world.consent(press_connect(browser), user=user_in(world, "us"))
    world.fail(TOKEN, delay_seconds=0.3)
    pages: list[Any] = []
    threads = [threading.Thread(target=lambda: pages.append(come_back(browser, location, follow=False))) for _ in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {page.status_code for page in pages} == {303}
    assert world.count_calls(TOKEN) == 1
    assert Connection.objects.count() == 1


def test_an_expired_state_is_refused(world: Any, browser: Client) -> None:
    location = world.consent(press_connect(browser), user=user_in(world, "us"))
    world.advance(timedelta(minutes=11).total_seconds())
    assert REFUSALS["expired"] in come_back(browser, location).content.decode()
    nothing_was_connected(world)


def test_another_browser_cannot_complete_it(world: Any, browser: Client, person: Any) -> None:
    location = world.consent(press_connect(browser), user=user_in(world, "us"))
    other = Client()
    other.force_login(person)
    assert html.escape(REFUSALS["no-session"]) in come_back(other, location).content.decode()
    press_connect(other)
    assert REFUSALS["other-browser"] in come_back(other, location).content.decode()
    nothing_was_connected(world)
    come_back(browser, location)
    assert Connection.objects.exists()


def test_a_lost_session_is_said(world: Any, browser: Client) -> None:
    location = world.consent(press_connect(browser), user=user_in(world, "us"))
    browser.logout()
    assert html.escape(REFUSALS["no-session"]) in come_back(browser, location).content.decode()
    nothing_was_connected(world)


def test_a_permission_lost_meanwhile_is_refused(world: Any, browser: Client, person: Any) -> None:
    location = world.consent(press_connect(browser), user=user_in(world, "us"))
    person.is_superuser = person.is_staff = False
    person.save()
    assert REFUSALS["forbidden"] in come_back(browser, location).content.decode()
    nothing_was_connected(world)


def test_a_code_that_was_exchanged_elsewhere_is_said(world: Any, browser: Client) -> None:
    location = world.consent(press_connect(browser), user=user_in(world, "us"))
    world.fail(TOKEN, status=200, body='{"error":"invalid_code"}', content_type="application/json")
    page = come_back(browser, location).content.decode()
    assert "was used already" in page
    assert not Connection.objects.exists()


def test_a_grant_without_a_refresh_token_is_refused_and_revoked(world: Any, browser: Client) -> None:
    location = world.consent(press_connect(browser).replace("offline", "online"), user=user_in(world, "us"))
    page = come_back(browser, location).content.decode()
    assert "no refresh token" in page
    assert not Connection.objects.exists()
    assert world.count_calls(REVOKE) == 1


def test_a_grant_that_cannot_be_saved_is_revoked(world: Any, browser: Client) -> None:
    location = world.consent(press_connect(browser), user=user_in(world, "us"))
    world.fail("GET /bigin/v2/org", status=500, times=None)
    come_back(browser, location)
    assert not Connection.objects.exists()
    assert world.count_calls(REVOKE) == 1


def test_a_hostile_api_domain_is_never_asked(world: Any, browser: Client, trap: Trap) -> None:
    location = world.consent(press_connect(browser), user=user_in(world, "us"))
    tokens = {"access_token": "1000.a.b", "refresh_token": "1000.c.d", "expires_in": 3600}
    answer = json.dumps({**tokens, "api_domain": trap.url})
    world.fail(TOKEN, status=200, body=answer, content_type="application/json")
    come_back(browser, location)
    assert trap.caught == []

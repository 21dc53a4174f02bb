"""Connecting in the browser: the good way, and everything that a callback may be instead."""

import http.server
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from django_bigin.connections.authorize import REFUSALS
from django_bigin.models import AuthorizationAttempt, ClientRegistration, ClientSecret, Connection, Tenant
from django_bigin.work import scheduler

pytestmark = pytest.mark.django_db(transaction=True)

TOKEN = "POST /oauth/v2/token"
REVOKE = "POST /oauth/v2/token/revoke"
CALLBACK = "http://testserver/bigin/callback/"
Status = Connection.Status


class Trap:
    """A server that nobody may speak to: remembers who did."""

    def __init__(self) -> None:
        caught = self.caught = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def handle_one_request(self) -> None:
                caught.append(self.client_address)
                self.close_connection = True

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def trap() -> Iterator[Trap]:
    trap = Trap()
    yield trap
    trap.stop()


@pytest.fixture
def world(sandbox: Any) -> Any:
    """A sandbox with one server-based client in us and ca, a user in each, and that client registered here."""
    sandbox.add_organization(data_center="ca")
    client = sandbox.add_client(redirect_uri=CALLBACK, home_data_center="us", data_centers=["us", "ca"])
    registration = ClientRegistration.objects.create(
        name="Ours", client_id=client["client_id"], home_data_center="us", redirect_uri=CALLBACK
    )
    for data_center, secret in client["secrets"].items():
        ClientSecret.objects.create(registration=registration, data_center=data_center, secret=secret)
    Tenant.objects.create(name="Acme", slug="acme")
    sandbox.clear_calls()
    return sandbox


@pytest.fixture
def person() -> Any:
    return get_user_model().objects.create_superuser("ada", "ada@example.org", "pw")


@pytest.fixture
def browser(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


def press_connect(browser: Client, *, connection: Connection | None = None) -> str:
    """Press Connect or Reconnect: the address at Zoho."""
    about = {"connection": connection.pk} if connection else {"tenant": Tenant.objects.get(slug="acme").pk}
    answer = browser.post("/bigin/connect/", {**about, "registration": ClientRegistration.objects.get(name="Ours").pk})
    assert answer.status_code == 303
    return str(answer["Location"])


def user_in(sandbox: Any, data_center: str) -> str:
    return str(next(user["email"] for user in sandbox.users() if user["data_center"] == data_center))


def come_back(browser: Client, location: str, *, follow: bool = True) -> Any:
    """Zoho sends the browser back."""
    parts = urlsplit(location)
    return browser.get(f"{parts.path}?{parts.query}", follow=follow)


def connect(browser: Client, sandbox: Any, data_center: str = "us") -> Connection:
    location = sandbox.consent(press_connect(browser), user=user_in(sandbox, data_center))
    come_back(browser, location)
    connection = Connection.objects.latest("pk")
    browser.post(f"/bigin/connections/{connection.pk}/confirm/", {"confirm": "1"})
    connection.refresh_from_db()
    return connection


def changed(address: str, /, **parameters: str | None) -> str:
    """A callback with some of its parameters replaced, or dropped where None."""
    parts = urlsplit(address)
    pairs = dict(parse_qsl(parts.query))
    pairs.update({name.replace("_", "-"): value for name, value in parameters.items()})
    return parts._replace(query=urlencode({name: value for name, value in pairs.items() if value is not None})).geturl()


def nothing_was_connected(sandbox: Any) -> None:
    assert not Connection.objects.exists()
    assert sandbox.count_calls(TOKEN) == 0


# The good way


def test_connecting_shows_the_organization_and_waits_for_the_confirmation(world: Any, browser: Client) -> None:
    page = come_back(browser, world.consent(press_connect(browser), user=user_in(world, "us")))
    connection = Connection.objects.get()
    assert connection.status == Status.PENDING
    assert connection.org_name in page.content.decode()
    browser.post(f"/bigin/connections/{connection.pk}/confirm/", {"confirm": "1"})
    connection.refresh_from_db()
    assert connection.status == Status.HEALTHY


def test_a_user_of_another_data_center_is_connected_there(world: Any, browser: Client) -> None:
    connection = connect(browser, world, "ca")
    assert (connection.data_center, connection.status) == ("ca", Status.HEALTHY)


def test_the_address_at_zoho_asks_for_offline_consent_with_pkce(world: Any, browser: Client) -> None:
    query = dict(parse_qsl(urlsplit(press_connect(browser)).query))
    assert (query["access_type"], query["prompt"], query["code_challenge_method"]) == ("offline", "consent", "S256")
    assert query["redirect_uri"] == CALLBACK
    assert "," in query["scope"]


def test_pkce_can_be_turned_off(world: Any, browser: Client, settings: Any) -> None:
    settings.BIGIN_PKCE = False
    assert "code_challenge" not in press_connect(browser)
    assert connect(browser, world).status == Status.HEALTHY


def test_the_callback_answers_303_without_a_referrer(world: Any, browser: Client) -> None:
    location = world.consent(press_connect(browser), user=user_in(world, "us"))
    answer = come_back(browser, location, follow=False)
    assert answer.status_code == 303
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "code=" not in answer["Location"]


def test_a_page_with_a_form_is_posted_from_its_own_origin(world: Any, browser: Client) -> None:
    """With "no-referrer" a browser says `Origin: null`, which Django's CSRF protection refuses."""
    page = browser.get(f"/bigin/connect/?tenant={Tenant.objects.get().pk}")
    assert page["Referrer-Policy"] == "same-origin"
    assert b"no-referrer" not in page.content


def test_discarding_a_pending_connection_revokes_its_grant(world: Any, browser: Client) -> None:
    come_back(browser, world.consent(press_connect(browser), user=user_in(world, "us")))
    browser.post(f"/bigin/connections/{Connection.objects.get().pk}/confirm/", {"discard": "1"})
    assert not Connection.objects.exists()
    assert world.count_calls(REVOKE) == 1


def test_a_connection_that_nobody_confirms_is_revoked_and_removed(world: Any, browser: Client) -> None:
    come_back(browser, world.consent(press_connect(browser), user=user_in(world, "us")))
    world.advance(16 * 60)
    scheduler.tick(lambda kind, row_id: None)
    assert not Connection.objects.exists()
    assert world.count_calls(REVOKE) == 1


def test_connecting_again_renews_the_connection_and_revokes_the_old_grant(world: Any, browser: Client) -> None:
    first = connect(browser, world)
    second = connect(browser, world)
    assert (second.pk, second.grant_version) == (first.pk, first.grant_version + 1)
    assert world.count_calls(REVOKE) == 1


def test_reconnecting_after_a_revocation_keeps_the_connection(world: Any, browser: Client) -> None:
    connection = connect(browser, world)
    world.revoke_grant(refresh_token=connection.refresh_token)
    Connection.objects.update(status=Status.NEEDS_AUTHORIZATION)
    come_back(browser, world.consent(press_connect(browser, connection=connection), user=user_in(world, "us")))
    again = Connection.objects.get()
    assert (again.pk, again.status) == (connection.pk, Status.HEALTHY)


def test_reconnecting_with_another_organization_is_refused_by_name(world: Any, browser: Client) -> None:
    connection = connect(browser, world)
    world.clear_calls()
    location = world.consent(press_connect(browser, connection=connection), user=user_in(world, "ca"))
    page = come_back(browser, location).content.decode()
    connection.refresh_from_db()
    assert "Nothing was changed" in page
    assert connection.data_center == "us"
    assert Connection.objects.count() == 1
    assert world.count_calls("POST /ca/oauth/v2/token/revoke") + world.count_calls(REVOKE) == 1


def test_several_tabs_may_connect_at_once(world: Any, browser: Client) -> None:
    first, second = press_connect(browser), press_connect(browser)
    for address, data_center in ((second, "ca"), (first, "us")):
        come_back(browser, world.consent(address, user=user_in(world, data_center)))
    assert set(Connection.objects.values_list("data_center", flat=True)) == {"us", "ca"}


@pytest.mark.parametrize("dropped", [("location",), ("accounts_server",), ("location", "accounts_server")])
def test_a_missing_location_or_accounts_server_is_no_error(dropped: Any, world: Any, browser: Client) -> None:
    location = world.consent(press_connect(browser), user=user_in(world, "us"))
    come_back(browser, changed(location, **dict.fromkeys(dropped)))
    assert Connection.objects.get().data_center == "us"


# Everything else


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
    assert REFUSALS["other-browser"] in come_back(other, location).content.decode()
    nothing_was_connected(world)
    come_back(browser, location)
    assert Connection.objects.exists()


def test_a_lost_session_is_said(world: Any, browser: Client) -> None:
    location = world.consent(press_connect(browser), user=user_in(world, "us"))
    browser.logout()
    assert REFUSALS["other-browser"] in come_back(browser, location).content.decode()
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


def test_connect_is_by_post_alone_and_for_those_who_may(world: Any, browser: Client, person: Any) -> None:
    tenant = Tenant.objects.get(slug="acme")
    assert browser.get(f"/bigin/connect/?tenant={tenant.pk}").status_code == 200
    assert not AuthorizationAttempt.objects.exists()
    stranger = Client()
    stranger.force_login(get_user_model().objects.create_user("eve"))
    assert stranger.post("/bigin/connect/", {"tenant": tenant.pk}).status_code == 404
    assert Client().get(f"/bigin/connect/?tenant={tenant.pk}").status_code == 302


def test_the_state_and_the_verifier_are_not_stored_in_the_clear(world: Any, browser: Client) -> None:
    state = dict(parse_qsl(urlsplit(press_connect(browser)).query))["state"]
    row = AuthorizationAttempt.objects.values().get()
    assert state not in str(row)
    assert AuthorizationAttempt.objects.get().code_verifier not in str(row)

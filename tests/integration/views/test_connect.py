"""Connecting in the browser: to Zoho and back, confirmed or not, and again."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.contrib.auth import get_user_model
from django.test import Client, override_settings

from django_bigin.models import AuthorizationAttempt, Connection, Tenant
from tests.support.browsing import (
    CALLBACK,
    changed,
    come_back,
    connect_in_browser,
    press_connect,
    user_in,
)
from tests.support.factories import make_staff, make_tenant
from tests.support.grants import REVOKE
from tests.support.ticking import tick, work_off

pytestmark = pytest.mark.django_db(transaction=True)

Status = Connection.Status


def test_connecting_shows_the_organization_and_waits_for_the_confirmation(world: Any, browser: Client) -> None:
    page = come_back(browser, world.consent(press_connect(browser), user=user_in(world, "us")))
    connection = Connection.objects.get()
    assert connection.status == Status.PENDING
    assert connection.org_name in page.content.decode()
    browser.post(f"/bigin/connections/{connection.pk}/confirm/", {"confirm": "1"})
    connection.refresh_from_db()
    assert connection.status == Status.HEALTHY


def test_a_user_of_another_data_center_is_connected_there(world: Any, browser: Client) -> None:
    connection = connect_in_browser(browser, world, "ca")
    assert (connection.data_center, connection.status) == ("ca", Status.HEALTHY)


def test_the_address_at_zoho_asks_for_offline_consent_with_pkce(world: Any, browser: Client) -> None:
    query = dict(parse_qsl(urlsplit(press_connect(browser)).query))
    assert (query["access_type"], query["prompt"], query["code_challenge_method"]) == ("offline", "consent", "S256")
    assert query["redirect_uri"] == CALLBACK
    assert "," in query["scope"]


def test_pkce_can_be_turned_off(world: Any, browser: Client, settings: Any) -> None:
    settings.BIGIN_PKCE = False
    assert "code_challenge" not in press_connect(browser)
    assert connect_in_browser(browser, world).status == Status.HEALTHY


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
    work_off(tick())
    assert not Connection.objects.exists()
    assert world.count_calls(REVOKE) == 1


def test_connecting_again_renews_the_connection_and_revokes_the_old_grant(world: Any, browser: Client) -> None:
    first = connect_in_browser(browser, world)
    second = connect_in_browser(browser, world)
    assert (second.pk, second.grant_version) == (first.pk, first.grant_version + 1)
    assert world.count_calls(REVOKE) == 1


def test_reconnecting_after_a_revocation_keeps_the_connection(world: Any, browser: Client) -> None:
    connection = connect_in_browser(browser, world)
    world.revoke_grant(refresh_token=connection.refresh_token.reveal())
    Connection.objects.update(status=Status.NEEDS_AUTHORIZATION)
    come_back(browser, world.consent(press_connect(browser, connection=connection), user=user_in(world, "us")))
    again = Connection.objects.get()
    assert (again.pk, again.status) == (connection.pk, Status.HEALTHY)


def test_reconnecting_with_another_organization_is_refused_by_name(world: Any, browser: Client) -> None:
    connection = connect_in_browser(browser, world)
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


def test_connect_is_by_post_alone_and_for_those_who_may(world: Any, browser: Client, person: Any) -> None:
    tenant = Tenant.objects.get(slug="acme")
    assert browser.get(f"/bigin/connect/?tenant={tenant.pk}").status_code == 200
    assert not AuthorizationAttempt.objects.exists()
    stranger = Client()
    stranger.force_login(get_user_model().objects.create_user("eve"))
    assert stranger.post("/bigin/connect/", {"tenant": tenant.pk}).status_code == 404
    assert Client().get(f"/bigin/connect/?tenant={tenant.pk}").status_code == 302


def test_without_a_tenant_a_person_chooses_one_of_theirs(world: Any, browser: Client, person: Any) -> None:
    mine, other = Tenant.objects.get(slug="acme"), make_tenant("other")
    for page in (browser.get("/bigin/connect/"), browser.post("/bigin/connect/", {"tenant": ""})):
        text = page.content.decode()
        assert f'href="/bigin/connect/?tenant={mine.pk}"' in text
        assert f"?tenant={other.pk}" in text
    stranger = Client()
    stranger.force_login(make_staff("acme"))
    with override_settings(BIGIN_ACCESS_POLICY="tests.support.policies.OwnTenant"):
        text = stranger.get("/bigin/connect/").content.decode()
        assert f'href="/bigin/connect/?tenant={mine.pk}"' in text
        assert f"?tenant={other.pk}" not in text
    stranger.force_login(get_user_model().objects.create_user("eve"))
    page = stranger.get("/bigin/connect/")
    assert page.status_code == 404
    assert "ask an administrator" in page.content.decode()


def test_the_state_and_the_verifier_are_not_stored_in_the_clear(world: Any, browser: Client) -> None:
    state = dict(parse_qsl(urlsplit(press_connect(browser)).query))["state"]
    row = AuthorizationAttempt.objects.values().get()
    assert state not in str(row)
    assert AuthorizationAttempt.objects.get().code_verifier.reveal() not in str(row)

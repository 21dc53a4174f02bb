"""The parameters of an authorization's callback."""

from urllib.parse import quote

import pytest

from ..client_site import SITE, World, parameters


@pytest.mark.parametrize(
    ("switches", "names"),
    [
        ({"callback_location": False}, ["state", "code", "accounts-server"]),
        ({"callback_accounts_server": False}, ["state", "code", "location"]),
    ],
)
def test_parameters_may_be_left_out(switches, names):
    callback = World(**switches).consent()

    assert list(parameters(callback)) == names
    assert callback.endswith("&")


def test_the_ampersand_at_the_end_may_be_left_out():
    assert World(callback_trailing_ampersand=False).consent().endswith("8400")


@pytest.mark.parametrize(
    ("beside", "names"),
    [("state", ["state", "error"]), ("bare", ["error"]), ("full", ["state", "error", "location", "accounts-server"])],
)
def test_what_stands_beside_an_error_is_a_switch(beside, names):
    assert list(parameters(World(error_callback=beside).consent(accept=False))) == names


def test_no_state_is_echoed_where_none_was_sent(world):
    assert list(parameters(world.consent(state=None))) == ["code", "location", "accounts-server"]


@pytest.mark.parametrize(
    ("forged", "said"),
    [
        (
            {"accounts-server": "https://accounts.zoho.com.evil.test", "location": "xx"},
            "location=xx&accounts-server=https%3A%2F%2Faccounts.zoho.com.evil.test&",
        ),
        (
            {"accounts-server": quote("https://accounts.zoho.com", safe=""), "location": None},
            "accounts-server=https%253A",
        ),
        ({"location": ["us", "eu"]}, "location=us&location=eu&accounts-server="),
        ({"state": "foreign", "error": "access_denied"}, "?state=foreign&code=1000."),
        ({"state": None}, "?code=1000."),
    ],
)
def test_a_callback_may_be_forged(forged, said):
    callback = World(forged_callback=forged).consent()

    assert said in callback
    assert parameters(callback).get("error") == forged.get("error")


def test_the_code_of_a_forged_callback_is_good():
    world = World(forged_callback={"accounts-server": "https://evil.test"})
    world.browser.visit(world.url()).press(world.emails[0]).press("Accept")

    assert parameters(world.browser.callback)["accounts-server"] == "https://evil.test"
    assert "access_token" in world.exchange(world.browser.callback)


def test_a_redirect_uri_with_a_query_keeps_it(world):
    uri = SITE + "?site=1"
    client = world.sandbox.add_client(redirect_uris=[SITE, uri])
    callback = world.consent(client_id=client["client_id"], redirect_uri=uri)

    assert callback.startswith(uri + "&state=")

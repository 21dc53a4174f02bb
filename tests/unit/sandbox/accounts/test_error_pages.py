"""Authorizations that end on an error page."""

from urllib.parse import urlencode

import pytest

from django_bigin.sandbox import Sandbox

from ..browser import HOST, Browser
from ..client_site import SITE, World, parameters


@pytest.mark.parametrize(
    ("changes", "headline"),
    [
        ({"client_id": "1000.UNKNOWN"}, "Invalid Client"),
        ({"client_id": None}, "Invalid Client"),
        ({"redirect_uri": SITE.rstrip("/")}, "Invalid Redirect Uri"),
        ({"redirect_uri": SITE + "?x=1"}, "Invalid Redirect Uri"),
        ({"redirect_uri": SITE.upper()}, "Invalid Redirect Uri"),
        ({"redirect_uri": None}, "Invalid Redirect Uri"),
        ({"response_type": "token"}, "Invalid Response Type"),
        ({"response_type": None}, "Invalid Response Type"),
        ({"scope": "ZohoBigin.modules.ALL,ZohoBigin.nothing.ALL"}, "Invalid OAuth Scope"),
        ({"scope": None}, "Invalid OAuth Scope"),
        ({"code_challenge": "c", "code_challenge_method": "md5"}, "Invalid Code Challenge Method"),
    ],
)
def test_what_cannot_be_answered_by_redirect_is_a_page(world, changes, headline):
    browser = world.browser.visit(world.url(**changes))

    assert (browser.status, browser.page.heading, browser.callback) == (400, headline, "")
    with pytest.raises(ValueError, match=headline):
        world.consent(**changes)


def test_the_status_of_error_pages_is_a_switch():
    world = World(auth_error_status=200)

    assert world.browser.visit(world.url(client_id="1000.X")).status == 200


def test_a_client_is_unknown_where_it_is_switched_off(world):
    browser = world.browser.visit(world.url(f"http://{HOST}/in"))

    assert browser.page.heading == "Invalid Client"


def test_a_user_who_lives_where_the_client_is_off_sees_a_page(world):
    world.sandbox.switch_client(world.client["client_id"], {"eu": False})
    browser = world.browser.visit(world.url()).press(world.emails[1])

    assert (browser.page.heading, browser.callback) == ("Invalid Client", "")


def test_or_goes_on_to_a_code_that_nobody_can_exchange():
    world = World(switched_off_data_center="callback")
    world.sandbox.switch_client(world.client["client_id"], {"eu": False})
    callback = world.consent(1)

    assert parameters(callback)["location"] == "eu"
    assert world.exchange(callback, "eu") == {"error": "invalid_client"}


def test_who_has_no_organization_sees_a_page(world):
    world.sandbox.add_user("solo@nowhere.example", org_ids=[])

    assert world.browser.visit(world.url()).press("solo@").page.heading == "No Organization"


def test_steps_cannot_be_skipped_or_forged(world):
    email = world.two_organizations()
    world.browser.visit(world.url())
    key = world.browser.page.hidden["authorization"]
    step = f"http://{HOST}/oauth/v2/auth/"

    for page in ("consent", "organization"):
        assert world.browser.visit(f"{step}{page}?authorization={key}").page.heading == "Not Signed In"
        assert world.browser.visit(f"{step}{page}?authorization=other").page.heading == "Nothing To Authorize"
    accept = {"authorization": key, "decision": "accept"}
    assert world.browser.visit(step + "consent", "POST", accept).page.heading == "Not Signed In"
    assert (
        world.browser.visit(step + "user", "POST", {"authorization": key, "user": "1"}).page.heading == "Invalid User"
    )
    world.browser.visit(world.url()).press(email)
    foreign = world.browser.page.hidden | {"org_id": world.org_ids[0]}
    assert world.browser.visit(world.browser.page.action, "POST", foreign).page.heading == "Invalid Organization"
    assert world.browser.visit(world.url(), "POST").page.heading == "Invalid Request Method"
    assert world.browser.callback == ""


def test_a_reset_ends_what_was_under_way(world):
    world.browser.visit(world.url())
    world.sandbox.reset()

    assert world.browser.press(world.emails[0]).page.heading == "Nothing To Authorize"


def test_china_is_apart():
    sandbox = Sandbox(organizations=[{"data_center": "us"}, {"data_center": "cn"}])
    query = {
        "response_type": "code", "client_id": sandbox.client["client_id"], "scope": "ZohoBigin.org.READ",
        "redirect_uri": sandbox.client["redirect_uri"],
    }  # fmt: skip
    for prefix, mine, other in (("", "us", "cn"), ("/cn", "cn", "us")):
        page = Browser(sandbox).visit(f"http://{HOST}{prefix}/oauth/v2/auth?{urlencode(query)}").page
        assert f"data center {mine}" in page.buttons[0][2]
        assert len(page.buttons) == 1, other

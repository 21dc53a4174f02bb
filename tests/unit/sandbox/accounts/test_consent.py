"""Consent: when it is asked for, and how a test gives it without a browser."""

import pytest

from ..browser import HOST
from ..client_site import parameters
from ..program import Program


def test_consent_is_asked_once_and_gives_one_refresh_token(world):
    assert "refresh_token" in world.exchange(world.consent())
    world.browser.visit(world.url()).press(world.emails[0])

    assert world.browser.callback, "straight back"
    assert "refresh_token" not in world.exchange(world.browser.callback)


def test_prompt_consent_asks_again_and_gives_another(world):
    first = world.exchange(world.consent(prompt="consent"))
    world.browser.visit(world.url(prompt="consent")).press(world.emails[0])
    assert world.browser.page.heading == "Give your consent"
    second = world.exchange(world.browser.press("Accept").callback)

    assert first["refresh_token"] != second["refresh_token"]


@pytest.mark.parametrize("changes", [{"scope": "ZohoBigin.users.READ"}, {"scope": "ZohoBigin.org.ALL"}])
def test_more_scopes_need_another_consent(world, changes):
    world.consent()

    assert world.browser.visit(world.url(**changes)).press(world.emails[0]).page.heading == "Give your consent"


def test_another_user_and_another_organization_are_asked_for_themselves(world):
    email = world.two_organizations()
    world.sandbox.consent(world.url(), user=email, org_id=world.org_ids[2])

    assert world.browser.visit(world.url()).press(world.emails[2]).page.heading == "Give your consent"
    world.browser.visit(world.url()).press(email).check("CA 4").press("Submit")
    assert world.browser.page.heading == "Give your consent"


def test_revoking_in_zohos_pages_takes_the_consent_back(world):
    world.exchange(world.consent())
    world.sandbox.revoke_grant(org_id=world.org_ids[0])

    assert world.browser.visit(world.url()).press(world.emails[0]).page.heading == "Give your consent"


@pytest.mark.parametrize("access_type", ["online", None])
def test_online_access_has_no_refresh_token(world, access_type):
    answer = world.exchange(world.consent(access_type=access_type, prompt="consent"))

    assert "access_token" in answer
    assert "refresh_token" not in answer


def test_scopes_may_be_separated_by_spaces_in_any_case(world):
    answer = world.exchange(world.consent(scope="zohobigin.MODULES.all ZohoBigin.Org.read"))

    assert answer["scope"] == "zohobigin.MODULES.all ZohoBigin.Org.read"


# consent without a browser


def test_consent_needs_no_user_where_one_is_obvious(world):
    assert parameters(world.sandbox.consent(world.url()))["location"] == "us"
    assert parameters(world.sandbox.consent(world.url(f"http://{HOST}/eu")))["location"] == "eu"
    assert parameters(world.sandbox.consent(world.url(), org_id=world.org_ids[3]))["location"] == "ca"


def test_consent_takes_zohos_own_hosts(world):
    callback = world.sandbox.consent(world.url("https://accounts.zoho.com"), user=world.emails[1])

    assert parameters(callback)["accounts-server"] == "https://accounts.zoho.eu"


def test_consent_says_what_a_person_would_have_seen(world):
    email = world.two_organizations()
    for options, sentence in (
        ({"user": "nobody@x.example"}, "Invalid User"),
        ({"user": email}, "Invalid Organization"),
        ({"user": email, "org_id": world.org_ids[0]}, "Invalid Organization"),
    ):
        with pytest.raises(ValueError, match=sentence):
            world.sandbox.consent(world.url(), **options)
    with pytest.raises(ValueError, match="not the address"):
        world.sandbox.consent("https://accounts.zoho.com/oauth/v2/token?client_id=x")


def test_consent_over_http_is_the_same(world):
    program = Program(world.sandbox)
    body = {"authorization_url": world.url(), "user": world.emails[2]}
    status, answer, _ = program.ask("POST", "/_sandbox/consent", body=body)

    assert status == 200
    assert parameters(answer["location"])["location"] == "ca"
    refused = program.ask("POST", "/_sandbox/consent", body=body | {"accept": False, "org_id": "1"})
    assert refused[:2] == (400, {"error": "Invalid Organization: You do not belong to that organization."})

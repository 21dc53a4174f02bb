"""The code of an authorization, and the limits on codes and grants."""

import pytest

from ..client_site import CHALLENGE, SITE, VERIFIER, World, parameters
from ..program import Program


def test_a_code_is_used_once(world):
    callback = world.consent()

    assert "access_token" in world.exchange(callback)
    assert world.exchange(callback) == {"error": "invalid_code"}


@pytest.mark.parametrize("seconds", [60, 120, 180])
def test_a_code_lives_for_so_long(seconds):
    world = World(code_seconds=seconds)
    world.sandbox.set_speed(0)
    early, late = world.consent(), world.consent()
    world.sandbox.advance(seconds - 1)
    assert "access_token" in world.exchange(early)
    world.sandbox.advance(1)

    assert world.exchange(late) == {"error": "invalid_code"}


@pytest.mark.parametrize("redirect_uri", [None, "https://other.example/", SITE + "second"])
def test_a_code_belongs_to_its_redirect_uri(redirect_uri):
    world = World()
    world.client = world.sandbox.add_client(redirect_uris=[SITE, SITE + "second"])
    callback = world.consent()

    assert world.exchange(callback, redirect_uri=redirect_uri) == {"error": "invalid_redirect_uri"}
    assert "access_token" in world.exchange(callback), "a wrong redirect URI does not use the code up"


def test_a_code_belongs_to_its_client(world):
    callback = world.consent()
    other = world.sandbox.add_client(redirect_uris=[SITE])
    changes = {"client_id": other["client_id"], "client_secret": other["secrets"]["us"]}

    assert world.exchange(callback, **changes) == {"error": "invalid_code"}


@pytest.mark.parametrize(
    ("challenge", "method"),
    [(CHALLENGE, "S256"), (VERIFIER, "plain"), (VERIFIER, None)],
    ids=["S256", "plain", "unset"],
)
def test_a_challenge_must_be_answered(world, challenge, method):
    callback = world.consent(code_challenge=challenge, code_challenge_method=method)

    assert world.exchange(callback) == {"error": "invalid_code"}
    assert world.exchange(callback, code_verifier="w" * 50) == {"error": "invalid_code"}
    assert "access_token" in world.exchange(callback, code_verifier=VERIFIER)


def test_a_verifier_without_a_challenge_is_ignored(world):
    assert "access_token" in world.exchange(world.consent(), code_verifier=VERIFIER)


def test_a_mobile_client_has_to_send_a_challenge(world):
    world.client = world.sandbox.add_client(redirect_uris=[SITE], kind="mobile")
    world.sandbox.switch(server_pkce="ignored")

    assert world.browser.visit(world.url()).page.heading == "Invalid Code Challenge"
    callback = world.consent(code_challenge=CHALLENGE, code_challenge_method="S256")
    assert world.exchange(callback) == {"error": "invalid_code"}
    assert world.exchange(callback, code_verifier=VERIFIER, client_secret="x") == {"error": "invalid_client_secret"}
    assert "access_token" in world.exchange(callback, code_verifier=VERIFIER)


def test_a_server_based_clients_challenge_may_go_unanswered():
    world = World(server_pkce="ignored")

    assert "access_token" in world.exchange(world.consent(code_challenge=CHALLENGE, code_challenge_method="S256"))


# limits


def test_the_eleventh_code_in_ten_minutes_is_denied(world):
    for _ in range(10):
        assert "code" in parameters(world.consent())

    assert parameters(world.consent()) == {"state": "s+t/a te", "error": "access_denied"}
    assert "code" in parameters(world.consent(1)), "counted by user"
    world.sandbox.advance(600)
    assert "code" in parameters(world.consent())


def test_the_sixth_refresh_token_in_a_minute_is_throttled_and_leaves_the_code(world):
    world.sandbox.set_speed(0)
    callbacks = [world.consent(prompt="consent") for _ in range(6)]
    for callback in callbacks[:5]:
        assert "refresh_token" in world.exchange(callback)

    world.sandbox.advance(59)
    assert world.exchange(callbacks[5])["status"] == "failure"
    world.sandbox.advance(1)
    assert "refresh_token" in world.exchange(callbacks[5])


def test_the_limits_have_switches():
    world = World(code_limit=30, refresh_tokens_per_minute=0, refresh_tokens_per_ten_minutes=0)
    tokens = [world.exchange(world.consent(prompt="consent"))["refresh_token"] for _ in range(21)]
    program = Program(world.sandbox)
    credentials = {"client_id": world.client["client_id"], "client_secret": world.client["secrets"]["us"]}

    assert program.refresh(refresh_token=tokens[0], **credentials)[1] == {"error": "invalid_code"}, "the 21st evicts"
    assert "access_token" in program.refresh(refresh_token=tokens[1], **credentials)[1]


def test_grants_of_one_user_count_together_in_all_organizations():
    world = World(refresh_token_cap=1)
    email = world.two_organizations()
    first, second = (
        world.exchange(world.sandbox.consent(world.url(), user=email, org_id=org_id), "ca")
        for org_id in world.org_ids[2:]
    )
    program = Program(world.sandbox, prefix="/ca")
    credentials = {"client_id": world.client["client_id"], "client_secret": world.client["secrets"]["ca"]}

    assert program.refresh(refresh_token=first["refresh_token"], **credentials)[1] == {"error": "invalid_code"}
    assert "access_token" in program.refresh(refresh_token=second["refresh_token"], **credentials)[1]

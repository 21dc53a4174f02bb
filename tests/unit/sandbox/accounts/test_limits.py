"""The throttle, the caps and the lifetime of tokens."""

import pytest

THROTTLED = "You have made too many requests continuously. Please try again after some time."


def test_the_eleventh_refresh_in_ten_minutes_is_throttled(sandbox, program):
    sandbox.set_speed(0)
    for _ in range(10):
        assert "access_token" in program.refresh()[1]

    status, answer, _ = program.refresh()
    sandbox.advance(599)

    assert (status, answer["error"], answer["status"]) == (400, "Access Denied", "failure")
    assert answer["error_description"] == THROTTLED
    assert program.refresh()[0] == 400
    sandbox.advance(1)
    assert "access_token" in program.refresh()[1]


def test_the_throttle_has_switches(sandbox, program):
    sandbox.switch(throttle_status=200, throttle_locale="zh", throttle_sticky=True, throttle_limit=1)
    program.refresh()
    sandbox.advance(590)

    assert program.refresh()[0] == 200
    sandbox.advance(300)
    assert program.refresh()[1]["error"] == "拒绝访问", "each hit starts the ten minutes again"


def test_a_throttled_grant_leaves_the_others_alone(sandbox, program):
    other = program.exchange()[1]["refresh_token"]
    for _ in range(11):
        program.refresh()

    assert "access_token" in program.refresh(refresh_token=other)[1]


def test_refreshes_may_be_counted_by_user(sandbox, program):
    sandbox.switch(throttle_bucket="user")
    other = program.exchange()[1]["refresh_token"]
    for _ in range(10):
        program.refresh()

    assert program.refresh(refresh_token=other)[1]["error"] == "Access Denied"


def test_an_access_token_lives_an_hour(sandbox, program):
    program.connect()
    sandbox.advance(3599)
    assert program.get("org")[0] == 200
    sandbox.advance(1)

    assert program.get("org")[1]["code"] == "INVALID_TOKEN"


@pytest.mark.parametrize("cap", [None, 10, 30])
def test_an_access_token_past_the_cap_kills_the_first(sandbox, program, cap):
    sandbox.switch(throttle_limit=100, **{"access_token_cap": cap} if cap else {})
    program.connect()
    for _ in range((cap or 15) - 1):
        program.refresh()
    assert program.get("org")[0] == 200
    program.refresh()

    assert program.get("org")[1]["code"] == "INVALID_TOKEN"


def test_the_twenty_first_grant_silently_evicts_the_oldest_with_its_access_tokens(sandbox, program):
    sandbox.switch(refresh_tokens_per_minute=0, refresh_tokens_per_ten_minutes=0)
    program.connect()
    for _ in range(19):
        program.exchange(code=sandbox.mint_grant_token()["grant_token"])
    assert program.get("org")[0] == 200
    program.exchange(code=sandbox.mint_grant_token()["grant_token"])

    assert program.get("org")[1]["code"] == "INVALID_TOKEN"
    assert program.refresh()[1] == {"error": "invalid_code"}


def test_the_eleventh_refresh_token_in_ten_minutes_is_throttled(sandbox, program):
    sandbox.set_speed(0)

    def open_grant(seconds):
        sandbox.advance(seconds)
        return program.exchange(code=sandbox.mint_grant_token()["grant_token"])[1]

    for _ in range(10):
        assert "refresh_token" in open_grant(30)

    assert open_grant(329)["error"] == "Access Denied", "599 seconds after the first"
    assert "refresh_token" in open_grant(1)

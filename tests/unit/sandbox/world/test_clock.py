"""The sandbox's clock, set to any age: limits that are counted in time hold forwards and backwards."""

import pytest

from ..bulk_reader import Bulk

YEAR = 366 * 86_400


@pytest.mark.parametrize(
    ("method", "value"),
    [
        ("advance", 1e18), ("advance", -1e18), ("advance", float("nan")), ("advance", float("inf")),
        ("set_clock", "9999-12-31T23:59:59+00:00"), ("set_clock", "1969-12-31T23:59:59+00:00"),
        ("set_speed", float("nan")), ("set_speed", float("inf")),
    ],
)  # fmt: skip
def test_no_order_stops_the_clock_for_good(sandbox, program, method, value):
    before = sandbox.now()
    with pytest.raises(ValueError, match="clock"):
        getattr(sandbox, method)(value)

    assert before <= sandbox.now()
    assert program.get("org")[0] == 200


@pytest.mark.parametrize("moment", ["1970-01-02T00:00:00+00:00", "8999-12-31T00:00:00+00:00"])
def test_the_farthest_moments_serve_like_any_other(sandbox, program, moment):
    sandbox.set_clock(moment)
    sandbox.switch(access_token_seconds=10**10)

    assert program.get("org")[0] == 200
    assert program.write("POST", "Contacts", {"Last_Name": "Wen"})[0] == 201
    assert program.get("Contacts", fields="Created_Time")[1]["data"][0]["Created_Time"][:3] == moment[:3]


def test_the_fastest_clock_stops_at_its_end(sandbox, program):
    sandbox.set_speed(1e300)

    assert sandbox.now().year == 9000
    assert program.ask("GET", "/_sandbox/")[0] == 200


def test_a_clock_set_back_takes_the_throttle_with_it(sandbox, program):
    for _ in range(11):
        last = program.refresh()
    assert last[0] == 400

    sandbox.advance(-YEAR)

    assert "access_token" in program.refresh()[1]


def test_a_clock_set_back_takes_the_limit_of_grants_with_it(sandbox, program):
    def connect():
        return program.exchange(code=sandbox.mint_grant_token()["grant_token"])[1]

    last = [connect() for _ in range(6)][-1]
    assert last["error"] == "Access Denied"

    sandbox.advance(-YEAR)

    assert "refresh_token" in connect()


def test_a_clock_set_back_forgets_what_was_spent_later(sandbox, program):
    sandbox.switch(credit_budget=2)
    assert [program.get("org")[0] for _ in range(3)] == [200, 200, 429]

    sandbox.advance(-YEAR)

    assert sandbox.credits()["used"] == 0
    assert program.connect().get("org")[0] == 200


def test_a_clock_set_back_holds_no_search_up(sandbox, program):
    program.write("POST", "Contacts", {"Last_Name": "Wen"})
    sandbox.advance(-YEAR)
    program.write("POST", "Contacts", {"Last_Name": "Wenner"})
    sandbox.advance(20)

    assert len(program.get("Contacts/search", word="wen")[1]["data"]) == 2


def test_a_result_takes_no_room_after_its_day(sandbox, program):
    job = int(Bulk(program.connect()).start())
    sandbox.advance(10)
    assert sandbox._state.bulk_jobs[job].result

    sandbox.advance(86_402)

    assert not sandbox._state.bulk_jobs[job].result

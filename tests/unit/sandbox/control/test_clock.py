"""The clock as a test sets it."""


def test_the_clock_moves_over_http(sandbox, program):
    program.control("POST", "clock", {"speed": 0, "now": "2027-01-01T00:00:00+00:00"})
    assert program.control("GET", "clock")[1] == {"now": "2027-01-01T00:00:00.000+00:00"}
    assert program.control("POST", "clock", {"advance_seconds": 90})[1]["now"] == "2027-01-01T00:01:30.000+00:00"
    assert program.control("POST", "clock", {"forward": 90})[0] == 400


def test_the_clock_may_run_fast(sandbox):
    sandbox.set_speed(1_000_000)
    first = sandbox.now()
    while sandbox.now() == first:
        pass

    assert sandbox.now() > first

"""Faults by method and by path."""

import pytest


def test_a_fault_strikes_after_and_as_often_as_told(sandbox, program):
    sandbox.fail("GET /bigin/v2/org", status=502, after=1, times=2)

    assert [program.get("org")[0] for _ in range(5)] == [200, 502, 502, 200, 200]


@pytest.mark.parametrize(
    ("status", "code"), [(500, "INTERNAL_ERROR"), (429, "TOO_MANY_REQUESTS"), (401, "INVALID_TOKEN")]
)
def test_a_fault_speaks_as_the_api_would(sandbox, program, status, code):
    sandbox.fail("/bigin/v2/org", status=status)

    answer, body, _ = program.get("org")

    assert (answer, body["code"]) == (status, code)


def test_a_fault_may_be_html_or_anything(sandbox, program):
    sandbox.fail("POST /oauth/v2/token", status=502)
    sandbox.fail("POST /oauth/v2/token", body={"error": "general_error"})
    sandbox.fail("POST /oauth/v2/token", body="", status=200)

    assert program.refresh()[1].startswith("<html>")
    assert program.refresh()[:2] == (200, {"error": "general_error"})
    assert program.refresh()[:2] == (200, None)
    assert "access_token" in program.refresh()[1]


def test_a_fault_that_no_json_can_say_is_refused_at_once(sandbox):
    with pytest.raises(TypeError, match="not JSON serializable"):
        sandbox.fail("GET /", body={"at": object()})


def test_a_text_that_is_no_json_cannot_be_overwritten(sandbox, program):
    sandbox.fail("/bigin/v2/org", body="<oops>", overwrite={"code": "x"})

    assert program.get("org")[:2] == (200, "<oops>")


def test_a_fault_concerns_its_path_method_and_organization(two):
    us, eu = two
    sandbox = us.sandbox
    sandbox.fail("GET /bigin/v2/Contacts", status=500, times=None, org_id=us.entry["org_id"])

    assert us.get("Contacts/deleted")[0] == 500, "the beginning of a path"
    assert us.get("org")[0] == 200
    assert us.write("POST", "Contacts", {"Last_Name": "A"})[0] == 201
    assert eu.get("Contacts", fields="Email")[0] == 204
    sandbox.clear_faults()
    assert us.get("Contacts", fields="Email")[0] == 200


def test_a_glob_and_a_token_call_of_one_organization(two):
    us, eu = two
    us.sandbox.fail("/bigin/v2/*/deleted", status=500)
    us.sandbox.fail("POST /oauth/v2/token", status=503, org_id=eu.entry["org_id"])

    assert us.get("Contacts", fields="Email")[0] == 204
    assert us.get("Contacts/deleted")[0] == 500
    assert us.refresh()[0] == 200
    assert eu.refresh()[0] == 503


def test_a_drop_after_has_done_the_work(sandbox, program):
    program.connect()
    sandbox.fail("POST /bigin/v2/Contacts", drop="before")
    sandbox.fail("POST /bigin/v2/Contacts", drop="after")

    program.write("POST", "Contacts", {"Last_Name": "A"})
    assert sandbox.records("Contacts") == []
    program.write("POST", "Contacts", {"Last_Name": "A"})
    assert len(sandbox.records("Contacts")) == 1
    outcomes = [call["outcome"] for call in sandbox.calls(path="/bigin/v2/Contacts")["calls"]]
    assert outcomes == ["dropped before", "dropped after ok"]


def test_faults_come_and_go_over_http(program):
    program.connect()
    program.control("POST", "faults", {"method": "GET", "path": "/bigin/v2/org", "status": 502, "times": 5})
    assert program.get("org")[0] == 502
    program.control("DELETE", "faults")
    assert program.get("org")[0] == 200


def test_waiting_faults_are_shown(sandbox, program):
    sandbox.fail("GET /bigin/v2/org", status=502, times=2)
    sandbox.fail("/oauth", drop="after", times=None, after=3)
    body = {"path": "/bigin", "body": {"code": "X"}, "probability": 0.5}
    program.control("POST", "faults", body)
    program.get("org")

    assert program.control("GET", "faults") == (200, {"faults": sandbox.faults()})
    assert sandbox.faults() == [
        {"path": "/bigin/v2/org", "method": "GET", "status": 502, "times": 1, "after": 0},
        {"path": "/oauth", "method": None, "drop": "after", "times": None, "after": 2},
        body | {"method": None, "times": 1, "after": 0},
    ]


def test_what_is_shown_of_a_fault_makes_another(sandbox, program):
    sandbox.fail("GET /bigin/v2/org", status=502, delay_seconds=0.5, org_id=program.entry["org_id"])
    [shown] = sandbox.faults()

    program.control("POST", "faults", shown)

    assert sandbox.faults() == [shown, shown]


def test_a_fault_that_has_struck_is_shown_no_more(sandbox, program):
    sandbox.fail("GET /bigin/v2/org", status=502)
    program.get("org")

    assert sandbox.faults() == []

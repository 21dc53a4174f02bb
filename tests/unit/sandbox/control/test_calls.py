"""The log of calls."""

import pytest

from django_bigin.sandbox.calls import log as calls
from django_bigin.sandbox.routing.rest import Rest
from django_bigin.sandbox.wire.messages import Request


def test_calls_are_counted_by_path_without_any_secret(sandbox, program):
    program.get("Contacts", fields="Email", page="1")
    program.prefix = "/us"
    program.refresh()

    calls = sandbox.calls()

    assert calls["by_path"] == {"POST /oauth/v2/token": 2, "GET /bigin/v2/Contacts": 1}
    assert calls["total"] == 3
    last = calls["calls"][1]
    assert (last["query_names"], last["status"], last["data_center"]) == (["fields", "page"], 204, "us")
    assert last["org_id"] == program.entry["org_id"]
    assert sandbox.count_calls("POST /oauth/v2/token") == 2
    assert sandbox.count_calls("GET /bigin/v2/*") == 1
    assert not any(secret["value"] in str(calls) for secret in sandbox.secrets())


def test_a_secret_is_not_noted_where_a_confused_program_puts_it(sandbox, program, capsys, monkeypatch):
    secrets = [program.entry["client_secret"], program.entry["refresh_token"], program.refresh()[1]["access_token"]]
    for secret in secrets:
        program.connect().get(f"Contacts/{secret}", **{secret: ""})
        program.ask("POST", f"/oauth/v2/token/{secret}")
        program.ask("POST", f"/oauth/v2/token?{secret}")
    monkeypatch.setattr(Rest, "handle", lambda *_: 1 / 0)
    program.get(f"Contacts/{secrets[1]}")

    noted = str(sandbox.calls()) + sandbox.overview() + capsys.readouterr().err
    assert "/bigin/v2/Contacts/..." in noted
    assert not [secret for secret in secrets if secret in noted]


def test_no_secret_stands_in_the_repr_of_an_answer(sandbox, program):
    request = Request("POST", "/oauth/v2/token", {"Host": program.host}, b"")
    for answer in (program.refresh()[1]["access_token"], program.exchange()[1]["refresh_token"]):
        sandbox.fail("POST /oauth/v2/token", body={"token": answer}, status=200)
        response = sandbox.handle(request)

        assert answer in response.body().decode()
        assert answer not in repr(response) + repr(request) + repr(sandbox)


def test_a_million_paths_are_counted_in_the_room_of_some(sandbox, program, monkeypatch):
    monkeypatch.setattr(calls, "KINDS_KEPT", 10)
    for n in range(30):
        program.get(f"Contacts/{n}")
    program.get("Contacts/0")

    report = sandbox.calls()
    assert report["total"] == 32
    assert report["by_path"]["GET /bigin/v2/Contacts/0"] == 2
    assert report["by_path"]["GET (other paths)"] == 21
    assert len(report["calls"]) == 32


def test_calls_are_chosen_by_path_method_and_organization(two):
    us, eu = two
    us.get("org")
    eu.get("org")
    sandbox = us.sandbox

    assert sandbox.calls(org_id=eu.entry["org_id"])["total"] == 2
    eu.ask("POST", "/oauth/v2/token/revoke", query={"token": eu.entry["refresh_token"]})
    assert sandbox.calls(org_id=eu.entry["org_id"])["total"] == 3, "also the call after which it has no grant"
    assert sandbox.calls(path="/oauth")["total"] == 3
    assert us.control("GET", "calls", method="GET", path="/bigin/v2/org")[1]["total"] == 2
    us.control("DELETE", "calls")
    assert sandbox.calls()["total"] == 0


def test_calls_are_counted_by_grant_and_by_outcome(two):
    us, eu = two
    sandbox = us.sandbox
    us.get("org")
    us.get("org")
    us.get("Nowhere", fields="id")
    eu.get("org")

    every = sandbox.calls()
    [own] = sandbox.calls(org_id=us.entry["org_id"])["by_grant"].items()

    assert every["by_outcome"] == {"ok": 5, "INVALID_MODULE": 1}
    assert own[1] == 4, "with the refresh"
    assert sum(every["by_grant"].values()) == 6
    assert sandbox.calls(grant=own[0])["total"] == sandbox.calls(grant=us.entry["refresh_token"])["total"] == 4
    assert us.control("GET", "calls", grant=own[0], outcome="INVALID_MODULE")[1]["total"] == 1
    assert own[0] in sandbox.overview()


def test_a_path_takes_a_method_in_front(sandbox, program):
    program.get("org")
    program.call("POST", "org")

    assert sandbox.calls(path="POST /oauth/v2/token")["total"] == 1
    assert sandbox.calls(path="get /bigin")["by_path"] == {"GET /bigin/v2/org": 1}
    assert sandbox.calls(path="GET /bigin", method="get")["total"] == 1
    assert program.control("GET", "calls", path="POST /bigin")[1]["by_path"] == {"POST /bigin/v2/org": 1}
    assert program.control("GET", "calls", path="GET /bigin", method="POST") == (
        400, {"error": "path names GET and method POST: say one of them"},
    )  # fmt: skip


def test_a_path_with_a_blank_is_no_method(sandbox, program):
    program.get("Contacts%20A/5")

    assert sandbox.calls(path="/bigin/v2/Contacts A")["total"] == 1


def test_a_path_that_is_none_is_refused(sandbox):
    with pytest.raises(ValueError, match="names no call"):
        sandbox.calls(path="POST oauth/v2/token")


def test_a_call_that_opens_a_grant_is_the_grants(sandbox, program):
    token = program.exchange()[1]

    assert sandbox.calls(grant=token["refresh_token"])["by_path"] == {"POST /oauth/v2/token": 1}


def test_refusals_are_seen_in_the_log(sandbox, program):
    program.refresh(client_secret="x")
    program.ask("GET", "/bigin/v2/org")

    assert [c["outcome"] for c in sandbox.calls()["calls"]] == ["invalid_client_secret", "AUTHENTICATION_FAILURE"]

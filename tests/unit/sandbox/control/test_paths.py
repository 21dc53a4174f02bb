"""Switches over HTTP, and internal errors."""

from django_bigin.sandbox.routing.rest import Rest


def test_switches_are_read_and_set_over_http(program):
    assert program.control("POST", "switches", {"partial_status": 200})[1]["partial_status"] == 200
    assert program.control("GET", "switches")[1]["partial_status"] == 200


def test_what_goes_wrong_inside_shows_no_traceback(sandbox, program, capsys, monkeypatch):
    program.connect()
    monkeypatch.setattr(Rest, "handle", lambda *_: 1 / 0)

    status, body, _ = program.get("org")

    assert (status, body["code"]) == (500, "SANDBOX_ERROR")
    assert "ZeroDivisionError" not in str(body)
    assert "ZeroDivisionError" in capsys.readouterr().err

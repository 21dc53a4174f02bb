"""The page for a person, and the sandbox inside another server."""

import io
import json
from wsgiref.util import setup_testing_defaults

import pytest

from django_bigin.sandbox import Sandbox, wsgi

from ..program import Program


def test_a_person_sees_what_there_is(sandbox, program):
    sandbox.add_records("Contacts", 6)
    [contact] = sandbox.add_records("Contacts", [{"First_Name": "Ngozi", "Last_Name": "Okafor"}])
    sandbox.fail("GET /bigin/v2/org", status=502, times=3)
    sandbox.switch(search_lag_seconds=3)
    program.connect().get("Contacts/5/photo")
    program.get("org")

    status, page, _ = program.ask("GET", "/_sandbox/")

    assert status == 200
    for words in (
        "Contacts 7",
        f"<td>{contact}</td>\n<td>Ngozi Okafor</td>",
        program.entry["org_id"],
        "status 502",
        "search_lag_seconds",
        "/bigin/v2/Contacts/5/photo",
        '<td class="bad">404</td>',
        "ZohoBigin.modules.ALL",
        'http-equiv="refresh"',
    ):
        assert words in page, words
    assert program.ask("GET", "/_sandbox")[0] == 200


def test_what_changed_last_comes_first(sandbox):
    first, second = sandbox.add_records("Contacts", [{"Last_Name": "First"}, {"Last_Name": "Second"}])
    sandbox.add_records("Accounts", 30)
    sandbox.advance(5)
    sandbox.edit_records("Contacts", [{"id": first, "Last_Name": "Changed"}])

    page = sandbox.overview()

    assert page.index("<td>Changed</td>") < page.index("<td>Accounts</td>")
    assert second not in page, "ten others changed later, or have a higher id"


def test_the_page_escapes_and_shows_no_secret():
    sandbox = Sandbox(organizations=[{"company_name": "<b>Acme</b>"}])
    program = Program(sandbox).connect()
    program.get("Contacts/<i>x")

    page = sandbox.overview()

    assert "&lt;b&gt;Acme" in page
    assert "<b>" not in page
    assert "<i>" not in page
    assert not [secret for secret in sandbox.secrets() if secret["value"] in page]


def test_another_site_does_not_get_the_page(program):
    assert program.ask("GET", "/_sandbox/", headers={"Host": "evil.example"})[0] == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "http://localhost.evil.example", "null", "file://", "x"])
def test_no_web_page_steers_the_sandbox(sandbox, program, origin):
    """Any page may send this form to this machine; one in a sandboxed frame has no origin but "null"."""
    headers = {"Origin": origin, "Content-Type": "text/plain"}

    assert program.ask("POST", "/_sandbox/switches", body={"partial_status": 200}, headers=headers)[0] == 403
    assert sandbox.switch()["partial_status"] == 207


def test_a_page_of_this_machines_own_may(program):
    headers = {"Origin": "http://localhost:3000"}

    assert program.ask("POST", "/_sandbox/switches", body={"partial_status": 200}, headers=headers)[0] == 200


def ask(application, method, path, query="", body=b"", **headers):
    environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query, "wsgi.input": io.BytesIO(body)}
    environ |= {"CONTENT_LENGTH": str(len(body)), **{f"HTTP_{name.upper()}": value for name, value in headers.items()}}
    setup_testing_defaults(environ)
    started = []
    content = b"".join(application(environ, lambda status, headers: started.append((status, dict(headers)))))
    return *started[0], content


def test_it_answers_as_a_wsgi_application(sandbox, program):
    program.connect()
    application = wsgi(sandbox)
    row = json.dumps({"data": [{"Last_Name": "Wen"}]}).encode()

    made = ask(application, "POST", "/bigin/v2/Contacts", body=row, authorization=program.authorization)
    read = ask(application, "GET", "/bigin/v2/Contacts", "fields=Last_Name", authorization=program.authorization)

    assert made[0] == "201 Created"
    assert json.loads(read[2])["data"][0]["Last_Name"] == "Wen"
    assert read[1]["Content-Length"] == str(len(read[2]))
    sandbox.fail("/bigin/v2/org", status=520)  # as proxies say, and no standard
    assert ask(application, "GET", "/bigin/v2/org")[0] == "520 Unknown"
    sandbox.fail("/bigin/v2/org", drop="before")
    with pytest.raises(ConnectionResetError):
        ask(application, "GET", "/bigin/v2/org")

"""Faults of every kind, from Python and over HTTP, and the limit of calls at once."""

import gzip
import io
import json
import socket
import threading
from http.client import HTTPConnection, IncompleteRead, RemoteDisconnected

import pytest

from django_bigin.sandbox import Sandbox, wsgi

from ..program import Program

CONTACTS = "GET /bigin/v2/Contacts"


@pytest.fixture
def listed(sandbox, program):
    sandbox.add_records("Contacts", 3)
    program.connect()
    return lambda: program.get("Contacts", fields="Last_Name")


def test_a_disagreeing_info(sandbox, listed):
    sandbox.fail(CONTACTS, info={"more_records": True, "count": 7})

    assert listed()[1]["info"] | {"page": 1} == listed()[1]["info"] | {"more_records": True, "count": 7}


def test_a_token_that_nobody_knows(sandbox, program, listed):
    sandbox.fail("POST /oauth/v2/token", wrong_token=True)
    token = program.refresh()[1]["access_token"]

    assert Program(sandbox).connect(token).get("org")[1]["code"] == "INVALID_TOKEN"
    sandbox.fail(CONTACTS, wrong_token=True)
    assert [listed()[0], listed()[0]] == [401, 200]


def test_an_answer_that_says_something_else(sandbox, program, listed):
    sandbox.fail(CONTACTS, overwrite={"data": None, "info": {}})

    assert listed()[1] == {"info": {}}
    assert len(listed()[1]["data"]) == 3


def test_what_is_no_json_says_it_still(sandbox, program):
    sandbox.fail("GET /oauth/v2/auth", overwrite={"code": "x"}, info={"code": "x"})

    assert program.ask("GET", "/oauth/v2/auth")[1].startswith("<!DOCTYPE html>")


def test_a_throttle_of_either_server(sandbox, program, listed):
    sandbox.fail(CONTACTS, throttle=True)
    sandbox.fail("POST /oauth/v2/token", throttle=True)

    assert (listed()[0], listed()[0]) == (429, 200)
    assert program.refresh()[1]["error"] == "Access Denied"


def test_chance_goes_by_the_seed():
    def statuses(seed):
        sandbox = Sandbox(seed=seed)
        program = Program(sandbox).connect()
        sandbox.fail("/bigin", status=500, probability=0.5, times=None)
        return [program.get("org")[0] for _ in range(30)]

    assert statuses(3) == statuses(3)
    assert statuses(3) != statuses(4)
    assert set(statuses(3)) == {200, 500}


@pytest.mark.parametrize(
    "wrong",
    [
        {}, {"probability": 0.0, "status": 500}, {"truncate": -1}, {"drop": "now"}, {"info": {}},
        {"trickle": 0}, {"bomb": 0}, {"bomb": 4 * 1024**3},
    ],
)  # fmt: skip
def test_a_fault_without_sense_is_refused(sandbox, wrong):
    with pytest.raises(ValueError, match=r"fault|probability|truncate|drop|trickle|bomb"):
        sandbox.fail(CONTACTS, **wrong)


@pytest.fixture
def running():
    with Sandbox(records={"Contacts": 5}) as sandbox:
        yield sandbox


def ask(sandbox, path, method="GET", body=None, authorization=""):
    connection = HTTPConnection(sandbox.url.removeprefix("http://"), timeout=10)
    try:
        connection.request(method, path, None if body is None else json.dumps(body), {"Authorization": authorization})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or "null")
    finally:
        connection.close()


def test_faults_over_http_cut_and_drop(running):
    program = Program(running).connect()
    path = "/bigin/v2/Contacts?fields=Email"
    for fault, error in (({"truncate": 20}, IncompleteRead), ({"drop": "before"}, RemoteDisconnected)):
        ask(running, "/_sandbox/faults", "POST", {"path": "/bigin/v2/Contacts", **fault})
        with pytest.raises(error):
            ask(running, path, authorization=program.authorization)

    assert ask(running, path, authorization=program.authorization)[0] == 200


def answer_and_pieces(sandbox, path):
    """Ask, and count how often something of the answer arrived."""
    host, _, port = sandbox.url.removeprefix("http://").partition(":")
    authorization = Program(sandbox).connect().authorization
    head = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {authorization}\r\nConnection: close\r\n\r\n"
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(head.encode())
        pieces = list(iter(lambda: connection.recv(65536), b""))
    return b"".join(pieces), len(pieces)


def test_an_answer_trickles_byte_by_byte_with_its_head(running):
    whole, _ = answer_and_pieces(running, "/bigin/v2/org")
    running.fail("/bigin/v2/org", trickle=1_000)

    answer, pieces = answer_and_pieces(running, "/bigin/v2/org")

    assert answer.partition(b"\r\n\r\n")[2] == whole.partition(b"\r\n\r\n")[2]
    assert pieces > len(whole) / 2, "some arrive together where the reader is late"


@pytest.mark.parametrize("size", [10_000, 40 * 1024**2 + 7])
@pytest.mark.parametrize("packed", [False, True])
def test_a_bomb_is_the_right_answer_and_unpacks_to_its_size(running, size, packed):
    running.switch(gzip=packed)
    running.fail("/bigin/v2/org", bomb=size)

    head, _, body = answer_and_pieces(running, "/bigin/v2/org")[0].partition(b"\r\n\r\n")
    unpacked = gzip.decompress(body)

    assert head.count(b"Content-Encoding: gzip") == 1
    assert len(unpacked) == size
    assert len(body) < 1_500 + size / 900
    assert json.loads(unpacked)["org"]


def test_a_bomb_leaves_an_answer_without_a_body_as_it_is(running):
    running.fail("/bigin/v2/Tasks", bomb=10_000)

    answer, _ = answer_and_pieces(running, "/bigin/v2/Tasks?fields=Owner")

    assert answer.startswith(b"HTTP/1.1 204")
    assert b"gzip" not in answer


def test_wsgi_gives_a_body_that_trickles_byte_by_byte():
    sandbox = Sandbox()
    program = Program(sandbox).connect()
    environ = {
        "REQUEST_METHOD": "GET", "PATH_INFO": "/bigin/v2/org", "wsgi.input": io.BytesIO(), "HTTP_HOST": "localhost",
        "HTTP_AUTHORIZATION": program.authorization,
    }  # fmt: skip
    sandbox.fail("/bigin/v2/org", trickle=100_000)

    pieces = list(wsgi(sandbox)(environ, lambda *_: None))

    assert {len(piece) for piece in pieces} == {1}
    assert json.loads(b"".join(pieces))["org"]


@pytest.mark.parametrize(("paid", "limit"), [(True, 10), (False, 5)])
def test_more_calls_at_once_than_allowed_are_429(paid, limit):
    sandbox = Sandbox(organizations=[{"paid": paid}])
    program = Program(sandbox).connect()
    sandbox.fail("/bigin/v2/org", delay_seconds=0.5, times=None)
    statuses = []
    threads = [threading.Thread(target=lambda: statuses.append(program.get("org")[0])) for _ in range(limit + 3)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(statuses) == [200] * limit + [429] * 3
    assert program.get("org")[0] == 200


def test_heavy_calls_have_a_limit_of_their_own(sandbox, program):
    sandbox.switch(heavy_concurrency_limit=0)
    program.connect()

    assert program.get("Contacts", fields="Email", sort_by="id")[0] == 429
    assert program.write("POST", "Contacts", *[{"Last_Name": "A", "Account_Name": None}] * 40)[0] == 429
    assert program.get("Contacts", fields="Email")[0] == 204
    sandbox.switch(concurrency="ignored")
    assert program.get("Contacts", fields="Email", sort_by="id")[0] == 204

"""Answers compressed, in chunks, with keys in any order, or late."""

import gzip
import json
import time
from http.client import HTTPConnection, IncompleteRead

import pytest

from django_bigin.sandbox import Sandbox, wsgi
from django_bigin.sandbox.wire.messages import Request

from ..program import Program

PATH = "/bigin/v2/Contacts?fields=Last_Name,Email,Phone,Title,Owner"


@pytest.fixture(scope="module")
def running():
    with Sandbox(records={"Contacts": 30}) as sandbox:
        yield sandbox


@pytest.fixture
def ask(running):
    """Ask for contacts over a connection that stays open; gives the answer and its body as it was sent."""
    running.reset()
    program = Program(running).connect()
    connection = HTTPConnection(running.url.removeprefix("http://"), timeout=10)

    def ask(path=PATH, **headers):
        connection.request("GET", path, headers={"Authorization": program.authorization, **headers})
        answer = connection.getresponse()
        return answer, answer.read()

    yield ask
    connection.close()


def test_answers_are_packed_for_who_accepts_it(running, ask):
    _, plain = ask()
    running.switch(gzip=True)

    answer, packed = ask(**{"Accept-Encoding": "gzip, deflate"})

    assert answer.headers["Content-Encoding"] == "gzip"
    assert int(answer.headers["Content-Length"]) == len(packed) < len(plain)
    assert gzip.decompress(packed) == plain
    answer, body = ask()
    assert (answer.headers["Content-Encoding"], body) == (None, plain)


def test_an_empty_answer_is_never_packed(running, ask):
    running.switch(gzip=True)

    answer, body = ask("/bigin/v2/Tasks?fields=Owner", **{"Accept-Encoding": "gzip"})

    assert (answer.status, answer.headers["Content-Encoding"], body) == (204, None, b"")


@pytest.mark.parametrize("packed", [False, True])
def test_answers_come_in_chunks(running, ask, packed):
    _, plain = ask()
    running.switch(chunked=True, gzip=packed)

    for _ in range(2):
        answer, body = ask(**{"Accept-Encoding": "gzip"})
        assert answer.headers["Transfer-Encoding"] == "chunked"
        assert "Content-Length" not in answer.headers
        assert (gzip.decompress(body) if packed else body) == plain
    answer, body = ask("/bigin/v2/Tasks?fields=Owner")
    assert (answer.status, answer.headers["Transfer-Encoding"], body) == (204, None, b"")


def test_chunks_may_be_cut_off(running, ask):
    running.switch(chunked=True)
    running.fail("/bigin/v2/Contacts", truncate=1500)

    with pytest.raises(IncompleteRead):
        ask()


def test_keys_come_in_any_order(running, ask):
    _, plain = ask()
    running.switch(key_order="shuffled")

    bodies = [ask()[1] for _ in range(3)]

    assert len({plain, *bodies}) == 4
    assert all(json.loads(body) == json.loads(plain) for body in bodies)
    orders = {tuple(row) for row in json.loads(bodies[0])["data"]}
    assert len(orders) > 1, "each row has an order of its own"


def test_the_order_goes_by_the_seed():
    def keys(seed):
        sandbox = Sandbox(seed=seed, records={"Contacts": 1}, switches={"key_order": "shuffled"})
        return list(Program(sandbox).get("org")[1]["org"][0])

    assert keys(3) == keys(3) != keys(4)


def test_what_is_no_json_keeps_its_order(sandbox, program):
    sandbox.switch(key_order="shuffled")
    sandbox.fail("/bigin/v2/org", status=502)
    sandbox.fail("/bigin/v2/org", body="not { json")

    assert program.get("org")[1].startswith("<html>")
    assert program.get("org")[1] == "not { json"


def test_a_wsgi_server_sends_its_own_chunks(sandbox):
    sandbox.switch(chunked=True)
    told = {}
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/bigin/v2/org", "HTTP_HOST": "127.0.0.1"}

    wsgi(sandbox)(environ, lambda status, headers: told.update(headers))

    assert not {"Content-Length", "Transfer-Encoding"} & told.keys()


def test_every_answer_takes_its_time(sandbox, program):
    program.connect()
    sandbox.switch(latency_milliseconds=60)

    started = time.monotonic()
    program.get("org")

    assert time.monotonic() - started >= 0.06


def test_latency_is_spread_by_the_seed(monkeypatch):
    def delays(seed):
        waited = []
        monkeypatch.setattr(time, "sleep", waited.append)
        sandbox = Sandbox(seed=seed, switches={"latency_milliseconds": 25, "latency_spread_milliseconds": 125})
        for _ in range(40):
            sandbox.handle(Request("GET", "/bigin/v2/org", {"Host": "127.0.0.1"}))
        return waited

    found = delays(3)

    assert len(set(found)) == 40
    assert 0.025 <= min(found) < 0.05 < 0.12 < max(found) <= 0.15
    assert found == delays(3) != delays(4)

"""Callbacks of bulk read jobs: what is posted, when, how often, and never to another machine."""

import contextlib
import json
import re
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from django_bigin.sandbox import Sandbox
from django_bigin.sandbox.server import command_line as commandline
from django_bigin.sandbox.world import callbacks
from django_bigin.sandbox.world.callbacks import is_address, is_on_this_machine

from ..program import Program

PATH = "/bigin/bulk/v2/read"


class Receiver:
    """A server that keeps what is posted to it, and answers with the statuses it is given, then with 200."""

    def __init__(self):
        self.posted, self.statuses = [], []
        self.came, self.waits_for = threading.Event(), None
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                receiver.posted.append((self.path, dict(self.headers), body))
                receiver.came.set()
                if receiver.waits_for is not None:
                    receiver.waits_for.wait(10)
                status = receiver.statuses.pop(0) if receiver.statuses else 200
                self.send_response(status)
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://localhost:{self.server.server_port}/done?key=7f3c"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()


@pytest.fixture
def start(sandbox, program):
    sandbox.set_speed(0)
    program.connect()
    return lambda url, **callback: start_job(program, {"url": url, "method": "post", **callback})


def start_job(program, callback):
    body = {"query": {"module": "Contacts", "fields": ["Last_Name"]}, "callback": callback}
    headers = {"Authorization": program.authorization, "Content-Type": "application/json"}
    status, answer, _ = program.ask("POST", PATH, body=body, headers=headers)
    return answer["data"][0]["details"]["id"] if status == 201 else answer["code"]


def details(program, job):
    return program.ask("GET", f"{PATH}/{job}", headers={"Authorization": program.authorization})[1]


def test_the_documented_example_runs(sandbox, receiver, start):
    text = (Path(__file__).parents[4] / "docs" / "sandbox.md").read_text(encoding="utf-8")
    [example] = re.findall(r"^```python\n([^`]*callbacks\([^`]*)^```", text, re.MULTILINE)
    start(receiver.url)

    exec(example, {"sandbox": sandbox})

    assert receiver.posted


def test_the_details_of_an_ended_job_are_posted_to_the_callback(sandbox, program, receiver, start):
    sandbox.add_records("Contacts", 2)
    job = start(receiver.url)
    sandbox.advance(9)
    assert sandbox.callbacks(wait_seconds=10) == []

    sandbox.advance(1)
    [callback] = sandbox.callbacks(wait_seconds=10)

    [(path, headers, body)] = receiver.posted
    assert path == "/done?key=7f3c"
    assert headers["Content-Type"] == "application/json"
    assert headers["Host"] == f"localhost:{receiver.server.server_port}"
    assert body == details(program, job)
    assert body["data"][0]["result"]["count"] == 2
    assert (callback["job_id"], callback["outcome"]) == (job, "delivered")
    assert [attempt["status"] for attempt in callback["attempts"]] == [200]


def test_a_job_that_failed_is_posted_too(sandbox, program, receiver, start):
    sandbox.switch(bulk_read_ends="FAILURE")
    job = start(receiver.url)
    sandbox.advance(10)
    sandbox.callbacks(wait_seconds=10)

    [(_, _, body)] = receiver.posted
    assert body == details(program, job)
    assert body["data"][0]["state"] == "FAILURE"
    assert body["data"][0]["result"]["error_message"]["code"] == "INTERNAL_SERVER_ERROR"


def test_a_callback_that_gets_no_2xx_is_tried_again_on_the_clock(sandbox, receiver, start):
    receiver.statuses = [500, 302]
    start(receiver.url)
    sandbox.advance(10)
    assert [callback["outcome"] for callback in sandbox.callbacks(wait_seconds=10)] == ["waiting"]
    sandbox.advance(59)
    sandbox.callbacks(wait_seconds=10)
    assert len(receiver.posted) == 1

    sandbox.advance(1)
    sandbox.callbacks(wait_seconds=10)
    sandbox.advance(60)
    [callback] = sandbox.callbacks(wait_seconds=10)

    assert [attempt["status"] for attempt in callback["attempts"]] == [500, 302, 200]
    assert callback["outcome"] == "delivered"
    assert {path for path, _, _ in receiver.posted} == {"/done?key=7f3c"}, "a redirect is not followed"


def test_after_so_many_attempts_a_callback_has_failed(sandbox, receiver, start):
    sandbox.switch(bulk_callback_attempts=2)
    receiver.statuses = [500] * 9
    start(receiver.url)

    # Both attempts are due by then: one wait is enough.
    sandbox.advance(3600)
    [callback] = sandbox.callbacks(wait_seconds=10)

    assert (callback["outcome"], len(callback["attempts"]), len(receiver.posted)) == ("failed", 2, 2)


@pytest.mark.parametrize("answer", [b"HTTP/1.1 100 Continue\r\n\r\n", b"x", b"HTTP/1.1 200 OK\r\nA: b\r\n"])
def test_an_answer_without_end_is_given_up(sandbox, start, monkeypatch, answer):
    monkeypatch.setattr(callbacks, "TIMEOUT_SECONDS", 0.3)
    sandbox.switch(bulk_callback_attempts=1)
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=answer_for_ever, args=(server, answer), daemon=True).start()
        start(f"http://127.0.0.1:{server.getsockname()[1]}/")
        sandbox.advance(10)
        [callback] = sandbox.callbacks(wait_seconds=5)

    assert callback["outcome"] != "waiting"
    assert not [thread for thread in threading.enumerate() if thread.name == "bigin-sandbox-callback"]


def answer_for_ever(server, answer):
    connection, _ = server.accept()
    with connection, contextlib.suppress(OSError):
        while True:
            connection.sendall(answer)
            time.sleep(0.05)


def test_where_nobody_listens_the_attempt_has_an_error(sandbox, start):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    sandbox.switch(bulk_callback_attempts=1)
    start(f"http://127.0.0.1:{port}/")
    sandbox.advance(10)
    [callback] = sandbox.callbacks(wait_seconds=10)

    assert callback["outcome"] == "failed"
    assert callback["attempts"][0]["error"].startswith("ConnectionRefusedError")


def test_a_switch_keeps_callbacks_from_being_sent(sandbox, receiver, start):
    sandbox.switch(bulk_callback_attempts=0)
    start(receiver.url)
    sandbox.advance(10)
    [callback] = sandbox.callbacks(wait_seconds=10)

    assert (callback["outcome"], callback["attempts"], receiver.posted) == ("off", [], [])


def test_a_callback_to_another_machine_is_noted_and_not_sent(sandbox, start, monkeypatch):
    connected = []
    monkeypatch.setattr(socket, "create_connection", lambda address, *more, **options: connected.append(address))
    start("https://sync.example.org/hooks/bulk/7f3c")
    sandbox.advance(10)
    [callback] = sandbox.callbacks(wait_seconds=10)

    assert (callback["outcome"], callback["attempts"], connected) == ("elsewhere", [], [])
    assert callback["url"] == "https://sync.example.org/hooks/bulk/7f3c"


def test_only_an_option_of_the_start_lets_callbacks_go_anywhere(monkeypatch):
    connected = []

    def connect(address, *more, **options):
        connected.append(address)
        raise ConnectionRefusedError("no network here")

    monkeypatch.setattr(socket, "create_connection", connect)
    sandbox = Sandbox(callbacks_anywhere=True)
    start_job(Program(sandbox).connect(), {"url": "http://sync.example.org/hooks"})
    sandbox.advance(10)
    [callback] = sandbox.callbacks(wait_seconds=10)

    assert connected == [("sync.example.org", 80)]
    assert callback["attempts"][0]["error"].startswith("ConnectionRefusedError")


@pytest.mark.parametrize(
    ("url", "ours"),
    [
        ("http://localhost:8000/", True),
        ("http://LOCALHOST/", True),
        ("http://127.0.0.1/", True),
        ("https://127.9.9.9/", True),
        ("http://[::1]:8000/", True),
        ("http://localhost.example.org/", False),
        ("http://127.0.0.1.example.org/", False),
        ("http://localhost@example.org/", False),
        ("http://0.0.0.0/", False),
        ("http://10.0.0.1/", False),
        ("http://169.254.169.254/", False),
        ("http://0x7f000001/", False),
        ("http://example.org/?127.0.0.1", False),
    ],
)
def test_this_machine_is_named_by_loopback_addresses_alone(url, ours):
    assert is_on_this_machine(url) is ours


@pytest.mark.parametrize(
    "url", ["", "ftp://localhost/", "localhost:8000", "http://", "http:///path", "http://[::1", "http://a:99999/", 7]
)
def test_an_address_that_nothing_can_be_posted_to_is_refused(start, url):
    assert not is_address(url)
    assert start(url) == "INVALID_CALLBACK_URL"


def test_a_callback_is_by_post_alone(start):
    assert start("http://localhost/", method="get") == "INVALID_CALLBACK_METHOD"


def test_a_running_sandbox_calls_back_by_itself_and_tells_over_http(receiver):
    with Sandbox(switches={"bulk_read_seconds": 0}) as sandbox:
        program = Program(sandbox).connect()
        start_job(program, {"url": receiver.url})
        assert receiver.came.wait(10), "nobody called the sandbox meanwhile"
        status, answer, _ = program.ask("GET", "/_sandbox/callbacks", query={"wait_seconds": "10"})

    assert status == 200
    assert [callback["outcome"] for callback in answer["callbacks"]] == ["delivered"]


def test_a_reset_forgets_callbacks(sandbox, receiver, start):
    start(receiver.url)
    sandbox.advance(10)
    sandbox.callbacks(wait_seconds=10)

    sandbox.reset()

    assert sandbox.callbacks() == []


def test_who_waits_is_let_go_when_a_reset_comes_between(sandbox, receiver, start):
    receiver.waits_for = threading.Event()
    start(receiver.url)
    sandbox.advance(10)
    waiting = threading.Thread(target=sandbox.callbacks, kwargs={"wait_seconds": 60})
    waiting.start()
    assert receiver.came.wait(10)

    sandbox.reset()
    receiver.waits_for.set()
    waiting.join(10)

    assert not waiting.is_alive()


@pytest.mark.parametrize(("arguments", "anywhere"), [([], False), (["--callbacks-anywhere"], True)])
def test_the_program_has_an_option_for_it(monkeypatch, arguments, anywhere):
    asked = []

    def begin(**options):
        asked.append(options["callbacks_anywhere"])
        raise ValueError("enough seen")

    monkeypatch.setattr(commandline, "Sandbox", begin)

    assert commandline.main(arguments) == 2
    assert asked == [anywhere]

"""The sandbox on a port: connections kept, dropped and ended, and the program around it."""

import contextlib
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from http.client import HTTPConnection, RemoteDisconnected

import pytest

from django_bigin.sandbox import Sandbox
from django_bigin.sandbox.server.command_line import main
from django_bigin.sandbox.server.http_server import Handler
from django_bigin.sandbox.wire.addresses import DATA_CENTERS

CAN_FORK = pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")
# Python 3.12 and on warn of it, and programs do it all the same: Celery's workers, for one.
FROM_THREADS = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")


@pytest.fixture(scope="module")
def running():
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def connection(running):
    running.reset()
    connection = HTTPConnection(running.url.removeprefix("http://"), timeout=10)
    yield connection
    connection.close()


def ask(connection, method, path, body=None, headers=None):
    connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    return answer, answer.read()


def test_a_connection_serves_many_requests_quickly(connection):
    started = time.monotonic()
    for _ in range(50):
        answer, body = ask(connection, "GET", "/_sandbox/clock")
        kept = connection.sock

    assert answer.status == 200
    assert json.loads(body)["now"]
    assert kept is connection.sock is not None
    assert time.monotonic() - started < 2, "an answer that waits for Nagle takes 40 ms"


def test_an_empty_answer_keeps_the_connection_in_step(running, connection):
    entry = running.organizations[0]
    form = f"client_id={entry['client_id']}&client_secret={entry['client_secret']}"
    form += f"&grant_type=refresh_token&refresh_token={entry['refresh_token']}"
    _, body = ask(connection, "POST", "/oauth/v2/token?" + form)
    headers = {"Authorization": "Zoho-oauthtoken " + json.loads(body)["access_token"]}

    empty, body = ask(connection, "GET", "/bigin/v2/Contacts?fields=Email", headers=headers)
    full, _ = ask(connection, "GET", "/bigin/v2/org", headers=headers)

    assert (empty.status, body, empty.headers["Content-Type"]) == (204, b"", "application/json;charset=UTF-8")
    assert full.status == 200
    assert len(full.headers.get_all("Date")) == len(full.headers.get_all("Server")) == 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_dropped_call_gets_no_answer(running, connection, when):
    running.fail("GET /oauth/serverinfo", drop=when)

    with pytest.raises((RemoteDisconnected, ConnectionResetError)):
        ask(connection, "GET", "/oauth/serverinfo")
    connection.close()
    assert ask(connection, "GET", "/oauth/serverinfo")[0].status == 200


def test_a_slow_answer_stops_nobody_else(running, connection):
    running.fail("GET /oauth/serverinfo", delay_seconds=0.4)
    slow = HTTPConnection(running.url.removeprefix("http://"), timeout=10)
    slow.request("GET", "/oauth/serverinfo")
    started = time.monotonic()
    assert ask(connection, "GET", "/_sandbox/clock")[0].status == 200

    assert time.monotonic() - started < 0.3
    assert slow.getresponse().status == 200
    slow.close()


@pytest.mark.parametrize("code", sorted(DATA_CENTERS))
def test_a_proxys_request_reaches_each_data_center(running, code):
    accounts, api = DATA_CENTERS[code]
    for host, path, status in ((accounts, "/oauth/serverinfo", b"200"), (api, "/bigin/v2/org", b"401")):
        with socket.create_connection(("127.0.0.1", int(running.url.rpartition(":")[2])), 10) as raw:
            raw.sendall(f"GET http://{host}{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            answer = b"".join(iter(lambda: raw.recv(65536), b""))

        assert answer.startswith(b"HTTP/1.1 " + status)
        assert (f"http://{DATA_CENTERS['ca'][0]}".encode() in answer) is (host == accounts)


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("http://example.com/bigin/v2/org", b"403"),
        ("HTTP://evil.test:80/_sandbox/clock", b"403"),
        ("http://accounts.zoho.evil.test/oauth/serverinfo", b"404"),
        ("http://127.0.0.1/oauth/serverinfo", b"200"),
    ],
)
def test_a_proxys_request_to_a_stranger_is_refused(running, target, status):
    answer = exchange(running, f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())

    assert answer.startswith(b"HTTP/1.1 " + status)


def test_a_body_past_the_limit_is_refused(connection):
    connection.putrequest("POST", "/oauth/v2/token")
    connection.putheader("Content-Length", str(10**9))
    connection.endheaders()

    assert connection.getresponse().status == 413


def test_a_chunked_body_is_read(connection):
    chunks = [b'{"advance_', b'seconds": 5}']
    connection.request("POST", "/_sandbox/clock", iter(chunks), encode_chunked=True)

    assert connection.getresponse().status == 200


def exchange(running, sent):
    """Send bytes as they are and give what comes back until the connection ends."""
    with socket.create_connection(("127.0.0.1", int(running.url.rpartition(":")[2])), 10) as raw:
        raw.sendall(sent)
        raw.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: raw.recv(65536), b""))


def test_trailers_after_a_chunked_body_are_no_call(running):
    chunked = b"POST /_sandbox/clock HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nExpires: 0\r\n\r\n"

    answers = exchange(running, chunked + b"GET /oauth/serverinfo HTTP/1.1\r\nConnection: close\r\n\r\n")

    assert [answers.count(b"HTTP/1.1 " + status) for status in (b"200", b"400")] == [1, 1]


@pytest.mark.parametrize("length", ["\xb2", "9" * 5_000, "-1"])
def test_a_length_that_is_no_number_is_refused(running, capfd, length):
    head = f"POST /oauth/v2/token HTTP/1.1\r\nContent-Length: {length}\r\n\r\n"

    assert exchange(running, head.encode("latin-1")).startswith(b"HTTP/1.1 413")
    assert capfd.readouterr().err == ""


def test_who_asks_before_sending_a_body_is_told_to_go_on(running):
    head = b"POST /oauth/v2/token HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
    with socket.create_connection(("127.0.0.1", int(running.url.rpartition(":")[2])), 10) as raw:
        raw.sendall(head)
        assert raw.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        raw.sendall(b"a=b")
        assert raw.recv(65536).startswith(b"HTTP/1.1 400")


def test_a_call_without_a_host_is_led_back_by_the_port(running):
    with socket.create_connection(("127.0.0.1", int(running.url.rpartition(":")[2])), 10) as plain:
        plain.sendall(b"GET /oauth/serverinfo HTTP/1.0\r\n\r\n")
        answer = plain.makefile("rb").read()

    assert json.loads(answer.partition(b"\r\n\r\n")[2])["locations"]["eu"] == f"{running.url}/eu"


def test_it_listens_on_loopback_alone(running):
    assert running.url.startswith("http://127.0.0.1:")


def test_a_stopped_sandbox_answers_nobody_not_even_over_an_open_connection():
    sandbox = Sandbox().start()
    connection = HTTPConnection(sandbox.url.removeprefix("http://"), timeout=5)
    ask(connection, "GET", "/_sandbox/clock")
    sandbox.stop()
    sandbox.stop()

    with pytest.raises(OSError):
        ask(connection, "GET", "/_sandbox/clock")
    connection.close()


@CAN_FORK
@FROM_THREADS
def test_a_forked_child_leaves_the_port_to_its_parent(running):
    child = os.fork()
    if child == 0:
        signal.alarm(5)  # the end of a child that waits for a thread it does not have
        running.stop()
        os._exit(0 if running._server is None else 1)

    assert os.waitpid(child, 0)[1] == 0
    assert exchange(running, b"GET /_sandbox/clock HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 200")


@CAN_FORK
@FROM_THREADS
def test_a_stopped_sandboxs_port_is_closed_although_a_child_lives_on():
    sandbox = Sandbox().start()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(writing)
        os.read(reading, 1)
        os._exit(0)
    sandbox.stop()

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(sandbox.url.rpartition(":")[2])), 10)
    os.close(writing)
    assert os.waitpid(child, 0)[1] == 0
    os.close(reading)


def test_a_connection_whose_thread_has_not_begun_is_ended_too(monkeypatch):
    begin, stopped = Handler.setup, threading.Event()

    def begin_late(handler):
        stopped.wait(5)
        begin(handler)

    monkeypatch.setattr(Handler, "setup", begin_late)
    sandbox = Sandbox().start()
    with socket.create_connection(("127.0.0.1", int(sandbox.url.rpartition(":")[2])), 10) as raw:
        raw.sendall(b"GET /_sandbox/clock HTTP/1.1\r\n\r\n")
        while not [thread for thread in threading.enumerate() if "process_request" in thread.name]:
            time.sleep(0.01)
        sandbox.stop()
        stopped.set()

        with contextlib.suppress(ConnectionResetError):
            assert raw.recv(100) == b""


# as a program


def test_the_program_writes_a_private_start_file_and_stops_cleanly(tmp_path):
    start_file = tmp_path / "start.json"
    command = [sys.executable, "-m", "django_bigin.sandbox", "--port", "0", "--start-file", str(start_file)]
    command += ["--organizations", "us,eu", "--records", "Contacts=7", "Accounts=2", "--switch", "partial_status=200"]
    program = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment())
    try:
        deadline = time.monotonic() + 20
        while not start_file.exists() and time.monotonic() < deadline and program.poll() is None:
            time.sleep(0.02)
        document = json.loads(start_file.read_text())
        mode = stat.S_IMODE(start_file.stat().st_mode)
        connection = HTTPConnection(document["base_url"].removeprefix("http://"), timeout=5)
        counts = json.loads(ask(connection, "GET", "/_sandbox/counts")[1])
        connection.close()
    finally:
        program.send_signal(signal.SIGTERM)
        output, errors = program.communicate(timeout=10)

    assert mode == 0o600
    assert [entry["data_center"] for entry in document["organizations"]] == ["us", "eu"]
    assert (counts["Contacts"], counts["Accounts"]) == (7, 2)
    assert (program.returncode, errors) == (0, "")
    assert output.endswith("sandbox: stopped\n")
    assert not start_file.exists()
    assert document["organizations"][0]["client_secret"] not in output


def environment():
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


def test_a_port_in_use_gets_a_sentence(capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["--port", str(port)]) == 2

    assert capsys.readouterr().err == (
        f"sandbox: port {port} is in use; choose another with --port, or 0 for any that is free\n"
    )


def test_a_wrong_file_gets_its_sentence(capsys, tmp_path):
    (tmp_path / "Leads.csv").write_text("a\n")

    assert main(["--port", "0", "--load", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith("sandbox: Leads.csv: there is no module 'Leads'")


@pytest.mark.parametrize(
    "arguments", [["--records", "Leads=5"], ["--organizations", "us,xx"], ["--switch", "nothing=1"]]
)
def test_a_wrong_option_is_a_usage_error(capsys, arguments):
    with pytest.raises(SystemExit) as caught:
        main(arguments)

    assert caught.value.code == 2
    assert arguments[1].split("=")[0].split(",")[-1] in capsys.readouterr().err

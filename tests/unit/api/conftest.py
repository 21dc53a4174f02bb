"""A server that gives whatever odd answer a test wants, reached through the sandbox adapter."""

import json
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import pytest

from django_bigin.api.client import Client
from django_bigin.api.datacenters import data_center
from django_bigin.api.oauth import AccountsServer, ClientCredentials
from django_bigin.api.transport import Timeouts, new_session

DATE = "Tue, 03 Nov 2026 09:14:52 GMT"
SECRET = "s3cret+/=& with odd characters%"


@dataclass
class Asked:
    method: str
    path: str
    query: dict
    headers: dict
    body: bytes

    @property
    def form(self):
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    @property
    def json(self):
        return json.loads(self.body)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one piece, else the client's delayed ACK costs 40 ms an answer

    def handle_any(self):
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        asked = Asked(self.command, parts.path, query, dict(self.headers), body)
        self.server.asked.append(asked)
        answer = self.server.answers.pop(0) if self.server.answers else {"status": 599, "body": b"nothing was prepared"}
        time.sleep(answer.get("delay", 0))
        if answer.get("drop"):
            self.close_connection = True
            return
        body = answer["body"]
        if answer.get("drip"):
            self.drip(answer, body)
            return
        self.wfile.write(b"HTTP/1.1 %d Whatever\r\n" % answer["status"])
        for name, value in answer["headers"].items():
            self.wfile.write(f"{name}: {value}\r\n".encode())
        if answer["status"] != 204:
            self.wfile.write(b"Content-Length: %d\r\n" % (len(body) + answer.get("missing", 0)))
        self.wfile.write(b"\r\n" + body)
        if answer.get("missing"):
            self.close_connection = True

    def drip(self, answer, body):
        """Send an answer byte by byte, head and all, until the client has had enough."""
        self.close_connection = True
        whole = b"HTTP/1.1 200 Whatever\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
        start = len(whole) - len(body) if answer["drip"] == "body" else 0
        try:
            self.wfile.write(whole[:start])
            for position in range(start, len(whole)):
                self.wfile.flush()
                time.sleep(0.1)
                self.wfile.write(whole[position : position + 1])
        except OSError:
            self.server.left.append(answer["drip"])

    do_GET = do_POST = do_PUT = do_DELETE = handle_any

    def log_message(self, *args):
        pass


class OddServer(ThreadingHTTPServer):
    """Gives the prepared answers in order, and keeps what it was asked."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers, self.asked, self.left = [], [], []
        self.accepted = 0
        self.ended = threading.Semaphore(0)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def get_request(self):
        self.accepted += 1
        return super().get_request()

    def shutdown_request(self, request):
        super().shutdown_request(request)
        self.ended.release()

    def answer(self, status=200, data=None, *, body=None, headers=None, **how):
        """Prepare one answer: `data` as JSON or `body` as it is.

        how: delay=, drop=True, missing=<bytes cut off>, drip="body" or "all".
        """
        if body is None:
            body = b"" if data is None else json.dumps(data).encode()
        body = body.encode() if isinstance(body, str) else body
        headers = {"Content-Type": "application/json;charset=UTF-8", "Date": DATE} if headers is None else headers
        self.answers.append({"status": status, "body": body, "headers": headers, **how})


@contextmanager
def serving():
    server = OddServer()
    thread = threading.Thread(target=server.serve_forever, args=[0.02], daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def one_server():
    with serving() as server:
        yield server


@pytest.fixture
def own_server():
    """A server that no other test's connections reach."""
    with serving() as server:
        yield server


@pytest.fixture
def server(one_server):
    one_server.answers.clear()
    one_server.asked.clear()
    return one_server


@pytest.fixture
def session(server):
    with new_session(sandbox_url=server.url) as session:
        yield session


@pytest.fixture
def accounts(session):
    credentials = ClientCredentials("1000.CLIENT", SECRET)
    return AccountsServer(data_center("eu"), credentials, session=session, timeouts=Timeouts(1, 0.4))


class Tokens:
    """A token source that counts."""

    def __init__(self, first="1000.first.token", second="1000.second.token"):
        self.first, self.second, self.refused, self.judged = first, second, [], []

    def current(self):
        return self.second if self.refused else self.first

    def judge(self, token, *, accepted):
        self.judged.append((token, accepted))

    def replace(self, refused):
        self.refused.append(refused)
        return self.second


@pytest.fixture
def tokens():
    return Tokens()


@pytest.fixture
def calls():
    return []


@pytest.fixture
def client(session, tokens, calls):
    return Client(data_center("eu"), tokens, session=session, timeouts=Timeouts(1, 0.4), on_call=calls.append)

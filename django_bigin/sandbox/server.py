"""The sandbox on a loopback port: the standard library's threading server around `Application.handle`."""

from __future__ import annotations

import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from .application import Application, too_large
from .control import Control
from .http import Request, Response

HOST = "127.0.0.1"
MOST_BODY_BYTES = 16 * 1024 * 1024
# Statuses whose answers have no body and no length.
BODILESS = {204, 304}


class Handler(BaseHTTPRequestHandler):
    """Reads requests off one connection and writes their answers, keeping it open in between."""

    protocol_version = "HTTP/1.1"
    # Without these two each small answer waits 40 ms for an acknowledgement.
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 600
    server: Server

    def answer(self) -> None:
        """Answer the request whose head was just read."""
        body = self._read_body()
        if body is None:
            response = too_large()
            self.close_connection = True
        else:
            request = Request(self.command, self.path, dict(self.headers.items()), body)
            response = self.server.application.handle(request)
        if response.drop:
            self.close_connection = True
            return
        self._write(response)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = answer  # noqa: N815

    def _write(self, response: Response) -> None:
        body = response.body()
        self.send_response_only(response.status)
        for name, value in response.headers:
            self.send_header(name, value)
        # An empty list still says JSON, as recorded.
        self.send_header("Content-Type", response.content_type)
        if response.status not in BODILESS:
            self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD" and response.status not in BODILESS:
            self.wfile.write(body[: response.truncate])
            self.close_connection = self.close_connection or response.truncate is not None
        self.wfile.flush()

    def _read_body(self) -> bytes | None:
        """Read the body, None if it is larger than any that Bigin takes."""
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._read_chunks()
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > MOST_BODY_BYTES:
            return None
        return self.rfile.read(int(length))

    def _read_chunks(self) -> bytes | None:
        body = b""
        while True:
            size = self.rfile.readline(64).split(b";")[0].strip()
            try:
                length = int(size, 16)
            except ValueError:
                return None
            if length < 0 or len(body) + length > MOST_BODY_BYTES:
                return None
            body += self.rfile.read(length)
            self.rfile.readline(64)
            if length == 0:
                return body

    def setup(self) -> None:
        """Remember the connection, so that a stop can end it."""
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        """Forget the connection."""
        self.server.connections.discard(self.connection)
        super().finish()

    def log_message(self, format: str, *arguments: Any) -> None:
        """Keep quiet: the call log is at /_sandbox/calls, and a request line may hold a token."""


class Server(ThreadingHTTPServer):
    """One thread for each connection; none of them keeps the program alive."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256
    allow_reuse_address = True

    def __init__(self, port: int, application: Application) -> None:
        self.application = application
        self.connections: set[socket.socket] = set()
        super().__init__((HOST, port), Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing when the other side went away; that is not our failure."""
        if not isinstance(sys.exception() if hasattr(sys, "exception") else sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)

    def end_connections(self) -> None:
        """Close what is still open: a stopped sandbox must not go on answering over kept-alive connections."""
        for connection in list(self.connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue


class Sandbox(Control):
    """A local Zoho accounts server and Bigin API that remembers; on the standard library alone.

    Use it as a context manager, or call `start` and `stop`. It runs in a thread of this process and listens on
    loopback only.

    Args:
        port: 0 picks a free one.
        seed: the same seed gives the same organizations and made-up records.
        records: how many made-up records each organization starts with, by module: `{"Contacts": 500}`.
        organizations: one dict each: data_center ("us"), company_name, time_zone, paid (True), licences, records,
            redirect_uri, absent_modules ({"Products": 403}). By default one in us.
        load: a directory with one CSV a module, loaded into the first organization.
        switches: see `switches.SWITCHES`.

    Raises:
        ValueError: an option is wrong; LoadError, a ValueError, names the CSV's file and line.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        seed: int = 1,
        records: dict[str, int] | None = None,
        organizations: list[dict[str, Any]] | None = None,
        load: Path | str | None = None,
        switches: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(seed=seed, records=records, organizations=organizations, load=load, switches=switches)
        self._port = port
        self._server: Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Give the address, such as `http://127.0.0.1:8400`, without a slash at the end."""
        return f"http://{HOST}:{self._port}"

    def start(self) -> Sandbox:
        """Listen; ready when this returns."""
        if self._server is None:
            self._server = Server(self._port, self._application)
            self._port = int(self._server.server_address[1])
            self._thread = threading.Thread(
                target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="bigin-sandbox", daemon=True
            )
            self._thread.start()
        return self

    def stop(self) -> None:
        """Stop listening and end every connection; may be called twice."""
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()
            server.end_connections()
        if self._thread is not None:
            self._thread.join(timeout=5)
            self._thread = None

    def __enter__(self) -> Sandbox:
        return self.start()

    def __exit__(self, *error: object) -> None:
        self.stop()

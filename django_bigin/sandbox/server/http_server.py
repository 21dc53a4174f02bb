"""The standard library's threading server around `Application.handle`, on a loopback port.

With a certificate the same port speaks TLS too, to clients that begin with it, and is a proxy for https:// addresses.
As a proxy it reaches nobody else: it is the sandbox that answers, for any host.
"""

from __future__ import annotations

import io
import socket
import ssl
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ..routing.application import Application, too_large
from ..wire.addresses import is_like_zohos, is_ours
from ..wire.messages import Request, Response
from ..wire.whole_numbers import whole_number

HOST = "127.0.0.1"
MOST_BODY_BYTES = 16 * 1024 * 1024
CHUNK_BYTES = 1_000
# Statuses whose answers have no body and no length.
BODILESS = {204, 304}
# The first byte of a TLS handshake; no method begins with it.
TLS_HANDSHAKE = b"\x16"
PLAIN_ONLY = b"HTTP/1.1 400 Bad Request\r\n\r\nhttp:// alone: start the sandbox with --certificate and --key.\n"


class Handler(BaseHTTPRequestHandler):
    """A connection, kept open from one request to the next."""

    protocol_version = "HTTP/1.1"
    # Without these two each small answer waits 40 ms for an acknowledgement.
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 600
    in_tunnel = False
    server: Server

    def answer(self) -> None:
        """Answer the request whose head was just read."""
        body = self._read_body()
        if body is None:
            response = too_large()
            self.close_connection = True
        else:
            response = self._refused_target() or self.server.application.handle(self._request(body))
        if response.drop:
            self.close_connection = True
            return
        self._write(response)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = answer  # noqa: N815  # names that http.server asks for

    def do_CONNECT(self) -> None:
        """Be a proxy for https:// addresses: what comes through the tunnel is answered here."""
        refusal = self._refused_tunnel()
        if refusal is not None:
            self.close_connection = True
            self._write(refusal)
            return
        self.send_response_only(200, "Connection established")
        self.end_headers()
        self.wfile.flush()
        self.in_tunnel = True
        self.handle()

    def _refused_target(self) -> Response | None:
        """Refuse a request for a stranger's host; one that looks like Zoho's is answered 404, and noted."""
        scheme, _, rest = self.path.partition("://")
        host = rest.partition("/")[0].partition("?")[0]
        if scheme.lower() not in {"http", "https"} or is_ours(host) or is_like_zohos(host):
            return None
        return Response(403, {"error": f"the sandbox stands for Zoho alone, not for {host}"})

    def _refused_tunnel(self) -> Response | None:
        if not is_ours(self.path):
            return Response(403, {"error": f"the sandbox stands for Zoho alone, not for {self.path}"})
        if self.server.tls is None:
            return Response(501, {"error": "for https:// start the sandbox with --certificate and --key"})
        if self.in_tunnel or isinstance(self.connection, ssl.SSLSocket):
            return Response(501, {"error": "give the proxy's own address with http://, and ask for one tunnel"})
        return None

    def handle(self) -> None:
        """Answer one request after the other, over TLS if the client begins with it."""
        if self.connection.recv(1, socket.MSG_PEEK) != TLS_HANDSHAKE:
            super().handle()
        elif self.server.tls is None:
            self.wfile.write(PLAIN_ONLY)
        else:
            with self._secured(self.server.tls) as connection:
                # Here, not in the thread that accepts: one slow handshake must stop nobody else.
                connection.do_handshake()
                super().handle()

    def _secured(self, tls: ssl.SSLContext) -> ssl.SSLSocket:
        """Continue over TLS on the same connection."""
        self.finish()
        secured = tls.wrap_socket(self.connection, server_side=True, do_handshake_on_connect=False)
        self.request = secured
        self.setup()
        return secured

    def _request(self, body: bytes) -> Request:
        # HTTP/1.0 may leave the Host header out.
        headers = {"Host": f"{HOST}:{self.server.server_port}", **dict(self.headers.items())}
        scheme = "https" if isinstance(self.connection, ssl.SSLSocket) else ""
        return Request(self.command, self.path, headers, body, scheme=scheme)

    def _write(self, response: Response) -> None:
        if response.trickle is not None:
            self.wfile = Trickle(self.wfile, 1 / response.trickle)
            self.close_connection = True
        body = response.body()
        self.send_response_only(response.status)
        for name, value in response.headers:
            self.send_header(name, value)
        # An empty list still says JSON, as recorded.
        self.send_header("Content-Type", response.content_type)
        chunked = response.chunked and self.request_version == "HTTP/1.1"
        if response.status not in BODILESS:
            length = ("Transfer-Encoding", "chunked") if chunked else ("Content-Length", str(len(body)))
            self.send_header(*length)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD" and response.status not in BODILESS:
            cut = body[: response.truncate]
            self.wfile.write(_in_chunks(cut, ended=response.truncate is None) if chunked else cut)
            self.close_connection = self.close_connection or response.truncate is not None
        self.wfile.flush()

    def _read_body(self) -> bytes | None:
        """Read the body, None if it is larger than any that Bigin takes."""
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._read_chunks()
        length = whole_number(self.headers.get("Content-Length", 0))
        if length is None or length > MOST_BODY_BYTES:
            return None
        return self.rfile.read(length)

    def _read_chunks(self) -> bytes | None:
        body = bytearray()
        while True:
            size = self.rfile.readline(64).split(b";")[0].strip()
            try:
                length = int(size, 16)
            except ValueError:
                return None
            if length < 0 or len(body) + length > MOST_BODY_BYTES:
                return None
            if length == 0:
                self._skip_trailers()
                return bytes(body)
            body += self.rfile.read(length)
            self.rfile.readline(64)

    def _skip_trailers(self) -> None:
        while self.rfile.readline(CHUNK_BYTES).strip():
            pass

    def handle_expect_100(self) -> bool:
        """Say at once that the body may come: the client waits for that."""
        goes_on = super().handle_expect_100()
        self.wfile.flush()
        return goes_on

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


def _in_chunks(body: bytes, *, ended: bool) -> bytes:
    parts = (body[start : start + CHUNK_BYTES] for start in range(0, len(body), CHUNK_BYTES))
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + (b"0\r\n\r\n" if ended else b"")


class Trickle(io.BufferedIOBase):
    """A file that passes bytes on one by one, with a pause behind each."""

    def __init__(self, file: io.BufferedIOBase, pause: float) -> None:
        self._file, self._pause = file, pause

    def write(self, data: Any) -> int:
        """Return once the last byte is sent."""
        for at in range(len(data)):
            self._file.write(data[at : at + 1])
            self._file.flush()
            time.sleep(self._pause)
        return len(data)


class Server(ThreadingHTTPServer):
    """A server with a thread for each connection; none of them keeps the program alive."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256
    allow_reuse_address = True

    def __init__(self, port: int, application: Application, tls: ssl.SSLContext | None = None) -> None:
        self.application = application
        self.tls = tls
        self.connections: set[socket.socket] = set()
        super().__init__((HOST, port), Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection before its thread begins: a stop that comes in between ends it all the same."""
        self.connections.add(request)
        super().process_request(request, client_address)

    def service_actions(self) -> None:
        """Run what is due, such as a bulk read's callback; the server calls this some times a second."""
        self.application.tick()

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

"""The sandbox inside another server: as a WSGI application."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from http.client import responses
from typing import Any
from urllib.parse import quote

from ..control.control import Control
from ..wire.messages import Request
from ..wire.whole_numbers import whole_number

Environ = dict[str, Any]
WSGIApplication = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


def wsgi(sandbox: Control) -> WSGIApplication:
    """Return a WSGI application that answers as the sandbox; it need not be started.

    Mount it at the root of a host of its own: answers name addresses, and those begin with the host alone. A dropped
    connection is a ConnectionResetError; a truncated body is left to the server, which cannot always cut it; where an
    answer trickles, its body alone does.
    """

    def application(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        response = sandbox.handle(_read(environ))
        if response.drop:
            raise ConnectionResetError("the sandbox was told to drop this call")
        body = response.body()
        headers = [*response.headers, ("Content-Type", response.content_type)]
        if response.status not in {204, 304} and not response.chunked:
            headers.append(("Content-Length", str(len(body))))
        start_response(f"{response.status} {responses.get(response.status, 'Unknown')}", headers)
        sent = b"" if environ["REQUEST_METHOD"] == "HEAD" else body[: response.truncate]
        return [sent] if response.trickle is None else _trickling(sent, 1 / response.trickle)

    return application


def _trickling(body: bytes, pause: float) -> Iterator[bytes]:
    for at in range(len(body)):
        yield body[at : at + 1]
        time.sleep(pause)


def _read(environ: Environ) -> Request:
    # WSGI gives the path decoded, as Latin-1.
    path = quote(environ.get("PATH_INFO", "/").encode("latin-1")) or "/"
    query = environ.get("QUERY_STRING", "")
    headers = {name[5:].replace("_", "-"): value for name, value in environ.items() if name.startswith("HTTP_")}
    headers.setdefault("HOST", f"{environ.get('SERVER_NAME', 'localhost')}:{environ.get('SERVER_PORT', '80')}")
    if environ.get("CONTENT_TYPE"):
        headers["CONTENT-TYPE"] = environ["CONTENT_TYPE"]
    length = whole_number(environ.get("CONTENT_LENGTH"))
    body = environ["wsgi.input"].read(length) if length else b""
    # Plain HTTP tells nothing: TLS may end at a server in front.
    scheme = "https" if environ.get("wsgi.url_scheme") == "https" else ""
    return Request(environ["REQUEST_METHOD"], path + ("?" + query if query else ""), headers, body, scheme=scheme)

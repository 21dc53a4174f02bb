"""A request and a response without any framework, and the encodings that programs send."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP
from functools import cached_property
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from .packing import pack, pack_filled
from .strict_json import read_json

JSON_TYPE = "application/json;charset=UTF-8"
HTML_TYPE = "text/html;charset=UTF-8"
# More than any form here has; a large one would be minutes in the reading.
MOST_FORM_BYTES = 16_384


@dataclass(slots=True)
class Response:
    """A response. `payload` is encoded as JSON after the state's lock is released; None is an empty body."""

    status: int
    payload: Any = field(default=None, repr=False)  # may hold tokens
    headers: list[tuple[str, str]] = field(default_factory=list, repr=False)  # and may a Location
    content_type: str = JSON_TYPE
    outcome: str = "ok"
    drop: bool = False  # close the connection and answer nothing
    truncate: int | None = None  # send so many bytes of the body, then close the connection
    trickle: float | None = None  # send so many bytes a second
    gzip: bool = False
    bomb: int | None = None  # packed, it unpacks to so many bytes
    chunked: bool = False
    workflows: bool | None = None  # what a write says about the workflows it sets off; None: it is no write

    def body(self) -> bytes:
        """Encode the payload: bytes and str as they are, anything else as compact JSON; compressed if it has to be."""
        plain = self._plain()
        if not self.gzip:
            return plain
        return pack(plain) if self.bomb is None else pack_filled(plain, self.bomb)

    def _plain(self) -> bytes:
        if self.payload is None:
            return b""
        if isinstance(self.payload, bytes):
            return self.payload
        if isinstance(self.payload, str):
            return self.payload.encode("utf-8", "replace")
        return json.dumps(self.payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


class Request:
    """One request as it came over the wire; reads its parts on demand.

    The target is a path, or a whole URL as a proxy gets it: then that names host and scheme, whatever the headers say.
    `scheme` is "" where neither the target nor the connection tells it.
    """

    def __init__(
        self,
        method: str,
        target: str,
        headers: dict[str, str] | None = None,
        body: bytes = b"",
        *,
        scheme: str = "",
    ) -> None:
        self.method = method.upper()
        self.headers = {name.lower(): value for name, value in (headers or {}).items()}
        self.body = body
        self.scheme = scheme
        split = _split(target)
        self.path = unquote(split.path) or "/"
        if split.scheme in {"http", "https"} and split.netloc:
            self.scheme, self.headers["host"] = split.scheme, split.netloc
        elif split.netloc:
            # urlsplit took a path that starts with two slashes for a host: it is none here.
            self.path = unquote(target.partition("?")[0])
        self.query_string = split.query

    @property
    def host(self) -> str:
        """Return the Host header."""
        return self.headers.get("host", "")

    @cached_property
    def query(self) -> dict[str, str]:
        """Return the query's parameters, the first of each name."""
        return _first_of_each(parse_qsl(self.query_string, keep_blank_values=True))

    @cached_property
    def parameters(self) -> dict[str, str]:
        """Return the parameters of the query and of a urlencoded or multipart body together; the body wins."""
        return {**self.query, **self._form()}

    def json(self) -> Any:
        """Decode the body as JSON, whatever Content-Type says; ValueError if it is none."""
        return self._decoded

    @cached_property
    def _decoded(self) -> Any:
        return read_json(self.body)

    def _form(self) -> dict[str, str]:
        content_type = self.headers.get("content-type", "")
        if len(self.body) > MOST_FORM_BYTES:
            return {}
        if content_type.startswith("multipart/form-data"):
            return _read_multipart(content_type, self.body)
        if not self.body or content_type.startswith("application/json"):
            return {}
        return _first_of_each(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))


def _split(target: str) -> SplitResult:
    try:
        return urlsplit(target)
    except ValueError:  # such as http://[::1/, which is no address: a path that nothing has
        return SplitResult("", "", target.partition("?")[0], "", "")


def _first_of_each(pairs: list[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in pairs:
        found.setdefault(name, value)
    return found


def _read_multipart(content_type: str, body: bytes) -> dict[str, str]:
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    try:
        message = BytesParser(policy=HTTP).parsebytes(head + body)
    except RecursionError:  # parts in parts without end
        return {}
    parts = message.get_payload()
    if not isinstance(parts, list):
        return {}
    found: dict[str, str] = {}
    for part in parts:
        if isinstance(part, Message):
            name = part.get_param("name", header="content-disposition")
            content = part.get_payload(decode=True)
            if isinstance(name, str) and isinstance(content, bytes):
                found.setdefault(name, content.decode("utf-8", "replace"))
    return found

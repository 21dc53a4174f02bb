"""Bounds of an answer: one deadline for all of it, and a size that it may have when it is unpacked.

`requests` waits so long for each next piece, so a server that sends one byte a second holds its caller for ever; and it
unpacks whatever comes, so a megabyte can become a gigabyte. Here the read timeout counts from the request to the last
byte of its answer, and an answer that is too large is given up while it is read.
"""

from __future__ import annotations

import io
import time
import zlib
from collections.abc import Iterator
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

TOKEN_BYTES = 1024 * 1024  # a token answer has less than a thousand
API_BYTES = 32 * 1024 * 1024  # a page: 200 records of 160 kB each
FILE_BYTES = 1024 * 1024 * 1024  # a zip of 200,000 records
ACCOUNTS_PATHS = "/oauth/"
PIECE_BYTES = 1024 * 1024  # a page comes in one
PACKED_PIECE_BYTES = 4 * 1024  # gzip makes up to a thousand times as much of it
ENCODINGS = "gzip"  # what is unpacked here, and all that Zoho uses


class AnswerTooLargeError(requests.RequestException):
    """An answer is larger than any that can be right. It was not read to its end."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"The answer is larger than {limit} bytes.")
        self.limit = limit


class BoundedAdapter(HTTPAdapter):
    """Reads each answer whole before it is handed on, within the read timeout and up to its kind's size."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        request.headers["Accept-Encoding"] = ENCODINGS
        response = super().send(request, *args, **kwargs)
        if kwargs.get("stream"):
            return response  # its caller reads it, by `pieces_of`
        limit = TOKEN_BYTES if request.path_url.startswith(ACCOUNTS_PATHS) else API_BYTES
        try:
            content = _read(response, limit)
        except BaseException:
            response.close()  # what is left of it would be taken for the next answer
            raise
        # What `requests` itself sets when it has read an answer.
        response._content, response._content_consumed = content, True  # type: ignore[attr-defined]  # private
        return response


def _read(response: requests.Response, limit: int) -> bytes:
    return b"".join(pieces_of(response, limit))


def pieces_of(response: requests.Response, limit: int) -> Iterator[bytes]:
    """Read an answer piece by piece, up to so many bytes.

    Raises:
        AnswerTooLargeError: it is larger.
    """
    size = 0
    unpack = _unpacker(response.headers.get("Content-Encoding", ""))
    at_once = PIECE_BYTES if unpack is None else PACKED_PIECE_BYTES
    try:
        while piece := response.raw.read(min(at_once, limit + 1), decode_content=False):
            unpacked = piece if unpack is None else unpack(piece, limit + 1 - size)
            size += len(unpacked)
            if size > limit:
                raise AnswerTooLargeError(limit)
            yield unpacked
    except zlib.error as error:
        raise requests.exceptions.ContentDecodingError(error) from error
    except urllib3.exceptions.ReadTimeoutError as error:
        raise requests.ReadTimeout(error) from error
    except urllib3.exceptions.ProtocolError as error:
        raise requests.exceptions.ChunkedEncodingError(error) from error


def _unpacker(encoding: str) -> Any:
    encoding = encoding.strip().lower()
    if encoding in ("gzip", "x-gzip"):
        return _Unpacker(16 + zlib.MAX_WBITS)
    if encoding == "deflate":
        return _Unpacker(zlib.MAX_WBITS)
    return None


class _Unpacker:
    """Unpacks pieces, never more than it is asked for; gzip may come in several members."""

    def __init__(self, wbits: int) -> None:
        self._wbits = wbits
        self._stream = zlib.decompressobj(wbits)

    def __call__(self, piece: bytes, most: int) -> bytes:
        unpacked = self._stream.decompress(piece, most)
        while self._stream.eof and self._stream.unused_data and len(unpacked) < most:
            piece, self._stream = self._stream.unused_data, zlib.decompressobj(self._wbits)
            unpacked += self._stream.decompress(piece, most - len(unpacked))
        return unpacked


class _DeadlineSocket:
    """A socket whose timeout, once set, is for all that is read until it is set again."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock
        self._until: float | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def settimeout(self, seconds: float | None) -> None:
        self._until = None if seconds is None else time.monotonic() + seconds
        self._sock.settimeout(seconds)

    def keep_deadline(self) -> None:
        """Let the next read wait only for what is left."""
        if self._until is None:
            return
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("The answer did not come to its end in time.")
        self._sock.settimeout(left)

    def makefile(self, mode: str = "r", buffering: int | None = None, **kwargs: Any) -> Any:
        if mode != "rb":
            return self._sock.makefile(mode, buffering, **kwargs)
        return io.BufferedReader(_DeadlineReader(self, self._sock.makefile("rb", buffering=0)))


class _DeadlineReader(io.RawIOBase):
    """The unbuffered file of such a socket."""

    def __init__(self, sock: _DeadlineSocket, raw: Any) -> None:
        self._sock, self._raw = sock, raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> Any:
        self._sock.keep_deadline()
        return self._raw.readinto(buffer)

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


class _HTTPConnection(HTTPConnection):
    def connect(self) -> None:
        super().connect()
        self.sock = _DeadlineSocket(self.sock)


class _HTTPSConnection(HTTPSConnection):
    def connect(self) -> None:
        super().connect()
        self.sock = _DeadlineSocket(self.sock)


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


_POOLS = {"http": _HTTPPool, "https": _HTTPSPool}

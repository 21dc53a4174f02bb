"""The requests that the sandbox sends by itself: callbacks of bulk read jobs.

It connects to this machine alone, unless it was started to connect anywhere; a callback to elsewhere is noted and not
sent. Source: api-bulk-notify-files section 1.3; that callbacks are tried again is known, how often and when is not.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from ipaddress import ip_address
from queue import SimpleQueue
from socket import SHUT_RDWR, socket
from threading import Thread, Timer
from typing import Any
from urllib.parse import SplitResult, urlsplit

from .agenda import Agenda
from .clock import SandboxClock

# Not documented; notifications are said to need an answer within five.
TIMEOUT_SECONDS = 5
LONGEST_ERROR = 300


@dataclass(slots=True)
class Callback:
    """A callback and its outcome: waiting, delivered, failed, elsewhere (not sent) or off (not sent)."""

    job_id: int
    org_id: str
    url: str
    body: dict[str, Any]
    due_at: float
    outcome: str = "waiting"
    attempts: list[dict[str, Any]] = field(default_factory=list)  # {"at", and "status" or "error"}

    def as_dict(self) -> dict[str, Any]:
        """Return it for a test."""
        return {
            "job_id": str(self.job_id),
            "org_id": self.org_id,
            "url": self.url,
            "outcome": self.outcome,
            "attempts": list(self.attempts),
            "body": self.body,
        }


class Callbacks:
    """Every callback from one reset to the next. Threads do the posting, and tell by a queue how it went."""

    def __init__(self, clock: SandboxClock, agenda: Agenda, switches: dict[str, Any], *, anywhere: bool) -> None:
        self.all: list[Callback] = []
        self._clock, self._agenda, self._switches, self._anywhere = clock, agenda, switches, anywhere
        self._on_their_way: list[Thread] = []
        self._results: SimpleQueue[tuple[Callback, dict[str, Any]]] = SimpleQueue()

    def add(self, callback: Callback) -> None:
        """Send a callback, if it may be."""
        self.all.append(callback)
        if self._switches["bulk_callback_attempts"] < 1:
            callback.outcome = "off"
        elif not self._anywhere and not is_on_this_machine(callback.url):
            callback.outcome = "elsewhere"
        else:
            self._send(callback)

    def is_due(self) -> bool:
        """Tell whether something came back that nobody noted yet."""
        return not self._results.empty()

    def settle(self) -> None:
        """Note the outcome of those that came back; a failed one is sent again later."""
        self._on_their_way = [thread for thread in self._on_their_way if thread.is_alive()]
        while not self._results.empty():
            callback, result = self._results.get()
            callback.attempts.append(result)
            if 200 <= result.get("status", 0) < 300:
                callback.outcome = "delivered"
            elif len(callback.attempts) >= self._switches["bulk_callback_attempts"]:
                callback.outcome = "failed"
            else:
                callback.due_at += self._switches["bulk_callback_retry_seconds"]
                self._agenda.at(callback.due_at, partial(self._send, callback))

    def wait(self, seconds: float, settle: Callable[[], None]) -> None:
        """Wait until none is on its way, at most so long; `settle` takes the lock that the caller does not hold."""
        until = time.monotonic() + seconds
        settle()
        while self._on_their_way and time.monotonic() < until:
            for thread in self._on_their_way:
                thread.join(max(0.0, until - time.monotonic()))
            settle()

    def _send(self, callback: Callback) -> None:
        at = datetime.fromtimestamp(self._clock.seconds(), UTC).isoformat(timespec="seconds")
        body = json.dumps(callback.body, ensure_ascii=False, separators=(",", ":")).encode()

        def post_and_tell() -> None:
            self._results.put((callback, {"at": at, **post(callback.url, body)}))

        thread = Thread(target=post_and_tell, name="bigin-sandbox-callback", daemon=True)
        self._on_their_way.append(thread)
        thread.start()


def is_address(url: Any) -> bool:
    """Tell whether something can be posted there at all."""
    try:
        split = urlsplit(url) if isinstance(url, str) else urlsplit("")
        return split.scheme in {"http", "https"} and bool(split.hostname) and split.port != 0
    except ValueError:
        return False


def is_on_this_machine(url: str) -> bool:
    """Tell whether a URL names a loopback address; no name server is asked."""
    try:
        return ip_address(_host(urlsplit(url))).is_loopback
    except ValueError:
        return False


def post(url: str, body: bytes) -> dict[str, Any]:
    """Post JSON: {"status"}, or {"error"} where there was none. Redirects are not followed, proxies not asked."""
    split = urlsplit(url)
    kind = HTTPSConnection if split.scheme == "https" else HTTPConnection
    target = (split.path or "/") + (f"?{split.query}" if split.query else "")
    headers = {"Host": split.netloc.rpartition("@")[2], "Content-Type": "application/json"}
    try:
        with closing(kind(_host(split), split.port, timeout=TIMEOUT_SECONDS)) as connection:
            connection.request("POST", target, body, headers)
            with _ended_in_time(connection.sock):
                return {"status": connection.getresponse().status}
    except (OSError, HTTPException, UnicodeError) as error:
        return {"error": f"{type(error).__name__}: {error}"[:LONGEST_ERROR]}


@contextmanager
def _ended_in_time(connection: socket) -> Iterator[None]:
    """End a connection when the time is over: a timeout of each read alone lets a slow answer go on for ever."""
    timer = Timer(TIMEOUT_SECONDS, _end, [connection])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _end(connection: socket) -> None:
    with suppress(OSError):  # it may just have ended by itself
        connection.shutdown(SHUT_RDWR)


def _host(split: SplitResult) -> str:
    # Not looked up: on a machine set up strangely the name could lead elsewhere.
    return "127.0.0.1" if split.hostname == "localhost" else split.hostname or ""

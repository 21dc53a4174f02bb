"""Single flight: threads of a process that want the same thing wait in memory for one of them to fetch it.

The fetching is done in a thread with a database connection of its own, so those who wait need none; and one that may
not wait any longer leaves, while the fetching goes on for the others, and for the next who asks.
"""

from __future__ import annotations

import copy
import os
import threading
import time
from collections.abc import Callable, Hashable
from contextvars import ContextVar, copy_context
from enum import Enum, auto
from functools import partial
from typing import Generic, TypeVar

from ..db.apart import Apart
from ..models import Connection

T = TypeVar("T")

is_flying: ContextVar[bool] = ContextVar("is_flying", default=False)
"""True in the thread of a flight: what it calls must not wait for it."""


class Ended(Enum):
    """The ways in which waiting for a flight ends."""

    DONE = auto()
    BLOCKED = auto()
    TIME_IS_UP = auto()


class Flight(Generic[T]):
    """One fetching, for any number of threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._began = time.monotonic()
        self._waiting = 0
        self._done = self._blocked = False
        self._result: T | None = None
        self._error: BaseException | None = None

    def is_wanted(self) -> bool:
        """Tell whether anybody still waits for it, or may be about to."""
        return self._waiting > 0 or time.monotonic() < self._began + 1

    def wait(self, until: float, *, leave_when_blocked: bool) -> Ended:
        """Wait for its end.

        Args:
            until: the moment of `time.monotonic` at which to leave.
            leave_when_blocked: leave as soon as it has met a lock; the caller has a transaction open, and may hold it.
        """
        with self._changed:
            self._waiting += 1
            try:
                while not self._done:
                    if leave_when_blocked and self._blocked:
                        return Ended.BLOCKED
                    left = until - time.monotonic()
                    if left <= 0:
                        return Ended.TIME_IS_UP
                    self._changed.wait(left)
                return Ended.DONE
            finally:
                self._waiting -= 1

    def result(self) -> T:
        """Return what it brought, or raise what it ended with: each thread its own copy, with its own traceback."""
        if self._error is not None:
            mine = copy.copy(self._error)
            mine.__cause__, mine.__suppress_context__ = self._error.__cause__, self._error.__suppress_context__
            raise mine.with_traceback(self._error.__traceback__)
        return self._result  # type: ignore[return-value]  # it is done, and without an error

    def _block(self) -> None:
        with self._changed:
            self._blocked = True
            self._changed.notify_all()

    def run(self, fetch: Callable[[Flight[T]], T], apart: Apart, land: Callable[[], None]) -> None:
        """Fetch; `land` is called before those who wait are told."""
        is_flying.set(True)
        try:
            with apart.connection(on_blocked=self._block):
                self._result = fetch(self)
        except BaseException as error:
            self._error = error
        land()
        with self._changed:
            self._done = True
            self._changed.notify_all()


class Flights(Generic[T]):
    """The flights of this process. A forked child begins with none: its parent's threads are not there."""

    def __init__(self) -> None:
        self._forget()
        os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        self._lock = threading.Lock()
        self._of: dict[Hashable, Flight[T]] = {}

    def join(self, key: Hashable, fetch: Callable[[Flight[T]], T]) -> tuple[Flight[T], bool]:
        """Return the flight for a key, and whether it was there already; a new one is started."""
        with self._lock:
            if (there := self._of.get(key)) is not None:
                return there, True
            flight = self._of[key] = Flight[T]()

            def land() -> None:
                with self._lock:
                    self._of.pop(key, None)

            run = partial(copy_context().run, flight.run, fetch, Apart(Connection), land)
            try:
                threading.Thread(target=run, name="bigin-token", daemon=True).start()
            except BaseException:
                del self._of[key]  # the machine has no thread left
                raise
            return flight, False

"""The lock around the sandbox's state."""

from __future__ import annotations

import threading
from collections.abc import Callable


class StateLock:
    """A lock that does what is due before it is taken, so that nobody changes the state ahead of it."""

    def __init__(self, run_due: Callable[[], None]) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        self._run_due = run_due

    def __enter__(self) -> None:
        self._lock.acquire()
        self._depth += 1
        if self._depth == 1:
            try:
                self._run_due()
            except BaseException:
                # A `with` whose beginning fails does not end: nobody else would let the lock go.
                self.__exit__()
                raise

    def __exit__(self, *error: object) -> None:
        self._depth -= 1
        self._lock.release()

"""The lock around the sandbox's state."""

from __future__ import annotations

import threading
from collections.abc import Callable


class StateLock:
    """Whoever takes it finds done what was due by then: nobody changes the state before what comes first."""

    def __init__(self, catch_up: Callable[[], None]) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        self._catch_up = catch_up

    def __enter__(self) -> None:
        self._lock.acquire()
        self._depth += 1
        if self._depth == 1:
            try:
                self._catch_up()
            except BaseException:
                # A `with` whose beginning fails does not end: nobody else would let the lock go.
                self.__exit__()
                raise

    def __exit__(self, *error: object) -> None:
        self._depth -= 1
        self._lock.release()

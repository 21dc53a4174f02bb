"""The pipeline: what stands between the calls of a walk and the strategies that store its pages.

Pages come out of here already read into copies, one after the other or in groups that one commit stores. Reading ahead
while a page is stored, and several ranges of one module at once, would be done here, unseen by the strategies.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from ..api.walks import Position, Step, Walk

ROWS_AT_ONCE = 2_000
CHARACTERS_AT_ONCE = 8_000_000  # a group stays in memory until it is stored
SECONDS_AT_ONCE = 1.0  # so long at most waits what was read to be stored

T = TypeVar("T")


def pages(walk: Walk, position: Position, read: Callable[[Step], T]) -> Iterator[T]:
    """Yield the pages of a walk after a position, each read by `read`, which touches no database.

    Raises: as `Walk.read`.
    """
    return (read(step) for step in walk.steps(position))


def groups(
    pages: Iterable[T], *, size: Callable[[T], tuple[int, int]], is_over: Callable[[], bool]
) -> Iterator[list[T]]:
    """Yield pages in groups, each for one commit: of so many rows, or of what came within a second.

    Where reading fails, what was read before is yielded first.

    Args:
        size: gives the rows of a page, and their characters.
        is_over: tells whether the time is up, so that nothing more is waited for.
    """
    group: list[T] = []
    rows = characters = 0
    began = time.monotonic()
    try:
        for page in pages:
            group.append(page)
            more_rows, more_characters = size(page)
            rows, characters = rows + more_rows, characters + more_characters
            full = rows >= ROWS_AT_ONCE or characters >= CHARACTERS_AT_ONCE
            if full or time.monotonic() - began >= SECONDS_AT_ONCE or is_over():
                yield group
                group, rows, characters, began = [], 0, 0, time.monotonic()
    except Exception:  # whichever: it is raised again when what was read before it is stored
        if group:
            yield group
        raise
    if group:
        yield group

"""The pipeline: what stands between the calls of a walk and the strategies that store its pages.

Pages come out of here already read into copies, one after the other. Reading ahead while a page is stored, and several
ranges of one module at once, would be done here, unseen by the strategies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from ..api.walks import Position, Step, Walk

T = TypeVar("T")


def pages(walk: Walk, position: Position, read: Callable[[Step], T]) -> Iterator[T]:
    """Yield the pages of a walk after a position, each read by `read`, which touches no database.

    Raises: as `Walk.read`.
    """
    return (read(step) for step in walk.steps(position))

"""Errors without the frames of the libraries that sent a request.

In their local variables stand its body and headers, with client secret and tokens, for every error report that keeps
local variables.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ..exceptions import BiginError
from .transport import NETWORK_FAILURES

T = TypeVar("T")

NOTE = "Raised while a request was sent. The frames below are left out: they hold what was sent, secrets included."


def without_frames(call: Callable[[], T], *, explain: Callable[[Exception], BiginError]) -> T:
    """Make a call; what it raises, even a task's time limit, is raised again as if it began here.

    Args:
        explain: gives the error to raise in place of a failure of the network.
    """
    try:
        return call()
    except NETWORK_FAILURES as error:
        failure: BaseException = explain(error)
    except BaseException as error:
        failure = error.with_traceback(None)
        failure.__cause__ = failure.__context__ = None
        failure.add_note(NOTE)
    # Out of the handlers: in there Python would attach the error that is handled, frames and all.
    try:
        raise failure
    finally:
        del failure

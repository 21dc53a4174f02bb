"""The HTTP sessions of this process: pooled, and carried to the sandbox where the site says so."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Any

from ..api.transport import new_session
from ..conf import settings


def shared_session() -> Any:
    """The process's session towards Zoho, or towards the sandbox that stands in for it."""
    return _session(os.getpid(), settings.BIGIN_SANDBOX_URL)


@lru_cache(maxsize=8)
def _session(process: int, sandbox_url: str | None) -> Any:
    # Keyed by process: a forked worker must not share its parent's sockets.
    return new_session(sandbox_url=sandbox_url)

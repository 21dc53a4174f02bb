"""The way to Zoho, or to the sandbox that stands in for it: HTTP sessions, and addresses for a browser."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Any

from ..api.datacenters import DATA_CENTERS
from ..api.transport import new_session
from ..conf import settings


def shared_session() -> Any:
    """Return the process's HTTP session towards Zoho, or towards the sandbox that stands in for it."""
    return _session(os.getpid(), settings.BIGIN_SANDBOX_URL)


@lru_cache(maxsize=8)
def _session(process: int, sandbox_url: str | None) -> Any:
    # Keyed by process: a forked worker must not share its parent's sockets.
    return new_session(sandbox_url=sandbox_url)


def accounts_origins(data_center: str) -> set[str]:
    """Return how the accounts server of a data center may name itself to a browser."""
    sandbox = _sandbox_origin(data_center)
    return {DATA_CENTERS[data_center].accounts_server} | ({sandbox} if sandbox else set())


def for_the_browser(url: str, data_center: str) -> str:
    """Return an address of the accounts server that a browser reaches.

    No transport adapter carries a browser to the sandbox: its address must name it.
    """
    sandbox = _sandbox_origin(data_center)
    return url if sandbox is None else sandbox + url.removeprefix(DATA_CENTERS[data_center].accounts_server)


def _sandbox_origin(data_center: str) -> str | None:
    """Return how the sandbox names a data center's accounts server to a browser; None where there is no sandbox."""
    sandbox = settings.BIGIN_SANDBOX_URL
    if sandbox is None:
        return None
    return sandbox.rstrip("/") + ("" if data_center == "us" else f"/{data_center}")

"""The sandbox's clock as the package's own: `BIGIN_CLOCK = "django_bigin.testing.clock.now"`.

The fixtures and context managers set it in the test's process. A worker or server that a test starts takes it from its
settings, and asks the sandbox at `BIGIN_SANDBOX_URL`.
"""

from __future__ import annotations

import json
import urllib.request
from datetime import datetime

from django.utils import timezone

from ..conf import settings
from . import sandboxes

# A proxy of the machine's must not come between a process and its own loopback.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def now() -> datetime:
    """Return the sandbox's moment; real time where there is no sandbox."""
    sandbox = sandboxes.find_sandbox()
    if sandbox is not None:
        return sandbox.now()
    url = settings.BIGIN_SANDBOX_URL
    return _fetch(url) if url else timezone.now()


def _fetch(url: str) -> datetime:
    """Fetch it each time: a test that lets an hour pass must not wait for other processes to notice."""
    with _opener.open(f"{url.rstrip('/')}/_sandbox/clock", timeout=10) as answer:
        return datetime.fromisoformat(json.load(answer)["now"])

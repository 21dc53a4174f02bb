"""The methods of the sandbox by which a test or a person steers it; most have a path under `/_sandbox/` too.

Every method that names no organization means the first one.
"""

from __future__ import annotations

from typing import Any

from ..wire.messages import Request, Response
from ..world.switches import check_switch
from .accounts import AccountsControl
from .calls import CallsControl
from .clock import ClockControl
from .faults import FaultsControl
from .hashes import HashesControl
from .metadata import MetadataControl
from .organizations import OrganizationsControl
from .overview import overview


class ControlMethods(
    OrganizationsControl,
    AccountsControl,
    HashesControl,
    MetadataControl,
    ClockControl,
    CallsControl,
    FaultsControl,
):
    """Every method of the control interface."""

    @property
    def url(self) -> str:
        """Return the address at which the sandbox listens."""
        raise NotImplementedError

    def handle(self, request: Request) -> Response:
        """Answer one request without any server, as a WSGI or ASGI application would."""
        return self._application.handle(request)

    def start_document(self) -> dict[str, Any]:
        """Return the start file's content."""
        return {
            "base_url": self.url,
            "organizations": self.organizations,
            "client": self.client,
            "users": self.users(),
        }

    def reset(self) -> dict[str, Any]:
        """Go back to the state at the start: same organizations and records, real time, fresh codes and tokens."""
        with self._lock:
            self._application.use(self._new_state())
            self._application.log.clear()
            self._application.faults.clear()
            self._application.chance.seed(self.seed_number)
        return self.start_document()

    def overview(self) -> str:
        """Return the page at /_sandbox/, in HTML: organizations, grants, faults, switches, the last calls."""
        with self._lock:
            return overview(self._state, self._application.faults, self._application.log.report())

    def switch(self, **values: Any) -> dict[str, Any]:
        """Set switches by name; returns all of them. A reset brings back those of the start."""
        checked = {name: check_switch(name, value) for name, value in values.items()}
        with self._lock:
            self._state.switches.update(checked)
            return dict(self._state.switches)

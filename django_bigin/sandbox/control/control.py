"""The sandbox without a server: its state, its methods and the paths under `/_sandbox/`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..routing.application import Application
from ..world.state import Vault
from ..world.switches import check_switch
from .methods import ControlMethods
from .paths import ControlPaths


class Control(ControlMethods):
    """The sandbox's state and everything that steers it; `Sandbox` adds the server."""

    def __init__(
        self,
        *,
        seed: int = 1,
        records: dict[str, int] | None = None,
        organizations: list[dict[str, Any]] | None = None,
        load: Path | str | None = None,
        switches: dict[str, Any] | None = None,
        callbacks_anywhere: bool = False,
    ) -> None:
        self.seed_number = seed
        self._callbacks_anywhere = callbacks_anywhere
        self.load_report = None
        self._records = dict(records or {})
        self._load = Path(load) if load is not None else None
        self._vault = Vault()
        self._start_switches = {name: check_switch(name, value) for name, value in (switches or {}).items()}
        # Clients outlive a reset, as registrations in a console would; codes and tokens do not.
        self._start_entries = [self._entry(options) for options in organizations or [{}]]
        self._start_client = self._new_client()
        self._application = Application(self._new_state(), control=ControlPaths(self).handle)
        self._lock = self._application.lock
        self._application.chance.seed(seed)

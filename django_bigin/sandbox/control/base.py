"""The state that every part of the control interface works on."""

from __future__ import annotations

from ..routing.application import Application
from ..world.clock import SandboxClock
from ..world.lock import StateLock
from ..world.state import State, Vault


class ControlBase:
    """The attributes that the parts of the control interface share; `Control` sets them."""

    seed_number: int
    _application: Application
    _clock: SandboxClock
    _lock: StateLock
    _shown: list[dict[str, str]]  # the organizations, as a program needs them to connect
    _state: State
    _vault: Vault

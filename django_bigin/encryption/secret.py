"""Text that hides itself wherever somebody looks: in the local variables of a traceback, a debugger, a `%r`."""

from __future__ import annotations

PLACEHOLDER = "<secret>"
"""Shown in place of a secret."""


class Secret(str):
    """A secret in plain text. It is sent as any text is, and shows itself to nobody by accident."""

    __slots__ = ()

    def __repr__(self) -> str:
        return PLACEHOLDER

"""For the tests of sites that use the package: a running sandbox, connected tenants, its clock, its faults.

The names below load when they are asked for: pytest imports this module in every project of an environment where the
package is installed, with or without Django.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .factories import connect, connected, make_tenant
    from .leaks import no_secrets_logged
    from .sandboxes import running_sandbox, sandbox_in_use
    from .testcase import BiginTestCase, BiginTestMixin
    from .transactions import refresh_in_transaction

__all__ = (
    "BiginTestCase",
    "BiginTestMixin",
    "connect",
    "connected",
    "make_tenant",
    "no_secrets_logged",
    "refresh_in_transaction",
    "running_sandbox",
    "sandbox_in_use",
)

_HOMES = {
    "BiginTestCase": "testcase",
    "BiginTestMixin": "testcase",
    "connect": "factories",
    "connected": "factories",
    "make_tenant": "factories",
    "no_secrets_logged": "leaks",
    "refresh_in_transaction": "transactions",
    "running_sandbox": "sandboxes",
    "sandbox_in_use": "sandboxes",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)

"""One authenticated call to the REST API, as its operations see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..accounts.scopes import Scopes
from ..wire.addresses import Address
from ..wire.messages import Request, Response
from ..wire.refusals import refuse
from ..world.credits import write_cost
from ..world.modules import ModuleSpec
from ..world.organization import Organization
from ..world.products import Product
from ..world.rendering import Renderer
from ..world.state import AccessToken, State
from ..world.store import ModuleStore


@dataclass(slots=True)
class Call:
    """One authenticated call: everything an operation may look at."""

    request: Request
    address: Address
    state: State
    organization: Organization
    renderer: Renderer
    token: AccessToken
    now: int
    arguments: tuple[str, ...] = ()
    spent: int = 1
    workflows: bool | None = None  # whether a write sets workflows off; None: it is none

    @property
    def switches(self) -> dict[str, Any]:
        """Return the switches."""
        return self.state.switches

    @property
    def product(self) -> Product:
        """Return the product of the caller's organization."""
        return self.organization.product

    @property
    def scopes(self) -> Scopes:
        """Return the scopes of the caller's token."""
        return Scopes(self.token.scopes, self.product)

    def need(self, allowed: bool) -> None:
        """Refuse the call if the token's scopes do not allow it."""
        if not allowed:
            raise refuse("OAUTH_SCOPE_MISMATCH", status=self.switches["scope_mismatch_status"])

    def module(self, name: str, operation: str) -> ModuleStore:
        """Return the module a path names, after looking at its existence, the plan and the scopes, in this order."""
        store = self.organization.store(name)
        if store is None:
            raise refuse("INVALID_MODULE", details={"resource_path_index": 0})
        refuse_absent(self, store.spec.api_name)
        self.need(self.scopes.allow_module(store.spec.api_name, operation))
        return store

    def allow(self, group: str, operation: str = "READ") -> None:
        """Refuse the call unless that group of scopes is granted, and the user's profile may read those settings."""
        self.need(self.scopes.allow(group, operation))
        profile = self.organization.users[self.token.user_id].profile
        if group.removeprefix("settings.") in self.switches["refused_settings"].get(profile, ()):
            raise refuse("NO_PERMISSION", details={"permissions": ["Crm_Implied_Customize"]})


def absence(call: Call, module: str) -> int | None:
    """Return the status with which this organization's plan refuses a module; None if it has it."""
    found: int | None = {**call.switches["absent_modules"], **call.organization.absent_modules}.get(module)
    return found


def refuse_absent(call: Call, module: str) -> None:
    """Refuse a module that the plan does not have."""
    status = absence(call, module)
    if status == 403:
        raise refuse("NO_PERMISSION", details={"permissions": [f"Crm_Implied_View_{module}"]})
    if status is not None:
        raise refuse("INVALID_MODULE", details={"resource_path_index": 0})


def described_module(call: Call, name: str, details: dict[str, Any]) -> ModuleSpec:
    """Return the module that settings are asked of, under its old name too; `details` say where the name stood."""
    spec = call.product.modules.get(call.product.module_named(name))
    if spec is None:
        raise refuse("INVALID_MODULE", details=details)
    refuse_absent(call, spec.api_name)
    return spec


def named_module(call: Call) -> ModuleSpec:
    """Return the module that the query names."""
    name = call.request.query.get("module", "")
    if not name:
        raise refuse("REQUIRED_PARAM_MISSING", details={"param_name": "module"})
    return described_module(call, name, {"param_name": "module"})


def charge_rows(call: Call, rows: int) -> None:
    """Set the price of a write."""
    call.spent = write_cost(rows)


Operation = Callable[[Call], Response]

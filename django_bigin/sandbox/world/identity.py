"""The organization and grant of a call, read from its token or code unchecked: for the call log and the faults."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from ..wire.messages import Request, Response
from .state import AccessToken, State


@dataclass(frozen=True, slots=True)
class Identity:
    """An organization, and the grant by its name; None where the call does not tell."""

    org_id: str | None = None
    grant: str | None = None


def grant_name(refresh_token: str) -> str:
    """Name a grant by eight characters of its token's digest: the token is not to be found from it."""
    return hashlib.sha256(refresh_token.encode()).hexdigest()[:8]


def read_identity(request: Request, state: State, token: AccessToken | None) -> Identity:
    """Read a call's organization and grant before it is answered: a revoked token no longer tells them."""
    if token is not None:
        return Identity(token.org_id, grant_name(token.refresh_token) if token.refresh_token else None)
    if "/oauth/" not in request.path:
        return Identity()
    parameters = request.parameters
    for name in ("refresh_token", "token"):
        if grant := state.grants.get(parameters.get(name, "")):
            return Identity(grant.org_id, grant_name(grant.refresh_token))
    code = state.grant_tokens.get(parameters.get("code", ""))
    return Identity(code.org_id) if code else Identity()


def opened_grant(response: Response) -> str | None:
    """Name the grant that this answer opens, if it does."""
    opened = response.payload.get("refresh_token") if isinstance(response.payload, dict) else None
    return grant_name(opened) if isinstance(opened, str) else None

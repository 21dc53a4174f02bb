"""The accounts server's two revocation endpoints. Source: oauth sections 8 and 9."""

from __future__ import annotations

from ..wire.addresses import Address
from ..wire.messages import Request, Response
from ..world.state import AccessToken, Grant, State
from .refusals import authenticate, basic_credentials, need_method, refused


class Revocation:
    """The endpoints `/oauth/v2/token/revoke` and `/oauth/v2/revoke/token`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def revoke(self, request: Request, address: Address) -> Response:
        """Revoke the token that the request holds."""
        need_method(request, "POST")
        return self._forget(self._found(request, address))

    def revoke_authenticated(self, request: Request, address: Address) -> Response:
        """Revoke a token of the client that the request authenticates."""
        need_method(request, "POST")
        client = authenticate(self._state, basic_credentials(request), address)
        found = self._found(request, address)
        kind = "refresh_token" if isinstance(found, Grant) else "access_token"
        # What another client's token gets, or one that is no such token, is not documented.
        if found.client_id != client.client_id or request.parameters.get("token_type", kind) != kind:
            raise refused("invalid_code", status=400)
        return self._forget(found)

    def _found(self, request: Request, address: Address) -> Grant | AccessToken:
        """Return the refresh or access token to revoke, if it is one of this data center."""
        value = request.parameters.get("token", "")
        found = self._state.grants.get(value) or self._state.access_tokens.get(value)
        if found is None or found.data_center != address.data_center:
            # The status is documented, the body is not.
            raise refused("invalid_code", status=400)
        return found

    def _forget(self, found: Grant | AccessToken) -> Response:
        if isinstance(found, Grant):
            self._state.close_grant(found)
        else:
            del self._state.access_tokens[found.value]
        return Response(200, {"status": "success"})

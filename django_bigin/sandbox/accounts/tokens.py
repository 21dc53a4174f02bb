"""The accounts server's token endpoint: codes and refresh tokens become access tokens.

Source: oauth sections 5 to 7 and 16.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

from ..wire.addresses import Address
from ..wire.messages import Request, Response
from ..world.state import Client, Grant, GrantToken, State, Window
from .refusals import authenticate, basic_credentials, need_method, refused, throttled
from .scopes import echo_scopes, is_known, split_scopes

# switch -> the seconds in which that many refresh tokens are given
GRANT_LIMITS = {"refresh_tokens_per_minute": 60, "refresh_tokens_per_ten_minutes": 600}


class TokenEndpoint:
    """The endpoint `/oauth/v2/token`."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._grant_types = {
            "authorization_code": self._exchange,
            "refresh_token": self._refresh,
            "client_credentials": self._client_credentials,
        }

    def handle(self, request: Request, address: Address) -> Response:
        """Answer a call to the token endpoint."""
        parameters = request.parameters
        if self._state.switches["token_basic"]:
            parameters = basic_credentials(request) | parameters
        need_method(request, "POST")
        grant_type = parameters.get("grant_type", "")
        if not grant_type:
            raise refused("invalid_client", status=400)
        operation = self._grant_types.get(grant_type)
        if operation is None:
            raise refused("invalid_client")
        return operation(authenticate(self._state, parameters, address), parameters, address)

    def _exchange(self, client: Client, parameters: dict[str, str], address: Address) -> Response:
        code = self._state.grant_tokens.get(parameters.get("code", ""))
        # The redirect URI is judged before the code: a wrong one does not use the code up.
        redirect_uri = parameters.get("redirect_uri")
        if redirect_uri and redirect_uri not in client.redirect_uris:
            raise refused("invalid_redirect_uri")
        self._check_place(code, client, address)
        if code is None or not self._is_usable(code, client):
            raise refused("invalid_code")
        if code.redirect_uri is not None and redirect_uri != code.redirect_uri:
            raise refused("invalid_redirect_uri")
        # Which word a wrong verifier gets is not documented.
        if self._is_proof_wanted(client, code) and not _verifies(code, parameters.get("code_verifier", "")):
            raise refused("invalid_code")
        if not code.offline:
            code.used = True
            return self._answer(code, address, fresh=True)
        self._limit_grants(code)
        code.used = True
        return self._answer(self._state.open_grant(code), address, fresh=True)

    def _limit_grants(self, code: GrantToken) -> None:
        """Refuse one refresh token too many; how that is worded is not documented."""
        owner = self._state.owner_of(code)
        for name, seconds in GRANT_LIMITS.items():
            most = self._state.switches[name]
            if most and self._state.grants_opened.count(owner, seconds=seconds) >= most:
                raise throttled(self._state.switches)
        self._state.grants_opened.note(owner)

    def _is_usable(self, code: GrantToken, client: Client) -> bool:
        return not code.used and code.client_id == client.client_id and code.expires_at > self._state.clock.seconds()

    def _check_place(self, source: Grant | GrantToken | None, client: Client, address: Address) -> None:
        """Refuse a code or refresh token of another data center that the client is switched on in as well as here."""
        if source is not None and source.data_center != address.data_center:
            own = source.client_id == client.client_id
            raise refused(self._state.switches["foreign_code_error"] if own else "invalid_code")

    def _is_proof_wanted(self, client: Client, code: GrantToken) -> bool:
        """Tell whether a verifier must answer the code's challenge; without a challenge none is needed."""
        ignored = client.kind == "server" and self._state.switches["server_pkce"] == "ignored"
        return bool(code.code_challenge) and not ignored

    def _refresh(self, client: Client, parameters: dict[str, str], address: Address) -> Response:
        grant = self._state.grants.get(parameters.get("refresh_token", ""))
        self._check_place(grant, client, address)
        if grant is None or grant.client_id != client.client_id:
            raise refused("invalid_code")
        self._throttle(grant)
        return self._answer(grant, address, fresh=False)

    def _client_credentials(self, client: Client, parameters: dict[str, str], address: Address) -> Response:
        """Answer a self client with an access token, and no refresh token; `soid` names the organization."""
        scopes = split_scopes(parameters.get("scope"))
        if not scopes or not all(map(is_known, scopes)):
            raise refused("invalid_scope")
        # What an organization that is not the owner's is answered is not documented.
        _, _, org_id = parameters.get("soid", "").partition(".")
        organization = self._state.organizations.get(org_id) if org_id in client.own_org_ids else None
        if organization is None or organization.data_center != address.data_center:
            raise refused("missing_org_info")
        code = self._state.mint_grant_token(client=client, organization=organization, scopes=scopes, ttl_seconds=0)
        code.used = True
        return self._answer(code, address, fresh=False)

    def _throttle(self, grant: Grant) -> None:
        switches, now = self._state.switches, self._state.clock.seconds()
        _, zuid = self._state.owner_of(grant)
        by = zuid if switches["throttle_bucket"] == "user" else grant.refresh_token
        window = self._state.refresh_windows.setdefault(by, Window(now))
        if not window.started_at <= now < window.started_at + switches["throttle_seconds"]:
            window.started_at, window.count = now, 0
        if window.count >= switches["throttle_limit"]:
            if switches["throttle_sticky"]:
                window.started_at = now
            raise throttled(self._state.switches)
        window.count += 1

    def _answer(self, source: Grant | GrantToken, address: Address, *, fresh: bool) -> Response:
        switches = self._state.switches
        token = self._state.mint_access_token(source)
        answer: dict[str, Any] = {"access_token": token.value}
        if fresh and isinstance(source, Grant):
            answer["refresh_token"] = source.refresh_token
        if switches["token_scope"]:
            answer["scope"] = echo_scopes(source.scopes, switches["token_scope_form"])
        if switches["token_api_domain"]:
            answer["api_domain"] = address.api_domain()
        answer |= {"token_type": "Bearer", "expires_in": switches["access_token_seconds"]}
        return Response(200, answer)


def _verifies(code: GrantToken, verifier: str) -> bool:
    """Tell whether the verifier answers the challenge."""
    if code.code_challenge_method == "S256":
        digest = hashlib.sha256(verifier.encode()).digest()
        verifier = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return hmac.compare_digest(verifier.encode(), code.code_challenge.encode())

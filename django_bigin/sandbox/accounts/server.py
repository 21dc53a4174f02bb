"""The accounts server: codes and refresh tokens become access tokens, and are revoked.

Source: oauth sections 5 to 9 and 16.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any
from urllib.parse import unquote_plus

from ..wire.addresses import SERVERINFO_CODES, Address
from ..wire.messages import HTML_TYPE, Request, Response
from ..wire.refusals import Refusal
from ..world.state import AccessToken, Client, Grant, GrantToken, State, Window
from .consent import AuthorizationPages
from .html import error_page
from .scopes import echo_scopes, is_known, split_scopes

# Recorded, byte for byte.
THROTTLED = {
    "en": {
        "error_description": "You have made too many requests continuously. Please try again after some time.",
        "error": "Access Denied",
        "status": "failure",
    },
    "zh": {"error_description": "您已连续提出过多请求，请稍后再试。", "error": "拒绝访问", "status": "failure"},
}
HEADERS = [
    ("Server", "ZGS"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "SAMEORIGIN"),
    ("Content-Language", "en-US"),
    ("Strict-Transport-Security", "max-age=63072000"),
]

# switch -> the seconds in which that many refresh tokens are given
GRANT_LIMITS = {"refresh_tokens_per_minute": 60, "refresh_tokens_per_ten_minutes": 600}


class Accounts:
    """Answers `/oauth/...`."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._pages = AuthorizationPages(state)
        self._grant_types = {
            "authorization_code": self._exchange,
            "refresh_token": self._refresh,
            "client_credentials": self._client_credentials,
        }
        self._routes = {
            "/oauth/v2/token": self._token,
            "/oauth/v2/token/revoke": self._revoke,
            "/oauth/v2/revoke/token": self._revoke_authenticated,
            "/oauth/serverinfo": self._serverinfo,
            "/oauth/user/info": self._user_info,
        }

    def handle(self, request: Request, address: Address) -> Response | None:
        """Answer a request, None if no such operation exists."""
        operation = self._routes.get(address.path.rstrip("/"))
        try:
            response = operation(request, address) if operation else self._pages.handle(request, address)
        except Refusal as refusal:
            response = self._refusal(refusal, address)
        if response is None:
            return None
        response.headers = [*HEADERS, *response.headers]
        return response

    def _refusal(self, refusal: Refusal, address: Address) -> Response:
        """Answer a refusal; the body of a 400 is known for the throttle alone."""
        form = self._state.switches["bad_request_body"]
        if refusal.status != 400 or refusal.outcome == "throttled" or form == "json":
            return Response(refusal.status, refusal.body, outcome=refusal.outcome)
        page = error_page("Bad Request", "The request cannot be understood.", data_center=address.data_center)
        return Response(400, page if form == "html" else None, content_type=HTML_TYPE, outcome=refusal.outcome)

    # token

    def _token(self, request: Request, address: Address) -> Response:
        parameters = request.parameters
        if self._state.switches["token_basic"]:
            parameters = _basic_credentials(request) | parameters
        if request.method != "POST":
            raise refused("invalid_request", status=400)
        grant_type = parameters.get("grant_type", "")
        if not grant_type:
            raise refused("invalid_client", status=400)
        operation = self._grant_types.get(grant_type)
        if operation is None:
            raise refused("invalid_client")
        return operation(self._authenticate(parameters, address), parameters, address)

    def _authenticate(self, parameters: dict[str, str], address: Address) -> Client:
        client = self._state.clients.get(parameters.get("client_id", ""))
        if client is None or not client.is_enabled(address.data_center):
            raise refused("invalid_client")
        if parameters.get("client_secret") != client.secrets[address.data_center]:
            raise refused(self._state.switches["bad_secret_error"])
        return client

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
                raise self.throttled()
        self._state.grants_opened.note(owner)

    def _is_usable(self, code: GrantToken, client: Client) -> bool:
        return not code.used and code.client_id == client.client_id and code.expires_at > self._state.clock.seconds()

    def _check_place(self, source: Grant | GrantToken | None, client: Client, address: Address) -> None:
        """Refuse a code or refresh token of another data center that the client is switched on in as well as here."""
        if source is not None and source.data_center != address.data_center:
            own = source.client_id == client.client_id
            raise refused(self._state.switches["foreign_code_error"] if own else "invalid_code")

    def _is_proof_wanted(self, client: Client, code: GrantToken) -> bool:
        """Tell whether a verifier must answer the code's challenge; who sent no challenge is not asked for one."""
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
        """Give a self client an access token without any code, and no refresh token; `soid` names the organization."""
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
            raise self.throttled()
        window.count += 1

    def throttled(self) -> Refusal:
        """Build the refusal of who asks too often."""
        switches = self._state.switches
        return Refusal(switches["throttle_status"], dict(THROTTLED[switches["throttle_locale"]]), outcome="throttled")

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

    # revoke

    def _revoke(self, request: Request, address: Address) -> Response:
        if request.method != "POST":
            raise refused("invalid_request", status=400)
        return self._forget(self._found(request, address))

    def _revoke_authenticated(self, request: Request, address: Address) -> Response:
        if request.method != "POST":
            raise refused("invalid_request", status=400)
        client = self._authenticate(_basic_credentials(request), address)
        found = self._found(request, address)
        kind = "refresh_token" if isinstance(found, Grant) else "access_token"
        # What another client's token gets, or one that is no such token, is not documented.
        if found.client_id != client.client_id or request.parameters.get("token_type", kind) != kind:
            raise refused("invalid_code", status=400)
        return self._forget(found)

    def _found(self, request: Request, address: Address) -> Grant | AccessToken:
        """Give the refresh or access token to revoke, if it is one of this data center."""
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

    # about people and places

    def _user_info(self, request: Request, address: Address) -> Response:
        if request.method != "GET":
            raise refused("invalid_request", status=400)
        _, _, value = request.headers.get("authorization", "").partition(" ")
        token = self._state.live_access_token(value, address.data_center)
        if token is None or "aaaserver.profile.read" not in {scope.lower() for scope in token.scopes}:
            # The cause is recorded for a missing scope; for a bad token it is not known.
            cause = "INVALID_OAUTHTOKEN" if token is None else "INVALID_OAUTHSCOPE"
            raise Refusal(401, {"response": "error", "cause": cause}, outcome=cause)
        user = self._state.organizations[token.org_id].users[token.user_id]
        names = {"First_Name": user.first_name, "Last_Name": user.last_name, "Display_Name": user.full_name}
        return Response(200, {**names, "Email": user.email, "ZUID": int(user.zuid)})

    def _serverinfo(self, request: Request, address: Address) -> Response:
        if request.method != "GET":
            raise refused("invalid_request", status=400)
        locations = {code: address.accounts_server(code) for code in SERVERINFO_CODES}
        return Response(200, {"result": "success", "locations": locations})


def refused(error: str, *, status: int = 200) -> Refusal:
    """Build the accounts server's refusal: one key, and HTTP 200 for all that concerns client, secret or code."""
    return Refusal(status, {"error": error}, outcome=error)


def _verifies(code: GrantToken, verifier: str) -> bool:
    """Tell whether the verifier answers the challenge."""
    if code.code_challenge_method == "S256":
        digest = hashlib.sha256(verifier.encode()).digest()
        verifier = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return hmac.compare_digest(verifier.encode(), code.code_challenge.encode())


def _basic_credentials(request: Request) -> dict[str, str]:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return {}
    try:
        client_id, _, client_secret = base64.b64decode(value).decode().partition(":")
    except ValueError:
        return {}
    # Form-encoded before base64, says RFC 6749; some programs write the dot of a client's id as %2E.
    return {"client_id": unquote_plus(client_id), "client_secret": unquote_plus(client_secret)}

"""The accounts server: it routes `/oauth/...`, and tells about itself and a token's user.

Source: oauth sections 3 and 16.
"""

from __future__ import annotations

from ..wire.addresses import SERVERINFO_CODES, Address
from ..wire.messages import HTML_TYPE, Request, Response
from ..wire.refusals import Refusal
from ..world.state import State
from .consent_pages import ConsentPages
from .page_templates import error_page
from .refusals import need_method
from .revocation import Revocation
from .tokens import TokenEndpoint

HEADERS = [
    ("Server", "ZGS"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "SAMEORIGIN"),
    ("Content-Language", "en-US"),
    ("Strict-Transport-Security", "max-age=63072000"),
]


class AccountsServer:
    """The operations at `/oauth/...`."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._pages = ConsentPages(state)
        revocation = Revocation(state)
        self._routes = {
            "/oauth/v2/token": TokenEndpoint(state).handle,
            "/oauth/v2/token/revoke": revocation.revoke,
            "/oauth/v2/revoke/token": revocation.revoke_authenticated,
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

    def _user_info(self, request: Request, address: Address) -> Response:
        need_method(request, "GET")
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
        need_method(request, "GET")
        locations = {code: address.accounts_server(code) for code in SERVERINFO_CODES}
        return Response(200, {"result": "success", "locations": locations})

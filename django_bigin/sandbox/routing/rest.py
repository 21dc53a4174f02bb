"""The REST API: it authenticates a call, finds its operation and charges its price.

Source: api-records sections 1, 3, 13 and 15, oauth section 13.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from ..bulk import read as bulk_read
from ..calls.call import Call, Operation
from ..coql import select as coql
from ..metadata import fields, layouts, tags, users
from ..metadata import modules as module_metadata
from ..records import counting, listing, owners, relations, search, writes
from ..wire.addresses import Address
from ..wire.messages import Request, Response
from ..wire.refusals import Refusal, refuse
from ..wire.whole_numbers import whole_number
from ..world.products import Product, product_at
from ..world.state import AccessToken, State

# Calls at once of one user and client (api-records section 13).
PAID_CALLS, FREE_CALLS = 10, 5
BAD_TOKEN_CODES = ("INVALID_TOKEN", "AUTHENTICATION_FAILURE")
# Recorded on every answer (api-bulk-notify-files section 0.1).
HEADERS = [
    ("Server", "ZGS"),
    ("Content-Language", "en-US"),
    ("Cache-Control", "no-store, no-cache, must-revalidate, private"),
    ("Pragma", "no-cache"),
    ("Expires", "Thu, 01 Jan 1970 00:00:00 GMT"),
    ("Content-Disposition", "attachment; filename=response.json"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "SAMEORIGIN"),
    ("X-Download-Options", "noopen"),
    ("X-XSS-Protection", "0"),
]


@dataclass(frozen=True, slots=True)
class Route:
    """A path under the base: `{module}`, `{id}` stand for one segment each; one operation for each method."""

    segments: tuple[str, ...]
    operations: Mapping[str, Operation]

    def match(self, segments: list[str], product: Product) -> tuple[str, ...] | None:
        """Return the values of the placeholders, None if the path is another."""
        if len(segments) != len(self.segments):
            return None
        found = []
        for wanted, given in zip(self.segments, segments, strict=True):
            if wanted == "{id}":
                if whole_number(given) is None:
                    return None
                found.append(given)
            elif wanted == "{module}":
                # CRM has paths such as `__features` and `__composite_requests`.
                if given in NOT_MODULES or given.startswith("__"):
                    return None
                found.append(given)
            elif wanted == "{related}":
                if given not in product.list_names:
                    return None
                found.append(given)
            elif wanted != given:
                return None
        return tuple(found)


Match = tuple[Route, tuple[str, ...]]  # with what the placeholders stand for


# First segments of the API that are no modules.
NOT_MODULES = {"settings", "org", "users", "coql", "files", "actions", "upload", "approvals", "recycle_bin"}
# What Bigin has on paths that are here, and the sandbox has not (api-bulk-notify-files section 10.1).
LEFT_OUT = {("POST", "users"), ("PUT", "users"), ("PUT", "users/{id}"), ("DELETE", "users/{id}")}


# Fixed words before placeholders: the first match is taken.
PARTS = (
    module_metadata, fields, layouts, users, tags, coql, search, owners, counting, listing, writes, relations,
)  # fmt: skip


def _read_routes(routes: Mapping[str, Mapping[str, Operation]]) -> list[Route]:
    return [Route(tuple(path.split("/")), operations) for path, operations in routes.items()]


class Rest:
    """The operations of the products' APIs, such as `/bigin/v2/...`."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._chance = Random(0)
        self._routes = [route for part in PARTS for route in _read_routes(part.ROUTES)]
        self._by_id_routes = _read_routes(fields.ROUTES_BY_ID | layouts.ROUTES_BY_ID)
        self._bulk_routes = _read_routes(bulk_read.ROUTES)

    def handle(self, request: Request, address: Address, now: int) -> Response | None:
        """Answer a request at a moment, in seconds since 1970; None if no such operation exists."""
        matches = self._matches(address.path)
        if not matches or any((request.method, "/".join(route.segments)) in LEFT_OUT for route, _ in matches):
            return None
        call = None
        try:
            token = self._authenticate(request, address)
            call = self._call(request, address, token, now)
            operation, call.arguments = self._operation(matches, request.method)
            self._check_credits(call)
            response = operation(call)
        except Refusal as refusal:
            response = Response(refusal.status, refusal.body, outcome=refusal.outcome)
        own = {name for name, _ in response.headers}
        response.headers = [*(header for header in HEADERS if header[0] not in own), *response.headers]
        if call is not None:
            response.workflows = call.workflows
            response.headers += self._charge(call, response)
        return response

    def caller_of(self, request: Request) -> tuple[str, str, int] | None:
        """Return a call's organization, client and user, by which concurrency is counted."""
        token = self.token_of(request)
        return (token.org_id, token.client_id, token.user_id) if token else None

    def is_crowded(self, caller: tuple[str, str, int] | None, calls: int, heavy_calls: int) -> bool:
        """Tell whether so many calls at once are too many for the caller's edition."""
        switches = self._state.switches
        if caller is None or switches["concurrency"] == "ignored":
            return False
        paid = self._state.organization(caller[0]).paid
        most = switches["concurrency_limit"] or (PAID_CALLS if paid else FREE_CALLS)
        return bool(calls > most or heavy_calls > switches["heavy_concurrency_limit"])

    def token_of(self, request: Request) -> AccessToken | None:
        """Return the access token of a call, whether or not it still serves."""
        return self._state.access_tokens.get(_bearer(request)[1])

    def _matches(self, path: str) -> list[Match]:
        product = product_at(path)
        if product is None:
            return []
        for base, routes in ((product.bulk_path, self._bulk_routes), (product.base_path, self._routes)):
            if path.startswith(base + "/"):
                if self._state.switches["settings_by_id"] == "answers":
                    routes = [*self._by_id_routes, *routes]
                segments = path[len(base) :].strip("/").split("/")
                return [(route, found) for route in routes if (found := route.match(segments, product)) is not None]
        return []

    def _operation(self, matches: list[Match], method: str) -> tuple[Operation, tuple[str, ...]]:
        for route, found in matches:
            if method in route.operations:
                return route.operations[method], found
        raise refuse("INVALID_REQUEST_METHOD", status=self._state.switches["wrong_method_status"])

    def _authenticate(self, request: Request, address: Address) -> AccessToken:
        scheme, value = _bearer(request)
        if scheme == "bearer" and self._state.switches["bearer"] == "refused":
            raise refuse("INVALID_REQUEST")
        if not value or scheme not in {"zoho-oauthtoken", "bearer"}:
            raise refuse("AUTHENTICATION_FAILURE")
        token = self._state.live_access_token(value, address.data_center)
        if token is None:
            code = self._state.switches["bad_token_code"]
            raise refuse(self._chance.choice(BAD_TOKEN_CODES) if code == "either" else code)
        return token

    def _call(self, request: Request, address: Address, token: AccessToken, now: int) -> Call:
        organization = self._state.organization(token.org_id)
        self._state.purge_bins(organization, now=now)
        renderer = self._state.renderers[token.org_id]
        return Call(request, address, self._state, organization, renderer, token, now)

    def _check_credits(self, call: Call) -> None:
        used, allowed = call.organization.credits.used(call.now), self._state.credit_budget(call.organization)
        if call.switches["credits"] == "enforced" and used >= allowed:
            call.spent = 0
            raise refuse("TOO_MANY_REQUESTS")

    def _charge(self, call: Call, response: Response) -> list[tuple[str, str]]:
        ledger, reset_at = call.organization.credits, call.organization.times.text(int(call.token.expires_at))
        if call.spent and response.outcome != "OAUTH_SCOPE_MISMATCH":
            ledger.spend(call.now, call.spent)
        headers = [("X-ACCESSTOKEN-RESET", reset_at)]
        used, allowed = ledger.used(call.now), self._state.credit_budget(call.organization)
        if call.switches["credits_header"] and used * 2 >= allowed:
            headers.append(("X-API-CREDITS-REMAINING", str(max(0, allowed - used))))
        return headers


def _bearer(request: Request) -> tuple[str, str]:
    scheme, _, value = request.headers.get("authorization", "").strip().partition(" ")
    return scheme.lower(), value.strip()

"""The whole sandbox as one function from a request to a response, free of any framework and of sockets."""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from random import Random

from ..accounts import server as accounts
from ..accounts.refusals import throttled
from ..accounts.server import AccountsServer
from ..calls.concurrency import InFlight
from ..calls.faults import Fault
from ..calls.log import CallLog, without_secrets
from ..wire.addresses import Address, is_loopback, read_address
from ..wire.delivery import prepare
from ..wire.messages import Request, Response
from ..wire.refusals import CODES, error_body, refuse
from ..world.identity import Identity, opened_grant, read_identity
from ..world.lock import StateLock
from ..world.products import product_at
from ..world.state import State
from . import rest
from .rest import Rest

CONTROL_PATH = "/_sandbox"
ControlHandler = Callable[[Request, str], Response]


class Application:
    """The way of a request to control interface, accounts server or API, and the log."""

    def __init__(self, state: State, *, control: ControlHandler) -> None:
        self.lock = StateLock(lambda: self.state.run_due())
        self.log = CallLog()
        self.faults: list[Fault] = []
        self.chance = Random(0)
        self._control = control
        self.use(state)

    def use(self, state: State) -> None:
        """Continue with another state: a reset."""
        self.state = state
        self._in_flight = InFlight()  # a call that the old state still holds up is none of the new one's
        self.accounts = AccountsServer(state)
        self.rest = Rest(state)

    def tick(self) -> None:
        """Run what is due although nobody calls."""
        try:
            if self.state.is_due():
                with self.lock:  # taking it runs what is due
                    pass
        except Exception:
            # The server comes by here, and is to go on.
            traceback.print_exc()

    def handle(self, request: Request) -> Response:
        """Answer any request; never raises."""
        try:
            if request.path == CONTROL_PATH or request.path.startswith(CONTROL_PATH + "/"):
                return self._answer_control(request)
            return self._answer(request)
        except Exception:
            path = without_secrets(request.path)
            print(f"sandbox: internal error on {request.method} {path}", file=sys.stderr)
            traceback.print_exc()
            body = {"code": "SANDBOX_ERROR", "details": {}, "message": "the sandbox itself failed: see its stderr"}
            return Response(500, body | {"status": "error"}, outcome="sandbox error")

    def _answer_control(self, request: Request) -> Response:
        if not _is_from_here(request):
            return Response(403, {"error": "/_sandbox/ answers this machine's own programs and pages only"})
        return self._control(request, request.path[len(CONTROL_PATH) :].strip("/"))

    def _answer(self, request: Request) -> Response:
        address = read_address(request.host, request.path, request.scheme)
        api = self.rest  # a reset may come between, and know the caller's organization no more
        caller = api.caller_of(request)
        with self._in_flight.counting(caller, request) as (calls, heavy_calls):
            return self._answer_one(request, address, api.is_crowded(caller, calls, heavy_calls))

    def _answer_one(self, request: Request, address: Address | None, crowded: bool) -> Response:
        with self.lock:
            fault = None if crowded else self._fault_for(request, address)
            delay = self._latency() + (fault.delay_seconds if fault is not None else 0)
        if delay:
            time.sleep(delay)
        with self.lock:
            answered_at = self.state.now()
            # Before the work: a revoked token no longer tells its owner.
            identity = self._identity_of(request)
            if crowded:
                response, known = self._throttled(api=True), True
                response.outcome = "TOO_MANY_REQUESTS"
            else:
                response, known = self._dispatch(request, address, fault, answered_at)
            prepare(response, request, self.state.switches, self.chance)
            self._note(request, address, response, identity, known=known)
        if request.scheme == "https" and is_loopback(request.host):
            # A browser would refuse http://localhost for two years, whatever its port.
            response.headers = [header for header in response.headers if header[0] != "Strict-Transport-Security"]
        moment = datetime.fromtimestamp(answered_at, UTC)
        response.headers = [("Date", format_datetime(moment, usegmt=True)), *response.headers]
        return response

    def _latency(self) -> float:
        switches = self.state.switches
        spread: int = switches["latency_spread_milliseconds"]
        chosen = self.chance.random() * spread if spread else 0.0
        return float(switches["latency_milliseconds"] + chosen) / 1000

    def _fault_for(self, request: Request, address: Address | None) -> Fault | None:
        path = address.path if address else request.path
        org_id = self._identity_of(request).org_id
        return next(
            (fault for fault in self.faults if fault.strikes(request.method, path, org_id, self.chance.random)), None
        )

    def _dispatch(
        self, request: Request, address: Address | None, fault: Fault | None, now: int
    ) -> tuple[Response, bool]:
        path = address.path if address else request.path
        api = product_at(path) is not None
        if fault is not None and fault.drop == "before":
            return Response(0, drop=True, outcome="dropped before"), True
        if fault is not None and fault.answers() and fault.drop is None:
            answer = _with_headers(fault.response(path), api=api)
            fault.spoil(answer)
            return answer, True
        if fault is not None and fault.throttle:
            return self._throttled(api=api), True
        if fault is not None and fault.wrong_token and api:
            refusal = refuse("INVALID_TOKEN")
            return _with_headers(Response(refusal.status, refusal.body, outcome="fault wrong token"), api=api), True
        response = self._route(request, address, now)
        known = response is not None
        if response is None:
            body = error_body("INVALID_URL_PATTERN")
            response = Response(CODES["INVALID_URL_PATTERN"][0], body, outcome="unknown")
            response = _with_headers(response, api=api)
        if fault is not None:
            fault.spoil(response)
        if fault is not None and fault.drop == "after":
            response.drop, response.outcome = True, f"dropped after {response.outcome}"
        return response, known

    def _throttled(self, *, api: bool) -> Response:
        """Answer as whichever server it is does when it is asked too often."""
        refusal = refuse("TOO_MANY_REQUESTS") if api else throttled(self.state.switches)
        return _with_headers(Response(refusal.status, refusal.body, outcome="fault throttle"), api=api)

    def _route(self, request: Request, address: Address | None, now: int) -> Response | None:
        if address is None:
            return None
        if address.path.startswith("/oauth/") and address.half != "api":
            return self.accounts.handle(request, address)
        return self.rest.handle(request, address, now) if address.half != "accounts" else None

    def _identity_of(self, request: Request) -> Identity:
        return read_identity(request, self.state, self.rest.token_of(request))

    def _note(
        self, request: Request, address: Address | None, response: Response, identity: Identity, *, known: bool
    ) -> None:
        call = {
            "method": request.method,
            "path": address.path if address else request.path,
            "query_names": sorted(request.query),
            "status": response.status,
            "org_id": identity.org_id,
            "grant": identity.grant or opened_grant(response),
            "data_center": address.data_center if address else None,
            "at": self.state.clock.now().isoformat(timespec="seconds"),
            "outcome": response.outcome,
            "workflows": response.workflows,
        }
        self.log.add(call, known=known)


def _is_from_here(request: Request) -> bool:
    """Tell whether no web page that is open in a browser on this machine asks, under whatever name."""
    hosts = [request.host] if request.host else []
    if origin := request.headers.get("origin"):
        # A page in a sandboxed frame says "null", and may be anybody's.
        hosts.append(origin.partition("://")[2])
    return all(map(is_loopback, hosts))


def _with_headers(response: Response, *, api: bool) -> Response:
    """Add the headers of the server that an answer seems to come from, where no operation made it."""
    response.headers = list(rest.HEADERS if api else accounts.HEADERS)
    return response


def too_large() -> Response:
    """Refuse a body past the server's limit."""
    refusal = refuse("REQUEST_ENTITY_TOO_LARGE")
    return Response(refusal.status, refusal.body, outcome=refusal.outcome)

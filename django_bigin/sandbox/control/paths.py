"""The control API's paths: JSON in, one method of the sandbox, JSON out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from inspect import Parameter, signature
from typing import Any

from ..wire.messages import HTML_TYPE, Request, Response
from .methods import ControlMethods

Options = dict[str, Any]
CLIENT_DATA_CENTERS = "clients/{client_id}/data-centers"


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of a path: it calls a method with the request's options and answers with the result."""

    work: Callable[..., Any]
    under: str = ""  # the answer's key, where what the method gives is no object of its own
    hands_on_to: Callable[..., Any] | None = None  # takes the options that `work` has no name for

    @property
    def options(self) -> dict[str, Parameter]:
        """Return its options, by name and in order."""
        own = [p for p in signature(self.work).parameters.values() if p.kind is not p.VAR_KEYWORD]
        beside = signature(self.hands_on_to).parameters.values() if self.hands_on_to else ()
        return {p.name: p for p in [*own, *(p for p in beside if p.kind is p.KEYWORD_ONLY)]}

    @property
    def takes_any(self) -> bool:
        """Tell whether the method itself checks the names, such as those of switches."""
        kinds = {p.kind for p in signature(self.work).parameters.values()}
        return self.hands_on_to is None and Parameter.VAR_KEYWORD in kinds

    def check(self, name: str, given: Options) -> None:
        """Refuse an unknown option, or the lack of one that it needs; ValueError with a sentence."""
        if self.takes_any:
            return
        options = self.options
        unknown = [option for option in given if option not in options]
        missing = [option for option, p in options.items() if p.default is p.empty and option not in given]
        if unknown:
            raise ValueError(f'"{unknown[0]}" is no option of {name}; there are {", ".join(options) or "none"}')
        if missing:
            raise ValueError(f'{name} needs "{missing[0]}"; its options are {", ".join(options)}')


class ControlPaths:
    """The operations at `/_sandbox/...`."""

    def __init__(self, control: ControlMethods) -> None:
        self._control = control
        self.operations: dict[tuple[str, str], Operation] = {
            ("GET", ""): Operation(self._page),
            ("GET", "start"): Operation(control.start_document),
            ("POST", "reset"): Operation(control.reset),
            ("POST", "organizations"): Operation(control.add_organization),
            ("GET", "users"): Operation(control.users, "users"),
            ("POST", "users"): Operation(control.add_user),
            ("POST", "clients"): Operation(control.add_client),
            ("POST", CLIENT_DATA_CENTERS): Operation(control.switch_client),
            ("POST", "consent"): Operation(control.consent, "location"),
            ("POST", "seed"): Operation(control.seed),
            ("GET", "records"): Operation(control.records, "records"),
            ("POST", "records"): Operation(control.add_records, "ids"),
            ("PATCH", "records"): Operation(control.edit_records),
            ("DELETE", "records"): Operation(control.delete_records),
            ("POST", "restore"): Operation(control.restore_records),
            ("POST", "fields"): Operation(control.add_fields),
            ("POST", "team-pipelines"): Operation(control.add_team_pipeline),
            ("GET", "counts"): Operation(control.counts),
            ("GET", "hash"): Operation(control.hash),
            ("GET", "clock"): Operation(self._clock),
            ("POST", "clock"): Operation(self._set_clock),
            ("GET", "calls"): Operation(control.calls),
            ("DELETE", "calls"): Operation(control.clear_calls),
            ("GET", "credits"): Operation(control.credits),
            ("GET", "callbacks"): Operation(control.callbacks, "callbacks"),
            ("GET", "faults"): Operation(control.faults, "faults"),
            ("POST", "faults"): Operation(self._fail, hands_on_to=control.fail),
            ("DELETE", "faults"): Operation(control.clear_faults),
            ("POST", "grants/revoke"): Operation(control.revoke_grant, "revoked"),
            ("POST", "grant-tokens"): Operation(control.mint_grant_token),
            ("GET", "secrets"): Operation(control.secrets, "secrets"),
            ("GET", "switches"): Operation(self._switches),
            ("POST", "switches"): Operation(control.switch),
            ("GET", "load"): Operation(self._load),
        }

    def handle(self, request: Request, path: str) -> Response:
        """Answer a request; a mistake in it is 400 with one sentence."""
        path, named = _split_client(path)
        operation = self.operations.get((request.method, path))
        if operation is None:
            known = ", ".join(sorted(f"{method} /_sandbox/{name}" for method, name in self.operations))
            return Response(404, {"error": f"there is no {request.method} /_sandbox/{path}; there are {known}"})
        try:
            options = self._options(request) | named
            operation.check(path or "the page", options)
            given = operation.work(**options)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
            return Response(400, {"error": _sentence(error)})
        if isinstance(given, Response):
            return given
        if operation.under:
            given = {operation.under: given}
        return Response(200, {} if given is None else given)

    def _options(self, request: Request) -> Options:
        query = {name: _from_query(name, value) for name, value in request.query.items()}
        body = request.json() if request.body else {}
        if not isinstance(body, dict):
            raise ValueError("the body must be one JSON object")
        return {**query, **body}

    def _page(self) -> Response:
        return Response(200, self._control.overview(), content_type=HTML_TYPE)

    def _clock(self) -> Options:
        return {"now": self._control.now().isoformat(timespec="milliseconds")}

    def _set_clock(
        self, now: str | None = None, advance_seconds: float | None = None, speed: float | None = None
    ) -> Options:
        if (now, advance_seconds, speed) == (None, None, None):
            raise ValueError('the clock takes {"now"}, {"advance_seconds"} or {"speed"}')
        if now is not None:
            self._control.set_clock(now)
        if advance_seconds is not None:
            self._control.advance(float(advance_seconds))
        if speed is not None:
            self._control.set_speed(float(speed))
        return self._clock()

    def _fail(self, method: str | None = None, path: str = "/", **options: Any) -> None:
        self._control.fail(f"{method or ''} {path}".strip(), **options)

    def _switches(self) -> Options:
        return self._control.switch()

    def _load(self) -> Options:
        report = self._control.load_report
        return report.as_dict() if report else {}


def _split_client(path: str) -> tuple[str, Options]:
    """Take the client's id out of the one path that names something."""
    first, _, rest = path.partition("/")
    client_id, _, last = rest.partition("/")
    if first == "clients" and last == "data-centers":
        return CLIENT_DATA_CENTERS, {"client_id": client_id}
    return path, {}


def _from_query(name: str, value: str) -> Any:
    if name == "ids":
        return [part.strip() for part in value.split(",") if part.strip()]
    return {"true": True, "false": False}.get(value, value)


def _sentence(error: Exception) -> str:
    return f"missing or unknown: {error}" if isinstance(error, KeyError) else str(error)

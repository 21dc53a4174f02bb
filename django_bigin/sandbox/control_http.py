"""The control API's paths: JSON in, one method of the sandbox, JSON out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .http import HTML_TYPE, Request, Response

if TYPE_CHECKING:
    from .control import Control

Options = dict[str, Any]
SLIDERS = "clients/{client_id}/data-centers"


class ControlPaths:
    """Answers `/_sandbox/...`."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._operations: dict[tuple[str, str], Callable[[Options], Any]] = {
            ("GET", ""): lambda o: Response(200, control.overview(), content_type=HTML_TYPE),
            ("GET", "start"): lambda o: control.start_document(),
            ("POST", "reset"): lambda o: control.reset(),
            ("POST", "organizations"): lambda o: control.add_organization(**o),
            ("GET", "users"): lambda o: {"users": control.users()},
            ("POST", "users"): lambda o: control.add_user(**o),
            ("POST", "clients"): lambda o: control.add_client(**o),
            ("POST", SLIDERS): lambda o: control.switch_client(**o),
            ("POST", "consent"): lambda o: {"location": control.consent(**o)},
            ("POST", "seed"): lambda o: control.seed(**o),
            ("GET", "records"): lambda o: {"records": control.records(**o)},
            ("POST", "records"): lambda o: {"ids": control.add_records(**o)},
            ("PATCH", "records"): lambda o: control.edit_records(**o),
            ("DELETE", "records"): lambda o: control.delete_records(**o),
            ("POST", "restore"): lambda o: control.restore_records(**o),
            ("POST", "fields"): lambda o: control.add_fields(**o),
            ("POST", "team-pipelines"): lambda o: control.add_team_pipeline(**o),
            ("GET", "counts"): lambda o: control.counts(**o),
            ("GET", "hash"): lambda o: control.hash(**o),
            ("GET", "clock"): lambda o: self._clock(),
            ("POST", "clock"): self._set_clock,
            ("GET", "calls"): lambda o: control.calls(**o),
            ("DELETE", "calls"): lambda o: control.clear_calls(),
            ("GET", "credits"): lambda o: control.credits(**o),
            ("GET", "callbacks"): lambda o: {"callbacks": control.callbacks(**o)},
            ("POST", "faults"): self._fail,
            ("DELETE", "faults"): lambda o: control.clear_faults(),
            ("POST", "grants/revoke"): lambda o: {"revoked": control.revoke_grant(**o)},
            ("POST", "grant-tokens"): lambda o: control.mint_grant_token(**o),
            ("GET", "secrets"): lambda o: {"secrets": control.secrets()},
            ("GET", "switches"): lambda o: control.switch(),
            ("POST", "switches"): lambda o: control.switch(**o),
            ("GET", "load"): lambda o: control.load_report.as_dict() if control.load_report else {},
        }

    def handle(self, request: Request, path: str) -> Response:
        """Answer a request; a mistake in it is 400 with one sentence."""
        path, named = _split_client(path)
        operation = self._operations.get((request.method, path))
        if operation is None:
            known = ", ".join(sorted(f"{method} /_sandbox/{name}" for method, name in self._operations))
            return Response(404, {"error": f"there is no {request.method} /_sandbox/{path}; there are {known}"})
        try:
            given = operation(self._options(request) | named)
        except (ValueError, TypeError, KeyError) as error:
            return Response(400, {"error": _sentence(error)})
        if isinstance(given, Response):
            return given
        return Response(200, {} if given is None else given)

    def _options(self, request: Request) -> Options:
        query = {name: _from_query(name, value) for name, value in request.query.items()}
        body = request.json() if request.body else {}
        if not isinstance(body, dict):
            raise ValueError("the body must be one JSON object")
        return {**query, **body}

    def _clock(self) -> Options:
        return {"now": self._control.now().isoformat(timespec="milliseconds")}

    def _set_clock(self, options: Options) -> Options:
        if options.keys() - {"advance_seconds", "now", "speed"} or not options:
            raise ValueError('the clock takes {"now"}, {"advance_seconds"} or {"speed"}')
        if "now" in options:
            self._control.set_clock(options["now"])
        if "advance_seconds" in options:
            self._control.advance(float(options["advance_seconds"]))
        if "speed" in options:
            self._control.set_speed(float(options["speed"]))
        return self._clock()

    def _fail(self, options: Options) -> None:
        options = dict(options)
        call = f"{options.pop('method', '') or ''} {options.pop('path', '/')}".strip()
        self._control.fail(call, **options)


def _split_client(path: str) -> tuple[str, Options]:
    """Take the client's id out of the one path that names something."""
    first, _, rest = path.partition("/")
    client_id, _, last = rest.partition("/")
    if first == "clients" and last == "data-centers":
        return SLIDERS, {"client_id": client_id}
    return path, {}


def _from_query(name: str, value: str) -> Any:
    if name == "ids":
        return [part.strip() for part in value.split(",") if part.strip()]
    return {"true": True, "false": False}.get(value, value)


def _sentence(error: Exception) -> str:
    # A wrong option's name comes as Python's TypeError about the method behind it.
    return str(error).replace("Control.", "") if not isinstance(error, KeyError) else f"missing or unknown: {error}"

"""Rules that make the next calls go wrong."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from typing import Any

from ..wire.messages import HTML_TYPE, JSON_TYPE, Response
from ..wire.refusals import CODES, error_body
from ..world.products import PRODUCTS, product_at

HTML_PAGE = "<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"
# What the API answers with such a status of its own accord.
CODE_OF_STATUS = {401: "INVALID_TOKEN", 403: "NO_PERMISSION", 429: "TOO_MANY_REQUESTS", 500: "INTERNAL_ERROR"}
# What is told of every fault, whether or not somebody chose it.
ALWAYS_TOLD = {"path", "method", "times", "after"}
EFFECTS = (
    "status", "drop", "truncate", "delay_seconds", "trickle", "bomb", "info", "overwrite", "wrong_token", "throttle",
)  # fmt: skip
MOST_BOMB_BYTES = 4 * 1024**3 - 1  # gzip has no room for a greater length
# Checked when a fault is made: later it would fail in every call that it strikes.
KINDS: dict[str, Any] = {
    **dict.fromkeys(("status", "times", "after", "truncate", "bomb"), int),
    **dict.fromkeys(("delay_seconds", "probability", "trickle"), int | float),
    **dict.fromkeys(("org_id", "content_type"), str),
    **dict.fromkeys(("info", "overwrite"), dict),
}
KIND_WORDS = {int: "a whole number", int | float: "a number", str: "a text", dict: "an object"}


@dataclass(slots=True)
class Fault:
    """A rule: the calls that it concerns, and what happens to them."""

    path: str = "/"
    method: str | None = None
    status: int | None = None
    body: Any = None
    content_type: str | None = None
    delay_seconds: float = 0.0
    drop: str | None = None
    times: int | None = 1  # None: for ever
    after: int = 0
    org_id: str | None = None
    truncate: int | None = None  # bytes of the body that are sent before the connection ends
    wrong_token: bool = False
    throttle: bool = False
    info: dict[str, Any] | None = None  # what the answer's `info` wrongly says
    probability: float = 1.0
    overwrite: dict[str, Any] | None = None  # what keys of a JSON answer wrongly say; None leaves one out
    trickle: float | None = None  # bytes of the answer that are sent in a second
    bomb: int | None = None  # bytes to which the body unpacks

    def __post_init__(self) -> None:
        for name, kind in KINDS.items():
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, kind)):
                raise ValueError(f"{name} takes {KIND_WORDS[kind]}, not {value!r}")
        if self.status is not None and not 200 <= self.status <= 599:
            raise ValueError("a status is a number from 200 to 599")
        if not 0 <= self.delay_seconds < math.inf or self.after < 0 or (self.times or 0) < 0:
            raise ValueError("delay_seconds, after and times are not negative")
        if not isinstance(self.body, bytes):
            json.dumps([self.body, self.info, self.overwrite])
        if self.drop not in {None, "before", "after"}:
            raise ValueError(f'drop is "before" or "after" (the work was done), not {self.drop!r}')
        if not 0 < self.probability <= 1:
            raise ValueError("probability is more than 0 and at most 1")
        if self.truncate is not None and self.truncate < 0:
            raise ValueError("truncate is a number of bytes")
        if self.trickle is not None and not 0 < self.trickle < math.inf:
            raise ValueError("trickle is more than 0: bytes a second")
        if self.bomb is not None and not 0 < self.bomb <= MOST_BOMB_BYTES:
            raise ValueError(f"bomb is a number of bytes from 1 to {MOST_BOMB_BYTES}")
        spoils = self.truncate is not None or any(getattr(self, name) for name in EFFECTS)
        if not (spoils or self.answers()):
            raise ValueError(f"a fault needs a body, {', '.join(EFFECTS[:-1])} or {EFFECTS[-1]}")

    def strikes(self, method: str, path: str, org_id: str | None, chance: Callable[[], float] = lambda: 0.0) -> bool:
        """Tell whether it concerns this call, and count it; `chance` gives a number from 0 up to 1."""
        if self.times == 0 or (self.method and self.method != method) or not path_matches(self.path, path):
            return False
        if self.org_id is not None and self.org_id != org_id:
            return False
        if self.probability < 1 and chance() >= self.probability:
            return False
        if self.after > 0:
            self.after -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True

    def as_dict(self) -> dict[str, Any]:
        """Return its options without those at their defaults; `times` and `after` are what is left of them."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {f.name: values[f.name] for f in fields(self) if f.name in ALWAYS_TOLD or values[f.name] != f.default}

    def effect(self) -> str:
        """Tell in a few words what happens."""
        values = [(name, getattr(self, name)) for name in EFFECTS if getattr(self, name)]
        parts = [name if value is True else f"{name} {value}" for name, value in values]
        parts += ["a body of its own"] if self.body is not None else []
        return ", ".join(parts) + (f", {self.probability:.0%} of the time" if self.probability < 1 else "")

    def spoil(self, response: Response) -> None:
        """Make an answer of the sandbox's own a wrong one."""
        if self.wrong_token and isinstance(response.payload, dict) and "access_token" in response.payload:
            # In the right shape, and nobody knows it.
            response.payload["access_token"] = f"1000.{'0' * 32}.{'0' * 32}"
            response.outcome = "fault wrong token"
        if self.info is not None:
            _overwrite_info(response, self.info)
        if self.overwrite is not None:
            _overwrite(response, self.overwrite)
        if self.bomb is not None and response.payload is not None:
            response.bomb, response.outcome = self.bomb, f"bomb {response.outcome}"
        if self.trickle is not None:
            response.trickle, response.outcome = self.trickle, f"trickled {response.outcome}"
        if self.truncate is not None:
            response.truncate, response.outcome = self.truncate, f"truncated {response.outcome}"

    def answers(self) -> bool:
        """Tell whether it answers instead of the API."""
        return self.status is not None or self.body is not None

    def response(self, path: str) -> Response:
        """Build its answer: the body given, else what such a status usually brings."""
        status = self.status or 200
        payload, content_type = self.body, self.content_type
        if payload is None and product_at(path) and status in CODE_OF_STATUS:
            code = CODE_OF_STATUS[status]
            payload = error_body(code, CODES[code][1])
        elif payload is None:
            payload, content_type = HTML_PAGE.format(f"{status} error"), content_type or HTML_TYPE
        return Response(status, payload, content_type=content_type or JSON_TYPE, outcome=f"fault {status}")


def _overwrite_info(response: Response, info: dict[str, Any]) -> None:
    payload = _decoded(response)
    if isinstance(payload.get("info"), dict):
        payload["info"] |= info
        response.payload, response.outcome = payload, f"fault info {response.outcome}"


def _overwrite(response: Response, keys: dict[str, Any]) -> None:
    if payload := _decoded(response):
        response.payload = {name: value for name, value in (payload | keys).items() if value is not None}
        response.outcome = f"fault overwrite {response.outcome}"


def _decoded(response: Response) -> dict[str, Any]:
    """Return the object in an answer's JSON, which may be encoded already; nothing if it is no object."""
    payload = response.payload
    if isinstance(payload, str) and response.content_type == JSON_TYPE:
        try:
            payload = json.loads(payload)
        except ValueError:
            return {}  # a fault's own text
    return payload if isinstance(payload, dict) else {}


def path_matches(pattern: str, path: str) -> bool:
    """Compare a path with a glob, or with the beginning of whole segments."""
    if any(sign in pattern for sign in "*?["):
        return fnmatchcase(path, pattern)
    start = pattern.rstrip("/")
    return path == start or path.startswith(start + "/")


def split_call(call: str) -> tuple[str | None, str]:
    """Read `GET /bigin/v2/Contacts`, or a path alone for every method."""
    method, _, path = call.strip().partition(" ")
    if not path or method.startswith("/"):  # a path may have a blank in it
        method, path = "", call.strip()
    if not path.startswith("/") and "*" not in path:
        raise ValueError(f"{call!r} names no call: write it like 'GET {PRODUCTS[0].base_path}/Contacts'")
    return method.upper() or None, path.strip()

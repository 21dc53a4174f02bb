"""The methods that make calls fail."""

from __future__ import annotations

from typing import Any

from ..calls.faults import Fault, split_call
from .base import ControlBase


class FaultsControl(ControlBase):
    """Faults that wait for calls."""

    def fail(
        self, call: str = "/", *,
        status: int | None = None, body: Any = None, content_type: str | None = None,
        delay_seconds: float = 0.0, drop: str | None = None,
        times: int | None = 1, after: int = 0, org_id: str | None = None,
        truncate: int | None = None, wrong_token: bool = False, throttle: bool = False,
        info: dict[str, Any] | None = None, probability: float = 1.0, overwrite: dict[str, Any] | None = None,
        trickle: float | None = None, bomb: int | None = None,
    ) -> None:  # fmt: skip
        """Make the next calls go wrong.

        Args:
            call: `GET /bigin/v2/Contacts`, or a path for every method; the beginning of a path, or a glob with `*`.
            body: text, or what is sent as JSON; unset, what such a status usually brings.
            drop: close the connection and answer nothing, "before" or "after" the work was done.
            times: how many calls, None for all; the first `after` calls pass.
            truncate: send that many bytes of the body, then end the connection.
            wrong_token: token answers carry a token nobody knows; the API answers 401 INVALID_TOKEN.
            throttle: answer as a server that was asked too often.
            info: keys of the answer's `info` that say something else than the rows do.
            probability: strike only so often; the sandbox's seed decides when.
            overwrite: keys of a JSON answer that say something else; None leaves one out.
            trickle: send so many bytes a second, of the head of the answer and of its body.
            bomb: send the body packed with gzip, filled with blanks so that it unpacks to so many bytes.
        """
        method, path = split_call(call)
        fault = Fault(
            path, method, status, body, content_type, delay_seconds, drop, times, after, org_id,
            truncate, wrong_token, throttle, info, probability, overwrite, trickle, bomb,
        )  # fmt: skip
        with self._lock:
            self._application.faults.append(fault)

    def faults(self) -> list[dict[str, Any]]:
        """Return the faults that wait to strike, as they were set; `times` and `after` are what is left of them."""
        with self._lock:
            return [fault.as_dict() for fault in self._application.faults if fault.times != 0]

    def clear_faults(self) -> None:
        """Remove all faults."""
        with self._lock:
            self._application.faults.clear()

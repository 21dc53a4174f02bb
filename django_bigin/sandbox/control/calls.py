"""The methods that tell of the calls that came, their credits, and the callbacks that were sent."""

from __future__ import annotations

from typing import Any

from ..calls.faults import split_call
from ..world.identity import grant_name
from .base import ControlBase


class CallsControl(ControlBase):
    """Calls, credits and callbacks."""

    def calls(
        self,
        path: str | None = None,
        method: str | None = None,
        org_id: str | None = None,
        grant: str | None = None,
        outcome: str | None = None,
    ) -> dict[str, Any]:
        """Return the calls that came, all or a selection.

        Args:
            path: the beginning of paths, or a glob; with a method in front, such as `POST /oauth`, of that alone.
            grant: its name, as in `by_grant` and on the page, or its refresh token.
            outcome: "ok", or the word of a refusal or a fault, as in `by_outcome`.

        Returns:
            {"total", "by_path", "by_grant", "by_outcome", "calls", "unknown"}: numbers, the last calls whole, and of
            them those that Bigin does not have.
        """
        if path:
            in_front, path = split_call(path)
            if in_front and method and in_front != method.upper():
                raise ValueError(f"path names {in_front} and method {method}: say one of them")
            method = in_front or method
        with self._lock:
            if grant and grant in self._state.grants:
                grant = grant_name(grant)
            return self._application.log.report(path=path, method=method, org_id=org_id, grant=grant, outcome=outcome)

    def count_calls(self, call: str) -> int:
        """Count the calls of exactly this method and path, such as `POST /oauth/v2/token`; `*` stands for anything."""
        method, path = split_call(call)
        with self._lock:
            return self._application.log.count(method, path)

    def clear_calls(self) -> None:
        """Forget the calls that came; credits stay used."""
        with self._lock:
            self._application.log.clear()

    def credits(self, org_id: str | None = None) -> dict[str, int]:
        """Return the credits used in the last 24 hours and the budget."""
        with self._lock:
            organization = self._state.organization(org_id)
            budget = self._state.credit_budget(organization)
            return {"used": organization.credits.used(self._state.now()), "budget": budget}

    def callbacks(self, wait_seconds: float = 0.0) -> list[dict[str, Any]]:
        """Return the callbacks of bulk read jobs that ended, and their outcomes.

        Args:
            wait_seconds: wait at most so long, in real seconds, for those that are on their way.

        Returns:
            {"job_id", "org_id", "url", "outcome", "attempts", "body"} each; the outcome is waiting, delivered, failed,
            elsewhere (not on this machine, so not sent) or off (by the switch, so not sent); an attempt is {"at"} and
            "status" or "error".
        """
        state = self._state

        def settle() -> None:
            with self._lock:
                state.run_due()  # this state's, although a reset may come meanwhile

        state.callbacks.wait(float(wait_seconds), settle)
        with self._lock:
            return [callback.as_dict() for callback in state.callbacks.all]

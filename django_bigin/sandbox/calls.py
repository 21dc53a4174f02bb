"""Every call that came, countable by path; never a secret."""

from __future__ import annotations

from collections import Counter, deque
from typing import Any

from .faults import path_matches

CALLS_KEPT = 20_000


class CallLog:
    """Counts every call and keeps the last ones whole."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str, str | None]] = Counter()
        self._last: deque[dict[str, Any]] = deque(maxlen=CALLS_KEPT)
        self._unknown: deque[dict[str, Any]] = deque(maxlen=CALLS_KEPT)

    def add(self, call: dict[str, Any], *, known: bool) -> None:
        """Note a call that was answered."""
        self._counts[call["method"], call["path"], call["org_id"]] += 1
        self._last.append(call)
        if not known:
            self._unknown.append(call)

    def clear(self) -> None:
        """Forget all of them."""
        self._counts.clear()
        self._last.clear()
        self._unknown.clear()

    def report(
        self, *, path: str | None = None, method: str | None = None, org_id: str | None = None
    ) -> dict[str, Any]:
        """Give totals and calls, of one path (or glob), method or organization if asked."""

        def wanted(of_method: str, of_path: str, of_org: str | None) -> bool:
            return (
                (method is None or method.upper() == of_method)
                and (path is None or path_matches(path, of_path))
                and (org_id is None or org_id == of_org)
            )

        by_path: Counter[str] = Counter()
        for (of_method, of_path, of_org), count in self._counts.items():
            if wanted(of_method, of_path, of_org):
                by_path[f"{of_method} {of_path}"] += count
        chosen = [call for call in self._last if wanted(call["method"], call["path"], call["org_id"])]
        unknown = [call for call in self._unknown if wanted(call["method"], call["path"], call["org_id"])]
        return {"total": by_path.total(), "by_path": dict(by_path), "calls": chosen, "unknown": unknown}

    def count(self, method: str | None, path: str) -> int:
        """Count the calls of exactly this path, or of a glob; None counts every method."""
        return sum(
            count
            for (of_method, of_path, _), count in self._counts.items()
            if method in {None, of_method} and (path == of_path or ("*" in path and path_matches(path, of_path)))
        )

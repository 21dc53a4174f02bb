"""Every call that came, countable by path, grant and outcome; never a secret."""

from __future__ import annotations

import re
from collections import Counter, deque
from dataclasses import dataclass, replace
from typing import Any

from .faults import path_matches

CALLS_KEPT = 20_000
# Past so many kinds of calls the paths of new ones are not told apart: a program may ask for a million records by id.
KINDS_KEPT, OTHERS = 100_000, "(other paths)"
LONGEST_PATH, MOST_NAMES = 500, 100
# A token or a client's secret that a confused program wrote where none belongs.
SECRET = re.compile(r"1000\.[0-9a-f]{32}\.[0-9a-f]{32}|(?<![0-9a-f])[0-9a-f]{42}(?![0-9a-f])")


@dataclass(frozen=True, slots=True)
class CallKind:
    """The traits by which calls are counted."""

    method: str
    path: str
    org_id: str | None
    grant: str | None
    outcome: str

    def is_wanted(self, path: str | None, **wanted: str | None) -> bool:
        """Tell whether it has the path (or fits the glob) and every value that is asked for; None accepts any."""
        return (path is None or path_matches(path, self.path)) and all(
            value is None or value == getattr(self, name) for name, value in wanted.items()
        )


class CallLog:
    """A counter of all calls, with the last ones whole."""

    def __init__(self) -> None:
        self._counts: Counter[CallKind] = Counter()
        self._last: deque[dict[str, Any]] = deque(maxlen=CALLS_KEPT)
        self._unknown: deque[dict[str, Any]] = deque(maxlen=CALLS_KEPT)

    def add(self, call: dict[str, Any], *, known: bool) -> None:
        """Note a call that was answered."""
        call["path"] = without_secrets(call["path"])[:LONGEST_PATH]
        call["query_names"] = [without_secrets(name)[:LONGEST_PATH] for name in call["query_names"][:MOST_NAMES]]
        kind = _kind(call)
        if kind not in self._counts and len(self._counts) >= KINDS_KEPT:
            kind = replace(kind, path=OTHERS)
        self._counts[kind] += 1
        self._last.append(call)
        if not known:
            self._unknown.append(call)

    def clear(self) -> None:
        """Forget all of them."""
        self._counts.clear()
        self._last.clear()
        self._unknown.clear()

    def report(self, *, path: str | None = None, method: str | None = None, **wanted: str | None) -> dict[str, Any]:
        """Return totals and calls; of one path (or glob), method, org_id, grant or outcome if asked."""
        wanted["method"] = method.upper() if method else None
        counts = {kind: count for kind, count in self._counts.items() if kind.is_wanted(path, **wanted)}
        by_path: Counter[str] = Counter()
        by_grant: Counter[str] = Counter()
        by_outcome: Counter[str] = Counter()
        for kind, count in counts.items():
            by_path[f"{kind.method} {kind.path}"] += count
            by_outcome[kind.outcome] += count
            if kind.grant is not None:
                by_grant[kind.grant] += count
        return {
            "total": by_path.total(),
            "by_path": dict(by_path),
            "by_grant": dict(by_grant),
            "by_outcome": dict(by_outcome),
            "calls": [call for call in self._last if _kind(call).is_wanted(path, **wanted)],
            "unknown": [call for call in self._unknown if _kind(call).is_wanted(path, **wanted)],
        }

    def count(self, method: str | None, path: str) -> int:
        """Count the calls of exactly this path, or of a glob; None counts every method."""
        return sum(
            count
            for kind, count in self._counts.items()
            if method in {None, kind.method} and (path == kind.path or ("*" in path and path_matches(path, kind.path)))
        )


def without_secrets(text: str) -> str:
    """Mask everything that looks like a token or a client's secret."""
    return SECRET.sub("...", text)


def _kind(call: dict[str, Any]) -> CallKind:
    return CallKind(call["method"], call["path"], call["org_id"], call["grant"], call["outcome"])

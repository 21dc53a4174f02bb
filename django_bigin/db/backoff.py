"""The one backoff: each failure in a row doubles the rest before the next attempt, up to a bound."""

from __future__ import annotations

import random

DOUBLINGS_AT_MOST = 16


def backoff_seconds(failures: int, *, first: float, longest: float, jitter: bool = True) -> float:
    """Return the seconds to rest after so many failures in a row, 1 for the first.

    Args:
        first: the rest after the first failure.
        longest: the bound.
        jitter: take a random half off, so that many that failed together do not come back together.
    """
    seconds = min(first * 2.0 ** min(max(failures - 1, 0), DOUBLINGS_AT_MOST), longest)
    return seconds * random.uniform(0.5, 1) if jitter else seconds  # noqa: S311  # jitter, not a secret

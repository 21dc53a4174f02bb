"""The options of a sync."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from ..credits.account import Priority
from .results import ModuleResult, Progress

OnProgress = Callable[[Progress], None]
OnResult = Callable[[ModuleResult], None]


@dataclass(frozen=True, kw_only=True)
class Options:
    """The way a sync is to be done, the same for all its modules.

    Attributes:
        full: read every record instead of what changed.
        with_deletions: read the deleted log with every delta, not only with every fourth.
        accept_missing: believe a full sync that misses suspiciously many records.
        priority: of its API calls: what is left of the day's credits for them.
        deadline_seconds: stop after about so long; what is not finished goes on with the next run.
        on_progress: told after every page.
        on_result: told of each module as soon as it is done.
    """

    full: bool = False
    with_deletions: bool = True
    accept_missing: bool = False
    priority: Priority = Priority.PERSON
    deadline_seconds: float | None = None
    on_progress: OnProgress | None = None
    on_result: OnResult | None = None

    def ends_at(self) -> float | None:
        """Return when a sync that begins now is to stop, by the monotonic clock."""
        return None if self.deadline_seconds is None else time.monotonic() + self.deadline_seconds

    def tell(self, result: ModuleResult) -> None:
        """Tell that a module is done."""
        if self.on_result is not None:
            self.on_result(result)

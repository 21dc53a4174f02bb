"""Results of a sync: its progress as it goes, and the outcome of each module."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ..text import sentence as _

DATABASE_FAILED = "The database failed"
"""The beginning of the error of a module that could not be stored."""
ANOTHER_WORKS = _("Another process is syncing it now.")


def why_incomplete(reason: str, quarantined: int) -> str:
    """Say what the mirror of a module lacks: rows in quarantine, and what else is stored as its reason."""
    if not quarantined:
        return reason
    rows = (
        _("1 row is quarantined.")
        if quarantined == 1
        else _("%(number)s rows are quarantined.", number=f"{quarantined:,}")
    )
    return f"{rows} {reason}".strip()


@dataclass(frozen=True)
class Progress:
    """The progress of a module's sync, told after every page."""

    module: str
    phase: str
    page: int
    stored: int


@dataclass
class ModuleResult:
    """The outcome of syncing one module.

    Attributes:
        finished: False where the time was up; the next run goes on from there.
        quarantined: rows that could not be stored by this run.
        incomplete: what the mirror of the module lacks though the run has finished; "" where it is complete.
        error: one sentence that says what to do; "" where all went well.
        resting: it stopped at the edge of a page since a limit of calls is reached, and `error` says until when.
        skipped: why nothing was done; "" where something was.
    """

    module: str
    created: int = 0
    updated: int = 0
    deleted: int = 0
    unchanged: int = 0
    quarantined: int = 0
    calls: int = 0
    credits: int = 0
    seconds: float = 0.0
    finished: bool = False
    incomplete: str = ""
    error: str = ""
    resting: bool = False
    skipped: str = ""

    @property
    def changed(self) -> int:
        """The number of records that were created, updated or deleted."""
        return self.created + self.updated + self.deleted

    @property
    def taken(self) -> bool:
        """Tell whether nothing was done because another process works on the module, or died less than a lease ago."""
        return self.skipped == ANOTHER_WORKS

    def as_dict(self) -> dict[str, Any]:
        """Return it for programs: `--json` prints this."""
        return asdict(self)

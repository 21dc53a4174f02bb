"""The kinds of findings, and the one table of their codes. `words` says them, `docs/health.md` lists them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from ..models import Connection

Status = Connection.Status


class Level(StrEnum):
    """The state as a badge shows it."""

    GOOD = "good"
    OFF = "off"
    WARNING = "warning"
    ERROR = "error"


class Needs(StrEnum):
    """The remedy: nothing, time (it is tried again), a person, or a look at the error."""

    NOTHING = "nothing"
    TIME = "time"
    PERSON = "person"
    LOOK = "look"


class Kind(StrEnum):
    """The findings that are not a connection's status."""

    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    UNREAD = "unread"
    FAILED = "failed"
    UNAVAILABLE = "unavailable"
    SWITCHED_OFF = "switched_off"
    OVERDUE = "overdue"
    RESTING = "resting"
    SILENT_TICK = "silent_tick"


class Cause(StrEnum):
    """The cause of a finding, where it is known more narrowly than its kind says."""

    THROTTLED = "throttled"
    NOT_STORED = "not_stored"
    QUARANTINED = "quarantined"
    LATE_TOKEN = "late_token"  # noqa: S105  # the name of a cause
    NEVER_SYNCED = "never_synced"


class Fault(StrEnum):
    """The findings about the installation, besides the silent tick."""

    DATABASE_UNREACHABLE = "database_unreachable"
    UNMIGRATED = "unmigrated"
    FOREIGN = "foreign"
    NO_KEY = "no_key"
    UNKNOWN_KEY = "unknown_key"
    DAMAGED_SECRET = "damaged_secret"  # noqa: S105  # the name of a fault
    CLOCK_OFF = "clock_off"
    BROKER_DOWN = "broker_down"
    MAILER_DOWN = "mailer_down"
    SILENT_REFRESH = "silent_refresh"
    SILENT_SYNC = "silent_sync"
    UNTAKEN = "untaken"


@dataclass(frozen=True)
class Code:
    """The code of a finding: text for programs, and the exit code of `bigin_doctor`. Neither ever changes."""

    text: str
    exit_code: int

    def __str__(self) -> str:
        return self.text


CODES: Mapping[str, Code] = {
    Fault.DATABASE_UNREACHABLE: Code("database.unreachable", 10),
    Fault.UNMIGRATED: Code("database.unmigrated", 11),
    Fault.FOREIGN: Code("installation.differs", 12),
    Fault.NO_KEY: Code("key.missing", 13),
    Fault.UNKNOWN_KEY: Code("key.unknown", 14),
    Fault.DAMAGED_SECRET: Code("secret.damaged", 15),
    Fault.CLOCK_OFF: Code("clock.off", 16),
    Fault.BROKER_DOWN: Code("broker.down", 17),
    Fault.MAILER_DOWN: Code("mailer.down", 18),
    Kind.SILENT_TICK: Code("tick.silent", 19),
    Fault.SILENT_REFRESH: Code("worker.silent.refresh", 20),
    Fault.SILENT_SYNC: Code("worker.silent.sync", 21),
    Fault.UNTAKEN: Code("work.untaken", 22),
    Status.NEEDS_AUTHORIZATION: Code("grant.revoked", 30),
    Status.MISCONFIGURED: Code("client.refused", 31),
    Cause.THROTTLED: Code("connection.throttled", 32),
    Status.DEGRADED: Code("connection.degraded", 33),
    Status.PENDING: Code("connection.unconfirmed", 34),
    Cause.LATE_TOKEN: Code("token.late", 35),
    Cause.NEVER_SYNCED: Code("sync.never", 36),
    Kind.OVERDUE: Code("module.late", 37),
    Cause.NOT_STORED: Code("module.not_stored", 38),
    Kind.FAILED: Code("module.failed", 39),
    Cause.QUARANTINED: Code("rows.quarantined", 40),
    Kind.INCOMPLETE: Code("module.incomplete", 41),
    Kind.RESTING: Code("credits.resting", 42),
}
"""By kind, cause or fault, in the order in which they explain each other: the first found is the exit code."""

SERVERS_OWN = frozenset(
    {
        Fault.DATABASE_UNREACHABLE,
        Fault.UNMIGRATED,
        Fault.FOREIGN,
        Fault.NO_KEY,
        Fault.UNKNOWN_KEY,
        Fault.CLOCK_OFF,
    }
)
"""The faults that keep a web server itself from working, whatever else runs."""

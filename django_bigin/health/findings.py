"""The judgement: from facts to findings, by pure functions. How a finding is said is in `words`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ..models import Connection, ModuleSync
from . import overdue
from .facts import ConnectionFacts, Facts

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
    SILENT_TICK = "silent_tick"


@dataclass(frozen=True)
class Finding:
    """A judgement on one subject.

    Attributes:
        subject: a connection's name, a module's name, or a piece of work.
        kind: a status of `Connection.Status`, or a `Kind`.
        reason: what is stored of it, such as the last error; "" where nothing is.
        since: since when it is so, where that is known.
    """

    subject: str
    kind: str
    level: Level
    needs: Needs = Needs.NOTHING
    reason: str = ""
    since: datetime | None = None


@dataclass(frozen=True)
class ConnectionHealth:
    """A connection's facts and findings. The modules' findings stand in the order of its modules."""

    facts: ConnectionFacts
    status: Finding
    modules: tuple[Finding, ...]
    overdue: tuple[Finding, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything that is not simply well or switched off, the weightiest first."""
        found = (self.status, *self.modules, *self.overdue)
        return tuple(each for each in found if each.needs != Needs.NOTHING or each.level == Level.WARNING)

    @property
    def needs(self) -> Needs:
        """The remedy for the connection as a whole: trouble with its grant explains the trouble of its modules."""
        found = (self.status, *(self.modules if self.status.kind == Status.HEALTHY else ()), *self.overdue)
        return next((each.needs for each in found if each.needs != Needs.NOTHING), Needs.NOTHING)


@dataclass(frozen=True)
class Health:
    """The findings about some connections, and about the installation that looks after them."""

    facts: Facts
    connections: tuple[ConnectionHealth, ...]
    installation: tuple[Finding, ...]

    @property
    def needs(self) -> tuple[Needs, ...]:
        """The remedies, one for each connection and each finding about the installation."""
        return (*(each.needs for each in self.connections), *(each.needs for each in self.installation))


_OF_STATUS: Mapping[str, tuple[Level, Needs]] = {
    Status.PENDING: (Level.WARNING, Needs.PERSON),
    Status.HEALTHY: (Level.GOOD, Needs.NOTHING),
    Status.DEGRADED: (Level.WARNING, Needs.TIME),
    Status.MISCONFIGURED: (Level.ERROR, Needs.PERSON),
    Status.NEEDS_AUTHORIZATION: (Level.ERROR, Needs.PERSON),
    Status.PAUSED: (Level.OFF, Needs.NOTHING),
    Status.DISCONNECTED: (Level.OFF, Needs.NOTHING),
}


def judge(facts: Facts) -> Health:
    """Judge everything."""
    connections = tuple(_judge_whole(each, facts) for each in facts.connections)
    return Health(facts, connections, tuple(_judge_installation(facts, connections)))


def judge_connection(connection: Connection) -> Finding:
    """Judge a connection by its status. What a person switched off is as it should be."""
    level, needs = _OF_STATUS[connection.status]
    return Finding(
        str(connection), connection.status, level, needs, connection.status_reason, since=connection.status_since
    )


def judge_module(module: ModuleSync) -> Finding:
    """Judge how complete the mirror of a module is."""
    name = module.module
    if not module.enabled:
        return Finding(name, Kind.SWITCHED_OFF, Level.OFF)
    if module.unavailable_reason:
        return Finding(name, Kind.UNAVAILABLE, Level.OFF, reason=module.unavailable_reason)
    if module.last_error:
        return Finding(name, Kind.FAILED, Level.ERROR, Needs.LOOK, module.last_error, since=module.last_error_at)
    if module.incomplete_reason:
        return Finding(name, Kind.INCOMPLETE, Level.WARNING, reason=module.incomplete_reason)
    if module.records_watermark is None:
        return Finding(name, Kind.UNREAD, Level.OFF)
    return Finding(name, Kind.COMPLETE, Level.GOOD)


def _judge_whole(connection: ConnectionFacts, facts: Facts) -> ConnectionHealth:
    return ConnectionHealth(
        facts=connection,
        status=judge_connection(connection.row),
        modules=tuple(judge_module(module.row) for module in connection.modules),
        overdue=tuple(
            Finding(each.work, Kind.OVERDUE, Level.ERROR, Needs.LOOK, since=each.since)
            for each in overdue.find_overdue(connection, facts)
        ),
    )


def _judge_installation(facts: Facts, connections: Iterable[ConnectionHealth]) -> Iterable[Finding]:
    if overdue.tick_needs_a_look(facts, any_overdue=any(each.overdue for each in connections)):
        yield Finding("tick", Kind.SILENT_TICK, Level.ERROR, Needs.LOOK, since=facts.last_seen.tick)

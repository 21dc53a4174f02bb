"""The judgement: from facts to findings, by pure functions. How a finding is said is in `words`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from ..connections.states import is_syncable
from ..credits.account import RESTS_REFUSED, RESTS_SPENT
from ..models import Connection, ModuleSync
from ..sync.results import DATABASE_FAILED, why_incomplete
from ..text import moment
from ..text import sentence as _
from . import installation, overdue, queues
from .facts import ConnectionFacts, Facts
from .kinds import CODES, Cause, Code, Kind, Level, Needs

Status = Connection.Status


@dataclass(frozen=True)
class Finding:
    """A judgement on one subject.

    Attributes:
        subject: a connection's name, a module's name, a piece of work, or a part of the installation.
        kind: a status of `Connection.Status`, a `Kind`, or a `Fault` of the installation.
        reason: what is stored of it, such as the last error; "" where nothing is.
        since: since when it is so, where that is known.
        cause: what is known more narrowly than the kind says; it has a code and words of its own.
    """

    subject: str
    kind: str
    level: Level
    needs: Needs = Needs.NOTHING
    reason: str = ""
    since: datetime | None = None
    cause: Cause | None = None

    @property
    def code(self) -> Code | None:
        """The code of the finding for programs; None where nothing is wrong."""
        return CODES.get(self.cause or self.kind)


@dataclass(frozen=True)
class ConnectionHealth:
    """A connection's facts and findings. The modules' findings stand in the order of its modules."""

    facts: ConnectionFacts
    status: Finding
    modules: tuple[Finding, ...]
    overdue: tuple[Finding, ...]
    resting: Finding | None = None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything that is not simply well or switched off, the weightiest first."""
        found = (self.status, *self.modules, *self.overdue, *self._resting)
        return tuple(each for each in found if each.needs != Needs.NOTHING or each.level == Level.WARNING)

    @property
    def quarantined(self) -> int:
        """The number of rows that could not be stored."""
        return sum(module.quarantined for module in self.facts.modules)

    @property
    def needs(self) -> Needs:
        """The remedy for the connection as a whole: trouble with its grant explains the trouble of its modules."""
        found = (
            self.status,
            *(self.modules if self.status.kind == Status.HEALTHY else ()),
            *self.overdue,
            *self._resting,
        )
        return next((each.needs for each in found if each.needs != Needs.NOTHING), Needs.NOTHING)

    @property
    def _resting(self) -> tuple[Finding, ...]:
        return (self.resting,) if self.resting else ()


@dataclass(frozen=True)
class Wrong:
    """A finding that needs something, with its code and the connection that it is about; None for the installation."""

    code: Code
    finding: Finding
    connection: Connection | None


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

    @property
    def wrong(self) -> tuple[Wrong, ...]:
        """Everything that is not well, the likeliest cause of the rest first."""
        found: list[tuple[Finding, ConnectionHealth | None]] = [(each, None) for each in self.installation]
        found += [(each, connection) for connection in self.connections for each in connection.findings]
        wrong = [
            Wrong(finding.code, finding, connection.facts.row if connection else None)
            for finding, connection in found
            if finding.needs != Needs.NOTHING and finding.code is not None
        ]
        return tuple(sorted(wrong, key=lambda each: each.code.exit_code))


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
    any_overdue = any(each.overdue for each in connections)
    return Health(facts, connections, tuple(_judge_installation(facts, any_overdue=any_overdue)))


def judge_connection(connection: Connection) -> Finding:
    """Judge a connection by its status. What a person switched off is as it should be."""
    level, needs = _OF_STATUS[connection.status]
    throttled = connection.status == Status.DEGRADED and connection.throttle_count > 0
    return Finding(
        str(connection),
        connection.status,
        level,
        needs,
        connection.status_reason,
        since=connection.status_since,
        cause=Cause.THROTTLED if throttled else None,
    )


def judge_module(module: ModuleSync, *, quarantined: int = 0) -> Finding:
    """Judge how complete the mirror of a module is.

    Args:
        quarantined: how many of its rows could not be stored.
    """
    name = module.module
    if not module.enabled:
        return Finding(name, Kind.SWITCHED_OFF, Level.OFF)
    if module.unavailable_reason:
        return Finding(name, Kind.UNAVAILABLE, Level.OFF, reason=module.unavailable_reason)
    if module.last_error:
        cause = Cause.NOT_STORED if module.last_error.startswith(DATABASE_FAILED) else None
        since = module.last_error_at
        return Finding(name, Kind.FAILED, Level.ERROR, Needs.LOOK, module.last_error, since=since, cause=cause)
    if quarantined:
        reason = why_incomplete(module.incomplete_reason, quarantined)
        return Finding(name, Kind.INCOMPLETE, Level.WARNING, Needs.LOOK, reason, cause=Cause.QUARANTINED)
    if module.incomplete_reason:
        return Finding(name, Kind.INCOMPLETE, Level.WARNING, reason=module.incomplete_reason)
    if module.records_watermark is None:
        return Finding(name, Kind.UNREAD, Level.OFF)
    return Finding(name, Kind.COMPLETE, Level.GOOD)


def _judge_whole(connection: ConnectionFacts, facts: Facts) -> ConnectionHealth:
    return ConnectionHealth(
        facts=connection,
        status=judge_connection(connection.row),
        modules=tuple(judge_module(module.row, quarantined=module.quarantined) for module in connection.modules),
        overdue=tuple(
            Finding(each.work, Kind.OVERDUE, Level.ERROR, Needs.LOOK, since=each.since, cause=each.cause)
            for each in overdue.find_overdue(connection, facts)
        ),
        resting=_judge_credits(connection),
    )


def _judge_credits(connection: ConnectionFacts) -> Finding | None:
    credits = connection.credits
    if credits.rests_until is None or not is_syncable(connection.row):
        return None
    reason = (RESTS_REFUSED if credits.refused else RESTS_SPENT) % {"until": moment(credits.rests_until)}
    return Finding(_("credits"), Kind.RESTING, Level.WARNING, Needs.TIME, reason)


def _judge_installation(facts: Facts, *, any_overdue: bool) -> Iterable[Finding]:
    """Find what is wrong with the installation itself, the likeliest cause of all the rest first."""
    for fault in installation.find_faults(facts):
        yield Finding(fault.subject, fault.kind, Level.ERROR, fault.needs, fault.reason, since=fault.since)
    if overdue.tick_needs_a_look(facts, any_overdue=any_overdue):
        yield Finding(_("tick"), Kind.SILENT_TICK, Level.ERROR, Needs.LOOK, since=facts.last_seen.tick)
    elif overdue.tick_is_alive(facts):
        for queue in queues.judge(facts):
            yield Finding(queue.name, queue.fault, Level.ERROR, Needs.LOOK, queue.reason, since=queue.since)

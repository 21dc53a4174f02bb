"""The sentences: each finding in words, for every door and every mail alike.

Those about a connection's status stand in `connections.states`, since its refusals are made of them as well.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..connections.states import STATES
from ..models import Connection
from ..text import moment
from .findings import ConnectionHealth, Finding, Health, Kind, Needs

_SUBJECTS_NAMED = 10
_START_WORKERS = "Start beat and workers, or bigin_tick."


@dataclass(frozen=True)
class Words:
    """A finding as people read it: the same for every subject.

    Attributes:
        label: a word or two, for a badge.
        happened: a sentence.
        app_does: a sentence on what the app does about it by itself; "" where that is nothing.
        person_does: a sentence on what a person is to do; "" where there is nothing to do.
    """

    label: str
    happened: str
    app_does: str = ""
    person_does: str = ""


_OF_STATUS = {
    status: Words(Connection.Status(status).label, state.happened, state.app_does, state.person_does)
    for status, state in STATES.items()
}
_OF_KIND: dict[str, Words] = {
    Kind.COMPLETE: Words("Complete", "Every record is mirrored."),
    Kind.INCOMPLETE: Words(
        "Incomplete", "Something is missing in the mirror, and the reason says what.", "The next full sync looks again."
    ),
    Kind.UNREAD: Words("Not read yet", "Nothing was read yet.", "The next sync reads it."),
    Kind.FAILED: Words(
        "Failed",
        "The last sync failed, or found what a person should know.",
        "It is synced again: as usual, or after a failure with growing pauses of at most an hour.",
        "Read the error.",
    ),
    Kind.UNAVAILABLE: Words(
        "Not available",
        "Zoho does not offer the module, or the grant lacks a scope.",
        "It is not mirrored.",
        "Reconnect with the scope if it is wanted.",
    ),
    Kind.SWITCHED_OFF: Words("Switched off", "Somebody switched the module off.", "It is not mirrored."),
    Kind.OVERDUE: Words("Overdue", "It is long due, and nobody does it.", person_does=_START_WORKERS),
    Kind.SILENT_TICK: Words("Silent", "The tick is silent: nothing is handed out.", person_does=_START_WORKERS),
}
WORDS: Mapping[str, Words] = {**_OF_STATUS, **_OF_KIND}


def words_for(finding: Finding) -> Words:
    """Return the words for a finding."""
    return WORDS[finding.kind]


def phrase(finding: Finding) -> str:
    """Return a finding in one phrase, such as "failed: Rate limit reached."."""
    label = words_for(finding).label.lower()
    return f"{label}: {finding.reason}" if finding.reason else label


def mail_subject(connection: Connection, finding: Finding) -> str:
    """Return the subject of a mail about a connection, in one line: a name may hold a line break."""
    label = words_for(finding).label.lower()
    return " ".join(f"{connection.description.name}: {connection} of {connection.tenant}: {label}".split())


def mail_text(connection: Connection, finding: Finding, *, page: str) -> str:
    """Return the text of a mail about a connection.

    Args:
        page: the address of the connection's page; "" where there is none.
    """
    words = words_for(finding)
    return "\n".join(
        (
            f"Tenant: {connection.tenant}",
            f"Connection: {connection}",
            f"Status: {words.label} since {moment(finding.since)}",
            f"Reason: {finding.reason or 'none given'}",
            "",
            f"{words.happened} {words.app_does}",
            words.person_does,
            *(("", f"Its page: {page}") if page else ()),
        )
    )


def overdue(connection: ConnectionHealth) -> str:
    """Say what of a connection is overdue, by the moment since which it is; the longest first."""
    by_moment: dict[str, list[str]] = defaultdict(list)
    for finding in connection.overdue:
        by_moment[moment(finding.since)].append(finding.subject)
    return ", ".join(f"{' and '.join(work)} since {since}" for since, work in sorted(by_moment.items()))


def verdict(health: Health, names: Iterable[str]) -> str:
    """Say in a line what is not well; "" where all is.

    Args:
        names: a name of each connection's tenant, in the order of the connections.
    """
    sentences = []
    unhealthy = [each for each in health.connections if each.needs != Needs.NOTHING]
    if unhealthy:
        verb = "is" if len(unhealthy) == 1 else "are"
        sentences.append(f"{len(unhealthy)} of {len(health.connections)} connections {verb} unhealthy.")
    late = [f"{name}: {overdue(each)}" for name, each in zip(names, health.connections, strict=True) if each.overdue]
    if late:
        more = f" and {len(late) - _SUBJECTS_NAMED} more" if len(late) > _SUBJECTS_NAMED else ""
        sentences.append(f"Nobody does what is due: {'; '.join(late[:_SUBJECTS_NAMED])}{more}.")
    if late or health.installation:
        seen = health.facts.last_seen
        sentences.append(f"Last seen: tick {moment(seen.tick)}, worker {moment(seen.worker)}. {_START_WORKERS}")
    return " ".join(sentences)

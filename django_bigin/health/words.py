"""The sentences: each finding in words, for every door and every mail alike.

Those about a connection's status stand in `connections.states`, since its refusals are made of them as well.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from ..conf import settings
from ..connections.states import STATES
from ..models import Connection
from ..tenants import tenant_label
from ..text import moment, one_line
from .findings import ConnectionHealth, Finding, Health, Wrong
from .kinds import Cause, Fault, Kind, Needs

_SUBJECTS_NAMED = 10
_START_WORKERS = "Start beat and workers, or bigin_tick."
_WORK = (Fault.SILENT_REFRESH, Fault.SILENT_SYNC, Kind.SILENT_TICK)


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
_OF_CAUSE: dict[str, Words] = {
    Cause.THROTTLED: Words(
        Connection.Status.DEGRADED.label,
        "Zoho throttles the requests for a token.",
        "It rests for ten minutes and more, and goes on mirroring as long as the token is valid.",
        "Let nothing else ask for tokens with the same client. If it stays so, look for a second installation.",
    ),
    Cause.NOT_STORED: Words(
        "Failed",
        "The database failed while records were being stored.",
        "It is tried again, with growing pauses of at most an hour; every page up to then is kept.",
        "Look at the database: its disk may be full.",
    ),
    Cause.QUARANTINED: Words(
        "Incomplete",
        "Some rows could not be stored, and are quarantined.",
        "A row leaves the quarantine when a later copy of its record is stored, or the record is gone.",
        "Read the reasons under Quarantined rows in the admin, and correct the records in Zoho.",
    ),
    Cause.LATE_TOKEN: Words(
        "Overdue", "The token has expired, and nobody has tried to refresh it.", person_does=_START_WORKERS
    ),
    Cause.NEVER_SYNCED: Words("Overdue", "The connection works and was never synced.", person_does=_START_WORKERS),
}
_OF_FAULT: dict[str, Words] = {
    Fault.DATABASE_UNREACHABLE: Words(
        "Unreachable", "The database does not answer.", person_does="Start it, or correct DATABASES."
    ),
    Fault.UNMIGRATED: Words(
        "Not migrated", "The tables are older than the code.", person_does="Run manage.py migrate."
    ),
    Fault.FOREIGN: Words(
        "Another's",
        "The database belongs to another installation.",
        "Nothing is sent to Zoho.",
        "Correct BIGIN_INSTALLATION_ID; if the database has moved here for good, run manage.py bigin_adopt.",
    ),
    Fault.NO_KEY: Words(
        "No key",
        "There is no encryption key, so no stored secret can be read.",
        person_does="Put the key back into BIGIN_ENCRYPTION_KEYS, and restart every process.",
    ),
    Fault.UNKNOWN_KEY: Words(
        "Key missing",
        "Stored secrets were encrypted with a key that is not configured.",
        person_does="Put that key back at the end of BIGIN_ENCRYPTION_KEYS. If it is lost, reconnect and enter the "
        "client secret again.",
    ),
    Fault.DAMAGED_SECRET: Words(
        "Damaged",
        "Stored secrets were changed, or moved from another row.",
        person_does="Reconnect, or enter the client secret again; then find out who writes to the tables.",
    ),
    Fault.CLOCK_OFF: Words(
        "Off",
        "The clock of this machine and that of the database differ.",
        person_does="Set both by NTP; look at BIGIN_CLOCK and USE_TZ.",
    ),
    Fault.BROKER_DOWN: Words(
        "Down",
        "The message broker does not answer, so no worker can be woken.",
        "Nothing is lost: what is due stays due.",
        "Start it, or correct Celery's broker_url.",
    ),
    Fault.MAILER_DOWN: Words(
        "Down",
        "The last mails could not be sent.",
        "They are tried again every five minutes.",
        "Look at the mail server and Django's EMAIL settings.",
    ),
    Fault.SILENT_REFRESH: Words(
        "Silent",
        "No worker refreshes tokens, although refreshes are due.",
        person_does="Start a worker for the queue of refreshes.",
    ),
    Fault.SILENT_SYNC: Words(
        "Silent",
        "No worker syncs records, although work is due.",
        person_does="Start a worker for the queue of syncs.",
    ),
    Fault.UNTAKEN: Words(
        "Untaken",
        "Work waits for an hour and more, and nobody takes it although workers run.",
        "It is handed out again and again.",
        "Start more workers; look whether they serve the same broker and queues.",
    ),
}
_WITHOUT_CELERY: dict[str, Words] = {
    Fault.UNTAKEN: Words(
        "Untaken",
        "Work waits for an hour and more, and no tick does it although ticks come.",
        "It is tried with every tick.",
        "Look at the log of bigin_tick.",
    ),
}
WORDS: Mapping[str, Words] = {**_OF_STATUS, **_OF_KIND, **_OF_CAUSE, **_OF_FAULT}


def words_for(finding: Finding) -> Words:
    """Return the words for a finding."""
    kind = finding.cause or finding.kind
    if settings.BIGIN_CELERY:
        return WORDS[kind]
    words = _WITHOUT_CELERY.get(kind, WORDS[kind])
    return replace(words, person_does=_start(words.person_does))


def _start(sentence: str) -> str:
    """Name only what this site has of what could be started."""
    return sentence if settings.BIGIN_CELERY else sentence.replace(_START_WORKERS, "Start bigin_tick.")


def phrase(finding: Finding) -> str:
    """Return a finding in one phrase, such as "failed: Rate limit reached."."""
    label = words_for(finding).label.lower()
    return f"{label}: {finding.reason}" if finding.reason else label


def sentence(finding: Finding) -> str:
    """Return a finding in a sentence or two: what happened, and what is known of it."""
    return f"{words_for(finding).happened} {finding.reason}".strip()


def detail(finding: Finding) -> str:
    """Return what is known of a finding: its reason, or what happened in general."""
    return finding.reason or words_for(finding).happened


def remedy(finding: Finding) -> str:
    """Say what a person is to do, and what the app does by itself."""
    words = words_for(finding)
    return " ".join(filter(None, (words.happened, words.person_does, words.app_does)))


def subject_of(wrong: Wrong) -> str:
    """Name what a finding is about, with the tenant where it is a connection's."""
    if wrong.connection is None:
        return wrong.finding.subject
    return f"{tenant_label(wrong.connection.tenant)}: {wrong.finding.subject}"


def mail_subject(connection: Connection, finding: Finding) -> str:
    """Return the subject of a mail about a connection, in one line: a name may hold a line break."""
    label = words_for(finding).label.lower()
    return " ".join(one_line(f"{connection.description.name}: {connection} of {connection.tenant}: {label}").split())


def mail_text(connection: Connection, finding: Finding, *, page: str) -> str:
    """Return the text of a mail about a connection.

    Args:
        page: the address of the connection's page; "" where there is none.
    """
    words = words_for(finding)
    return "\n".join(
        (
            f"Tenant: {one_line(str(connection.tenant))}",
            f"Connection: {connection}",
            f"Status: {words.label} since {moment(finding.since)}",
            f"Reason: {one_line(finding.reason) or 'none given'}",
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
    # What the parts of the installation say of themselves goes before what follows from it.
    sentences[:0] = [sentence(each) for each in health.installation if each.kind not in _WORK]
    silent = [sentence(each) for each in health.installation if each.kind in _WORK and each.kind != Kind.SILENT_TICK]
    if late or any(each.kind in _WORK for each in health.installation):
        seen = health.facts.last_seen
        worker = f", worker {moment(seen.worker)}" if settings.BIGIN_CELERY else ""
        sentences += [*silent, f"Last seen: tick {moment(seen.tick)}{worker}.", _start(_START_WORKERS)]
    return " ".join(sentences)

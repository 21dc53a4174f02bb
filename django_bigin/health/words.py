"""The sentences: each finding in words, for every door and every mail alike.

They are English, as commands print them and documents hold them; pages and mails say them in their reader's language.
Those about a connection's status stand in `connections.states`, since its refusals are made of them as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from django.utils.translation import gettext

from ..conf import settings
from ..connections.states import STATES
from ..models import Connection
from ..tenants import tenant_label
from ..text import moment, one_line
from ..text import sentence as _
from ..translation import LazyText, in_a_sentence, in_english, translated
from .findings import Finding, Wrong
from .kinds import Cause, Fault, Kind

START_WORKERS = _("Start beat and workers, or bigin_tick.")


@dataclass(frozen=True)
class Words:
    """A finding as people read it: the same for every subject.

    Attributes:
        label: a word or two, for a badge.
        happened: a sentence.
        app_does: a sentence on what the app does about it by itself; "" where that is nothing.
        person_does: a sentence on what a person is to do; "" where there is nothing to do.
    """

    label: str | LazyText
    happened: str
    app_does: str = ""
    person_does: str = ""


_OF_STATUS = {
    status: Words(Connection.Status(status).label, state.happened, state.app_does, state.person_does)
    for status, state in STATES.items()
}
_OF_KIND: dict[str, Words] = {
    Kind.COMPLETE: Words(_("Complete"), _("Every record is mirrored.")),
    Kind.INCOMPLETE: Words(
        _("Incomplete"),
        _("Something is missing in the mirror, and the reason says what."),
        _("The next full sync looks again."),
    ),
    Kind.UNREAD: Words(_("Not read yet"), _("Nothing was read yet."), _("The next sync reads it.")),
    Kind.FAILED: Words(
        _("Failed"),
        _("The last sync failed, or found what a person should know."),
        _("It is synced again: as usual, or after a failure with growing pauses of at most an hour."),
        _("Read the error."),
    ),
    Kind.UNAVAILABLE: Words(
        _("Not available"),
        _("Zoho does not offer the module, or the grant lacks a scope."),
        _("It is not mirrored."),
        _("Reconnect with the scope if it is wanted."),
    ),
    Kind.SWITCHED_OFF: Words(_("Switched off"), _("Somebody switched the module off."), _("It is not mirrored.")),
    Kind.OVERDUE: Words(_("Overdue"), _("It is long due, and nobody does it."), person_does=START_WORKERS),
    Kind.RESTING: Words(
        _("Resting"),
        _("Scheduled calls rest, since a limit of API calls is reached."),
        _("They go on by themselves; what a person asks for is still tried."),
        _("If it happens often, raise BIGIN_CREDIT_SHARE, sync less often, or look who else calls the API."),
    ),
    Kind.SILENT_TICK: Words(_("Silent"), _("The tick is silent: nothing is handed out."), person_does=START_WORKERS),
}
_OF_CAUSE: dict[str, Words] = {
    Cause.THROTTLED: Words(
        Connection.Status.DEGRADED.label,
        _("Zoho throttles the requests for a token."),
        _("It rests for ten minutes and more, and goes on mirroring as long as the token is valid."),
        _("Let nothing else ask for tokens with the same client. If it stays so, look for a second installation."),
    ),
    Cause.NOT_STORED: Words(
        _("Failed"),
        _("The database failed while records were being stored."),
        _("It is tried again, with growing pauses of at most an hour; every page up to then is kept."),
        _("Look at the database: its disk may be full."),
    ),
    Cause.QUARANTINED: Words(
        _("Incomplete"),
        _("Some rows could not be stored, and are quarantined."),
        _("A row leaves the quarantine when a later copy of its record is stored, or the record is gone."),
        _("Read the reasons under Quarantined rows in the admin, and correct the records in Zoho."),
    ),
    Cause.LATE_TOKEN: Words(
        _("Overdue"), _("The token has expired, and nobody has tried to refresh it."), person_does=START_WORKERS
    ),
    Cause.NEVER_SYNCED: Words(_("Overdue"), _("The connection works and was never synced."), person_does=START_WORKERS),
}
_OF_FAULT: dict[str, Words] = {
    Fault.DATABASE_UNREACHABLE: Words(
        _("Unreachable"), _("The database does not answer."), person_does=_("Start it, or correct DATABASES.")
    ),
    Fault.UNMIGRATED: Words(
        _("Not migrated"), _("The tables are older than the code."), person_does=_("Run manage.py migrate.")
    ),
    Fault.FOREIGN: Words(
        _("Another's"),
        _("The database belongs to another installation."),
        _("Nothing is sent to Zoho."),
        _("Correct BIGIN_INSTALLATION_ID; if the database has moved here for good, run manage.py bigin_adopt."),
    ),
    Fault.NO_KEY: Words(
        _("No key"),
        _("There is no encryption key, so no stored secret can be read."),
        person_does=_("Put the key back into BIGIN_ENCRYPTION_KEYS, and restart every process."),
    ),
    Fault.UNKNOWN_KEY: Words(
        _("Key missing"),
        _("Stored secrets were encrypted with a key that is not configured."),
        person_does=_(
            "Put that key back at the end of BIGIN_ENCRYPTION_KEYS. If it is lost, reconnect and enter the "
            "client secret again."
        ),
    ),
    Fault.DAMAGED_SECRET: Words(
        _("Damaged"),
        _("Stored secrets were changed, or moved from another row."),
        person_does=_("Reconnect, or enter the client secret again; then find out who writes to the tables."),
    ),
    Fault.CLOCK_OFF: Words(
        _("Off"),
        _("The clock of this machine and that of the database differ."),
        person_does=_("Set both by NTP; look at BIGIN_CLOCK and USE_TZ."),
    ),
    Fault.BROKER_DOWN: Words(
        _("Down"),
        _("The message broker does not answer, so no worker can be woken."),
        _("Nothing is lost: what is due stays due."),
        _("Start it, or correct Celery's broker_url."),
    ),
    Fault.MAILER_DOWN: Words(
        _("Down"),
        _("The last mails could not be sent."),
        _("They are tried again every five minutes."),
        _("Look at the mail server and Django's EMAIL settings."),
    ),
    Fault.SILENT_REFRESH: Words(
        _("Silent"),
        _("No worker refreshes tokens, although refreshes are due."),
        person_does=_("Start a worker for the queue of refreshes."),
    ),
    Fault.SILENT_SYNC: Words(
        _("Silent"),
        _("No worker syncs records, although work is due."),
        person_does=_("Start a worker for the queue of syncs."),
    ),
    Fault.UNTAKEN: Words(
        _("Untaken"),
        _("Work waits for an hour and more, and nobody takes it although workers run."),
        _("It is handed out again and again."),
        _("Start more workers; look whether they serve the same broker and queues."),
    ),
}
_WITHOUT_CELERY: dict[str, Words] = {
    Fault.UNTAKEN: Words(
        _("Untaken"),
        _("Work waits for an hour and more, and no tick does it although ticks come."),
        _("It is tried with every tick."),
        _("Look at the log of bigin_tick."),
    ),
}
WORDS: Mapping[str, Words] = {**_OF_STATUS, **_OF_KIND, **_OF_CAUSE, **_OF_FAULT}


def words_for(finding: Finding) -> Words:
    """Return the words for a finding."""
    kind = finding.cause or finding.kind
    words = WORDS[kind] if settings.BIGIN_CELERY else _WITHOUT_CELERY.get(kind, WORDS[kind])
    return replace(words, label=in_english(words.label), person_does=start(words.person_does))


def start(sentence: str) -> str:
    """Name only what this site has of what could be started."""
    return sentence if settings.BIGIN_CELERY else sentence.replace(START_WORKERS, _("Start bigin_tick."))


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
    told = {
        "product": connection.description.name,
        "connection": connection,
        "tenant": connection.tenant,
        "status": in_a_sentence(translated(words_for(finding).label)),
    }
    return " ".join(one_line(gettext("%(product)s: %(connection)s of %(tenant)s: %(status)s") % told).split())


def mail_text(connection: Connection, finding: Finding, *, page: str) -> str:
    """Return the text of a mail about a connection, in the active language.

    Args:
        page: the address of the connection's page; "" where there is none.
    """
    words = words_for(finding)
    status, since = translated(words.label), translated(moment(finding.since))
    reason = translated(one_line(finding.reason)) or gettext("none given")
    return "\n".join(
        (
            gettext("Tenant: %(tenant)s") % {"tenant": one_line(str(connection.tenant))},
            gettext("Connection: %(connection)s") % {"connection": connection},
            gettext("Status: %(status)s since %(moment)s") % {"status": status, "moment": since},
            gettext("Reason: %(reason)s") % {"reason": reason},
            "",
            f"{translated(words.happened)} {translated(words.app_does)}",
            translated(words.person_does),
            *(("", gettext("Its page: %(address)s") % {"address": page}) if page else ()),
        )
    )

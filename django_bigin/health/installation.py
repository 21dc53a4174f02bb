"""Faults of the installation, judged from what its parts answered and from what is stored about mails and secrets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..conf import settings
from ..models import Connection
from .facts import Facts
from .kinds import Fault, Needs

CLOCKS_MAY_DIFFER = timedelta(minutes=5)
NAMED = 3

Status = Connection.Status
MAILED = (Status.MISCONFIGURED, Status.NEEDS_AUTHORIZATION, Status.DEGRADED)


@dataclass(frozen=True)
class SiteFault:
    """A fault of one part of the installation."""

    subject: str
    kind: Fault
    reason: str
    needs: Needs = Needs.LOOK
    since: datetime | None = None


def find_faults(facts: Facts) -> Iterator[SiteFault]:
    """Find the faults of the parts, the likeliest cause of the others first."""
    site = facts.site
    if site.database_error:
        yield SiteFault("database", Fault.DATABASE_UNREACHABLE, site.database_error, Needs.TIME)
    if site.unapplied:
        yield SiteFault("database", Fault.UNMIGRATED, f"Not applied: {', '.join(site.unapplied)}.")
    if site.owner:
        reason = f"It belongs to {site.owner!r}, and this is {settings.BIGIN_INSTALLATION_ID!r}."
        yield SiteFault("installation", Fault.FOREIGN, reason)
    if site.keys_error:
        yield SiteFault("keys", Fault.NO_KEY, site.keys_error)
    yield from _unreadable(facts)
    if abs(site.clock_ahead) > CLOCKS_MAY_DIFFER:
        minutes = round(abs(site.clock_ahead).total_seconds() / 60)
        side = "ahead of" if site.clock_ahead > timedelta(0) else "behind"
        yield SiteFault("clock", Fault.CLOCK_OFF, f"It is {minutes:,} minutes {side} the database's.")
    if site.broker_error:
        yield SiteFault("broker", Fault.BROKER_DOWN, site.broker_error)
    yield from _unsent(facts)


def _unreadable(facts: Facts) -> Iterator[SiteFault]:
    """Make one fault of all secrets that are unreadable for the same reason."""
    for fault, subject in ((Fault.UNKNOWN_KEY, "keys"), (Fault.DAMAGED_SECRET, "secrets")):
        found = [each for each in facts.unreadable if each.fault == fault]
        if found:
            names = ", ".join(each.subject for each in found[:NAMED])
            more = f" and {len(found) - NAMED:,} more" if len(found) > NAMED else ""
            # What to do follows behind the semicolon, and is said by the words for the fault.
            yield SiteFault(subject, fault, f"The {names}{more}: {found[0].reason.partition(';')[0].rstrip('.')}.")


def _unsent(facts: Facts) -> Iterator[SiteFault]:
    """Find the mails that were tried since the status changed, and could not be sent."""
    tried = [
        row.last_alert_at
        for row in (each.row for each in facts.connections)
        if row.status in MAILED and not row.last_alert_status and row.last_alert_at and row.status_since
        if row.last_alert_at >= row.status_since
    ]
    if tried:
        mails = "A mail" if len(tried) == 1 else f"{len(tried):,} mails"
        yield SiteFault("mailer", Fault.MAILER_DOWN, f"{mails} about connections could not be sent.", since=max(tried))

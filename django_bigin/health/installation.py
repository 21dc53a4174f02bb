"""Faults of the installation, judged from what its parts answered and from what is stored about mails and secrets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..conf import settings
from ..models import Connection
from ..text import sentence as _
from .facts import Facts
from .kinds import Fault, Needs
from .secrets import Unreadable

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
        yield SiteFault(_("database"), Fault.DATABASE_UNREACHABLE, site.database_error, Needs.TIME)
    if site.unapplied:
        yield SiteFault(_("database"), Fault.UNMIGRATED, _("Not applied: %(names)s.", names=", ".join(site.unapplied)))
    if site.owner:
        reason = _(
            "It belongs to %(owner)s, and this is %(mine)s.",
            owner=repr(site.owner),
            mine=repr(settings.BIGIN_INSTALLATION_ID),
        )
        yield SiteFault(_("installation"), Fault.FOREIGN, reason)
    if site.keys_error:
        yield SiteFault(_("keys"), Fault.NO_KEY, site.keys_error)
    yield from _unreadable(facts)
    if abs(site.clock_ahead) > CLOCKS_MAY_DIFFER:
        minutes = round(abs(site.clock_ahead).total_seconds() / 60)
        reason = (
            _("It is %(minutes)s minutes ahead of the database's.", minutes=f"{minutes:,}")
            if site.clock_ahead > timedelta(0)
            else _("It is %(minutes)s minutes behind the database's.", minutes=f"{minutes:,}")
        )
        yield SiteFault(_("clock"), Fault.CLOCK_OFF, reason)
    if site.broker_error:
        yield SiteFault(_("broker"), Fault.BROKER_DOWN, site.broker_error)
    yield from _unsent(facts)


def _unreadable(facts: Facts) -> Iterator[SiteFault]:
    """Make one fault of all secrets that are unreadable for the same reason."""
    for fault, subject in ((Fault.UNKNOWN_KEY, _("keys")), (Fault.DAMAGED_SECRET, _("secrets"))):
        found = [each for each in facts.unreadable if each.fault == fault]
        if found:
            yield SiteFault(subject, fault, _name_secrets(found))


def _name_secrets(found: list[Unreadable]) -> str:
    # What to do follows behind the semicolon, and is said by the words for the fault.
    known = found[0].reason.partition(";")[0].rstrip(".")
    names = ", ".join(each.subject for each in found[:NAMED])
    if len(found) <= NAMED:
        return _("The %(secrets)s: %(reason)s.", secrets=names, reason=known)
    number = f"{len(found) - NAMED:,}"
    return _("The %(secrets)s and %(number)s more: %(reason)s.", secrets=names, number=number, reason=known)


def _unsent(facts: Facts) -> Iterator[SiteFault]:
    """Find the mails that were tried since the status changed, and could not be sent."""
    tried = [
        row.last_alert_at
        for row in (each.row for each in facts.connections)
        if row.status in MAILED and not row.last_alert_status and row.last_alert_at and row.status_since
        if row.last_alert_at >= row.status_since
    ]
    if tried:
        reason = (
            _("A mail about connections could not be sent.")
            if len(tried) == 1
            else _("%(number)s mails about connections could not be sent.", number=f"{len(tried):,}")
        )
        yield SiteFault(_("mailer"), Fault.MAILER_DOWN, reason, since=max(tried))

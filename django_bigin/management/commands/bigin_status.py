"""Show the state of every connection and module."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser

from ...health.document import as_document
from ...health.examine import examine
from ...health.findings import ConnectionHealth, Finding
from ...health.kinds import Kind, Needs
from ...health.lines import overdue, phrase, sentence, verdict
from ...health.words import words_for
from ...tenants import tenant_label
from ...text import moment
from ..base import BiginCommand, Report, add_connection_arguments, exit_code_for_needs, pick_connections
from ..output import Output, distance

HEADERS = ("module", "records", "stored up to", "last success", "state")


class Command(BiginCommand):
    """Show the state."""

    requires_system_checks = []  # a lost key is one of the findings
    help = """\
Show the state of every connection: its status and why, when its token expires,
the API credits of the last 24 hours by our own ledger, and for each module how
much is stored, up to when, and what went wrong last.

Nothing is sent to Zoho. The exit code is 0 whatever is shown, unless --check
is given.
"""
    examples = """\
  manage.py bigin_status
  manage.py bigin_status --tenant acme --json
  manage.py bigin_status --check || echo "somebody should look at it"
"""

    def add_arguments(self, parser: CommandParser) -> None:
        add_connection_arguments(parser)
        parser.add_argument(
            "--check", action="store_true", help="Let the exit code tell whether all connections are healthy."
        )
        super().add_arguments(parser)

    def run(self, output: Output, options: dict[str, Any]) -> Report:
        health = examine(pick_connections(options))
        for each in health.connections:
            _show(output, each, health.facts.at)
        if not health.connections and health.facts.site.can_be_read:
            output.line("No tenant is connected yet: bigin_connect connects one.")
        for finding in health.installation:
            output.line(_of_installation(finding, health.facts.at))
        document = as_document(health)
        if not options["check"]:
            return Report(document)
        failure = verdict(health, [tenant_label(each.facts.row.tenant) for each in health.connections])
        return Report(document, failure=failure, exit_code=exit_code_for_needs(health.needs))


def _of_installation(finding: Finding, now: datetime) -> str:
    words = words_for(finding)
    seen = f" Last seen {distance(finding.since, now)}." if finding.kind == Kind.SILENT_TICK else ""
    return f"{sentence(finding)}{seen} {words.app_does} {words.person_does}".replace("  ", " ")


def _show(output: Output, health: ConnectionHealth, now: datetime) -> None:
    row, credits = health.facts.row, health.facts.credits
    name = row.org_name or "organization"
    output.line(f"{tenant_label(row.tenant)}: {name} ({row.data_center}, organization {row.org_id})")
    output.line(f"  connection  {row.pk}")
    since = f" since {moment(health.status.since)}" if health.status.since else ""
    output.line(f"  status      {words_for(health.status).label}{since}")
    if health.status.reason:
        output.line(f"              {health.status.reason}")
    if health.status.needs == Needs.PERSON:
        output.line(f"  to do       {words_for(health.status).person_does}")
    output.line(f"  token       {_token(row.expires_at, now)}")
    if health.overdue:
        output.line(f"  overdue     {overdue(health)}")
    output.line(f"  credits     {credits.used:,} of {credits.budget:,} in the last 24 hours")
    if health.resting:
        output.line(f"              {health.resting.reason}")
    rows = [
        (
            module.row.module,
            module.records,
            moment(module.row.records_watermark),
            distance(module.row.last_success_at, now),
            phrase(finding),
        )
        for module, finding in zip(health.facts.modules, health.modules, strict=True)
    ]
    output.table(HEADERS, rows, indent=2)
    output.line()


def _token(expires_at: datetime | None, now: datetime) -> str:
    if expires_at is None:
        return "none"
    return f"{'expires' if expires_at > now else 'expired'} {distance(expires_at, now)}"

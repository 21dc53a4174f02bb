"""Show how every connection and module is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandParser
from django.db.models import Count, Max, Sum

from ... import clock
from ...health.overdue import LastSeen, find_overdue, read_last_seen, tick_needs_a_look
from ...models import Connection, CreditUse, ModuleSync, Record
from ..base import (
    FAILED,
    NEEDS_A_PERSON,
    TRY_LATER,
    BiginCommand,
    Report,
    add_connection_arguments,
    pick_connections,
    tenant_label,
    worst,
)
from ..output import Output, distance, moment

Status = Connection.Status

LATE_SHOWN = 10  # connections in the last line
HEADERS = ("module", "records", "stored up to", "last success", "state")


class Command(BiginCommand):
    """Show the state."""

    help = """\
Show how every connection is: its status and why, when its token runs out, the
API credits of the last 24 hours by our own ledger, and for each module how
much is stored, up to when, and what went wrong last.

Nothing is asked of Bigin. The exit code is 0 whatever is shown, unless --check
is given: then it also tells of work that is long due and that nobody does.
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
        connections = list(pick_connections(options))
        seen = read_last_seen()
        entries = read_status(connections, seen)
        for entry in entries:
            _show(output, entry)
        if not entries:
            output.line("No tenant is connected yet: bigin_connect connects one.")
        silent = tick_needs_a_look(seen, connections, [each for entry in entries for each in entry["overdue"]])
        document = {"connections": entries, "tick": {"seen_at": seen.tick, "silent": silent}, "worker": seen.worker}
        if silent:
            output.line(f"The tick is silent: it was last seen {distance(seen.tick, clock.now())}.")
        if not options["check"]:
            return Report(document)
        codes = [code for entry in entries if (code := _health(entry))]
        failure = _failure(entries, len(codes), seen, silent=silent)
        return Report(document, failure=failure, exit_code=worst([*codes, FAILED] if silent else codes))


def read_status(connections: list[Connection], seen: LastSeen) -> list[dict[str, Any]]:
    """What is known of these connections, in four queries however many they are."""
    keys = [connection.pk for connection in connections]
    modules = defaultdict(list)
    for module in ModuleSync.objects.filter(connection__in=keys).order_by("connection", "module"):
        modules[module.connection_id].append(module)
    live = Record.objects.live().filter(connection__in=keys).order_by().values_list("connection", "module")
    records = {(key, name): number for key, name, number in live.annotate(number=Count("pk"))}
    credits = _credits(connections)
    return [
        {
            "connection": connection.pk,
            "tenant": tenant_label(connection.tenant),
            "data_center": connection.data_center,
            "organization": {"id": connection.org_id, "name": connection.org_name},
            "status": connection.status,
            "reason": connection.status_reason,
            "since": connection.status_since,
            "token_expires_at": connection.expires_at,
            "next_attempt_at": connection.next_attempt_at,
            "credits": credits[connection.pk],
            "overdue": [asdict(each) for each in find_overdue(connection, modules[connection.pk], seen)],
            "modules": [_module(each, records.get((connection.pk, each.module), 0)) for each in modules[connection.pk]],
        }
        for connection in connections
    ]


def _module(module: ModuleSync, records: int) -> dict[str, Any]:
    return {
        "module": module.module,
        "enabled": module.enabled,
        "records": records,
        "watermark": module.records_watermark,
        "last_success_at": module.last_success_at,
        "last_error": module.last_error,
        "last_error_at": module.last_error_at,
        "unavailable": module.unavailable_reason,
        "incomplete": module.incomplete_reason,
    }


def _credits(connections: Iterable[Connection]) -> dict[int, dict[str, int]]:
    """Used and daily credits of each connection's organization; tenants that share an organization share them."""
    ledger: dict[tuple[str, str], Any] = {
        (row["data_center"], row["org_id"]): row
        for row in CreditUse.objects.filter(
            minute__gt=clock.now() - timedelta(days=1), org_id__in={connection.org_id for connection in connections}
        )
        .order_by()
        .values("data_center", "org_id")
        .annotate(used=Sum("credits"), calls=Sum("calls"), budget=Max("day_budget"))
    }
    found = {}
    for connection in connections:
        row = ledger.get((connection.data_center, connection.org_id), {})
        by_edition = connection.description.credits.of_day(paid=connection.org_paid, users=connection.org_licences)
        found[connection.pk] = {
            "used": row.get("used") or 0,
            "calls": row.get("calls") or 0,
            "budget": row.get("budget") or by_edition,
        }
    return found


def _health(entry: dict[str, Any]) -> int:
    """The exit code for one connection under --check; what a person switched off is as it should be."""
    if entry["status"] in (Status.NEEDS_AUTHORIZATION, Status.MISCONFIGURED, Status.PENDING):
        return NEEDS_A_PERSON
    if entry["status"] == Status.DEGRADED:
        return TRY_LATER
    if entry["status"] == Status.HEALTHY and any(each["enabled"] and each["last_error"] for each in entry["modules"]):
        return FAILED
    return FAILED if entry["overdue"] else 0


def _failure(entries: list[dict[str, Any]], number: int, seen: LastSeen, *, silent: bool) -> str:
    """The last line under --check: how many are not well, what nobody did and since when, and who was last seen."""
    sentences = []
    if number:
        sentences.append(f"{number} of {len(entries)} connections are not as they should be.")
    late = [f"{entry['tenant']}: {_overdue(entry)}" for entry in entries if entry["overdue"]]
    if late:
        more = f" and {len(late) - LATE_SHOWN} more" if len(late) > LATE_SHOWN else ""
        sentences.append(f"Nobody does what is due: {'; '.join(late[:LATE_SHOWN])}{more}.")
    if late or silent:
        who = f"tick {moment(seen.tick)}, worker {moment(seen.worker)}"
        sentences.append(f"Last seen: {who}. Start beat and workers, or bigin_tick.")
    return " ".join(sentences)


def _overdue(entry: dict[str, Any]) -> str:
    """What is overdue, by the moment since which it is, the longest first."""
    since = defaultdict(list)
    for each in entry["overdue"]:
        since[moment(each["since"])].append(each["work"])
    return " and ".join(f"{', '.join(work)} since {when}" for when, work in sorted(since.items()))


def _show(output: Output, entry: dict[str, Any]) -> None:
    now = clock.now()
    organization, credits = entry["organization"], entry["credits"]
    name = organization["name"] or "organization"
    output.line(f"{entry['tenant']}: {name} ({entry['data_center']}, organization {organization['id']})")
    output.line(f"  connection  {entry['connection']}")
    since = f" since {moment(entry['since'])}" if entry["since"] else ""
    output.line(f"  status      {Status(entry['status']).label}{since}")
    if entry["reason"]:
        output.line(f"              {entry['reason']}")
    output.line(f"  token       {_token(entry, now)}")
    if entry["overdue"]:
        output.line(f"  overdue     {_overdue(entry)}")
    output.line(f"  credits     {credits['used']:,} of {credits['budget']:,} in the last 24 hours")
    rows = [
        (
            module["module"],
            module["records"],
            moment(module["watermark"]),
            distance(module["last_success_at"], now),
            _state(module),
        )
        for module in entry["modules"]
    ]
    output.table(HEADERS, rows, indent=2)
    output.line()


def _token(entry: dict[str, Any], now: Any) -> str:
    expires_at = entry["token_expires_at"]
    if expires_at is None:
        return "none"
    return f"{'runs' if expires_at > now else 'ran'} out {distance(expires_at, now)}"


def _state(module: dict[str, Any]) -> str:
    """One phrase for people: what keeps the module from being complete, if anything does."""
    if not module["enabled"]:
        return "switched off"
    if module["unavailable"]:
        return f"not available: {module['unavailable']}"
    if module["last_error"]:
        return f"failed: {module['last_error']}"
    if module["incomplete"]:
        return f"incomplete: {module['incomplete']}"
    return "complete" if module["watermark"] else "not read yet"

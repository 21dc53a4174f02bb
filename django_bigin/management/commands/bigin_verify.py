"""Compare the mirror with Zoho."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.management.base import CommandParser

from ...api.products import DEFAULT_PRODUCT
from ...credits.account import Priority
from ...exceptions import BiginError
from ...models import Connection
from ...sync import Options, Verification, verify_connection
from ...sync.forecast import Forecast, of_verification
from ...sync.plan import prepare
from ...tenants import tenant_label
from ...work import verifications
from ...work.in_process import ATTEMPTED
from ..base import (
    FAILED,
    TRY_LATER,
    BiginCommand,
    Report,
    actor,
    add_connection_arguments,
    ask,
    exit_code_for,
    pick_connections,
    worst,
)
from ..modules import add_module_argument, read_modules
from ..output import Output

HEADERS = (
    "tenant", "module", "compared", "missing here", "gone there", "different", "repaired", "changed since",
    "quarantined", "credits", "outcome",
)  # fmt: skip
NAMED_HEADERS = ("tenant", "module", "record", "difference", "fields")
NAMED_AT_MOST = 1_000  # in the table for people; `--json` has more
IN_WORDS = {"missing": "missing here", "gone": "gone there", "different": "different"}

Outcome = tuple[Connection, list[Verification], BiginError | None]


class Command(BiginCommand):
    """Verify now."""

    sends_alerts = True
    help = """\
Compare the mirror with Zoho, record by record, and name what differs: records
that are missing here, that are gone there, and that have other contents, with
the names of the fields. --repair mends exactly that.

It reads every record, so it costs what a full sync costs: the price is shown
first, and asked for at a terminal unless --yes is given. What changed since
the last sync is no difference. It may be stopped at any time; what was
repaired stays repaired.
"""
    examples = f"""\
  manage.py bigin_verify
  manage.py bigin_verify --tenant acme --module {" ".join(DEFAULT_PRODUCT.modules[:2])}
  manage.py bigin_verify --tenant acme --repair --yes --json
"""

    def add_arguments(self, parser: CommandParser) -> None:
        add_connection_arguments(parser)
        add_module_argument(parser)
        parser.add_argument("--repair", action="store_true", help="Mend what differs, and nothing else.")
        parser.add_argument("--yes", action="store_true", help="Do not ask whether the price may be spent.")
        super().add_arguments(parser)

    def run(self, output: Output, options: dict[str, Any]) -> Report:
        modules = read_modules(options["module"])
        picked = pick_connections(options)
        if options["connection"] is None:
            picked = picked.filter(status__in=ATTEMPTED)
        connections = list(picked)
        if not connections:
            output.line("No connection works at the moment, so there was nothing to verify: bigin_status says why.")
            return Report({"price": {"calls": 0, "credits": 0}, "connections": []})
        prices = [of_verification(row) for each in connections for row in prepare(each, modules).chosen]
        if options["yes"]:
            output.line(_price(prices))
        else:
            ask(f"{_price(prices)} Go on? [y/N] ", unasked=f"{_price(prices)} Add --yes to spend that.")
        # Nobody waits for what cron starts: it leaves room for what changed.
        priority = Priority.BACKFILL if options["yes"] else Priority.PERSON
        outcomes = [_verify(each, modules, output, repair=options["repair"], priority=priority) for each in connections]
        _show(output, outcomes)
        document = {
            "price": {"calls": sum(each.calls for each in prices), "credits": sum(each.credits for each in prices)},
            "connections": [_document(*outcome) for outcome in outcomes],
        }
        codes = [code for outcome in outcomes for code in _exit_codes(*outcome)]
        return Report(document, failure=_failure(outcomes), exit_code=worst(codes))


def _verify(
    connection: Connection, modules: list[str] | None, output: Output, *, repair: bool, priority: Priority
) -> Outcome:
    """Verify a connection; its trouble stops no other."""
    with output.progress(tenant_label(connection.tenant), done="compared") as show:
        how = Options(priority=priority, on_progress=show)
        try:
            results = verify_connection(connection, modules=modules, repair=repair, options=how)
        except BiginError as error:
            return connection, [], error
    verifications.record(connection, results, repair=repair, actor=actor("bigin_verify"))
    return connection, results, None


def _price(prices: Sequence[Forecast]) -> str:
    credits, records = sum(each.credits for each in prices), sum(each.records or 0 for each in prices)
    modules = sum(bool(each.strategy) for each in prices)
    return f"Verifying {modules:,} modules with {records:,} records takes about {credits:,} API credits."


def _show(output: Output, outcomes: Sequence[Outcome]) -> None:
    rows, named = [], []
    for connection, results, error in outcomes:
        tenant = tenant_label(connection.tenant)
        if error is not None:
            rows.append((tenant, "", *[None] * 8, str(error)))
        for result in results:
            rows.append(_row(tenant, result))
            named += [
                (tenant, result.module, str(each.record_id), IN_WORDS[each.kind.value], ", ".join(each.fields))
                for each in result.differences
            ]
    output.table(HEADERS, rows)
    if named:
        output.line()
    output.table(NAMED_HEADERS, named[:NAMED_AT_MOST])
    if len(named) > NAMED_AT_MOST:
        output.line(f"and {len(named) - NAMED_AT_MOST:,} more: --json lists them.")


def _row(tenant: str, result: Verification) -> tuple[Any, ...]:
    return (
        tenant,
        result.module,
        result.compared,
        result.missing,
        result.gone,
        result.different,
        result.repaired,
        result.changed,
        result.quarantined,
        result.credits,
        _ending(result),
    )


def _ending(result: Verification) -> str:
    if result.error or result.skipped:
        return result.error or f"skipped: {result.skipped}"
    if result.doubt:
        return f"not certain: {result.doubt}"
    if not result.found:
        return "equal"
    return "repaired" if result.is_clean else "differs"


def _document(connection: Connection, results: Sequence[Verification], error: BiginError | None) -> dict[str, Any]:
    return {
        "connection": connection.pk,
        "tenant": tenant_label(connection.tenant),
        "error": str(error) if error else "",
        "modules": [result.as_dict() for result in results],
    }


def _exit_codes(connection: Connection, results: Sequence[Verification], error: BiginError | None) -> list[int]:
    if error is not None:
        return [exit_code_for(error)]
    return [code for result in results if (code := _exit_code(result))]


def _exit_code(result: Verification) -> int:
    if result.found > result.repaired or (result.error and result.rests_until is None):
        return FAILED
    return TRY_LATER if result.later or result.doubt or result.rests_until is not None else 0


def _failure(outcomes: Sequence[Outcome]) -> str:
    """Return what is not well, in a sentence; "" where all is."""
    results = [result for _, results, _ in outcomes for result in results]
    sentences = []
    if failures := sum(error is not None for _, _, error in outcomes):
        sentences.append(f"{failures} of {len(outcomes)} connections failed; the outcome of each says why.")
    if differences := sum(result.found - result.repaired for result in results):
        sentences.append(f"{differences:,} records differ: --repair mends them.")
    if failed := sum(bool(result.error) and result.rests_until is None for result in results):
        sentences.append(f"{failed} of {len(results)} modules failed; the outcome of each says why.")
    if later := sum(_exit_code(result) == TRY_LATER for result in results):
        sentences.append(f"{later} of {len(results)} modules are not certain yet: verify them again later.")
    return " ".join(sentences)

"""Bring the mirror up to date."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.core.management.base import CommandParser

from ...api.products import DEFAULT_PRODUCT
from ...models import Connection
from ...sync import ModuleResult, Options, forecast
from ...tenants import tenant_label
from ...work.in_process import ATTEMPTED, SyncOutcome, sync_in_process
from ..base import (
    FAILED,
    TRY_LATER,
    BiginCommand,
    Report,
    actor,
    add_connection_arguments,
    exit_code_for,
    pick_connections,
    worst,
)
from ..modules import add_module_argument, read_modules
from ..output import Output

HEADERS = (
    "tenant", "module", "new", "changed", "deleted", "same", "quarantined", "calls", "credits", "seconds",
    "outcome",
)  # fmt: skip
PLAN_HEADERS = ("tenant", "module", "plan", "records", "calls", "credits", "seconds", "why")


class Command(BiginCommand):
    """Sync now."""

    sends_alerts = True
    help = """\
Bring the mirror up to date: what changed at Zoho since the last time, or
everything.

Takes every connection that is not paused or disconnected, unless --tenant or
--connection say which. One failing module, tenant or record stops no other. It
may be stopped at any time; the next run resumes where it was.

A full sync that misses many records which the mirror holds deletes none of
them, since an organization that suddenly looks empty is more likely an error;
--accept-missing says that they are really gone.
"""
    examples = f"""\
  manage.py bigin_sync
  manage.py bigin_sync --tenant acme --module {" ".join(DEFAULT_PRODUCT.modules[:2])}
  manage.py bigin_sync --tenant acme --full --json
  manage.py bigin_sync --plan
"""

    def add_arguments(self, parser: CommandParser) -> None:
        add_connection_arguments(parser)
        add_module_argument(parser)
        parser.add_argument("--full", action="store_true", help="Read every record again, not only what changed.")
        parser.add_argument(
            "--accept-missing", action="store_true", help="Delete what Zoho no longer has, however much it is."
        )
        parser.add_argument(
            "--plan", action="store_true", help="Show what would be done and what it would cost; do not do it."
        )
        super().add_arguments(parser)

    def run(self, output: Output, options: dict[str, Any]) -> Report:
        modules = read_modules(options["module"])
        picked = pick_connections(options)
        if options["connection"] is None:
            picked = picked.filter(status__in=ATTEMPTED)
        if options["plan"]:
            return _plan(picked, modules, output, Options(full=options["full"]))
        outcomes = [(connection, self._sync(connection, modules, output, options)) for connection in picked]
        rows = [row for connection, outcome in outcomes for row in _rows(connection, outcome)]
        output.table(HEADERS, rows)
        if not outcomes:
            output.line("No connection works at the moment, so there was nothing to sync: bigin_status says why.")
        codes = [code for _, outcome in outcomes for code in _exit_codes(outcome)]
        document = {"connections": [_document(connection, outcome) for connection, outcome in outcomes]}
        return Report(document, failure=_failure([outcome for _, outcome in outcomes]), exit_code=worst(codes))

    def _sync(
        self, connection: Connection, modules: list[str] | None, output: Output, options: dict[str, Any]
    ) -> SyncOutcome:
        with output.progress(tenant_label(connection.tenant)) as show:
            how = Options(full=options["full"], accept_missing=options["accept_missing"], on_progress=show)
            return sync_in_process(connection, modules=modules, options=how, actor=actor("bigin_sync"))


def _plan(connections: Iterable[Connection], modules: list[str] | None, output: Output, options: Options) -> Report:
    """Show what a sync would do and cost."""
    plans = [(connection, forecast.of_sync(connection, modules, options)) for connection in connections]
    output.table(PLAN_HEADERS, [row for connection, of in plans for row in _plan_rows(connection, of)])
    for connection, of in plans:
        if not of.error:
            output.line(
                f"{tenant_label(connection.tenant)}: about {of.credits:,} API credits; {of.left:,} are left of the "
                "site's share of the day."
            )
    document = {
        "connections": [
            {
                "connection": connection.pk,
                "tenant": tenant_label(connection.tenant),
                "error": str(of.error or ""),
                "credits": of.credits,
                "credits_left": of.left,
                "metadata_calls": of.metadata_calls,
                "modules": [each.as_dict() for each in of.modules],
            }
            for connection, of in plans
        ]
    }
    codes = [exit_code_for(of.error) for _, of in plans if of.error]
    failure = f"{len(codes)} of {len(plans)} connections could not be planned; the outcome of each says why."
    return Report(document, failure=failure if codes else "", exit_code=worst(codes))


def _plan_rows(connection: Connection, of: forecast.SyncForecast) -> list[tuple[Any, ...]]:
    tenant = tenant_label(connection.tenant)
    if of.error:
        return [(tenant, "", "", *[None] * 4, str(of.error))]
    metadata = (tenant, "", "fields", None, of.metadata_calls, of.metadata_calls, None, "")
    return [
        *([metadata] if of.metadata_calls else []),
        *(
            (
                tenant,
                each.module,
                each.strategy or "nothing",
                each.records,
                each.calls,
                each.credits,
                each.seconds,
                f"{each.reason} {each.ceiling}".strip(),
            )
            for each in of.modules
        ),
    ]


def _failure(outcomes: Sequence[SyncOutcome]) -> str:
    """Return how much failed, in a sentence; "" where nothing did."""
    results = [result for outcome in outcomes for result in outcome.results]
    counts = (
        ("connections", sum(bool(outcome.error) for outcome in outcomes), len(outcomes)),
        ("modules", sum(_failed(result) for result in results), len(results)),
    )
    failed = [f"{failures} of {total} {what}" for what, failures, total in counts if failures]
    sentences = [f"{' and '.join(failed)} failed; the outcome of each says why."] if failed else []
    if taken := sum(result.taken for result in results):
        sentences.append(
            f"{taken} of {len(results)} modules were left to another process, which is syncing them or has died in the "
            "last two minutes: run it again then."
        )
    if resting := sum(result.resting for result in results):
        sentences.append(f"{resting} of {len(results)} modules rest, since a limit of API calls is reached.")
    return " ".join(sentences)


def _failed(result: ModuleResult) -> bool:
    return bool(result.error) and not result.resting


def _exit_codes(outcome: SyncOutcome) -> list[int]:
    if outcome.error:
        return [exit_code_for(outcome.cause) if outcome.cause else FAILED]
    later = [TRY_LATER for result in outcome.results if result.taken or result.resting]
    return [*later, *(FAILED for result in outcome.results if _failed(result))]


def _document(connection: Connection, outcome: SyncOutcome) -> dict[str, Any]:
    return {
        "connection": connection.pk,
        "tenant": tenant_label(connection.tenant),
        "error": outcome.error,
        "modules": [result.as_dict() for result in outcome.results],
    }


def _rows(connection: Connection, outcome: SyncOutcome) -> list[tuple[Any, ...]]:
    tenant = tenant_label(connection.tenant)
    if outcome.error:
        return [(tenant, "", *[None] * 8, outcome.error)]
    return [_row(tenant, result) for result in outcome.results]


def _ending(result: ModuleResult) -> str:
    if not result.finished:
        return "paused, will resume"
    return f"incomplete: {result.incomplete}" if result.incomplete else "complete"


def _row(tenant: str, result: ModuleResult) -> tuple[Any, ...]:
    outcome = result.error or (f"skipped: {result.skipped}" if result.skipped else "")
    return (
        tenant,
        result.module,
        result.created,
        result.updated,
        result.deleted,
        result.unchanged,
        result.quarantined,
        result.calls,
        result.credits,
        float(result.seconds),
        outcome or _ending(result),
    )

"""Bring the mirror up to date."""

from __future__ import annotations

import logging
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandError, CommandParser
from django.db import InterfaceError, OperationalError

from ... import sync
from ...api.products import PRODUCTS
from ...conf import settings
from ...exceptions import BiginError
from ...models import Connection
from ...work import jobs
from ..base import (
    FAILED,
    NEEDS_A_PERSON,
    USAGE,
    BiginCommand,
    Report,
    actor,
    add_connection_arguments,
    exit_code_for,
    pick_connections,
    tenant_label,
    worst,
)
from ..output import Output

if TYPE_CHECKING:
    from ...sync.results import ModuleResult

logger = logging.getLogger(__name__)

Status = Connection.Status

HEADERS = (
    "tenant",
    "module",
    "new",
    "changed",
    "deleted",
    "same",
    "quarantined",
    "calls",
    "credits",
    "seconds",
    "outcome",
)
WAITS_FOR_A_PERSON = (Status.NEEDS_AUTHORIZATION, Status.MISCONFIGURED)
SWITCHED_OFF = (Status.PENDING, Status.PAUSED, Status.DISCONNECTED)


class Command(BiginCommand):
    """Sync now."""

    sends_alerts = True
    help = """\
Bring the mirror up to date: what changed in Bigin since the last time, or
everything.

Takes every connection that is not paused or disconnected, unless --tenant or
--connection say which. One failing module, tenant or record stops no other. It
may be stopped and started at any time, and goes on where it was.

A full walk that misses many records which the mirror holds deletes none of
them, since a Bigin that suddenly looks empty is more likely an error;
--accept-missing says that they are gone indeed.
"""
    examples = """\
  manage.py bigin_sync
  manage.py bigin_sync --tenant acme --module Contacts Accounts
  manage.py bigin_sync --tenant acme --full --json
"""

    def add_arguments(self, parser: CommandParser) -> None:
        add_connection_arguments(parser)
        parser.add_argument(
            "--module",
            nargs="+",
            action="extend",
            metavar="NAME",
            help=f"Only these: {', '.join(known_modules())}. Companies are called Accounts.",
        )
        parser.add_argument("--full", action="store_true", help="Read every record again, not only what changed.")
        parser.add_argument(
            "--accept-missing", action="store_true", help="Delete what Bigin no longer has, however much it is."
        )
        super().add_arguments(parser)

    def run(self, output: Output, options: dict[str, Any]) -> Report:
        modules = read_modules(options["module"])
        picked = pick_connections(options)
        if options["connection"] is None:
            picked = picked.exclude(status__in=SWITCHED_OFF)
        entries: list[dict[str, Any]] = []
        codes: list[int] = []
        rows: list[tuple[Any, ...]] = []
        for connection in picked:
            results, error, code = _sync(connection, modules, output, options)
            tenant = tenant_label(connection.tenant)
            entries.append(
                {
                    "connection": connection.pk,
                    "tenant": tenant,
                    "error": error,
                    "modules": [result.as_dict() for result in results],
                }
            )
            codes += [code] if error else [FAILED for result in results if result.error]
            rows += [_row(tenant, result) for result in results]
            rows += [(tenant, "", *[None] * 8, error)] if error else []
        output.table(HEADERS, rows)
        if not entries:
            output.line("No connection works at the moment, so there was nothing to sync: bigin_status says why.")
        failure = f"{len(codes)} of {max(len(rows), len(codes))} modules or connections failed." if codes else ""
        return Report({"connections": entries}, failure=failure, exit_code=worst(codes))


def known_modules() -> list[str]:
    """API names of the modules that can be mirrored."""
    known = (name for product in PRODUCTS.values() for name in product.known_modules)
    return list(dict.fromkeys((*known, *settings.BIGIN_MODULES)))


def read_modules(names: list[str] | None) -> list[str] | None:
    """The API names that were meant, whatever their case; None for all."""
    if names is None:
        return None
    known = {name.lower(): name for name in known_modules()}
    for name in names:
        if name.lower() not in known:
            close = get_close_matches(name.lower(), known, n=1)
            meant = f" Did you mean {known[close[0]]}?" if close else ""
            raise CommandError(
                f"There is no module {name!r}.{meant} Known: {', '.join(known.values())}.", returncode=USAGE
            )
    return list(dict.fromkeys(known[name.lower()] for name in names))


def _sync(
    connection: Connection, modules: list[str] | None, output: Output, options: dict[str, Any]
) -> tuple[list[ModuleResult], str, int]:
    """Sync one connection: what came of each module, or why it could not be done and the exit code for that."""
    if connection.status == Status.NEEDS_AUTHORIZATION and options["connection"] is None:
        return [], f"{connection} has lost its grant at Zoho: reconnect it.", NEEDS_A_PERSON
    try:
        with output.progress(tenant_label(connection.tenant)) as show:
            how = sync.Options(
                full=options["full"],
                accept_missing=options["accept_missing"],
                on_progress=show,
                on_result=lambda result: _record(connection, result, full=options["full"]),
            )
            results = sync.sync_connection(connection, modules=modules, options=how)
    except BiginError as error:
        return [], str(error), exit_code_for(error)
    except (OperationalError, InterfaceError):
        raise  # no other connection would fare better
    except Exception as error:  # one tenant's trouble, even a bug of ours, stops no other
        logger.exception("The sync of connection %s failed", connection.pk)
        return [], f"An error that nobody foresaw: {type(error).__name__}; the log has it whole.", FAILED
    return results, "", 0


def _record(connection: Connection, result: ModuleResult, *, full: bool) -> None:
    if not result.skipped:
        jobs.record_job(connection, result, full=full, actor=actor("bigin_sync"))


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
        outcome or ("complete" if result.finished else "to be continued"),
    )

"""The base of our commands: help, exit codes, alerts, and finding tenants and connections."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.core.exceptions import ImproperlyConfigured, MultipleObjectsReturned
from django.core.management.base import BaseCommand, CommandError, CommandParser, DjangoHelpFormatter
from django.db import InterfaceError, OperationalError
from django.db.models import Model, QuerySet

from .. import tenants
from ..conf import settings
from ..db.aliases import written
from ..exceptions import AuthorizationError, BiginError, TransientError
from ..health import alerts
from ..health.kinds import Needs
from ..models import Connection
from ..text import one_line
from .output import Output

FAILED = 1
USAGE = 2
NEEDS_A_PERSON = 3
TRY_LATER = 75  # EX_TEMPFAIL of sysexits.h
STOPPED = 130  # as a shell says of what was stopped by Ctrl-C

EXIT_CODES = f"""\
exit codes:
  0   all of it worked
  {FAILED}   something failed; the last line says what
  {USAGE}   the command was written wrongly
  {NEEDS_A_PERSON}   a person must act: reconnect, or correct the client's settings
  {TRY_LATER}  not now; the same command will do later
"""

EXIT_CODE_OF_NEED = {Needs.LOOK: FAILED, Needs.PERSON: NEEDS_A_PERSON, Needs.TIME: TRY_LATER}
KNOWN_SHOWN = 10


@dataclass(frozen=True)
class Report:
    """The outcome of a command: the document for programs and, where it failed, one sentence and the exit code."""

    document: dict[str, Any] = field(default_factory=dict)
    failure: str = ""
    exit_code: int = 0


class BiginCommand(BaseCommand):
    """A command of ours: it implements `run` and may take `--json`."""

    examples: ClassVar[str] = ""
    exit_codes: ClassVar[str] = EXIT_CODES
    sends_alerts: ClassVar[bool] = False
    """True where it may find that a connection needs a person: where nothing ticks, the mail goes out from here."""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        epilog = f"examples:\n{self.examples}\n{self.notes()}{self.exit_codes}"
        kwargs = {"formatter_class": _Formatter, "epilog": epilog} | kwargs
        return super().create_parser(prog_name, subcommand, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="Write one JSON document to stdout, and nothing else.")

    def notes(self) -> str:
        """Return what the help says between examples and exit codes."""
        return ""

    def run(self, output: Output, options: dict[str, Any]) -> Report:
        """Do the work, show it to people through `output`, and return the report."""
        raise NotImplementedError  # each command has its own

    def handle(self, *args: Any, **options: Any) -> None:
        output = Output(
            self.stdout,
            self.stderr,
            as_json=options["json"],
            verbosity=options["verbosity"],
            color=not options["no_color"],
        )
        report = self._reported(lambda: self.run(output, options))
        if self.sends_alerts:
            self._reported(_send_alerts)
        output.document(report.document)
        if report.exit_code:
            raise CommandError(one_line(report.failure), returncode=report.exit_code)

    @staticmethod
    def _reported(run: Callable[[], Report]) -> Report:
        """Run, and turn what may be raised into a report: a program that asked for JSON gets it in any case."""
        try:
            return run()
        except CommandError as error:
            return failed(str(error), error.returncode)
        except BiginError as error:
            return failed(str(error), exit_code_for(error))
        except ImproperlyConfigured as error:
            return failed(str(error), FAILED)
        except (OperationalError, InterfaceError) as error:
            return failed(
                f"The database does not answer ({first_line(error)}). What was stored stays stored: run the command "
                "again.",
                TRY_LATER,
            )
        except KeyboardInterrupt:
            return failed("Stopped. What was stored stays stored: the same command goes on from there.", STOPPED)


def _send_alerts() -> Report:
    alerts.send_due()
    return Report()


class _Formatter(argparse.RawDescriptionHelpFormatter, DjangoHelpFormatter):
    """A formatter that keeps the lines of description and examples as they are written."""


def failed(sentence: str, exit_code: int) -> Report:
    """Report that a command could not do its work."""
    return Report({"error": sentence, "exit_code": exit_code}, failure=sentence, exit_code=exit_code)


def first_line(error: Exception) -> str:
    """Return the first line of an error of the database, which may go on for many."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def exit_code_for(error: BiginError) -> int:
    """Return the exit code for an error."""
    if isinstance(error, AuthorizationError):
        return NEEDS_A_PERSON
    return TRY_LATER if isinstance(error, TransientError) else FAILED


def worst(exit_codes: Sequence[int]) -> int:
    """Return one exit code for several outcomes: failures first, then what needs a person, then what needs time."""
    order = (FAILED, NEEDS_A_PERSON, TRY_LATER)
    return next((code for code in order if code in exit_codes), 0)


def exit_code_for_needs(needs: Iterable[Needs]) -> int:
    """Return the exit code that tells what connections need."""
    return worst([EXIT_CODE_OF_NEED[need] for need in needs if need != Needs.NOTHING])


def ask(question: str, *, unasked: str) -> None:
    """Go on only after a yes; without a terminal nobody can give one, which `unasked` says."""
    if not sys.stdin.isatty():
        raise CommandError(unasked, returncode=USAGE)
    print(one_line(question), end="", file=sys.stderr, flush=True)  # noqa: T201  # stdout may be for a program
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise CommandError("Nothing was changed.")


def actor(command: str) -> str:
    """Return who runs the command, for the audit: the account on this machine."""
    try:
        return f"{getpass.getuser()} ({command})"
    except (OSError, KeyError):  # a container may run under a number that has no name
        return command


# Finding what the command is about


def add_connection_arguments(parser: CommandParser, *, tenant_required: bool = False) -> None:
    """Add `--tenant` and `--connection`."""
    add_tenant_argument(parser, required=tenant_required)
    parser.add_argument("--connection", type=int, metavar="ID", help="A connection's number, as bigin_status shows it.")


def add_tenant_argument(parser: CommandParser, *, required: bool = False) -> None:
    """Add `--tenant`."""
    parser.add_argument(
        "--tenant", required=required, metavar="T", help=f"The tenant's {settings.BIGIN_TENANT_LOOKUP}."
    )


def find_tenant(value: str) -> Model | None:
    """Return the tenant that `--tenant` names; None where there is none."""
    try:
        found: Model | None = tenants.find_tenant(value)
    except MultipleObjectsReturned as error:
        raise CommandError(
            f"Several tenants have {settings.BIGIN_TENANT_LOOKUP} {value!r}: let BIGIN_TENANT_LOOKUP name a field that "
            "is unique."
        ) from error
    return found


def get_tenant(value: str) -> Model:
    """Return the tenant that `--tenant` names."""
    tenant = find_tenant(value)
    if tenant is None:
        raise CommandError(f"There is no tenant with {settings.BIGIN_TENANT_LOOKUP} {value!r}. {_known_tenants()}")
    return tenant


def pick_connections(options: dict[str, Any]) -> QuerySet[Connection]:
    """Return the connections that `--tenant` and `--connection` name, in a stable order; all where neither is given."""
    picked = written(Connection).select_related("tenant", "registration").order_by("pk")
    if options["tenant"] is not None:
        picked = picked.filter(tenant=get_tenant(options["tenant"]).pk)
    if options["connection"] is not None:
        picked = picked.filter(pk=options["connection"])
    if (options["tenant"] is not None or options["connection"] is not None) and not picked.exists():
        raise CommandError(_none_picked(options))
    return picked


def _none_picked(options: dict[str, Any]) -> str:
    if options["connection"] is None:
        return f"Tenant {options['tenant']!r} has no connection: connect it with bigin_connect."
    of_tenant = f" of tenant {options['tenant']!r}" if options["tenant"] is not None else ""
    return f"There is no connection {options['connection']}{of_tenant}: bigin_status lists them."


def _known_tenants() -> str:
    lookup = settings.BIGIN_TENANT_LOOKUP
    values = written(tenants.tenant_model()).order_by(lookup).values_list(lookup, flat=True)
    known = [str(value) for value in values[: KNOWN_SHOWN + 1]]
    if not known:
        return "There are no tenants yet."
    more = ", ..." if len(known) > KNOWN_SHOWN else ""
    return f"Known: {', '.join(known[:KNOWN_SHOWN])}{more}."

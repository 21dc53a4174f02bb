"""Do what is due, without Celery."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import CommandParser
from django.db import InterfaceError, OperationalError

from ...db.aliases import close_what_failed
from ...work.in_process import tick_in_process
from ...work.kinds import KINDS
from ...work.scheduler import TickReport
from ..base import FAILED, BiginCommand, Report, first_line
from ..output import Output


class Command(BiginCommand):
    """One tick, and the work that it hands out, in this process."""

    help = """\
Do everything that is due, one after the other, in this process: refresh tokens,
sync modules, run the jobs requested in the admin, send alerts.

It does what beat and the workers do together, for sites without Celery: run it
from cron every minute, or keep it running with --every. It may run beside
workers, and several times at once: what is due is done by one of them only.
"""
    examples = """\
  manage.py bigin_tick
  manage.py bigin_tick --every 10
"""

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--every", type=float, metavar="SECONDS", help="Do not exit, but start again this many seconds later."
        )

    def run(self, output: Output, options: dict[str, Any]) -> Report:
        while True:
            # As between two requests: a connection that has failed, or is too old, is not used again.
            close_what_failed()
            try:
                done = tick_in_process()
            except (OperationalError, InterfaceError) as error:
                if not options["every"]:
                    raise
                output.warn(f"The database does not answer ({first_line(error)}). The next round tries again.")
            else:
                output.line(_sentence(done))
                if not options["every"]:
                    document = {"done": _done(done), "failed": done.failed}
                    return Report(document, failure=_failure(done), exit_code=FAILED if done.failed else 0)
            time.sleep(options["every"])


def _sentence(report: TickReport) -> str:
    done = ", ".join(f"{number} {label}" for label, number in _done(report).items()) or "Nothing was due."
    return f"{done} {_failure(report)}".strip()


def _done(report: TickReport) -> dict[str, int]:
    return {KINDS[name].label: number for name, number in report.sent.items() if number}


def _failure(report: TickReport) -> str:
    if not report.failed:
        return ""
    return f"Some of it failed ({', '.join(report.failed)}): see the log. It is tried again later."

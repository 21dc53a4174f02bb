"""Do what is due, without Celery."""

from __future__ import annotations

import time
from collections import deque
from typing import Any

from django.core.management.base import CommandParser
from django.db import InterfaceError, OperationalError, close_old_connections

from ...work import scheduler
from ...work.kinds import KINDS
from ..base import BiginCommand, Report, first_line
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
            close_old_connections()
            try:
                done = self._tick()
            except (OperationalError, InterfaceError) as error:
                if not options["every"]:
                    raise
                output.warn(f"The database does not answer ({first_line(error)}). The next round tries again.")
            else:
                output.line(", ".join(f"{number} {label}" for label, number in done.items()) or "Nothing was due.")
                if not options["every"]:
                    return Report({"done": done})
            time.sleep(options["every"])

    @staticmethod
    def _tick() -> dict[str, int]:
        """Hand out first and work afterwards, so that what this tick does is not due to itself again."""
        handed_out: deque[tuple[str, int]] = deque()
        report = scheduler.tick(lambda kind, row_id: handed_out.append((kind, row_id)))
        while handed_out:
            scheduler.run_slice(*handed_out.popleft())
        return {KINDS[name].label: number for name, number in report.sent.items() if number}

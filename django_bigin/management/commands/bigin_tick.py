"""Do what is due, without Celery."""

from __future__ import annotations

import time
from collections import deque
from typing import Any

from django.core.management.base import CommandParser

from ...work import scheduler
from ..base import BiginCommand, Report
from ..output import Output

NAMES = {
    scheduler.JOB: "jobs",
    scheduler.REFRESH: "refreshes",
    scheduler.METADATA: "metadata",
    scheduler.SYNC: "modules",
}


class Command(BiginCommand):
    """One tick, and the work that it hands out, in this process."""

    help = """\
Do everything that is due, one after the other, in this process: refresh tokens,
sync modules, run the jobs that people asked for in the admin, send alerts.

It is what beat and the workers do together, for sites without Celery: run it
from cron every minute, or leave it running with --every. It may run beside
workers, and twice at once: each due thing is done by one of them.
"""
    examples = """\
  manage.py bigin_tick
  manage.py bigin_tick --every 10
"""

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--every", type=float, metavar="SECONDS", help="Do not end, but begin again so many seconds later."
        )

    def run(self, output: Output, options: dict[str, Any]) -> Report:
        while True:
            done = self._tick()
            output.line(", ".join(f"{number} {name}" for name, number in done.items()) or "Nothing was due.")
            if not options["every"]:
                return Report({"done": done})
            time.sleep(options["every"])

    @staticmethod
    def _tick() -> dict[str, int]:
        """Hand out first and work afterwards, so that what this tick does is not due to itself again."""
        handed_out: deque[tuple[str, int]] = deque()
        ticked = scheduler.tick(lambda kind, row_id: handed_out.append((kind, row_id)))
        while handed_out:
            scheduler.work(*handed_out.popleft())
        return {NAMES[kind]: number for kind, number in ticked.sent.items() if number}

"""Look at every part of the installation, and say what is wrong and what to do."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ...health.document import as_document
from ...health.examine import examine_all
from ...health.words import detail, remedy, subject_of
from ...text import moment
from ..base import BiginCommand, Report
from ..output import Output

HEADERS = ("code", "about", "since")


class Command(BiginCommand):
    """Examine the installation."""

    requires_system_checks = []  # a lost key is one of the findings
    help = """\
Look at every part of the installation and say what is wrong, the likeliest
cause first, and what to do about it: database, keys, clock, broker, mail,
tick, workers, and each connection and module.

Nothing is asked of Zoho and nothing is written. No worker has to be alive.
"""
    examples = """\
  manage.py bigin_doctor
  manage.py bigin_doctor --json
"""
    exit_codes = """\
exit codes:
  0   all of it worked, and nothing is wrong
  2   the command was written wrongly
  10 and on: what is wrong. Each finding has its own, listed in docs/health.md;
      of several it is the first in the table
"""

    def run(self, output: Output, options: dict[str, Any]) -> Report:
        health = examine_all()
        wrong = health.wrong
        document = {**as_document(health), "codes": [each.code.text for each in wrong]}
        if not wrong:
            output.line("Nothing is wrong.")
            return Report(document)
        output.table(HEADERS, [(each.code, subject_of(each), _moment(each.finding.since)) for each in wrong])
        for code, words in {each.code: remedy(each.finding) for each in wrong}.items():
            output.line()
            output.line(f"{code}: {words}")
            for each in wrong:
                if each.code == code and each.finding.reason:
                    output.line(f"  {subject_of(each)}: {each.finding.reason}")
        first = wrong[0]
        more = f" And {len(wrong) - 1:,} more." if len(wrong) > 1 else ""
        failure = f"{first.code}: {detail(first.finding)}{more}"
        return Report(document, failure=failure, exit_code=first.code.exit_code)


def _moment(at: datetime | None) -> str:
    return moment(at) if at else ""

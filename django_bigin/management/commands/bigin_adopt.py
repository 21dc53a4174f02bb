"""`bigin_adopt`: make this installation the owner of its database."""

from __future__ import annotations

from typing import Any

from ... import installation
from ...text import moment
from ..base import BiginCommand, Report, actor
from ..output import Output


class Command(BiginCommand):
    """The command."""

    help = """\
Make this installation (BIGIN_INSTALLATION_ID) the owner of the database, on
purpose.

A copy of a production database must not act: it would spend the original's
tokens and revoke its grants. So the package sends nothing to Zoho from a
database that belongs to another installation. Run this when the database was
meant to move here, and the installation that it came from has stopped.
"""
    examples = "  BIGIN_INSTALLATION_ID=production manage.py bigin_adopt\n"

    def run(self, output: Output, options: dict[str, Any]) -> Report:
        owner = installation.adopt(actor=actor("bigin_adopt"))
        output.line(f"The database now belongs to installation {owner.identifier}, adopted {moment(owner.adopted_at)}.")
        return Report(
            {"installation": owner.identifier, "adopted_at": owner.adopted_at, "adopted_by": owner.adopted_by}
        )

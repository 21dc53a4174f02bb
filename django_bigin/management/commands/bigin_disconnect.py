"""`bigin_disconnect`: disconnect a tenant and revoke its grant."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from ...connections import disconnect
from ...db.aliases import written
from ...models import Connection, Record
from ...tenants import tenant_label
from ..base import (
    TRY_LATER,
    USAGE,
    BiginCommand,
    Report,
    actor,
    add_connection_arguments,
    ask,
    pick_connections,
)
from ..output import Output


class Command(BiginCommand):
    """The command."""

    help = """\
Disconnect a tenant from Zoho, and revoke its grant there.

Nothing uses the connection from then on. Its records stay readable, and
connecting the same organization again continues with them; --purge deletes them
as well, and asks first. Where Zoho cannot be reached the exit code is 75, and
running this again tries the revocation again.
"""
    examples = """\
  manage.py bigin_disconnect --tenant acme
  manage.py bigin_disconnect --tenant acme --connection 3 --purge --yes
"""

    def add_arguments(self, parser: CommandParser) -> None:
        add_connection_arguments(parser, tenant_required=True)
        parser.add_argument("--purge", action="store_true", help="Also delete every record of the mirror.")
        parser.add_argument("--yes", action="store_true", help="Do not ask before a purge.")
        super().add_arguments(parser)

    def run(self, output: Output, options: dict[str, Any]) -> Report:
        connection = _pick_one(options)
        records = written(Record).filter(connection=connection).count() if options["purge"] else 0
        if options["purge"] and not options["yes"]:
            name = connection.description.name
            ask(
                f"Delete the {records:,} mirrored records of {connection}? They stay in {name}. [y/N] ",
                unasked="--purge deletes the mirror: confirm it with --yes.",
            )
        revocation = disconnect(connection, actor=actor("bigin_disconnect"), purge=options["purge"])
        output.line(f"{tenant_label(connection.tenant)}, {connection}: disconnected.")
        output.line(revocation.detail)
        if options["purge"]:
            output.line(f"{records:,} mirrored records were deleted.")
        return Report(
            {
                "connection": connection.pk,
                "tenant": tenant_label(connection.tenant),
                "revoked": revocation.revoked,
                "detail": revocation.detail,
                "purged_records": records if options["purge"] else None,
            },
            failure="" if revocation.revoked else "The grant was not revoked at Zoho; run this again later.",
            exit_code=0 if revocation.revoked else TRY_LATER,
        )


def _pick_one(options: dict[str, Any]) -> Connection:
    """Return the connection that is meant; a tenant with several needs --connection."""
    picked = list(pick_connections(options))
    if len(picked) > 1:
        # Those that are disconnected already are meant only when they are named.
        picked = [each for each in picked if each.status != Connection.Status.DISCONNECTED] or picked
    if len(picked) > 1:
        several = "; ".join(f"{each.pk} is {each}" for each in picked)
        raise CommandError(
            f"Tenant {options['tenant']!r} has several connections: {several}. Choose one with --connection.",
            returncode=USAGE,
        )
    return picked[0]

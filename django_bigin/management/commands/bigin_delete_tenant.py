"""`bigin_delete_tenant`: disconnect a tenant, and delete it with everything that is kept for it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from ...connections import delete_tenant
from ...db.aliases import written
from ...models import Connection, Record
from ...tenants import tenant_label
from ..base import TRY_LATER, BiginCommand, Report, actor, add_tenant_argument, ask, get_tenant
from ..output import Output


class Command(BiginCommand):
    """The command."""

    help = """\
Disconnect a tenant from Zoho, revoke its grants there, and delete the tenant
with everything that is kept for it: connections, records, jobs, and the
clients of its own. The audit stays, and so does everything at Zoho.

It asks first. Where Zoho cannot be reached the exit code is 75 and the tenant
stays, disconnected: running this again tries the revocation again.
"""
    examples = """\
  manage.py bigin_delete_tenant --tenant acme
  manage.py bigin_delete_tenant --tenant acme --keep-row --yes
"""

    def add_arguments(self, parser: CommandParser) -> None:
        add_tenant_argument(parser, required=True)
        parser.add_argument("--keep-row", action="store_true", help="Leave the row of the tenant model itself.")
        parser.add_argument(
            "--even-unrevoked", action="store_true", help="Delete also where a grant cannot be revoked at Zoho."
        )
        parser.add_argument("--yes", action="store_true", help="Do not ask first.")
        super().add_arguments(parser)

    def run(self, output: Output, options: dict[str, Any]) -> Report:
        tenant = get_tenant(options["tenant"])
        label = tenant_label(tenant)
        if not options["yes"]:
            connections = written(Connection).filter(tenant=tenant.pk).count()
            records = written(Record).filter(connection__tenant=tenant.pk).count()
            ask(
                f"Delete {label} with {connections:,} connections and {records:,} mirrored records? [y/N] ",
                unasked="This deletes the tenant: confirm it with --yes.",
            )
        outcome = delete_tenant(
            tenant,
            actor=actor("bigin_delete_tenant"),
            keep_row=options["keep_row"],
            even_unrevoked=options["even_unrevoked"],
        )
        for connection, revocation in outcome.revocations.items():
            output.line(f"{connection}: disconnected. {revocation.detail}")
        output.line(f"{outcome.records:,} mirrored records were deleted.")
        if outcome.deleted:
            output.line(f"{label}: {'forgotten' if options['keep_row'] else 'deleted'}.")
        return Report(
            {
                "tenant": label,
                "deleted": outcome.deleted,
                "kept_row": options["keep_row"],
                "purged_records": outcome.records,
                "connections": {name: each.detail for name, each in outcome.revocations.items()},
            },
            failure="" if outcome.deleted else f"{label} stays, since a grant was not revoked at Zoho; run this later.",
            exit_code=0 if outcome.deleted else TRY_LATER,
        )

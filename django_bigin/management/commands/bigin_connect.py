"""`bigin_connect`: connect a tenant by a self client."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser
from django.db.models import Model, ProtectedError

from ...api.scopes import grants, join_scopes
from ...conf import settings
from ...connections import ConnectResult, connect_self_client
from ...models import Connection, Tenant
from ...tenants import model_is_ours, tenant_label
from ..base import USAGE, BiginCommand, Report, actor, add_tenant_argument, find_tenant, get_tenant
from ..output import Output
from ..secret_input import read_secret


class Command(BiginCommand):
    """The command."""

    help = """\
Connect a tenant to Zoho by a self client, in one step.

In Zoho's API console of the tenant's data center make a client of the type
Self Client. Copy its id and secret, then generate a code with the scopes at
the end of this page: that is the grant token. It is valid for a few minutes and
works once, so run this at once. The secret and the code are read from files (or
from stdin, "-"), never from the command line, where every user of the machine
can see them.

A tenant that is already connected to that organization is reconnected, and
keeps its records. Where the site uses the package's own tenant model, a tenant
that does not exist yet is created.
"""
    examples = """\
  manage.py bigin_connect --tenant acme --client-id 1000.ABC \\
      --client-secret-file secret.txt --grant-token-file code.txt \\
      --data-center us
  pbpaste | manage.py bigin_connect --tenant acme --client-id 1000.ABC \\
      --client-secret-file secret.txt --grant-token-file - --data-center eu
"""

    def notes(self) -> str:
        return f"scopes for the code, to be pasted as they are:\n  {join_scopes(settings.BIGIN_SCOPES)}\n\n"

    def add_arguments(self, parser: CommandParser) -> None:
        add_tenant_argument(parser, required=True)
        parser.add_argument("--tenant-name", metavar="NAME", help="The name of a tenant that is created now.")
        parser.add_argument("--client-id", required=True, metavar="ID", help="The self client's id, as in 1000.ABC.")
        parser.add_argument(
            "--client-secret-file", required=True, metavar="F", help='A file that holds its secret; "-" is stdin.'
        )
        parser.add_argument(
            "--grant-token-file", required=True, metavar="F", help='A file that holds the code; "-" is stdin.'
        )
        parser.add_argument(
            "--data-center",
            required=True,
            metavar="DC",
            help=f"Where the self client was made: {', '.join(settings.data_center_codes)}.",
        )
        super().add_arguments(parser)

    def run(self, output: Output, options: dict[str, Any]) -> Report:
        data_center = options["data_center"].strip().lower()
        if data_center not in settings.data_center_codes:
            known = ", ".join(settings.data_center_codes)
            raise CommandError(f"There is no data center {data_center!r} here; use one of {known}.", returncode=USAGE)
        client_secret, grant_token = _read_secrets(options, output)
        tenant, is_new = _find_or_make_tenant(options)
        try:
            result = connect_self_client(
                tenant,
                client_id=options["client_id"].strip(),
                client_secret=client_secret,
                grant_token=grant_token,
                data_center=data_center,
                actor=actor("bigin_connect"),
            )
        except BaseException:
            if is_new:
                _remove_unused(tenant)
            raise
        connection = result.connection
        missing = [scope for scope in settings.BIGIN_SCOPES if not grants(connection.scopes, scope)]
        _show(output, tenant, is_new, result, missing)
        return Report(
            {
                "tenant": tenant_label(tenant),
                "tenant_created": is_new,
                "connection": connection.pk,
                "created": result.created,
                "status": connection.status,
                "data_center": connection.data_center,
                "organization": {"id": connection.org_id, "name": connection.org_name},
                "expires_at": connection.expires_at,
                "scopes": connection.scopes,
                "scopes_missing": missing,
            }
        )


def _read_secrets(options: dict[str, Any], output: Output) -> tuple[str, str]:
    if options["client_secret_file"] == options["grant_token_file"]:
        raise CommandError(
            "The client secret and the grant token must come from two places: at most one of them from stdin.",
            returncode=USAGE,
        )
    return (
        read_secret(options["client_secret_file"], what="client secret", output=output),
        read_secret(options["grant_token_file"], what="grant token", output=output),
    )


def _find_or_make_tenant(options: dict[str, Any]) -> tuple[Model, bool]:
    """Return the tenant, and whether it was created just now: only our own model can be filled in blindly."""
    name = options["tenant"]
    tenant = find_tenant(name)
    if tenant is not None:
        return tenant, False
    if not model_is_ours() or settings.BIGIN_TENANT_LOOKUP != "slug":
        return get_tenant(name), False  # raises, and says which field was looked at
    created = Tenant(slug=name, name=options["tenant_name"] or name)
    try:
        created.full_clean()
    except ValidationError as error:
        raise CommandError(f"Tenant {name!r} cannot be created: {' '.join(error.messages)}") from error
    created.save()
    return created, True


def _remove_unused(tenant: Model) -> None:
    try:
        tenant.delete()
    except ProtectedError:  # something of it was stored before the failure
        return


def _show(output: Output, tenant: Model, is_new: bool, result: ConnectResult, missing: list[str]) -> None:
    connection: Connection = result.connection
    verb = "Connected" if result.created else "Reconnected"
    created = " (created now)" if is_new else ""
    organization = f"{connection.org_name or 'organization'} (organization {connection.org_id})"
    output.line(f"{verb} tenant {tenant_label(tenant)}{created} to {organization} in {connection.data_center}.")
    output.line(f"It is connection {connection.pk}. Next: manage.py bigin_sync --tenant {tenant_label(tenant)}")
    if missing:
        output.warn(
            f"the grant lacks {', '.join(missing)}, so what needs them stays off. A grant cannot gain scopes: connect "
            "again with a code for all of BIGIN_SCOPES."
        )

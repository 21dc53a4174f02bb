"""`bigin_refresh`: refresh access tokens by hand."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from ... import clock
from ...connections import states, tokens
from ...exceptions import BiginError
from ...tenants import tenant_label
from ..base import (
    BiginCommand,
    Report,
    add_connection_arguments,
    exit_code_for,
    pick_connections,
    worst,
)
from ..output import Output, distance


class Command(BiginCommand):
    """The command."""

    sends_alerts = True
    help = """\
Ask Zoho for a new access token now, although the stored one may still be valid.

Tokens are kept fresh by themselves; this is for a person who has corrected
something and wants to see that it works. Without --connection only connections
that work are refreshed. One that fails stops no other. Zoho blocks a grant
that asks ten times in ten minutes, so the package stops at eight.
"""
    examples = """\
  manage.py bigin_refresh --tenant acme
  manage.py bigin_refresh --connection 3 --json
"""

    def add_arguments(self, parser: CommandParser) -> None:
        add_connection_arguments(parser)
        super().add_arguments(parser)

    def run(self, output: Output, options: dict[str, Any]) -> Report:
        picked = pick_connections(options)
        if options["connection"] is None:
            picked = picked.filter(status__in=states.TOKEN_KEPT)
        entries, codes = [], []
        for connection in picked:
            entry = {"connection": connection.pk, "tenant": tenant_label(connection.tenant), "expires_at": None}
            try:
                token = tokens.refresh_now(connection.pk, wait_seconds=tokens.WAIT_IN_WORKER_SECONDS)
                entry["expires_at"] = expires_at = token.expires_at
            except BiginError as error:
                entry["error"] = str(error)
                codes.append(exit_code_for(error))
                # Some errors name the connection themselves.
                reason = str(error).removeprefix(f"{connection}: ")
                output.line(f"{tenant_label(connection.tenant)}, {connection}: {reason}")
            else:
                left = distance(expires_at, clock.now())
                output.line(f"{tenant_label(connection.tenant)}, {connection}: refreshed; the token expires {left}.")
            entries.append(entry)
        if not entries:
            output.line("There is no working connection to refresh.")
        failure = f"{len(codes)} of {len(entries)} connections could not be refreshed." if codes else ""
        return Report({"connections": entries}, failure=failure, exit_code=worst(codes))

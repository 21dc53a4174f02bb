"""Revoke grants at Zoho, best effort.

Every grant that reaches us and is not kept is revoked: Zoho keeps only 20 for a user and client, and an unused one is a
risk without a use.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta

from .. import clock
from ..api.oauth import AccountsServer
from ..db.aliases import written
from ..exceptions import BiginError
from ..models import Connection
from ..text import sentence as _
from .accounts import accounts_server

logger = logging.getLogger(__name__)

RETRY_AFTER = timedelta(minutes=15)


@dataclass(frozen=True)
class Revocation:
    """The result of revoking a connection's grant.

    Attributes:
        revoked: Zoho confirmed that the grant is gone, or no longer knew it.
        detail: one sentence for a person.
    """

    revoked: bool
    detail: str


def revoke_grant(connection: Connection) -> Revocation:
    """Revoke a connection's grant; the row is not touched."""
    try:
        refresh_token = connection.refresh_token.reveal()
        if not refresh_token:
            return Revocation(True, _("There was no grant left to revoke."))
        known = accounts_server(connection.registration, connection.data_center).revoke(refresh_token)
    except BiginError as error:
        return Revocation(
            False,
            _(
                "Disconnected here, but the grant could not be revoked at Zoho: %(reason)s Disconnect again "
                "later, or revoke it at Zoho under Accounts, Sessions, Connected apps.",
                reason=error,
            ),
        )
    return Revocation(True, _("Zoho has revoked the grant.") if known else _("Zoho did not know the grant any more."))


def revoke_quietly(server: AccountsServer, token: str) -> bool:
    """Revoke a token that is not kept; False, and a warning in the log, where Zoho could not be reached."""
    try:
        server.revoke(token)
    except BiginError as error:
        logger.warning("A grant that is not used could not be revoked at Zoho: %s", error)
        return False
    return True


def retry_unrevoked(connection: Connection) -> bool:
    """Try once more to revoke the grant of a connection that was disconnected while Zoho could not be reached."""
    revocation = revoke_grant(connection)
    rows = written(Connection).filter(pk=connection.pk, status=Connection.Status.DISCONNECTED)
    if revocation.revoked:
        rows.update(refresh_token="", next_attempt_at=None)
    else:
        rows.update(next_attempt_at=clock.now() + RETRY_AFTER)
    return revocation.revoked

"""A connection's life after it was made: confirm or discard it, pause and resume it, end it."""

from __future__ import annotations

from django.db.models import F

from .. import audit, clock
from ..db import leases
from ..db.aliases import atomic, reread, written
from ..installation import require_ownership
from ..models import Connection, Job, ModuleSchema, ModuleSync, QuarantinedRow, Record
from ..text import sentence as _
from .revoking import Revocation, revoke_grant
from .states import TOKEN_KEPT, Status, set_status, write


def confirm(connection: Connection, *, actor: str = "") -> bool:
    """Confirm a pending connection, once its organization's name was seen. False where there is nothing to confirm."""
    waiting = written(Connection).filter(pk=connection.pk, confirm_until__gt=clock.now())
    if not waiting.exists() or not set_status(connection, Status.HEALTHY, only_from=(Status.PENDING,)):
        return False
    audit.record("confirm", connection, actor=actor)
    return True


def discard(connection: Connection, *, actor: str = "") -> bool:
    """Revoke the grant of a connection that was never confirmed, and remove it. False where it is not pending.

    Where Zoho cannot be reached the row stays, disconnected, until the grant is revoked.
    """
    if not set_status(connection, Status.DISCONNECTED, only_from=(Status.PENDING,)):
        return False
    audit.record("discard", connection, actor=actor)
    if revoke_grant(connection).revoked:
        written(Connection).filter(pk=connection.pk, status=Status.DISCONNECTED).delete()
    return True


def pause(connection: Connection, *, actor: str = "") -> bool:
    """Stop working with a connection until it is resumed; its data stays. False where there is nothing to pause."""
    if not set_status(connection, Status.PAUSED, only_from=TOKEN_KEPT):
        return False
    audit.record("pause", connection, actor=actor)
    return True


def resume(connection: Connection, *, actor: str = "") -> bool:
    """Work with a paused connection again. False where it is not paused."""
    before = written(Connection).filter(pk=connection.pk).values_list("status_before_pause", flat=True).first()
    to = before if before in TOKEN_KEPT else Status.HEALTHY
    if not set_status(connection, to, only_from=(Status.PAUSED,)):
        return False
    audit.record("resume", connection, actor=actor)
    return True


def disconnect(connection: Connection, *, actor: str = "", purge: bool = False) -> Revocation:
    """End a connection: nothing uses it from now on, and its grant is revoked at Zoho.

    Where Zoho cannot be reached, the refresh token stays encrypted in the row, so that disconnecting again revokes it.

    Args:
        purge: also delete the connection's mirror. Otherwise the data stays readable.
    """
    require_ownership()
    with atomic(Connection):
        # The rising grant version fences off a refresh that is under way.
        write(
            written(Connection).filter(pk=connection.pk),
            grant_version=F("grant_version") + 1,
            access_token="",
            expires_at=None,
            refresh_at=None,
            **leases.cleared(),
        )
        set_status(connection, Status.DISCONNECTED)
        audit.record("disconnect", connection, actor=actor, detail=_("with purge") if purge else "")
        # The caller's object may be older than the grant that is to be revoked.
        reread(connection, "tenant", "registration")
    revocation = revoke_grant(connection)
    if revocation.revoked:
        this_grant = written(Connection).filter(pk=connection.pk, grant_version=connection.grant_version)
        this_grant.filter(status=Status.DISCONNECTED).update(refresh_token="")
    if purge:
        purge_mirror(connection)
    reread(connection, "tenant", "registration")
    return revocation


def purge_mirror(connection: Connection) -> None:
    """Delete everything that was mirrored through a connection; the connection and its audit stay."""
    # The progress first: a page that is being stored holds its row, and without it none is stored any more.
    for model in (ModuleSync, Record, QuarantinedRow, ModuleSchema, Job):
        written(model).filter(connection=connection).delete()

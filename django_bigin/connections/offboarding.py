"""A tenant's end: disconnect it, forget everything about it, delete it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import ProtectedError, Q, RestrictedError

from .. import audit
from ..db.aliases import atomic, written
from ..exceptions import BiginError
from ..installation import require_ownership
from ..models import ClientRegistration, Connection, Record
from ..tenants import tenant_model
from ..text import sentence as _
from .lifecycle import disconnect
from .revoking import Revocation
from .states import Status


@dataclass(frozen=True)
class Offboarding:
    """The outcome of deleting a tenant.

    Attributes:
        deleted: False where a grant is left that Zoho did not revoke: nothing but the mirror is deleted then.
        revocations: what became of each connection's grant, by the connection as text.
        records: how many mirrored records were deleted.
    """

    deleted: bool
    revocations: Mapping[str, Revocation] = field(default_factory=dict)
    records: int = 0


def delete_tenant(tenant: Any, *, actor: str = "", keep_row: bool = False, even_unrevoked: bool = False) -> Offboarding:
    """Disconnect every connection of a tenant, delete everything that is kept for it, and the tenant.

    Call it outside any transaction: it waits for Zoho. The audit stays.

    Args:
        keep_row: leave the row of the tenant model to the site.
        even_unrevoked: go on where Zoho cannot be reached; the grant then lives on until a person removes it there.

    Raises:
        BiginError: rows of the site's own, or of another tenant, point to what would be deleted; it names them.
    """
    require_ownership()
    connections = list(written(Connection).filter(tenant=tenant.pk).select_related("tenant", "registration"))
    records = written(Record).filter(connection__in=[each.pk for each in connections]).count()
    revocations = {str(each): disconnect(each, actor=actor, purge=True) for each in connections}
    if not even_unrevoked and not all(each.revoked for each in revocations.values()):
        return Offboarding(False, revocations, records)
    try:
        _delete_rows(tenant, connections, actor=actor, keep_row=keep_row)
    except (ProtectedError, RestrictedError) as error:
        raise BiginError(
            _(
                "%(tenant)s is disconnected, but was not deleted: %(names)s point to it. Delete those first.",
                tenant=tenant,
                names=_named(error),
            )
        ) from error
    return Offboarding(True, revocations, records)


def _delete_rows(tenant: Any, connections: list[Connection], *, actor: str, keep_row: bool) -> None:
    with atomic(Connection):
        # First the tenant's row: whoever connects it now waits for the end of this, and finds it gone.
        written(tenant_model()).select_for_update().filter(pk=tenant.pk).first()
        theirs = written(Connection).filter(tenant=tenant.pk)
        if theirs.exclude(Q(status=Status.DISCONNECTED, pk__in=[each.pk for each in connections])).exists():
            raise BiginError(
                _("%(tenant)s was connected again meanwhile, so it was not deleted: do it again.", tenant=tenant)
            )
        for each in connections:
            audit.record("delete", each, actor=actor, detail=_("with its tenant"))
        theirs.delete()
        written(ClientRegistration).filter(tenant=tenant.pk).delete()
        if not keep_row:
            written(tenant_model()).filter(pk=tenant.pk).delete()


def _named(error: ProtectedError | RestrictedError) -> str:
    rows = error.protected_objects if isinstance(error, ProtectedError) else error.restricted_objects
    return " and ".join(sorted({str(row._meta.verbose_name_plural) for row in rows}))

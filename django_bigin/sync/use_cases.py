"""The two ways to start a sync: of a connection, now; of one module for a while, if it is due."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import F

from .. import clock
from ..connections.states import is_syncable, require_connected
from ..connections.tokens import ensure_fresh_token, token_of
from ..db import leases
from ..db.aliases import written
from ..installation import require_ownership
from ..models import Connection, ModuleSync
from . import plan, schema
from .engine import TRIES_AT_MOST, perform, quarantine_module, sync_module, why_not
from .options import Options
from .quarantine import with_quarantined
from .results import ANOTHER_WORKS, ModuleResult
from .run import Run, claim_due
from .session import open_session

DEFAULTS = Options()


def sync_connection(
    connection: Connection, *, modules: Sequence[str] | None = None, options: Options = DEFAULTS
) -> list[ModuleResult]:
    """Bring the mirror of a connection up to date, now and whatever is due; one failing module stops no other.

    Args:
        modules: API names; None for all that are switched on.

    Returns:
        One result for each module, in the order in which they were done.

    Raises:
        AuthorizationError: a person must act before anything can be read.
        TransientError: there is no usable token now.
        EncryptionError: a stored secret cannot be read.
        RequestError: a name is not a mirrored module.
    """
    require_ownership()
    require_connected(connection)
    planned = plan.prepare(connection, modules)
    results = []
    # First, so that trouble with the token is told once, and is no module's.
    token = ensure_fresh_token(connection.pk)
    with open_session(connection, options, token=token) as session:
        if options.full or schema.metadata_is_due(connection):
            schema.refresh_metadata(session.client, connection, planned.rows)
        for row in planned.chosen:
            results.append(sync_module(row, session))
            options.tell(results[-1])
    return results


def sync_slice(module_sync_id: int, options: Options) -> ModuleResult | None:
    """Work on a module if it is due: what a worker does. None where it is not (a message may come twice).

    Raises:
        AuthorizationError: a person must act before anything can be read.
        TransientError: there is no usable token now.
        ForeignDatabaseError: the database belongs to another installation.
    """
    # Claimed unread: read afterwards, the row is what the last run left, and an idle delta is few statements.
    lease_id = claim_due(module_sync_id)
    if lease_id is None:
        require_ownership()  # of a foreign database nothing is claimed
        return _worked_on_by_another(module_sync_id)
    rows = with_quarantined(written(ModuleSync)).select_related("connection__tenant")
    row = rows.filter(pk=module_sync_id).first()
    if row is None:
        return None  # deleted since it was claimed, and the lease with it
    if row.tries > TRIES_AT_MOST:
        return quarantine_module(row, lease_id)
    try:
        token = token_of(row.connection)
    except BaseException:
        # Nothing was done, whoever or whatever stopped us: the next run need not wait for the lease to expire.
        leases.release(written(ModuleSync).filter(pk=module_sync_id), lease_id, tries=F("tries") - 1)
        raise
    with open_session(row.connection, options, token=token) as session:
        result = perform(Run(row, lease_id, session))
        options.tell(result)
    return result


def _worked_on_by_another(module_sync_id: int) -> ModuleResult | None:
    """Return the result of a module that is due and that another process holds; None where it is not due."""
    row = written(ModuleSync).select_related("connection").filter(pk=module_sync_id).first()
    if row is None or not is_syncable(row.connection):
        return None
    if row.next_run_at is not None and row.next_run_at > clock.now():
        return None
    return ModuleResult(row.module, skipped=why_not(row) or ANOTHER_WORKS)

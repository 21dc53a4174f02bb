"""One slice of each kind of work: at most about a minute, and harmless when it runs twice.

A slice returns its row's rest: until when the row is not to be handed out again. None: the slice has cleared its queue
column itself.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from django.db.models import F
from django.db.models.expressions import Combinable

from .. import clock
from ..connections import lifecycle, revoking, states, tokens
from ..credits.account import Priority
from ..db.aliases import written
from ..exceptions import BiginError
from ..models import Connection, ModuleSync
from ..sync import Options, schema, sync_slice
from ..text import sentence as _
from . import due, jobs
from .jobs import SLICE_SECONDS

logger = logging.getLogger(__name__)

TRIES_AT_MOST = 5  # in a row that were begun and did not end
FAILED_AGAIN_SECONDS = 60  # what could not even begin rests so long


@dataclass(frozen=True)
class Rest:
    """The time for which a row is not handed out again.

    Attributes:
        until: by the database's clock; None: no rest, it may be handed out as soon as it is due.
    """

    until: Combinable | None = None


def refresh(connection_id: int) -> Rest | None:
    """Keep a connection's token fresh."""
    connection = written(Connection).filter(pk=connection_id).first()
    # A message may come twice, and others refresh a token as well.
    if connection is not None and connection.refresh_at is not None and connection.refresh_at <= clock.now():
        try:
            tokens.ensure_fresh_token(connection_id)
        except BiginError as error:
            logger.info("%s: %s", connection, error)  # the row says the same, and when it is tried again
    return Rest()


def metadata(connection_id: int) -> Rest | None:
    """Read a connection's modules and fields."""
    connection = written(Connection).select_related("tenant").filter(pk=connection_id).first()
    if connection is None or not states.is_syncable(connection):
        return Rest()
    row = written(Connection).filter(pk=connection_id)
    if connection.metadata_tries >= TRIES_AT_MOST:
        connection.metadata_error = _(
            "%(number)s tries in a row ended without a result, so it is tried once an hour only: see the workers' "
            "logs. A worker that is killed has often run out of memory.",
            number=TRIES_AT_MOST - 1,
        )
        row.update(metadata_error=connection.metadata_error)
    try:
        if not schema.refresh_connection_metadata(connection) and schema.metadata_is_due(connection):
            return Rest(until=F("metadata_lease_until"))  # another worker is reading it, and may be dead
    except BiginError as error:
        logger.info("%s: %s", connection, error)
        row.update(metadata_error=str(error))
        return _rest_after_failure()
    except Exception as error:
        row.update(metadata_error=_unexpected(error))
        raise
    if connection.metadata_error:
        row.update(metadata_error="")
    return Rest()


def revoke(connection_id: int) -> Rest | None:
    """Revoke the grant of a connection that is disconnected or that nobody confirmed."""
    connection = due.revocations().filter(pk=connection_id).select_related("tenant", "registration").first()
    if connection is not None and connection.status == Connection.Status.PENDING:
        lifecycle.discard(connection, actor=_("not confirmed in time"))
    elif connection is not None:
        revoking.retry_unrevoked(connection)
    return Rest()


def sync(module_sync_id: int) -> Rest | None:
    """Sync a module."""
    try:
        result = sync_slice(
            module_sync_id, Options(with_deletions=False, priority=Priority.SCHEDULE, deadline_seconds=SLICE_SECONDS)
        )
    except BiginError as error:
        logger.info("module %s: %s", module_sync_id, error)
        return _rest_after_failure()
    except Exception as error:
        # The engine notes what a run meets; this came before there was one.
        failed = {"last_error": _unexpected(error), "last_error_at": clock.now()}
        written(ModuleSync).filter(pk=module_sync_id).update(**failed, failure_count=F("failure_count") + 1)
        raise
    if result is None:
        return Rest()
    if result.changed or (result.error and not result.resting):  # neither an idle delta nor a rest keeps a job
        row = written(ModuleSync).select_related("connection").filter(pk=module_sync_id).first()
        if row is not None:
            jobs.record_job(row.connection, result, full=False, actor=_("schedule"))
    if result.finished:
        return None
    # Where another works on it, who may be dead, it is handed out again when the lease has expired.
    return Rest(until=F("lease_until")) if result.skipped else Rest()


def job(job_id: int) -> Rest | None:
    """Work on a job."""
    jobs.run(job_id)
    return None


def _unexpected(error: Exception) -> str:
    return _("Unexpected error (%(kind)s): see the worker's log. It is tried again.", kind=type(error).__name__)


def _rest_after_failure() -> Rest:
    return Rest(until=clock.database_in(FAILED_AGAIN_SECONDS))

"""Work in the background: what is due, who takes it, and the slices that do it.

Rows say what is due; a message is only a wake-up. The tick claims due rows by conditional UPDATE, so
that doubled ticks hand out each of them once, and sends their ids. Where the broker is down a row is given back and
stays due. A slice may run twice and may die anywhere: it looks whether its row is due, and works under a lease.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models import F, Model, Q, QuerySet

from .. import clock
from ..conf import settings
from ..connections import authorize, lifecycle, revoking, states, tokens
from ..db import leases
from ..exceptions import BiginError
from ..health import alerts
from ..installation import require_ownership
from ..models import Connection, CreditUse, Heartbeat, Job, ModuleSync, RegistrationState
from ..sync import Options, schema, sync_slice
from ..sync.schema import refresh_connection_metadata
from . import jobs

logger = logging.getLogger(__name__)

CLAIMED_AT_MOST = 500  # of each kind in one tick
QUEUED_SECONDS = 300  # a slice of 60 s, a wait for the token of 90 s, and the queue before them
FAILED_AGAIN_SECONDS = 60  # what could not even begin rests so long
SLICE_SECONDS = 60.0
TRIM_EVERY = timedelta(hours=1)
SILENT_FOR = timedelta(days=1)

Status = Connection.Status

REFRESH, METADATA, SYNC, JOB = "bigin.refresh", "bigin.metadata", "bigin.sync", "bigin.job"
QUEUED_UNTIL = {
    REFRESH: "refresh_queued_until",
    METADATA: "metadata_queued_until",
    SYNC: "queued_until",
    JOB: "queued_until",
}
"""The column that says until when a row of each kind counts as handed out: one for each kind of work."""

Send = Callable[[str, int], None]
"""Wakes a worker: called with the name of the work and the id of its row. Raises BrokerDown."""


class BrokerDown(Exception):
    """No worker can be woken now. Nothing is lost: the rows stay due."""


@dataclass
class Ticked:
    """What one tick did.

    Attributes:
        sent: how many rows of each kind were handed out.
        broker_down: why the rest was given back; "" where all went well.
    """

    sent: dict[str, int] = field(default_factory=dict)
    broker_down: str = ""


def tick(send: Send) -> Ticked:
    """Hand out everything that is due, and look after what needs no worker.

    Raises:
        ForeignDatabaseError: the database belongs to another installation.
    """
    require_ownership()
    beat("tick", kind="tick")
    alerts.send_due()
    _discard_unconfirmed()
    _revoke_unrevoked()
    _trim_now_and_then()
    ticked = Ticked()
    for kind, due in ((JOB, _due_jobs()), (REFRESH, _due_refreshes()), (METADATA, _due_metadata()), (SYNC, _due())):
        ticked.sent[kind] = _hand_out(kind, due, send, ticked)
    return ticked


def wake(job: Job, send: Send) -> bool:
    """Wake a worker for a job that was just written. False where the broker is down: the next tick will."""
    ticked = Ticked()
    return bool(_hand_out(JOB, Job.objects.filter(pk=job.pk), send, ticked))


def work(kind: str, row_id: int) -> None:
    """Do one slice: what each task calls with what its message carries."""
    beat(f"{socket.gethostname()}:{os.getpid()}", kind=kind.removeprefix("bigin."))
    _SLICES[kind](row_id)


def beat(name: str, *, kind: str) -> None:
    """Note that a worker, or the tick, is alive."""
    seen = {"kind": kind[:16], "seen_at": clock.now()}
    # Not update_or_create(): it locks what is not there yet, and ticks at once would deadlock on MariaDB.
    if not Heartbeat.objects.filter(name=name[:200]).update(**seen):
        Heartbeat.objects.bulk_create([Heartbeat(name=name[:200], **seen)], ignore_conflicts=True)


# What is due


def _due_jobs() -> QuerySet[Any]:
    return Job.objects.filter(pk__in=jobs.due_jobs(CLAIMED_AT_MOST))


def _due_refreshes() -> QuerySet[Any]:
    now = clock.now()
    rested = Q(next_attempt_at=None) | Q(next_attempt_at__lte=now)
    return Connection.objects.filter(rested, refresh_at__lte=now, status__in=states.WORKING).order_by("refresh_at")


def _due_metadata() -> QuerySet[Any]:
    now = clock.now()
    due = Q(metadata_at=None) | Q(metadata_at__lte=now)
    return Connection.objects.filter(due, status__in=states.USABLE).order_by("pk")


def _due() -> QuerySet[Any]:
    now = clock.now()
    due = Q(next_run_at=None) | Q(next_run_at__lte=now)
    rows = ModuleSync.objects.filter(due, enabled=True, unavailable_reason="", module__in=settings.BIGIN_MODULES)
    usable = rows.filter(connection__status__in=states.USABLE, connection__metadata_at__isnull=False)
    return usable.order_by("next_run_at", "pk")


def _hand_out(kind: str, due: QuerySet[Any], send: Send, ticked: Ticked) -> int:
    """Claim the due rows and send their ids; give back what could not be sent."""
    if ticked.broker_down:
        return 0
    sent = 0
    model: type[Model] = due.model
    column = QUEUED_UNTIL[kind]
    for row_id in list(due.filter(leases.not_reserved(column)).values_list("pk", flat=True)[:CLAIMED_AT_MOST]):
        row = model._default_manager.filter(pk=row_id)
        if not leases.reserve(row, QUEUED_SECONDS, column=column):
            continue  # another tick was faster
        try:
            send(kind, row_id)
        except BrokerDown as error:
            row.update(**{column: None})
            ticked.broker_down = str(error)
            logger.warning("No worker can be woken: %s", error)
            return sent
        sent += 1
    return sent


# Slices


def _refresh(connection_id: int) -> None:
    connection = Connection.objects.filter(pk=connection_id).first()
    if connection is None:
        return
    try:
        # A message may come twice, and others refresh a token as well.
        if connection.refresh_at is not None and connection.refresh_at <= clock.now():
            tokens.ensure_fresh_token(connection_id)
    except BiginError as error:
        logger.info("%s: %s", connection, error)  # the row says the same, and when it is tried again
    finally:
        Connection.objects.filter(pk=connection_id).update(refresh_queued_until=None)


def _metadata(connection_id: int) -> None:
    connection = Connection.objects.select_related("tenant").filter(pk=connection_id).first()
    if connection is None or not states.is_usable(connection):
        return
    try:
        if not refresh_connection_metadata(connection) and schema.metadata_is_due(connection):
            return  # another worker is reading it
    except BiginError as error:
        logger.info("%s: %s", connection, error)
        # It stays due, and is not handed out again before this.
        Connection.objects.filter(pk=connection_id).update(metadata_queued_until=clock.database_in(FAILED_AGAIN_SECONDS))
    else:
        Connection.objects.filter(pk=connection_id).update(metadata_queued_until=None)


def _sync(module_sync_id: int) -> None:
    row = ModuleSync.objects.filter(pk=module_sync_id)
    try:
        result = sync_slice(module_sync_id, Options(with_deletions=False, deadline_seconds=SLICE_SECONDS))
    except BiginError as error:
        logger.info("module %s: %s", module_sync_id, error)
        row.update(queued_until=clock.database_in(FAILED_AGAIN_SECONDS))
    else:
        if result and (result.changed or result.error):  # an idle delta keeps no job
            connection = Connection.objects.filter(modules=module_sync_id).first()
            if connection is not None:
                jobs.record_job(connection, result, full=False, actor="schedule")
        if result is None or not result.finished:
            # Where another works on it, who may be dead, it is handed out again when the lease has run out.
            row.update(queued_until=F("lease_until") if result and result.skipped else None)


def _job(job_id: int) -> None:
    jobs.run(job_id)


_SLICES: dict[str, Callable[[int], None]] = {REFRESH: _refresh, METADATA: _metadata, SYNC: _sync, JOB: _job}


# What needs no worker


def _discard_unconfirmed() -> None:
    for connection in Connection.objects.filter(status=Status.PENDING, confirm_until__lte=clock.now()):
        lifecycle.discard(connection, actor="not confirmed in time")


def _revoke_unrevoked() -> None:
    now = clock.now()
    rested = Q(next_attempt_at=None) | Q(next_attempt_at__lte=now)
    unrevoked = Connection.objects.filter(rested, status=Status.DISCONNECTED).exclude(refresh_token="")
    for connection in unrevoked[:10]:
        revoking.retry_unrevoked(connection)


def _trim_now_and_then() -> None:
    now = clock.now()
    last = Heartbeat.objects.filter(name="trim").values_list("seen_at", flat=True).first()
    if last is not None and last > now - TRIM_EVERY:
        return
    beat("trim", kind="tick")
    authorize.trim_attempts()
    Job.objects.filter(finished_at__lt=now - settings.job_retention).delete()
    CreditUse.objects.filter(minute__lt=now - timedelta(days=1, hours=1)).delete()
    Heartbeat.objects.filter(seen_at__lt=now - SILENT_FOR).delete()
    RegistrationState.objects.filter(throttled_until__lt=now).update(throttled_until=None)


def unseen_for(kind: str) -> timedelta | None:
    """How long no worker of a kind has been seen; None where none ever was."""
    seen: Iterable[Any] = Heartbeat.objects.filter(kind=kind).order_by("-seen_at").values_list("seen_at", flat=True)[:1]
    return next((clock.now() - moment for moment in seen), None)

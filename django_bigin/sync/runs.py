"""Use cases: sync a connection, or one module of it."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.db import InterfaceError, OperationalError, connections, router
from django.db.models import F

from .. import clock
from ..api.client import Client
from ..connections.clients import open_client
from ..connections.states import is_usable, require_connected
from ..connections.tokens import token_of
from ..credits.ledger import Meter
from ..exceptions import (
    AuthorizationError,
    BiginError,
    LeaseLostError,
    ModuleNotAvailableError,
    ScopeError,
    SyncError,
)
from ..installation import require_ownership
from ..models import Connection, ModuleSync, Record
from . import lease, plan, schema
from .engine import ModuleRun, SliceEnded, interval
from .options import Options
from .results import ModuleResult

logger = logging.getLogger(__name__)

LONGEST_BACKOFF_SECONDS = 3600.0
DEFAULTS = Options()
ANOTHER_WORKS = "Another process is syncing it now."


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
        RequestError: a name is not a mirrored module.
    """
    require_ownership()
    require_connected(connection)
    planned = plan.prepare(connection, modules)
    meter = Meter(connection)
    client = open_client(connection, on_call=meter.count)
    give_up_at = _give_up_at(options)
    results = []
    try:
        if options.full or schema.metadata_is_due(connection):
            schema.refresh_metadata(client, connection, planned.rows)
        for row in planned.chosen:
            result = _sync_module(row, client, meter, options, give_up_at)
            results.append(result)
            if options.on_result:
                options.on_result(result)
        return results
    finally:
        meter.flush()


def sync_slice(module_sync_id: int, options: Options) -> ModuleResult | None:
    """Work on a module if it is due: what a worker does. None where it is not (a message may come twice).

    Raises:
        AuthorizationError: a person must act before anything can be read.
        TransientError: there is no usable token now.
    """
    require_ownership()
    # Claimed unread: read afterwards, the row is what the last run left, and an idle delta is few statements.
    lease_id = lease.claim_due(module_sync_id)
    if lease_id is None:
        return _worked_on_by_another(module_sync_id)
    progress = ModuleSync.objects.select_related("connection__tenant").filter(pk=module_sync_id).first()
    if progress is None:
        return None  # deleted since it was claimed, and the lease with it
    connection = progress.connection
    try:
        token = token_of(connection)
    except BaseException:
        # Nothing was done, whoever or whatever stopped us: the next run need not wait for the lease to run out.
        with suppress(LeaseLostError):
            lease.move(progress, lease_id, release=True)
        raise
    meter = Meter(connection)
    result = ModuleResult(progress.module)
    client = open_client(connection, token=token, on_call=meter.count)
    run = ModuleRun(
        progress, client, lease_id, meter=meter, result=result, options=options, give_up_at=_give_up_at(options)
    )
    try:
        _run(run)
        if options.on_result:
            options.on_result(result)
        return result
    finally:
        meter.flush()


# How it is done


def _sync_module(
    progress: ModuleSync, client: Client, meter: Meter, options: Options, give_up_at: float | None
) -> ModuleResult:
    """Bring one module up to date; its failures stand in the result and in the progress.

    Raises:
        AuthorizationError: it concerns the whole connection, not this module alone.
    """
    result = ModuleResult(progress.module)
    result.skipped = _why_not(progress)
    lease_id = None if result.skipped else lease.claim(progress.pk)
    if lease_id is None:
        result.skipped = result.skipped or ANOTHER_WORKS
        return result
    connection = progress.connection
    progress.refresh_from_db()
    progress.connection = connection
    _run(ModuleRun(progress, client, lease_id, meter=meter, result=result, options=options, give_up_at=give_up_at))
    return result


def _give_up_at(options: Options) -> float | None:
    return None if options.deadline_seconds is None else time.monotonic() + options.deadline_seconds


def _release(run: ModuleRun, **changes: Any) -> None:
    """Give the lease back with what the run came to, and add its cost to the module's totals."""
    run.add_up()
    result = run.result
    lease.move(
        run.progress,
        run.lease_id,
        release=True,
        queued_until=None,
        total_calls=F("total_calls") + result.calls,
        total_credits=F("total_credits") + result.credits,
        total_seconds=F("total_seconds") + result.seconds,
        **changes,
    )


def _worked_on_by_another(module_sync_id: int) -> ModuleResult | None:
    """The result of a module that is due and that another process holds; None where it is not due."""
    progress = ModuleSync.objects.select_related("connection").filter(pk=module_sync_id).first()
    if progress is None or not is_usable(progress.connection):
        return None
    if progress.next_run_at is not None and progress.next_run_at > clock.now():
        return None
    return ModuleResult(progress.module, skipped=_why_not(progress) or ANOTHER_WORKS)


def _why_not(progress: ModuleSync) -> str:
    if not progress.enabled:
        return "It is switched off."
    return progress.unavailable_reason


def _run(run: ModuleRun) -> None:
    """Run, and close the run in the progress whichever way it ended."""
    progress, result = run.progress, run.result
    try:
        run.run()
        now = clock.now()
        _release(
            run,
            last_success_at=now,
            last_error=result.error,
            failure_count=0,
            next_run_at=now + interval(progress),
            **run.closing,
        )
        result.finished = True
    except SliceEnded:
        _release(run, next_run_at=clock.now())
    except LeaseLostError as error:
        result.error = str(error)
    except (ModuleNotAvailableError, ScopeError) as error:
        result.skipped = error.message
        with suppress(LeaseLostError):
            _release(run, unavailable_reason=error.message)
    except BiginError as error:
        _note_failure(run, error)
        if isinstance(error, AuthorizationError):
            raise
    except (OperationalError, InterfaceError) as error:
        _note_lost_database(run, error)
    except Exception as error:
        # Whatever it is, it is this module's: the others go on, and this one is tried again.
        logger.exception("The sync of %s of connection %s failed.", run.module, progress.connection_id)
        _note_failure(run, SyncError(f"{run.module} was stopped by {type(error).__name__}: the log says where."))
    except BaseException:
        # Somebody stopped us: the next run need not wait for the lease to run out.
        with suppress(LeaseLostError):
            _release(run)
        raise


def _note_failure(run: ModuleRun, error: BiginError) -> None:
    run.result.error = str(error)
    failures = run.progress.failure_count + 1
    longest = min(30.0 * 2 ** min(failures, 10), LONGEST_BACKOFF_SECONDS)
    now = clock.now()
    with suppress(LeaseLostError):
        _release(
            run,
            last_error=str(error),
            last_error_at=now,
            failure_count=failures,
            next_run_at=now + timedelta(seconds=longest * random.uniform(0.5, 1)),  # noqa: S311  # jitter, no secret
        )


def _note_lost_database(run: ModuleRun, error: Exception) -> None:
    """The database went away: everything up to the last page is stored. Say so, in the row if it is back already."""
    connections[router.db_for_write(Record)].close_if_unusable_or_obsolete()
    sentence = SyncError(
        f"The database went away while {run.module} was being stored ({type(error).__name__}): every page up to "
        "then is kept, and the next run goes on from there."
    )
    try:
        _note_failure(run, sentence)
    except (OperationalError, InterfaceError):
        run.result.error = str(sentence)

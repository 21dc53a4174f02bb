"""The engine: sync a connection, or work on one module for a while.

It claims a module, chooses the strategy that brings it up to date and, where that one ends by naming another, the next;
then it closes the run, whichever way it ended.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta

from django.db import InterfaceError, OperationalError

from .. import clock
from ..api.client import Client
from ..connections.clients import open_client
from ..connections.states import is_syncable, require_connected
from ..connections.tokens import token_of
from ..credits.ledger import Meter
from ..db import leases
from ..db.aliases import database_of, written
from ..db.backoff import backoff_seconds
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
from . import compare, delta, full, plan, schema, whole
from .options import Options
from .plan import Strategy
from .results import ModuleResult
from .run import Ending, Outcome, Run, claim, claim_due

logger = logging.getLogger(__name__)

DEFAULTS = Options()
FIRST_REST_SECONDS, LONGEST_REST_SECONDS = 60.0, 3600.0
ANOTHER_WORKS = "Another process is syncing it now."

STRATEGIES: dict[Strategy, Callable[[Run], Outcome]] = {
    Strategy.WHOLE: whole.read,
    Strategy.FULL: full.read,
    Strategy.COMPARE: compare.read,
    Strategy.DELTA: delta.read,
}
NEXT = {Outcome.FULL_NEEDED: Strategy.FULL, Outcome.COMPARE_NEEDED: Strategy.COMPARE}


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
    ends_at = options.ends_at()
    results = []
    try:
        if options.full or schema.metadata_is_due(connection):
            schema.refresh_metadata(client, connection, planned.rows)
        for row in planned.chosen:
            results.append(_sync_module(row, client, meter, options, ends_at))
            options.tell(results[-1])
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
    lease_id = claim_due(module_sync_id)
    if lease_id is None:
        return _worked_on_by_another(module_sync_id)
    row = written(ModuleSync).select_related("connection__tenant").filter(pk=module_sync_id).first()
    if row is None:
        return None  # deleted since it was claimed, and the lease with it
    try:
        token = token_of(row.connection)
    except BaseException:
        # Nothing was done, whoever or whatever stopped us: the next run need not wait for the lease to expire.
        leases.release(written(ModuleSync).filter(pk=module_sync_id), lease_id)
        raise
    meter = Meter(row.connection)
    client = open_client(row.connection, token=token, on_call=meter.count)
    try:
        result = _perform(Run(row, lease_id, client, meter=meter, options=options, ends_at=options.ends_at()))
        options.tell(result)
        return result
    finally:
        meter.flush()


def _sync_module(
    row: ModuleSync, client: Client, meter: Meter, options: Options, ends_at: float | None
) -> ModuleResult:
    """Bring one module up to date; its failures stand in the result and in the row.

    Raises:
        AuthorizationError: it concerns the whole connection, not this module alone.
    """
    skipped = _why_not(row)
    lease_id = None if skipped else claim(row.pk)
    if lease_id is None:
        return ModuleResult(row.module, skipped=skipped or ANOTHER_WORKS)
    fresh = written(ModuleSync).get(pk=row.pk)
    fresh.connection = row.connection
    return _perform(Run(fresh, lease_id, client, meter=meter, options=options, ends_at=ends_at))


def _worked_on_by_another(module_sync_id: int) -> ModuleResult | None:
    """Return the result of a module that is due and that another process holds; None where it is not due."""
    row = written(ModuleSync).select_related("connection").filter(pk=module_sync_id).first()
    if row is None or not is_syncable(row.connection):
        return None
    if row.next_run_at is not None and row.next_run_at > clock.now():
        return None
    return ModuleResult(row.module, skipped=_why_not(row) or ANOTHER_WORKS)


def _why_not(row: ModuleSync) -> str:
    return row.unavailable_reason if row.enabled else "It is switched off."


def _work(run: Run) -> Outcome:
    """Bring a module up to date by one strategy after the other, or as far as the time allows."""
    strategy = plan.strategy_for(run.row, full=run.options.full)
    while True:
        outcome = STRATEGIES[strategy](run)
        if outcome not in NEXT:
            return outcome
        strategy = NEXT[outcome]


def _perform(run: Run) -> ModuleResult:
    """Work, and close the run in the row whichever way it ended."""
    result = run.result
    try:
        _close(run, _work(run))
    except LeaseLostError as error:
        result.error = str(error)
    except (ModuleNotAvailableError, ScopeError) as error:
        result.skipped = error.message
        _give_up(run, {"unavailable_reason": error.message})
    except BiginError as error:
        _note_failure(run, error)
        if isinstance(error, AuthorizationError):
            raise
    except (OperationalError, InterfaceError) as error:
        _note_lost_database(run, error)
    except Exception as error:
        # Whatever it is, it is this module's: the others go on, and this one is tried again.
        logger.exception("The sync of %s of connection %s failed.", run.module, run.row.connection_id)
        _note_failure(run, SyncError(f"{run.module} was stopped by {type(error).__name__}: see the log."))
    except BaseException:
        # Somebody stopped us: the next run need not wait for the lease to expire.
        _give_up(run, {})
        raise
    return result


def _close(run: Run, outcome: Outcome) -> None:
    now = clock.now()
    if outcome is Outcome.TIME_UP:
        run.release(next_run_at=now)
        return
    ending: Ending = {
        "last_success_at": now,
        "last_error": run.result.error,
        "failure_count": 0,
        "next_run_at": now + plan.interval(run.row),
    }
    if run.result.error:
        ending["last_error_at"] = now  # it came to its end, with something that a person should know
    run.finish(**ending)


def _give_up(run: Run, columns: Ending) -> None:
    with suppress(LeaseLostError):
        run.release(**columns)


def _note_failure(run: Run, error: BiginError) -> None:
    run.result.error = str(error)
    now = clock.now()
    failures = run.row.failure_count + 1
    rest = backoff_seconds(failures, first=FIRST_REST_SECONDS, longest=LONGEST_REST_SECONDS)
    _give_up(
        run,
        {
            "last_error": str(error),
            "last_error_at": now,
            "failure_count": failures,
            "next_run_at": now + timedelta(seconds=rest),
        },
    )


def _note_lost_database(run: Run, error: Exception) -> None:
    """Say that the database went away, in the row if it is back already; all up to the last page is stored."""
    database_of(Record).close_if_unusable_or_obsolete()
    sentence = SyncError(
        f"The database went away while {run.module} was being stored ({type(error).__name__}): every page up to "
        "then is kept, and the next run goes on from there."
    )
    try:
        _note_failure(run, sentence)
    except (OperationalError, InterfaceError):
        run.result.error = str(sentence)

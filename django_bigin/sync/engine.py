"""The engine: bring one module up to date.

It claims the module, chooses the strategy that brings it up to date and, where that one ends by naming another, the
next; then it closes the run, whichever way it ended.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from django.db import DataError, InterfaceError, OperationalError

from .. import clock
from ..db import leases
from ..db.aliases import close_what_failed, written
from ..db.backoff import backoff_seconds
from ..db.causes import cause_of, codes_of
from ..exceptions import (
    AccessTokenError,
    AuthorizationError,
    BiginError,
    ConnectionNotReadyError,
    EncryptionError,
    LeaseLostError,
    ModuleNotAvailableError,
    RateLimitError,
    ScopeError,
    SyncError,
)
from ..models import ModuleSync
from ..text import moment
from ..text import sentence as _
from . import bulk, compare, delta, full, plan, whole
from .plan import Strategy
from .quarantine import with_quarantined
from .results import ANOTHER_WORKS, ModuleResult, why_incomplete
from .run import Ending, Outcome, Run, claim
from .session import Session

logger = logging.getLogger(__name__)

FIRST_REST_SECONDS, LONGEST_REST_SECONDS = 60.0, 3600.0
TRIES_AT_MOST = 5  # runs in a row that neither ended nor stored a page
QUARANTINED_FOR = timedelta(days=1)
DOUBTED_AT_MOST = 3  # refusals in a row that may be a proxy's

STRATEGIES: dict[Strategy, Callable[[Run], Outcome]] = {
    Strategy.WHOLE: whole.read,
    Strategy.FULL: full.read,
    Strategy.BULK: bulk.read,
    Strategy.COMPARE: compare.read,
    Strategy.DELTA: delta.read,
}
NEXT = {
    Outcome.FULL_NEEDED: Strategy.FULL,
    Outcome.BULK_NEEDED: Strategy.BULK,
    Outcome.COMPARE_NEEDED: Strategy.COMPARE,
}


def sync_module(row: ModuleSync, session: Session) -> ModuleResult:
    """Bring one module up to date; its failures stand in the result and in the row.

    Raises:
        AuthorizationError, EncryptionError: it concerns the whole connection, not this module alone.
    """
    skipped = why_not(row)
    lease_id = None if skipped else claim(row.pk)
    if lease_id is None:
        return ModuleResult(row.module, skipped=skipped or ANOTHER_WORKS)
    fresh = with_quarantined(written(ModuleSync)).get(pk=row.pk)
    fresh.connection = row.connection
    return perform(Run(fresh, lease_id, session))


def quarantine_module(row: ModuleSync, lease_id: str) -> ModuleResult:
    """End a run before it begins: those before it never came to an end, and the next might kill its worker as well."""
    now = clock.now()
    result = ModuleResult(
        row.module,
        error=_(
            "%(number)s runs in a row ended without a result, so it is tried once a day only: see "
            "the workers' logs. A worker that is killed has often run out of memory.",
            number=TRIES_AT_MOST,
        ),
    )
    leases.release(
        written(ModuleSync).filter(pk=row.pk),
        lease_id,
        queued_until=None,
        last_error=result.error,
        last_error_at=now,
        next_run_at=now + QUARANTINED_FOR,
        tries=TRIES_AT_MOST - 1,  # so one more
    )
    return result


def why_not(row: ModuleSync) -> str:
    """Say why a module is not synced; "" where it is."""
    return row.unavailable_reason if row.enabled else _("It is switched off.")


def _work(run: Run) -> Outcome:
    """Bring a module up to date by one strategy after the other, or as far as the time allows."""
    strategy = plan.strategy_for(run.row, full=run.options.full or run.wanted.differs_from(run.row.read_fields))
    while True:
        run.meter.priority = plan.priority(strategy, run.options.priority)
        outcome = STRATEGIES[strategy](run)
        if outcome not in NEXT:
            break
        strategy = NEXT[outcome]
    if outcome is Outcome.DONE and (strategy is Strategy.COMPARE or (strategy is Strategy.DELTA and run.resumed)):
        # What it read is as old as its beginning, and complete is said of now. A full sync looks by itself.
        delta.look(run)
    return outcome


def perform(run: Run) -> ModuleResult:
    """Work, and close the run in the row whichever way it ended."""
    result = run.result
    try:
        _close(run, _work(run))
    except LeaseLostError as error:
        result.error = str(error)
    except (ModuleNotAvailableError, ScopeError) as error:
        if error.code is None and run.row.failure_count < DOUBTED_AT_MOST:
            _note_failure(run, _doubted(run, error))
        else:
            result.skipped = error.message
            _give_up(run, {"unavailable_reason": error.message})
    except (ConnectionNotReadyError, EncryptionError):
        # Paused meanwhile, or its key is gone: the connection says so itself, and the module has not failed.
        _give_up(run, {})
        raise
    except RateLimitError as error:
        _rest(run, error)
    except BiginError as error:
        _note_failure(run, error)
        if isinstance(error, AuthorizationError):
            raise
    except (OperationalError, InterfaceError, DataError) as error:
        _note_lost_database(run, error)
    except Exception as error:
        # Whatever it is, it is this module's: the others go on, and this one is tried again.
        logger.exception("The sync of %s of connection %s failed.", run.row, run.row.connection_id)
        _note_failure(
            run,
            SyncError(
                _("%(module)s was stopped by %(kind)s: see the log.", module=run.module, kind=type(error).__name__)
            ),
        )
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
    if outcome is Outcome.WAITING:
        run.release(next_run_at=bulk.looked_at_next(run.row) or now)
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
    run.result.incomplete = why_incomplete(run.row.incomplete_reason, run.quarantine.number)


def _doubted(run: Run, error: BiginError) -> SyncError:
    """Say that a refusal without a code of the product's may come from something in between: it is tried again."""
    return SyncError(
        _(
            "%(product)s was asked for %(module)s, and %(status)s came back without a code of its own: a "
            "proxy may stand in between. It is tried again.",
            product=run.product.name,
            module=run.module,
            status=error.status,
        )
    )


def _give_up(run: Run, columns: Ending) -> None:
    with suppress(LeaseLostError):
        run.release(**columns)


def _rest(run: Run, error: RateLimitError) -> None:
    """Stop at the edge of a page until calls are allowed again; that is no failure of the module's."""
    now = clock.now()
    refused_until = run.meter.note_refusal()
    until = refused_until or now + timedelta(seconds=error.retry_after or FIRST_REST_SECONDS)
    went_on = _("%(reason)s It goes on at %(until)s.", reason=error, until=moment(until))
    run.result.error = str(error) if refused_until is None else went_on
    run.result.resting = True
    _give_up(run, {"next_run_at": until})


def _note_failure(run: Run, error: BiginError) -> None:
    run.result.error = str(error)
    now = clock.now()
    # What the whole connection is refused rests by the connection's own pauses.
    failures = 1 if isinstance(error, AccessTokenError) else run.row.failure_count + 1
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
    """Say that the database failed, in the row if it can be written already; all up to the last page is stored."""
    close_what_failed()
    sentence = SyncError(
        _(
            "The database failed while %(module)s was being stored (%(reason)s; %(said)s): every page up to then "
            "is kept, and the next run goes on from there.",
            module=run.module,
            reason=cause_of(error).value,
            said=" ".join([type(error).__name__, *map(str, codes_of(error)[:1])]),
        )
    )
    try:
        _note_failure(run, sentence)
    except (OperationalError, InterfaceError):
        run.result.error = str(sentence)

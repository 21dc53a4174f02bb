"""The use case of verifying: compare the mirror of a connection with the product, one module after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta

from ... import clock
from ...connections.states import require_connected
from ...connections.tokens import ensure_fresh_token
from ...db.aliases import written
from ...exceptions import (
    AuthorizationError,
    BiginError,
    EncryptionError,
    LeaseLostError,
    ModuleNotAvailableError,
    RateLimitError,
    ScopeError,
)
from ...installation import require_ownership
from ...models import Connection, ModuleSync
from ...text import moment
from ...text import sentence as _
from .. import plan
from ..engine import FIRST_REST_SECONDS, why_not
from ..options import Options
from ..quarantine import with_quarantined
from ..results import ANOTHER_WORKS
from ..run import Run, claim
from ..session import Session, open_session
from .reading import verify
from .result import Verification

DEFAULTS = Options()


def verify_connection(
    connection: Connection,
    *,
    modules: Sequence[str] | None = None,
    repair: bool = False,
    options: Options = DEFAULTS,
    begun: Mapping[str, Verification] | None = None,
) -> list[Verification]:
    """Compare the mirror of a connection with the product record by record; one failing module stops no other.

    It reads every record, so it costs what a full sync does: `forecast.of_verification` says how much beforehand.

    Args:
        modules: API names; None for all that are switched on.
        repair: mend what differs, and nothing else.
        begun: what an earlier call came to of modules that it did not finish; they go on from there.

    Returns:
        One result for each module, in the order in which they are synced.

    Raises:
        AuthorizationError: a person must act before anything can be read.
        TransientError: there is no usable token now.
        EncryptionError: a stored secret cannot be read.
        RequestError: a name is not a mirrored module.
    """
    require_ownership()
    require_connected(connection)
    rows = plan.prepare(connection, modules).chosen
    token = ensure_fresh_token(connection.pk)
    results = []
    with open_session(connection, options, token=token) as session:
        for row in rows:
            result = (begun or {}).get(row.module) or Verification(row.module)
            _verify_module(row, session, result, repair=repair)
            results.append(result)
    return results


def _verify_module(row: ModuleSync, session: Session, result: Verification, *, repair: bool) -> None:
    result.skipped = why_not(row)
    lease_id = None if result.skipped else claim(row.pk)
    if lease_id is None:
        result.later = not result.skipped
        result.skipped = result.skipped or ANOTHER_WORKS
        result.finished = not result.later
        return
    fresh = with_quarantined(written(ModuleSync)).get(pk=row.pk)
    fresh.connection = row.connection
    run = Run(fresh, lease_id, session)
    try:
        _work(run, result, repair=repair)
    finally:
        result.calls += run.result.calls
        result.credits += run.result.credits
        result.seconds = round(result.seconds + run.result.seconds, 3)


def _work(run: Run, result: Verification, *, repair: bool) -> None:
    result.error, result.rests_until, result.later = "", None, False
    try:
        done = verify(run, result, repair=repair)
        if done:
            run.finish()
        else:
            run.release()
        result.finished = done and not result.later
    except RateLimitError as error:
        _rest(run, result, error)
    except (ModuleNotAvailableError, ScopeError) as error:
        result.skipped, result.finished = error.message, True
        _give_up(run)
    except BiginError as error:
        result.error = str(error)
        _give_up(run)
        if isinstance(error, AuthorizationError | EncryptionError):
            raise
    except BaseException:
        # Whatever it is: what was compared up to the last page stands in the result, and the next run need not wait.
        _give_up(run)
        raise


def _rest(run: Run, result: Verification, error: RateLimitError) -> None:
    """Stop at the edge of a page until calls are allowed again."""
    refused_until = run.meter.note_refusal()
    rest = timedelta(seconds=error.retry_after or FIRST_REST_SECONDS)
    result.rests_until = refused_until or clock.now() + rest
    went_on = _("%(reason)s It goes on at %(until)s.", reason=error, until=moment(result.rests_until))
    result.error = str(error) if refused_until is None else went_on
    _give_up(run)


def _give_up(run: Run) -> None:
    with suppress(LeaseLostError):
        run.release()

"""Forecasts: what a sync or a verification will do and cost, told before it is done.

They go by what is stored. Only of a module that was never read the product is asked for the number of its records.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from ..api import records
from ..connections.states import require_connected
from ..credits.account import credits_left
from ..db.aliases import written
from ..exceptions import BiginError
from ..models import Connection, ModuleSchema, ModuleSync
from ..text import sentence as _
from . import bulk, plan, schema, store, wanted
from .engine import why_not
from .options import Options
from .plan import Strategy
from .quarantine import Quarantine
from .session import open_session


@dataclass(frozen=True)
class Forecast:
    """What work on one module will come to, about.

    Attributes:
        strategy: how it will be read; "" where it will not.
        reason: why so.
        records: that the product has, as far as is known; None where it is not.
        seconds: by the pace of the calls up to now; None before there were any.
        ceiling: what will keep it from its end; "" where nothing is known to.
    """

    module: str
    strategy: str
    reason: str = ""
    records: int | None = None
    calls: int = 0
    credits: int = 0
    seconds: float | None = None
    ceiling: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return it for programs: `--json` prints this."""
        return asdict(self)


@dataclass(frozen=True)
class SyncForecast:
    """What a sync of one connection will come to.

    Attributes:
        metadata_calls: for the modules and their fields, which are read first.
        left: credits that a person may still spend of the site's share of the day.
        error: why nothing can be read; None where it can.
    """

    modules: Sequence[Forecast]
    metadata_calls: int = 0
    left: int = 0
    error: BiginError | None = None

    @property
    def credits(self) -> int:
        """The price of all of it."""
        return self.metadata_calls + sum(each.credits for each in self.modules)


def of_sync(connection: Connection, modules: Sequence[str] | None, options: Options) -> SyncForecast:
    """Tell what a sync would do, without doing it.

    A module that was never read costs one call, for the number of its records; a failure leaves that unknown.

    Raises:
        RequestError: a name is not a mirrored module.
    """
    planned = plan.prepare(connection, modules)
    left = credits_left(connection, options.priority)
    unread = [row for row in planned.chosen if not why_not(row) and _is_unread(row)]
    try:
        require_connected(connection)
        counts = _ask_for_counts(connection, unread)
    except BiginError as error:
        return SyncForecast([], left=left, error=error)
    forecasts = [_of_module(row, options, counts.get(row.module)) for row in planned.chosen]
    metadata = _metadata_calls(planned, full=options.full)
    spent = metadata + sum(each.credits for each in forecasts)
    if spent > left:
        ceiling = _("It costs more than what is left of the day's share (%(left)s credits).", left=f"{left:,}")
        forecasts = [replace(each, ceiling=f"{each.ceiling} {ceiling}".strip()) for each in forecasts]
    return SyncForecast(forecasts, metadata, left)


def of_verification(row: ModuleSync) -> Forecast:
    """Tell what verifying a module costs: every page, the deleted log and the count; single records come on top."""
    if skipped := why_not(row):
        return Forecast(row.module, "", skipped)
    known = records_known(row)
    pages, spec = pages_of(row, known), row.connection.description.module(row.module)
    calls = pages + (not spec.read_whole) + (spec.has_deleted_log and pages > 1)
    return _priced(row, "verify", "", known, calls)


def records_known(row: ModuleSync) -> int:
    """Return how many records of a module the product has, as far as the mirror knows."""
    live = store.live_records_of(row)
    return live.count() + Quarantine(row).unmirrored(live)


def pages_of(row: ModuleSync, known: int) -> int:
    """Return how many calls list so many records, with all the fields that are wanted of them."""
    return max(1, math.ceil(known / row.connection.description.limits.page_size)) * _parts_of(row)


def _parts_of(row: ModuleSync) -> int:
    of = wanted.wanted_of(row)
    return 1 if of.spec.read_whole else len(wanted.parts(of.fields, row.connection.description, of.spec))


def _is_unread(row: ModuleSync) -> bool:
    counted = not row.connection.description.module(row.module).read_whole
    return counted and row.last_full_at is None


def _ask_for_counts(connection: Connection, rows: Sequence[ModuleSync]) -> dict[str, int | None]:
    counts: dict[str, int | None] = {}
    if not rows:
        return counts
    with open_session(connection, Options()) as session:
        for row in rows:
            try:
                counts[row.module] = session.client.send(records.count(connection.description, row.module))
            except BiginError:
                counts[row.module] = None  # one that is not offered stops no other; the sync itself says why
    return counts


def _of_module(row: ModuleSync, options: Options, counted: int | None) -> Forecast:
    if skipped := why_not(row):
        return Forecast(row.module, "", skipped)
    other_fields = wanted.wanted_of(row).differs_from(row.read_fields)
    strategy = plan.strategy_for(row, full=options.full or other_fields)
    known = counted if _is_unread(row) else records_known(row)
    reason = _why(row, strategy, other_fields=other_fields, full=options.full)
    forecast = _priced(row, strategy.value, reason, known, _calls(row, strategy, known or 0))
    if strategy is Strategy.FULL and not row.phase and bulk.is_chosen(row, known or 0, parts=_parts_of(row)):
        return _in_bulk(forecast, row)
    reachable = row.connection.description.limits.reachable
    if strategy in (Strategy.FULL, Strategy.COMPARE) and reachable is not None and (known or 0) > reachable:
        ceiling = _("Pages reach %(number)s records of it.", number=f"{reachable:,}")
        forecast = replace(forecast, ceiling=ceiling)
    return forecast


def _in_bulk(forecast: Forecast, row: ModuleSync) -> Forecast:
    price = bulk.costs(row, forecast.records or 0) or 0
    beside = _parts_of(row) + 2  # what changed meanwhile, what was deleted, the count
    if row.last_full_at is None:
        beside += _parts_of(row) + 1  # its first page, and the count that decides
    calls = bulk.LOOKS + 2 + beside
    return replace(forecast, strategy=Strategy.BULK.value, calls=calls, credits=price + beside, seconds=None)


def _why(row: ModuleSync, strategy: Strategy, *, other_fields: bool, full: bool) -> str:
    if strategy is Strategy.WHOLE:
        return _("It is small, and read in whole each time.")
    if row.phase != ModuleSync.Phase.IDLE and row.opened_at is not None:
        return _("It goes on after page %(number)s.", number=row.position.get("pages", 0))
    if strategy is Strategy.DELTA:
        return _("It is up to date but for what changed.")
    if row.last_full_at is None:
        return _("It was never read.")
    if full:
        return _("A full sync was asked for.")
    if other_fields or row.full_requested:
        return _("Its fields have changed, or a full sync is due for another reason.")
    return _("Its daily full sync is due.")


def _calls(row: ModuleSync, strategy: Strategy, known: int) -> int:
    """Return the calls of a sync during which nothing changes."""
    spec, parts = row.connection.description.module(row.module), _parts_of(row)
    log = int(spec.has_deleted_log)
    if strategy is Strategy.WHOLE:
        return pages_of(row, known)
    if strategy is Strategy.DELTA:
        return parts + (log or not row.incomplete_reason)  # without a log the count shows deletions
    pages = pages_of(row, known)
    left = max(1, pages - row.position.get("pages", 0) * parts) if row.phase else pages
    if strategy is Strategy.COMPARE:
        return max(1, left // parts) + log + parts
    # What was deleted or, without a log, the count; in several pages also what changed meanwhile, and the count.
    beside = 1 if pages == parts else parts + 2
    before = log if row.records_watermark is not None and not row.phase else 0
    if row.last_full_at is None and not row.phase and pages > parts and bulk.offered(row) is not None:
        before += 1  # the number of its records decides whether it goes in bulk
    return left + beside + before


def _priced(row: ModuleSync, strategy: str, reason: str, known: int | None, calls: int) -> Forecast:
    price = row.connection.description.credits.call
    pace = _seconds_a_call(row)
    seconds = None if pace is None else round(calls * pace, 1)
    return Forecast(row.module, strategy, reason, known, calls, calls * price, seconds)


def _seconds_a_call(row: ModuleSync) -> float | None:
    """Return the pace of a module's calls, with what is done about them; of the whole connection's before its own."""
    if row.total_calls:
        return row.total_seconds / row.total_calls
    totals = written(ModuleSync).filter(connection_id=row.connection_id).values_list("total_seconds", "total_calls")
    seconds, calls = map(sum, zip(*totals, strict=True))
    return seconds / calls if calls else None


def _metadata_calls(planned: plan.Plan, *, full: bool) -> int:
    """Return the calls that read the modules, and the fields of those whose fields are due in any case."""
    connection = planned.connection
    if not (full or schema.metadata_is_due(connection)):
        return 0
    fresh = {each.module for each in written(ModuleSchema).filter(connection=connection) if not schema.is_old(each)}
    described = [row for row in planned.rows if connection.description.module(row.module).described]
    return 1 + sum(row.module not in fresh for row in described)

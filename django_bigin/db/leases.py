"""The one lease: a conditional UPDATE by the database's clock decides who works on a row, and for how long.

A lease is a pair of columns, `<name>_id` and `<name>_until`. Its id is the fence: whatever is written under a lease is
written only while the id still stands in the row. A reservation is a single column, `..._until`: it keeps a row from
being handed out twice and has no holder. Both count real seconds of the database's clock, so that hosts need not agree
on the time, and both are read and written on the alias that the row is written to.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.expressions import Combinable

from .. import clock
from .aliases import written_alias
from .causes import tried_again

LEASE = "lease"


def free(lease: str = LEASE) -> Q:
    """Match rows whose lease nobody holds, or whose holder is late."""
    return not_reserved(f"{lease}_until")


def claim(rows: QuerySet[Any], seconds: float, /, *, lease: str = LEASE, **changes: Any) -> str | None:
    """Claim the lease on the one row that matches, in one statement and without reading it.

    Args:
        rows: one row, by its primary key, and any further condition on which it may be claimed.
        seconds: until the lease expires by itself.
        lease: the beginning of the names of the pair of columns.
        changes: further columns to write with the claim.

    Returns:
        The lease's id, the fence for all that follows; None where another holds it, or the conditions do not match.
    """
    lease_id = str(uuid.uuid4())
    pair = {f"{lease}_id": lease_id, f"{lease}_until": clock.database_in(seconds)}
    mine = _written(rows).filter(free(lease))
    # At the stricter levels of isolation, whoever waited for the row is refused, and finds it claimed the second time.
    claimed = tried_again(rows.model, lambda: mine.update(**pair, **changes))
    return lease_id if claimed else None


def is_held(rows: QuerySet[Any], *, lease: str = LEASE) -> bool:
    """Tell whether somebody holds the lease on the one row that matches; for those who wait for it."""
    return bool(_written(rows).exclude(free(lease)).exists())


def extend(rows: QuerySet[Any], lease_id: str, seconds: float, /, *, lease: str = LEASE, **changes: Any) -> bool:
    """Write under a lease and keep it for longer; False where it is no longer ours, and nothing was written."""
    held = _held(rows, lease_id, lease)
    until = {f"{lease}_until": clock.database_in(seconds)}
    return bool(tried_again(rows.model, lambda: held.update(**until, **changes)))


def write(rows: QuerySet[Any], lease_id: str, /, *, lease: str = LEASE, **changes: Any) -> bool:
    """Write under a lease without touching its time; False where it is no longer ours, and nothing was written."""
    held = _held(rows, lease_id, lease)
    return bool(tried_again(rows.model, lambda: held.update(**changes)))


def release(rows: QuerySet[Any], lease_id: str, /, *, lease: str = LEASE, **changes: Any) -> bool:
    """Give a lease back, with the last of what is written under it, in one statement; False where it was not ours."""
    return write(rows, lease_id, lease=lease, **cleared(lease), **changes)


def cleared(lease: str = LEASE) -> dict[str, Any]:
    """Return the values of the pair of columns when nobody holds the lease; written over a lease, they fence it off."""
    return {f"{lease}_id": "", f"{lease}_until": None}


def not_reserved(column: str) -> Q:
    """Match rows whose reservation was never made, was taken back, or has expired."""
    return Q(**{column: None}) | Q(**{f"{column}__lt": clock.DatabaseNow()})


def reserve(rows: QuerySet[Any], seconds: float, *, column: str) -> bool:
    """Reserve the one row that matches, so that nobody else hands it out meanwhile; False where somebody was faster."""
    unreserved = _written(rows).filter(not_reserved(column))
    return bool(tried_again(rows.model, lambda: unreserved.update(**{column: clock.database_in(seconds)})))


def reserve_until(rows: QuerySet[Any], until: Combinable, *, column: str, **changes: Any) -> None:
    """Keep rows from being handed out until a moment of the database's clock, whoever has reserved them."""
    _written(rows).update(**{column: until}, **changes)


def unreserve(rows: QuerySet[Any], *, column: str, **changes: Any) -> None:
    """Take a reservation back, so that the rows may be handed out at once."""
    _written(rows).update(**{column: None}, **changes)


def _held(rows: QuerySet[Any], lease_id: str, lease: str) -> QuerySet[Any]:
    # No id is no lease: it would match a row that nobody holds.
    return _written(rows).filter(**{f"{lease}_id": lease_id}) if lease_id else rows.none()


def _written(rows: QuerySet[Any]) -> QuerySet[Any]:
    if rows.query.count_active_tables() > 1:
        # Django puts them all into a subquery, which PostgreSQL does not look at again once it has waited for the row.
        raise ValueError("A claim joins no other table, or two could succeed: put its condition into a subquery.")
    return rows.using(written_alias(rows.model))

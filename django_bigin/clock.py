"""The only place that asks for the time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db.models import DateTimeField
from django.db.models.expressions import Combinable, ExpressionWrapper
from django.db.models.functions import Now

from .conf import settings


def now() -> datetime:
    """Return the moment, aware, from `BIGIN_CLOCK`: expiry, backoff, quota, credits and next run all ask here."""
    moment = settings.BIGIN_CLOCK()
    if moment.tzinfo is None:
        raise ImproperlyConfigured("BIGIN_CLOCK gave a naive datetime; it must give an aware one.")
    return moment


class DatabaseNow(Now):
    """The database's own clock, in UTC: leases are counted by it alone, so hosts need not agree on the time."""

    def as_mysql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        # CURRENT_TIMESTAMP follows the session's time zone, whereas Django stores UTC.
        return self.as_sql(compiler, connection, template="UTC_TIMESTAMP(6)", **extra)


def database_in(seconds: float) -> Combinable:
    """Return the moment `seconds` from now by the database's clock, as an expression for `update` and `filter`."""
    return ExpressionWrapper(DatabaseNow() + timedelta(seconds=seconds), output_field=DateTimeField())


def read_database_clock(database: Any) -> datetime:
    """Ask a database for its time: a query that needs no table."""
    moment = "UTC_TIMESTAMP(6)" if database.vendor == "mysql" else "CURRENT_TIMESTAMP"
    with database.cursor() as cursor:
        cursor.execute(f"SELECT {moment}")
        (read,) = cursor.fetchone()
    at = datetime.fromisoformat(read) if isinstance(read, str) else read
    return at if at.tzinfo else at.replace(tzinfo=UTC)

"""A bounded wait for a lock over the caller's own connection, for the few writes that must not hang.

By itself PostgreSQL waits for ever, and MariaDB for most of a minute. The bound is for one statement and put back
afterwards: the connection and its transaction are the caller's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, NamedTuple

from django.db import OperationalError, transaction
from django.db.models import QuerySet

from . import apart
from .aliases import database_of
from .causes import tried_again


class _Wait(NamedTuple):
    """How a session is asked and told how long it may wait.

    Attributes:
        second: a second in its unit.
        local: it is told so for a transaction, whose rollback takes that back.
    """

    read: str
    write: str
    second: int
    local: bool = False


_WAITS = {
    "postgresql": _Wait("SELECT current_setting('lock_timeout')", "SET LOCAL lock_timeout = '{}'", 1000, local=True),
    "mysql": _Wait("SELECT @@SESSION.innodb_lock_wait_timeout", "SET SESSION innodb_lock_wait_timeout = {}", 1),
    "sqlite": _Wait("PRAGMA busy_timeout", "PRAGMA busy_timeout = {}", 1000),
}


def update_in_time(rows: QuerySet[Any], refusal: Callable[[], Exception], **columns: Any) -> int:
    """Update rows by one statement that waits for a lock only so long.

    Args:
        refusal: makes the error to raise where the lock was waited for in vain; a caller's transaction can go on.
    """
    return tried_again(rows.model, lambda: _update(rows, refusal, columns))


def _update(rows: QuerySet[Any], refusal: Callable[[], Exception], columns: dict[str, Any]) -> int:
    database = database_of(rows.model)
    wait = _WAITS.get(database.vendor)
    if wait is None or apart.is_apart(database):  # which has its bound already
        return rows.update(**columns)
    try:
        # A caller's transaction is rolled back as far as here, and goes on.
        with _bounded(database, wait), transaction.atomic(using=database.alias, savepoint=not wait.local):
            return rows.update(**columns)
    except OperationalError as error:
        if not apart.is_lock_timeout(error):
            raise
        raise refusal() from error


@contextmanager
def _bounded(database: Any, wait: _Wait) -> Iterator[None]:
    with transaction.atomic(using=database.alias) if wait.local else nullcontext():
        with database.cursor() as cursor:
            cursor.execute(wait.read)
            (before,) = cursor.fetchone()
        _tell(database, wait, apart.LOCK_WAIT_SECONDS * wait.second)
        try:
            yield
        except BaseException:
            if not wait.local:
                _tell(database, wait, before)
            raise
        _tell(database, wait, before)


def _tell(database: Any, wait: _Wait, value: Any) -> None:
    with database.cursor() as cursor:
        cursor.execute(wait.write.format(value))

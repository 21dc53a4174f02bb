"""A database connection apart from the caller's: what goes over it, and how long it may wait.

What must outlive a caller's transaction, such as a new token, is read and written over a second connection, in a
thread of its own: in the caller's transaction it would be lost with a rollback, and its row locked till the end. That
second connection may meet a lock that the caller holds, and the caller waits for it, which no database can see. So no
statement over it waits for a lock longer than `LOCK_WAIT_SECONDS`; then it is a `RowLockedError`.

SQLite has one writer: while a transaction is open there, nothing can be written apart from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.db import OperationalError, transaction
from django.db import connections as databases
from django.db.models import Model

from .aliases import database_of, written_alias

LOCK_WAIT_SECONDS = 6
"""Shorter than the ten seconds in which a web request has its answer."""
CONNECT_SECONDS = 5

T = TypeVar("T")

_LOCK_CODES = ("55P03", 1205, 3572)  # PostgreSQL's lock_not_available; MariaDB's and MySQL's lock wait timeouts
_OF_SAVEPOINTS = ("SAVEPOINT", "RELEASE", "ROLLBACK")


class RowLockedError(Exception):
    """A row stayed locked by somebody's open transaction for as long as a statement may wait."""


def in_transaction(model: type[Model]) -> bool:
    """Tell whether this thread has a transaction open on the alias of a model's rows."""
    database = database_of(model)
    if database.connection is None:
        return False
    return bool(database.in_atomic_block or not database.get_autocommit())


def can_be_apart(model: type[Model]) -> bool:
    """Tell whether there can be a second connection at all: a SQLite database in memory has one."""
    database = database_of(model)
    return not (database.vendor == "sqlite" and database.is_in_memory_db())


def scope_of(model: type[Model]) -> tuple[Any, ...]:
    """Return a name for the tables that this thread sees, so that threads which see others are told from it."""
    database = database_of(model)
    return database.alias, str(database.settings_dict["NAME"]), getattr(database, "schema_name", None)


def is_apart(database: Any) -> bool:
    """Tell whether this is a connection apart, whose statements have their bound."""
    return any(isinstance(wrapper, _Bounded) for wrapper in database.execute_wrappers)


class Apart:
    """The tables that a caller sees, to be reached from a thread of its own over a connection of its own.

    Made in the caller's thread, which alone knows by what alias and schema it sees them.
    """

    def __init__(self, model: type[Model]) -> None:
        self._alias = written_alias(model)
        self._tenant = getattr(databases[self._alias], "tenant", None)  # django-tenants keeps it at the connection

    @contextmanager
    def connection(self, *, on_blocked: Callable[[], None]) -> Iterator[None]:
        """Give this thread a connection that waits for locks only so long, and close it afterwards.

        Args:
            on_blocked: called whenever a statement gave up waiting for a lock.
        """
        try:
            own = databases[self._alias] = _unpooled(databases[self._alias])
            if self._tenant is not None:
                own.set_tenant(self._tenant)
            if own.vendor == "mysql":
                with own.cursor() as cursor:
                    # Of rows, and of whole tables that are being migrated.
                    cursor.execute(f"SET SESSION innodb_lock_wait_timeout = {LOCK_WAIT_SECONDS}")
                    cursor.execute(f"SET SESSION lock_wait_timeout = {LOCK_WAIT_SECONDS}")
            own.execute_wrappers.append(_Bounded(on_blocked))
            yield
        finally:
            databases.close_all()


def _unpooled(database: Any) -> Any:
    """Return a connection like this one, not opened: a pool may be exhausted by the very threads that wait for it."""
    own = database.copy()
    options = own.settings_dict["OPTIONS"]
    options.pop("pool", None)
    if own.vendor == "sqlite":
        options["timeout"] = LOCK_WAIT_SECONDS
    elif own.vendor in ("postgresql", "mysql"):
        options.setdefault("connect_timeout", CONNECT_SECONDS)
    return own


class _Bounded:
    """An execute wrapper: no statement waits longer for a lock."""

    def __init__(self, on_blocked: Callable[[], None]) -> None:
        self._on_blocked = on_blocked

    def __call__(self, execute: Callable[..., T], sql: str, params: Any, many: bool, context: dict[str, Any]) -> T:
        database = context["connection"]
        try:
            if database.vendor != "postgresql" or str(sql).startswith(_OF_SAVEPOINTS):
                return execute(sql, params, many, context)
            # For this transaction alone: behind PgBouncer a session is shared with strangers.
            with transaction.atomic(using=database.alias, savepoint=False):
                context["cursor"].cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_WAIT_SECONDS}s'")
                return execute(sql, params, many, context)
        except OperationalError as error:
            if not is_lock_timeout(error):
                raise
            self._on_blocked()
            raise RowLockedError(f"A row was locked for {LOCK_WAIT_SECONDS} seconds.") from error


def is_lock_timeout(error: OperationalError) -> bool:
    """Tell whether a statement has waited for a lock in vain."""
    cause: Any = error.__cause__
    codes = (getattr(cause, "sqlstate", None), getattr(cause, "pgcode", None), *error.args[:1])
    return any(code in _LOCK_CODES for code in codes) or "database is locked" in str(error)

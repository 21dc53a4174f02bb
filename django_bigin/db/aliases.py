"""The rule of database aliases: our rows are read for a decision, written and locked on the alias they are written to.

A read for showing may go to a replica; a read that decides a write may not, since a replica lags.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.db import InterfaceError, OperationalError, connections, router, transaction
from django.db.models import Manager, Model, QuerySet

View = TypeVar("View", bound=Callable[..., Any])


def written_alias(model: type[Model]) -> str:
    """Return the alias that rows of a model are written to."""
    return router.db_for_write(model)


def written(model: type[Model]) -> QuerySet[Any]:
    """Return the rows of a model as they stand where they are written: for updates, locks and deciding reads."""
    return model._default_manager.using(written_alias(model))


class WrittenManager(Manager[Any]):
    """The base manager of our models: a row that another points to, or that is read again, is read where it is written.

    Django asks the base manager for both, and names no alias: by its documented router they would come from a replica.
    """

    def get_queryset(self) -> QuerySet[Any]:
        rows = super().get_queryset()
        return rows if self._db else rows.using(written_alias(self.model))


def atomic(model: type[Model]) -> Any:
    """Open a transaction on the alias that rows of a model are written to."""
    return transaction.atomic(using=written_alias(model))


def on_commit(model: type[Model], call: Callable[[], Any], *, robust: bool = False) -> None:
    """Call once the transaction on the alias of a model's rows is committed; at once where none is open."""
    transaction.on_commit(call, using=written_alias(model), robust=robust)


def reread(row: Model, *related: str) -> None:
    """Bring a row, and those that it points to by these names, up to date with what stands where it is written."""
    rows = written(type(row))
    row.refresh_from_db(from_queryset=rows.select_related(*related) if related else rows)


def outside_transactions(view: View) -> View:
    """Keep `ATOMIC_REQUESTS` of every database away from a view: it waits for Zoho, or wakes who must see its rows.

    Django's own decorator, without arguments, speaks of the database "default" alone.
    """
    for alias in connections:
        view = transaction.non_atomic_requests(using=alias)(view)
    return view


def database_of(model: type[Model]) -> Any:
    """Return Django's connection to the database that rows of a model are written to."""
    return connections[written_alias(model)]


def close_what_failed() -> None:
    """Close this thread's connections that have failed or are too old, as Django does between two requests.

    One that a transaction is open on is its owner's: Django would close it all the same, and the transaction with it.
    """
    for database in connections.all(initialized_only=True):
        if not database.in_atomic_block:
            database.close_if_unusable_or_obsolete()


def is_lost(model: type[Model], error: Exception) -> bool:
    """Tell whether an error is that the session with a model's database is gone, not a statement that failed."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    database = database_of(model)
    return database.connection is None or not database.is_usable()

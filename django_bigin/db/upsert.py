"""One statement that inserts rows or updates those that are there.

Django's `bulk_create(update_conflicts=True)` does the same and takes half as long again: on PostgreSQL it adapts every
value through arrays, on SQLite it splits at 999 parameters (docs/benchmarks.md). It remains the measure in the tests.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db import connections
from django.db.models import Model

POSTGRESQL_VALUES_AT_ONCE = 65_535  # where values are bound by the server; MariaDB's limit is the same


def upsert(
    model: type[Model],
    rows: Sequence[Sequence[Any]],
    *,
    columns: Sequence[str],
    unique: Sequence[str],
    added: Collection[str] = (),
    using: str,
) -> None:
    """Write rows, in one statement where the database takes so many values; a row that is there is replaced.

    Args:
        rows: a value for each column, as the database's driver takes it; JSON as text.
        columns: names of the model's fields.
        unique: those that the model's unique constraint is on; they are among the columns.
        added: numbers that are added to those of a row that is there.
    """
    database = connections[using]
    quote = database.ops.quote_name
    quoted = {name: quote(_column(model, name)) for name in columns}
    names = list(quoted.values())
    table = quote(model._meta.db_table)
    written = {quoted[name]: f"{table}.{quoted[name]} + " if name in added else "" for name in columns}
    for name in unique:
        del written[quoted[name]]
    one = f"({', '.join(['%s'] * len(names))})"
    begin = f"INSERT INTO {table} ({', '.join(names)}) VALUES "  # noqa: S608  # names that Django quotes; no values
    end = " " + _on_conflict(database, [quoted[name] for name in unique], written)
    with database.cursor() as cursor:
        at_once = _values_at_once(database) // len(names)
        for start in range(0, len(rows), at_once):
            some = rows[start : start + at_once]
            cursor.execute(begin + ", ".join([one] * len(some)) + end, [value for row in some for value in row])


def _values_at_once(database: Any) -> int:
    """How many values one statement takes."""
    if database.vendor == "sqlite":
        # The library's real limit: Django 5.2 assumes 999, which is that of very old ones.
        limit: int = database.connection.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER)
        return limit
    return POSTGRESQL_VALUES_AT_ONCE


def _column(model: type[Model], name: str) -> str:
    column = model._meta.get_field(name).column  # type: ignore[union-attr]  # columns are named, not relations
    return str(column)


def _on_conflict(database: Any, unique: Sequence[str], written: Mapping[str, str]) -> str:
    """What to do with a row that is there; `written` gives what stands before each column's new value."""
    if database.vendor == "mysql":
        # MariaDB takes the unique index by itself, and does not know the row alias that MySQL 8 asks for instead.
        changes = ", ".join(f"{name} = {before}VALUES({name})" for name, before in written.items())
        return "ON DUPLICATE KEY UPDATE " + changes
    changes = ", ".join(f"{name} = {before}EXCLUDED.{name}" for name, before in written.items())
    return f"ON CONFLICT ({', '.join(unique)}) DO UPDATE SET {changes}"

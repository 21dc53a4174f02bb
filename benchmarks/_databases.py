"""Databases that a benchmark makes for one measurement and drops after it."""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import environ

KINDS = ("sqlite", "postgres", "mariadb")
SERVERS = {
    "postgres": os.environ.get("BIGIN_BENCH_POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/postgres"),
    "mariadb": os.environ.get("BIGIN_BENCH_MARIADB_URL", "mysql://root@127.0.0.1:3306/"),
}
SQLITE_PRAGMAS = ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=NORMAL")  # as example_project sets them


class NotThere(Exception):
    """A database cannot be measured here; the message says why."""


@contextmanager
def scratch_database(kind: str) -> Iterator[str]:
    """Make an empty database, give its DATABASE_URL, and drop it again.

    Raises:
        NotThere: its driver is not installed, or its server does not answer.
    """
    name = f"bigin_bench_{uuid.uuid4().hex[:8]}"
    if kind == "sqlite":
        with tempfile.TemporaryDirectory(prefix="bigin-bench-") as folder:
            yield f"sqlite:///{Path(folder) / name}.sqlite3"
        return
    server = SERVERS[kind]
    _on_server(kind, f"CREATE DATABASE {name}" + (" CHARACTER SET utf8mb4" if kind == "mariadb" else ""))
    try:
        yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    finally:
        _on_server(kind, f"DROP DATABASE {name}" + (" WITH (FORCE)" if kind == "postgres" else ""))


def kind_of(url: str) -> str:
    """The kind of database that a DATABASE_URL names."""
    scheme = urlsplit(url).scheme
    return {"sqlite": "sqlite", "mysql": "mariadb"}.get(scheme, "postgres")


def connect(url: str) -> Any:
    """Connect with the database's own driver: no Django.

    Raises:
        NotThere: its driver is not installed, or its server does not answer.
    """
    parts = environ.Env.db_url_config(url)
    kind = kind_of(url)
    if kind == "sqlite":
        import sqlite3

        connection = sqlite3.connect(parts["NAME"])
        for pragma in SQLITE_PRAGMAS:
            connection.execute(pragma)
        return connection
    where = {"host": parts["HOST"] or "127.0.0.1", "user": parts["USER"], "password": parts["PASSWORD"] or ""}
    try:
        if kind == "postgres":
            import psycopg

            return psycopg.connect(**where, port=parts["PORT"] or 5432, dbname=parts["NAME"])
        import MySQLdb

        return MySQLdb.connect(**where, port=int(parts["PORT"] or 3306), database=parts["NAME"], charset="utf8mb4")
    except ImportError as error:
        extra = {"postgres": "postgres", "mariadb": "mysql"}[kind]
        raise NotThere(f"its driver is not installed ({error}): `pip install django-bigin[{extra}]`") from error
    except Exception as error:
        raise NotThere(f"its server does not answer: {str(error).strip().splitlines()[0]}") from error


def version_of(kind: str) -> str:
    """What the database calls its version."""
    if kind == "sqlite":
        import sqlite3

        return f"SQLite {sqlite3.sqlite_version}"
    with closing(connect(SERVERS[kind])) as connection, closing(connection.cursor()) as cursor:
        cursor.execute("SELECT version()")
        text = str(cursor.fetchone()[0])
    return text.split(" (")[0] if kind == "postgres" else f"MariaDB {text.split('-')[0]}"


def _on_server(kind: str, statement: str) -> None:
    with closing(connect(SERVERS[kind])) as connection:
        if kind == "postgres":
            connection.autocommit = True  # it makes no database inside a transaction
        with closing(connection.cursor()) as cursor:
            cursor.execute(statement)

"""Parts of an installation that are really broken: ports where nobody listens, disks that are full."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection as database

FULL = {
    "postgresql": "RAISE EXCEPTION USING ERRCODE = 'disk_full', MESSAGE = 'could not extend: No space left on device'",
    "mysql": "SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1114, MESSAGE_TEXT = 'The table is full'",
}
PAGES_LEFT = 30


def dead_port() -> int:
    """A port of this machine where nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def silent_port() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield int(listener.getsockname()[1])


def without_database(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a process of the suite's site whose database does not answer."""
    root = str(Path(__file__).resolve().parents[2])
    environment = {
        **os.environ,
        "DATABASE_URL": "sqlite:////nowhere/at/all.sqlite3",
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")]),
    }
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=60)


@contextmanager
def full_disk(table: str) -> Iterator[None]:
    """Let the database have no room for new rows of a table, as each database says it."""
    with database.cursor() as cursor:
        if database.vendor == "sqlite":
            cursor.execute("PRAGMA page_count")
            (pages,) = cursor.fetchone()
            cursor.execute(f"PRAGMA max_page_count = {pages + PAGES_LEFT}")
        elif database.vendor == "postgresql":
            body = f"$$ BEGIN {FULL['postgresql']}; END $$"
            cursor.execute(f"CREATE FUNCTION no_room() RETURNS trigger AS {body} LANGUAGE plpgsql")
            cursor.execute(f"CREATE TRIGGER no_room BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION no_room()")
        else:
            cursor.execute(f"CREATE TRIGGER no_room BEFORE INSERT ON {table} FOR EACH ROW {FULL['mysql']}")
    try:
        yield
    finally:
        with database.cursor() as cursor:
            if database.vendor == "sqlite":
                cursor.execute("PRAGMA max_page_count = 1073741823")
            elif database.vendor == "postgresql":
                cursor.execute("DROP FUNCTION no_room CASCADE")
            else:
                cursor.execute("DROP TRIGGER no_room")

"""Databases beside the suite's own, on the same kind of server."""

import os
import tempfile
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.db import connections, router

from django_bigin.models import Connection


class OurDatabase:
    """The database that the package's tables are on, as Django's connection to it in this thread."""

    def __getattr__(self, name: str) -> Any:
        return getattr(connections[router.db_for_write(Connection)], name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(connections[router.db_for_write(Connection)], name, value)


database = OurDatabase()


class ScratchDatabase:
    """An empty database that is gone afterwards. `url` is its DATABASE_URL."""

    def __init__(self, settings_dict: dict[str, Any], connection: Any) -> None:
        self._settings = settings_dict
        self._connection = connection
        self._vendor = connection.vendor
        self.name = f"scratch_{os.getpid()}_{uuid.uuid4().hex[:8]}"

    def __enter__(self) -> "ScratchDatabase":
        if self._vendor == "sqlite":
            self._folder = tempfile.TemporaryDirectory(prefix="django-bigin-")
            self.url = f"sqlite:///{Path(self._folder.name) / self.name}.sqlite3"
        else:
            self._on_server(f"CREATE DATABASE {self.name}")
            self.url = url_of(self._settings, name=self.name, vendor=self._vendor)
        return self

    def __exit__(self, *_: object) -> None:
        if self._vendor == "sqlite":
            self._folder.cleanup()
        else:
            self._on_server(f"DROP DATABASE IF EXISTS {self.name}")

    def _on_server(self, statement: str) -> None:
        # A connection of its own: PostgreSQL creates no database inside a transaction, and a test runs in one.
        with self._connection.creation._nodb_cursor() as cursor:
            cursor.execute(statement)


def url_of(settings_dict: dict[str, Any], *, name: str, vendor: str) -> str:
    """Write the DATABASE_URL of a database by this name, on the same server."""
    if vendor == "sqlite":
        return f"sqlite:///{name}"
    scheme = {"postgresql": "postgres", "mysql": "mysql"}[vendor]
    user, password = (quote(str(settings_dict.get(key) or ""), safe="") for key in ("USER", "PASSWORD"))
    who = f"{user}:{password}@" if password else f"{user}@" if user else ""
    host, port = settings_dict.get("HOST") or "127.0.0.1", settings_dict.get("PORT")
    return f"{scheme}://{who}{host}{f':{port}' if port else ''}/{name}"

"""Database routers of sites that have more than one database."""

import sys
from pathlib import Path
from types import FrameType
from typing import Any

import django

import django_bigin

DJANGO = str(Path(django.__file__).parent)
PACKAGE = str(Path(django_bigin.__file__).parent)
PASSED_THROUGH = (DJANGO, f"{PACKAGE}/models", __file__, "<")  # models: what they override of Django's
NOT_THE_PACKAGE = (f"{PACKAGE}/testing", f"{PACKAGE}/sandbox")


class EverythingOnSecond:
    """Every table, Django's too, on the database "second"; "default" stays empty."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return "second"

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return "second"

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == "second"


class ReadsFromReplica:
    """Django's documented router for a primary and a replica. The replica lags for ever, or does not exist."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return "replica"

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return "default"

    def allow_relation(self, one: Any, other: Any, **hints: Any) -> bool:
        return True


class PackageReadsFromReplica(ReadsFromReplica):
    """The same for what the package reads; the tests themselves look at the primary."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        ours = model._meta.app_label == "django_bigin"  # not the session of whoever asks, nor their permissions
        return "replica" if ours and reader().startswith(PACKAGE) else "default"


def reader() -> str:
    """Return the file whose code reads: the nearest caller behind Django and the models."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        name = frame.f_code.co_filename
        if not name.startswith(PASSED_THROUGH):
            return "" if name.startswith(NOT_THE_PACKAGE) else name
        frame = frame.f_back
    return ""

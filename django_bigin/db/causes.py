"""Causes of a database's refusals, told from its codes: what is tried again, and what a person is told."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from enum import Enum
from typing import Any, TypeVar

from django.db import DataError, IntegrityError, InterfaceError, OperationalError
from django.db.models import Model, QuerySet

from ..text import sentence as _
from .aliases import database_of

logger = logging.getLogger(__name__)

TRIES = 4  # each may have waited for a lock for a minute
TRIES_OF_CLASHES = 12  # refused at once
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.02, 1.0

T = TypeVar("T")


class Cause(Enum):
    """The causes, each as it is said in parentheses behind "The database failed"."""

    LOCKED = _("another transaction kept a row locked, and waiting again did not help")
    CLASHED = _("other processes changed the same rows at once, again and again")
    TOO_LARGE = _("a statement is larger than the server takes at once: raise its max_allowed_packet")
    TOO_MANY = _("a statement has more values than the server takes")
    FULL = _("its disk is full")
    GONE = _("it went away")
    DATA = _("it refuses the data")
    OTHER = _("see its log")


# SQLSTATE of PostgreSQL (a whole class by its first two characters), numbers of MariaDB and MySQL.
_BY_CODE: dict[Any, Cause] = {
    **dict.fromkeys(("55P03", 1205, 3572), Cause.LOCKED),
    **dict.fromkeys(("40001", "40P01", 1020, 1213), Cause.CLASHED),
    **dict.fromkeys(("54", 1153), Cause.TOO_LARGE),
    **dict.fromkeys((1390,), Cause.TOO_MANY),
    **dict.fromkeys(("53100", 1021, 1114), Cause.FULL),
    **dict.fromkeys(("08", "57P", 1053, 2002, 2003, 2006, 2013, 2055, 4031), Cause.GONE),
    **dict.fromkeys(("22",), Cause.DATA),
}
_BY_WORDS = {
    "database is locked": Cause.LOCKED,
    "table is locked": Cause.LOCKED,
    "too many SQL variables": Cause.TOO_MANY,
    "string or blob too big": Cause.TOO_LARGE,
    "disk is full": Cause.FULL,
    "No space left": Cause.FULL,
    "closed the connection": Cause.GONE,
    "connection is closed": Cause.GONE,
    "connection already closed": Cause.GONE,
}


def cause_of(error: Exception) -> Cause:
    """Tell the cause of an error that Django raised for a database."""
    for code in codes_of(error):
        text = str(code)
        known = _BY_CODE.get(code) or _BY_CODE.get(text[:3]) or _BY_CODE.get(text[:2])
        if known is not None:
            return known
    said = str(error)
    for words, cause in _BY_WORDS.items():
        if words in said:
            return cause
    if isinstance(error, DataError | IntegrityError):
        return Cause.DATA
    return Cause.GONE if isinstance(error, InterfaceError) else Cause.OTHER


def codes_of(error: Exception) -> list[Any]:
    """Return the codes that a driver gives: an SQLSTATE, or a number."""
    cause: Any = error.__cause__
    state = getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)
    numbers = [code for code in error.args[:1] if isinstance(code, int)]
    return [state, *numbers] if isinstance(state, str) else numbers


def update(rows: QuerySet[Any], **columns: Any) -> int:
    """Update rows by one statement, tried again as `tried_again` does."""
    return tried_again(rows.model, lambda: rows.update(**columns))


def tried_again(model: type[Model], work: Callable[[], T], *, clashes: bool = False) -> T:
    """Do work on rows of a model; where it waited for a lock in vain or met another's change, do it again.

    Inside a caller's transaction it is done once: only that transaction as a whole can be begun anew.

    Args:
        clashes: again as well where another has just written the same row, which a snapshot does not show.
    """
    again = (OperationalError, IntegrityError) if clashes else (OperationalError,)
    tries = 0
    while True:
        try:
            return work()
        except again as error:
            tries += 1
            at_most = _tries_at_most(error)
            if tries >= at_most or database_of(model).in_atomic_block:
                raise
            logger.warning("Another changed or locked a row of the database: tried again (%d of %d).", tries, at_most)
            pause = min(FIRST_PAUSE_SECONDS * 2**tries, LONGEST_PAUSE_SECONDS)
            time.sleep(pause * random.random())  # noqa: S311  # apart, not secret


def _tries_at_most(error: Exception) -> int:
    if isinstance(error, IntegrityError):
        return TRIES_OF_CLASHES
    return {Cause.LOCKED: TRIES, Cause.CLASHED: TRIES_OF_CLASHES}.get(cause_of(error), 1)

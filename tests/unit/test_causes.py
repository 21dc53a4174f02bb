"""The cause of a database's refusal is told by its code."""

import sqlite3

import pytest
from django.db import DataError, IntegrityError, InterfaceError, OperationalError

from django_bigin.db.causes import Cause, cause_of, codes_of


class WithState(Exception):
    def __init__(self, sqlstate):
        self.sqlstate = sqlstate


def raised_from(sqlstate, kind=OperationalError):
    error = kind("said")
    error.__cause__ = WithState(sqlstate)
    return error


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (OperationalError(1205, "Lock wait timeout exceeded; try restarting transaction"), Cause.LOCKED),
        (OperationalError(1213, "Deadlock found when trying to get lock"), Cause.CLASHED),
        (OperationalError(1153, "Got a packet bigger than 'max_allowed_packet' bytes"), Cause.TOO_LARGE),
        (OperationalError(2006, "Server has gone away"), Cause.GONE),
        (OperationalError(1021, "Disk full"), Cause.FULL),
        (raised_from("55P03"), Cause.LOCKED),
        (raised_from("40001"), Cause.CLASHED),
        (raised_from("40P01"), Cause.CLASHED),
        (raised_from("53100"), Cause.FULL),
        (raised_from("57P01"), Cause.GONE),
        (raised_from("08006"), Cause.GONE),
        (raised_from("54000"), Cause.TOO_LARGE),
        (raised_from("22P05", DataError), Cause.DATA),
        (raised_from("42P01"), Cause.OTHER),
        (OperationalError("database is locked"), Cause.LOCKED),
        (OperationalError("too many SQL variables"), Cause.TOO_MANY),
        (DataError("string or blob too big"), Cause.TOO_LARGE),
        (OperationalError("database or disk is full"), Cause.FULL),
        (InterfaceError("said"), Cause.GONE),
        (IntegrityError("said"), Cause.DATA),
        (OperationalError("said"), Cause.OTHER),
    ],
)
def test_the_cause_of_an_error(error, cause):
    assert cause_of(error) is cause


def test_what_sqlite_says_is_among_the_words_that_are_known():
    database = sqlite3.connect(":memory:")
    database.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 1)
    with pytest.raises(sqlite3.OperationalError) as refused:
        database.execute("SELECT ?, ?", (1, 2))
    assert cause_of(OperationalError(str(refused.value))) is Cause.TOO_MANY


def test_the_codes_are_those_of_the_driver():
    assert codes_of(raised_from("40001")) == ["40001"]
    assert codes_of(OperationalError(1205, "said")) == [1205]
    assert codes_of(OperationalError("said")) == []

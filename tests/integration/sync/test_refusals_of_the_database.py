"""What the database refuses costs one row, or a wait, and is told by its cause."""

import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import OperationalError
from django.db import connections as databases

from django_bigin.db import causes
from django_bigin.models import Connection, ModuleSchema, QuarantinedRow, Record
from django_bigin.sync import Options, store, sync_connection
from django_bigin.sync import run as runs
from tests.support.databases import database
from tests.support.mirror import assert_equal, failed, module_sync, sync

pytestmark = pytest.mark.django_db(transaction=True)

PACKET = 1_000_000
LOCK_WAIT = (1205, "Lock wait timeout exceeded; try restarting transaction")


@pytest.fixture
def no_pauses(monkeypatch: Any) -> None:
    monkeypatch.setattr(causes, "FIRST_PAUSE_SECONDS", 0.0)


@contextmanager
def refusing(refuse: Callable[[str, Any], None]) -> Iterator[None]:
    def wrapper(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        refuse(sql, params)
        return execute(sql, params, many, context)

    with database.execute_wrapper(wrapper):
        yield


def is_storing(sql: str) -> bool:
    return sql.startswith("INSERT") and Record._meta.db_table in sql.partition("(")[0].replace('"', "")


def small_packets(sql: str, params: Any) -> None:
    """Refuse what MariaDB refuses with max_allowed_packet of 1 MB."""
    texts = [value for value in params or () if isinstance(value, str)]
    if len(sql) + sum(len(text.encode()) + text.count('"') + text.count("\\") for text in texts) > PACKET:
        raise OperationalError(1153, "Got a packet bigger than 'max_allowed_packet' bytes")


def test_statements_fit_into_a_packet_of_one_megabyte(sandbox: Any, connection: Connection, monkeypatch: Any) -> None:
    monkeypatch.setattr(store, "largest_statement", lambda _: PACKET - 20_000)
    sandbox.add_records("Notes", [{"Note_Title": f"N{n}", "Note_Content": '"' * 30_000} for n in range(60)])
    with refusing(small_packets):
        sync(connection, "Notes")
    assert_equal(sandbox, "Notes")


def test_a_row_larger_than_a_packet_is_quarantined_and_all_others_are_stored(
    sandbox: Any, connection: Connection, monkeypatch: Any
) -> None:
    monkeypatch.setattr(store, "largest_statement", lambda _: 20_000)
    monkeypatch.setattr(runs.store, "largest_statement", lambda _: 20_000)
    sandbox.add_records("Notes", [{"Note_Title": f"N{n}", "Note_Content": "x" * 9_000} for n in range(5)])
    sandbox.add_records("Notes", [{"Note_Title": "large", "Note_Content": "x" * 30_000}])
    result = sync(connection, "Notes")
    assert (result.created, result.incomplete) == (5, "1 row is quarantined.")
    assert "max_allowed_packet" in QuarantinedRow.objects.get().reason


def test_forty_thousand_missing_ids_are_looked_for_in_parts(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Contacts", 3)
    sync(connection, "Contacts")
    sandbox.advance(60)
    sync_connection(connection, modules=["Contacts"], options=Options(full=True, deadline_seconds=0))
    row = module_sync("Contacts")
    assert row.phase == "full"
    type(row).objects.filter(pk=row.pk).update(missing_ids=list(range(1, 40_001)))
    sync(connection, "Contacts")
    assert_equal(sandbox, "Contacts")


@pytest.mark.usefixtures("no_pauses")
def test_a_wait_for_a_lock_that_was_in_vain_is_tried_again_and_said(
    sandbox: Any, connection: Connection, caplog: Any
) -> None:
    sandbox.add_records("Contacts", 3)
    left = [1, 2]

    def locked(sql: str, _: Any) -> None:
        if is_storing(sql) and left:
            left.pop()
            raise OperationalError(*LOCK_WAIT)

    with refusing(locked):
        sync(connection, "Contacts")
    assert_equal(sandbox, "Contacts")
    assert caplog.text.count("tried again") == 2


@pytest.mark.usefixtures("no_pauses")
def test_a_lock_that_is_never_given_up_is_told_as_one(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Contacts", 3)

    def locked(sql: str, _: Any) -> None:
        if is_storing(sql):
            raise OperationalError(*LOCK_WAIT)

    with refusing(locked):
        error = failed(connection, "Contacts")
    assert "another transaction kept a row locked" in error
    assert "OperationalError 1205" in error
    sync(connection, "Contacts")
    assert_equal(sandbox, "Contacts")


def test_one_row_among_many_that_the_database_refuses_is_found_by_halves(
    sandbox: Any, connection: Connection, monkeypatch: Any
) -> None:
    ids = sandbox.add_records("Contacts", 200)
    tries = []

    def refuse(sql: str, params: Any) -> None:
        if is_storing(sql):
            tries.append(sql)
            if int(ids[77]) in params:
                raise database.Database.DataError("refused")

    with database.wrap_database_errors, refusing(lambda sql, params: wrapped(refuse, sql, params)):
        result = sync(connection, "Contacts")
    assert (result.created, result.quarantined) == (199, 1)
    assert len(tries) < 20


def wrapped(refuse: Any, sql: str, params: Any) -> None:
    with database.wrap_database_errors:
        refuse(sql, params)


def levels() -> list[Any]:
    if database.vendor == "postgresql":
        from psycopg import IsolationLevel

        return [IsolationLevel.REPEATABLE_READ, IsolationLevel.SERIALIZABLE]
    return ["repeatable read", "serializable"] if database.vendor == "mysql" else []


@pytest.mark.parametrize("number", [0, 1])
def test_a_first_sync_by_four_at_once_is_one_mirror_at_stricter_isolation(
    number: int, sandbox: Any, connection: Connection
) -> None:
    if not levels():
        pytest.skip("SQLite has one level of isolation")
    sandbox.add_records("Contacts", 300)
    sandbox.add_records("Accounts", 30)
    options = database.settings_dict["OPTIONS"]
    together, results, errors = threading.Barrier(4), [], []

    def work() -> None:
        try:
            together.wait(30)
            results.extend(sync_connection(Connection.objects.get()))
        except BaseException as error:
            errors.append("".join(traceback.format_exception(error)))
        finally:
            databases.close_all()

    before = dict(options)
    options["isolation_level"] = levels()[number]
    try:
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
    finally:
        options.clear()
        options.update(before)
    assert "\n".join(errors) == ""
    assert [result.error for result in results if result.error] == []
    assert any(result.taken for result in results)
    assert ModuleSchema.objects.filter(module="Contacts").count() == 1
    sync(connection)
    assert_equal(sandbox, "Contacts", "Accounts")

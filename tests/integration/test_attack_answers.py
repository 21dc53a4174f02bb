"""Answers that nobody expects: each costs one row at most, never a module and never its neighbours."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from django_bigin.api.values import read_date_header
from django_bigin.models import Connection, ModuleSync, QuarantinedRow, Record
from django_bigin.sync import engine, sync_connection
from django_bigin.sync.plan import Strategy
from tests.support.mirror import connect, mirror_hash, sync

pytestmark = pytest.mark.django_db(transaction=True)

CONTACTS = "GET /bigin/v2/Contacts"


@pytest.fixture
def connection(sandbox: Any, organization: dict[str, str]) -> Connection:
    return connect(organization)


def answer(sandbox: Any, rows: list[Any], call: str = CONTACTS, *, key: str = "data", **how: Any) -> None:
    """Let the next call be answered with these rows."""
    body = json.dumps({key: rows, "info": {"more_records": False}})
    sandbox.fail(call, status=200, body=body, content_type="application/json", **how)


def nested(depth: int) -> Any:
    value: Any = "deep"
    for _ in range(depth):
        value = {"a": value}
    return value


BAD_VALUES = {
    "infinity": float("1e999"),
    "deeper than MariaDB takes": nested(60),
    "deeper than Python takes": nested(700),
    "NUL": "a\x00b",
    "NUL in a key": {"a\x00b": 1},
    "half a character": "\ud800",
    "larger than a packet": "x" * 17_000_000,
}


@pytest.mark.parametrize("bad", BAD_VALUES.values(), ids=BAD_VALUES.keys())
def test_a_row_that_cannot_be_stored_costs_no_other_row(bad: Any, sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Contacts", 3)
    rows = sandbox.records("Contacts")
    rows[1]["Description"] = bad
    answer(sandbox, [json.loads(json.dumps(row)) if row is not rows[1] else row for row in rows])
    result = sync(connection, "Contacts")
    assert result.created + result.quarantined == 3
    assert result.created >= 2
    sandbox.advance(60)
    sync(connection, "Contacts", full=True)
    assert mirror_hash("Contacts") == (3, sandbox.hash("Contacts")["hash"])
    assert not QuarantinedRow.objects.exists()


def test_text_that_only_looks_like_a_nul_is_stored(sandbox: Any, connection: Connection) -> None:
    [record_id] = sandbox.add_records("Contacts", [{"Last_Name": "Wen", "Description": r"write \u0000 or \\u0000"}])
    assert sync(connection, "Contacts").quarantined == 0
    assert Record.objects.get(record_id=record_id)["Description"] == r"write \u0000 or \\u0000"


@pytest.mark.parametrize(
    "identity", ["12\x00", "\ud800", -5, 0, 1.5, 2**63, "9" * 40, True, None, [], {"id": 1}, "", "٣", " 12"]
)
def test_a_row_with_an_id_that_is_none_is_set_aside(identity: Any, sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Contacts", 2)
    rows = sandbox.records("Contacts")
    answer(sandbox, [*rows, {"id": identity, "Last_Name": "Nobody"}])
    result = sync(connection, "Contacts")
    assert (result.created, result.quarantined) == (2, 1)


@pytest.mark.parametrize("row", ["text", 7, None, [], [{"id": "1"}], 1.5, True])
def test_a_row_that_is_no_object_is_set_aside(row: Any, sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Contacts", 1)
    answer(sandbox, [row, *sandbox.records("Contacts")])
    result = sync(connection, "Contacts")
    assert (result.created, result.quarantined) == (1, 1)


@pytest.mark.parametrize(
    "moment",
    [
        "0001-01-01T00:00:00+00:00",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59+00:00",
        "9999-12-31T23:59:59-14:00",
        "2026-02-30T00:00:00+00:00",
        "nonsense",
        20260101,
        "",
        None,
    ],
)
def test_a_moment_that_no_calendar_shows_is_left_out_of_the_columns(
    moment: Any, sandbox: Any, connection: Connection
) -> None:
    sandbox.add_records("Contacts", 1)
    [row] = sandbox.records("Contacts")
    answer(sandbox, [{**row, "Created_Time": moment, "Modified_Time": moment}])
    assert sync(connection, "Contacts").created == 1
    record = Record.objects.get(module="Contacts")
    assert (record.created_at, record.modified_at) == (None, None)
    sandbox.advance(60)
    sync(connection, "Contacts", full=True)
    assert mirror_hash("Contacts") == (1, sandbox.hash("Contacts")["hash"])


@pytest.mark.parametrize("date", ["Fri, 31 Dec 9999 23:59:59 GMT", "Thu, 01 Jan 1970 00:00:00 GMT"])
def test_a_date_header_of_another_age_is_not_believed(date: str) -> None:
    assert read_date_header(date) is None
    assert read_date_header("Tue, 03 Nov 2026 09:14:00 GMT") == datetime(2026, 11, 3, 9, 14, tzinfo=UTC)


def test_rows_larger_than_the_databases_packet_together_are_all_stored(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Contacts", 30)
    rows = [{**row, "Description": "x" * 1_000_000} for row in sandbox.records("Contacts")]
    answer(sandbox, rows)
    assert sync(connection, "Contacts").created == 30


def test_an_empty_list_of_fields_does_not_empty_the_mirror(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Contacts", 3)
    sync(connection, "Contacts")
    sandbox.advance(90_000)
    sandbox.fail("GET /bigin/v2/settings/fields", status=204, times=None)
    sync(connection, "Contacts", full=True)
    assert mirror_hash("Contacts") == (3, sandbox.hash("Contacts")["hash"])


def test_a_user_that_cannot_be_stored_is_not_taken_for_deleted(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Users", 2)
    sync(connection, "Users")
    users = sandbox.records("Users")
    users[1]["last_name"] = "\ud800"
    sandbox.advance(60)
    answer(sandbox, users, "GET /bigin/v2/users", key="users")
    sync(connection, "Users")
    assert Record.objects.live().filter(module="Users").count() == len(users)


def test_a_row_that_is_readable_again_is_no_longer_set_aside(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Contacts", 1)
    sync(connection, "Contacts")
    [row] = sandbox.records("Contacts")
    sandbox.advance(60)
    answer(sandbox, [{**row, "Title": "\ud800"}], after=1)  # the deleted log comes first
    sync(connection, "Contacts", full=True)
    assert QuarantinedRow.objects.count() == 1
    sandbox.advance(60)
    sync(connection, "Contacts", full=True)
    assert not QuarantinedRow.objects.exists()


def test_a_record_whose_modified_time_is_no_longer_shown_still_follows(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Contacts", 1)
    sync(connection, "Contacts")
    [row] = sandbox.records("Contacts")
    sandbox.advance(60)
    hidden = {name: value for name, value in row.items() if name != "Modified_Time"}
    answer(sandbox, [{**hidden, "Title": "seen later"}], after=1)
    sync(connection, "Contacts", full=True)
    assert Record.objects.get(module="Contacts")["Title"] == "seen later"


def test_pages_that_are_empty_for_ever_end_the_walk(sandbox: Any, connection: Connection, monkeypatch: Any) -> None:
    monkeypatch.setattr("django_bigin.api.walks.EMPTY_PAGES_AT_MOST", 5)
    for number in range(8):
        body = {"data": [], "info": {"more_records": True, "next_page_token": f"t{number}"}}
        sandbox.fail(CONTACTS, status=200, body=body, times=1)
    [result] = sync_connection(connection, modules=["Contacts"])
    assert "empty pages" in result.error


def test_an_unforeseen_failure_of_one_module_stops_no_other(
    sandbox: Any, connection: Connection, monkeypatch: Any
) -> None:
    sandbox.add_records("Contacts", 2)
    real = engine.STRATEGIES[Strategy.FULL]

    def read(run: Any) -> Any:
        if run.module == "Accounts":
            raise KeyError("something nobody thought of")
        return real(run)

    monkeypatch.setitem(engine.STRATEGIES, Strategy.FULL, read)
    results = {result.module: result for result in sync_connection(connection)}
    assert "KeyError" in results["Accounts"].error
    assert results["Contacts"].finished
    failed = ModuleSync.objects.get(module="Accounts")
    assert (failed.failure_count, failed.lease_id) == (1, "")


def test_a_deleted_log_that_one_may_not_read_leaves_the_module_on(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Contacts", 3)
    sync(connection, "Contacts")
    sandbox.advance(900)
    sandbox.fail("GET /bigin/v2/Contacts/deleted", status=403, times=None)
    sync(connection, "Contacts")
    sync(connection, "Contacts", full=True)
    assert ModuleSync.objects.get(module="Contacts").unavailable_reason == ""


def test_a_count_that_never_agrees_does_not_walk_the_module_each_time(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Notes", 3)
    sandbox.fail("GET /bigin/v2/Notes/actions/count", status=200, body={"count": 5}, times=None)
    sync(connection, "Notes")
    sandbox.advance(900)
    sync(connection, "Notes")
    walked_at = ModuleSync.objects.get(module="Notes").last_full_at
    sandbox.advance(900)
    sync(connection, "Notes")
    progress = ModuleSync.objects.get(module="Notes")
    assert progress.last_full_at == walked_at
    assert "counts" in progress.incomplete_reason

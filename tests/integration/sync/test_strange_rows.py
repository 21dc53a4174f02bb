"""Rows that nobody expects: each costs one row at most, never a module and never its neighbours."""

import json
from typing import Any

import pytest

from django_bigin.models import Connection, QuarantinedRow, Record
from tests.support.mirror import answer, assert_equal, failed, mirror_hash, sync

pytestmark = pytest.mark.django_db(transaction=True)

CONTACTS = "GET /bigin/v2/Contacts"


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


@pytest.mark.parametrize("bad", ["\x00", "\ud800"])
def test_a_row_that_no_database_takes_is_quarantined_and_the_others_are_stored(
    bad: str, sandbox: Any, connection: Connection
) -> None:
    sandbox.add_records("Contacts", 2)
    rows = sandbox.records("Contacts")
    rows[0]["Last_Name"] = f"half{bad}"
    answer = json.dumps({"data": rows, "info": {"more_records": False}})
    sandbox.fail("GET /bigin/v2/Contacts", status=200, body=answer, content_type="application/json", times=1)
    result = sync(connection, "Contacts")
    assert (result.created, result.quarantined) == (1, 1)
    sandbox.advance(60)
    sync(connection, "Contacts", full=True)
    assert_equal(sandbox, "Contacts")
    assert not QuarantinedRow.objects.exists()


def test_text_that_only_looks_like_a_nul_is_stored(sandbox: Any, connection: Connection) -> None:
    [record_id] = sandbox.add_records("Contacts", [{"Last_Name": "Wen", "Description": r"write \u0000 or \\u0000"}])
    assert sync(connection, "Contacts").quarantined == 0
    assert Record.objects.get(record_id=record_id)["Description"] == r"write \u0000 or \\u0000"


@pytest.mark.parametrize(
    "identity", ["12\x00", "\ud800", -5, 0, 1.5, 2**63, "9" * 40, True, None, [], {"id": 1}, "", "٣", " 12"]
)
def test_a_row_with_an_id_that_is_none_is_quarantined(identity: Any, sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Contacts", 2)
    rows = sandbox.records("Contacts")
    answer(sandbox, [*rows, {"id": identity, "Last_Name": "Nobody"}])
    result = sync(connection, "Contacts")
    assert (result.created, result.quarantined) == (2, 1)


@pytest.mark.parametrize("row", ["text", 7, None, [], [{"id": "1"}], 1.5, True])
def test_a_row_that_is_no_object_is_quarantined(row: Any, sandbox: Any, connection: Connection) -> None:
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
    assert record.created_at is None
    assert record.modified_at in (None, record.seen_at)  # what lies ahead is cut to the moment of the answer
    sandbox.advance(60)
    sync(connection, "Contacts", full=True)
    assert mirror_hash("Contacts") == (1, sandbox.hash("Contacts")["hash"])


def test_rows_larger_than_the_databases_packet_together_are_all_stored(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Contacts", 30)
    rows = [{**row, "Description": "x" * 1_000_000} for row in sandbox.records("Contacts")]
    answer(sandbox, rows)
    assert sync(connection, "Contacts").created == 30


def test_a_row_that_is_readable_again_is_no_longer_quarantined(sandbox: Any, connection: Connection) -> None:
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


@pytest.mark.parametrize(
    ("damaged", "created", "quarantined"),
    [('"tab\there\x01"', 3, 0), ("NaN", 2, 1), ("-Infinity", 2, 1), ("9" * 5000, 2, 1), ('"\x00"', 2, 1)],
    ids=["control characters", "NaN", "infinity", "5000 digits", "NUL"],
)
def test_a_value_that_json_does_not_allow_costs_its_row_at_most(
    damaged: str, created: int, quarantined: int, sandbox: Any, connection: Connection
) -> None:
    sandbox.add_records("Contacts", 3)
    rows = sandbox.records("Contacts")
    rows[1]["Description"] = "DAMAGED"
    text = json.dumps({"data": rows, "info": {"more_records": False}}).replace('"DAMAGED"', damaged)
    sandbox.fail(CONTACTS, status=200, body=text, content_type="application/json", times=1)
    result = sync(connection, "Contacts")
    assert (result.created, result.quarantined) == (created, quarantined)
    sandbox.advance(60)
    sync(connection, "Contacts", full=True)
    assert_equal(sandbox, "Contacts")
    assert not QuarantinedRow.objects.exists()


def test_a_page_that_breaks_off_says_where(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Contacts", 3)
    text = json.dumps({"data": sandbox.records("Contacts")})[:400]
    sandbox.fail(CONTACTS, status=200, body=text, content_type="application/json", times=2)
    assert "is no JSON from character 380 on: " in failed(connection, "Contacts")
    assert not Record.objects.exists()

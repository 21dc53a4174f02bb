"""Rows that could not be stored are in every sum, and leave the quarantine when they are mended or gone."""

from typing import Any

import pytest

from django_bigin.models import Connection, QuarantinedRow, Record
from tests.support.commands import Ran
from tests.support.mirror import answer, assert_equal, module_sync, sync

pytestmark = pytest.mark.django_db(transaction=True)

MODULES = ["Contacts", "Notes", "Tasks"]
TEXT_FIELD = {"Notes": "Note_Content", "Contacts": "Title"}


def break_row(sandbox: Any, module: str, record_id: str) -> None:
    """Give a record a value that no database takes."""
    sandbox.edit_records(module, [{"id": record_id, TEXT_FIELD.get(module, "Description"): "a\x00b"}])


def mend_row(sandbox: Any, module: str, record_id: str) -> None:
    sandbox.edit_records(module, [{"id": record_id, TEXT_FIELD.get(module, "Description"): "mended"}])


@pytest.fixture
def broken(request: Any, sandbox: Any, connection: Connection) -> tuple[str, list[str]]:
    """A module of five records, the second of which could not be stored."""
    module = request.param
    ids = sandbox.add_records(module, 5)
    break_row(sandbox, module, ids[1])
    result = sync(connection, module)
    assert (result.created, result.quarantined) == (4, 1)
    sandbox.advance(900)
    return module, ids


every = pytest.mark.parametrize("broken", MODULES, indirect=True)


@every
def test_a_module_with_a_quarantined_row_is_incomplete_and_says_how_many(
    broken: Any, sandbox: Any, connection: Connection
) -> None:
    module, _ = broken
    assert sync(connection, module).incomplete == "1 row is quarantined."
    assert module_sync(module).incomplete_reason == ""  # above all not that the count differs
    ran = Ran("bigin_sync", "--module", module, "--json")
    [entry] = ran.document["connections"][0]["modules"]
    assert (ran.code, entry["finished"], entry["incomplete"]) == (0, True, "1 row is quarantined.")
    assert "incomplete: 1 row is quarantined." in Ran("bigin_sync", "--module", module).out


@every
def test_the_status_of_a_module_with_a_quarantined_row_is_incomplete(broken: Any, connection: Connection) -> None:
    module, _ = broken
    ran = Ran("bigin_status", "--check", "--json")
    [state] = [each for each in ran.document["connections"][0]["modules"] if each["module"] == module]
    assert ran.code != 0
    assert (state["state"], state["quarantined"], state["records"]) == ("incomplete", 1, 4)


@every
@pytest.mark.parametrize("full", [False, True])
def test_a_quarantined_row_that_is_deleted_leaves(
    broken: Any, full: bool, sandbox: Any, connection: Connection
) -> None:
    module, ids = broken
    sandbox.delete_records(module, ids[1:2])
    sandbox.advance(60)
    assert sync(connection, module, full=full).incomplete == ""
    assert not QuarantinedRow.objects.exists()
    assert_equal(sandbox, module)


@every
def test_a_quarantined_row_that_is_mended_leaves(broken: Any, sandbox: Any, connection: Connection) -> None:
    module, ids = broken
    mend_row(sandbox, module, ids[1])
    assert sync(connection, module).incomplete == ""
    assert not QuarantinedRow.objects.exists()
    assert_equal(sandbox, module)


@every
def test_beside_a_quarantined_row_a_deletion_is_seen(broken: Any, sandbox: Any, connection: Connection) -> None:
    module, ids = broken
    sandbox.delete_records(module, ids[3:4])
    sandbox.advance(60)
    sync(connection, module)
    assert Record.objects.live().filter(module=module).count() == 3
    assert QuarantinedRow.objects.count() == 1


def test_a_record_is_quarantined_once_however_often_it_changes(sandbox: Any, connection: Connection) -> None:
    [record_id] = sandbox.add_records("Contacts", 1)
    sync(connection, "Contacts")
    for _ in range(3):
        sandbox.advance(900)
        break_row(sandbox, "Contacts", record_id)
        sandbox.edit_records("Contacts", [{"id": record_id, "Department": str(sandbox.now())}])
        assert sync(connection, "Contacts").incomplete == "1 row is quarantined."
    assert QuarantinedRow.objects.get().tries == 3
    assert Record.objects.live().filter(module="Contacts").count() == 1  # as it was before


def test_a_row_without_an_id_is_counted_once_and_leaves_with_the_next_full_sync(
    sandbox: Any, connection: Connection
) -> None:
    ids = sandbox.add_records("Contacts", 3)
    rows = sandbox.records("Contacts")
    for _ in range(2):
        answer(sandbox, [*rows[1:], {**rows[0], "id": "none"}], after=QuarantinedRow.objects.count())
        sync(connection, "Contacts", full=True)
        sandbox.advance(900)
        assert [row.record_id for row in QuarantinedRow.objects.all()] == [""]
    assert sync(connection, "Contacts", full=True).incomplete == ""
    assert Record.objects.live().filter(module="Contacts").count() == len(ids)


def test_a_comparison_of_the_ids_keeps_what_could_not_be_stored(sandbox: Any, connection: Connection) -> None:
    sandbox.switch(page_token_paging="offset")
    ids = sandbox.add_records("Contacts", 450)
    break_row(sandbox, "Contacts", ids[300])

    def meddle(step: Any) -> None:
        if (step.phase, step.page) == ("full", 2):
            sandbox.delete_records("Contacts", ids[1:2])
            sandbox.advance(2)

    result = sync(connection, "Contacts", on_progress=meddle)
    assert result.incomplete == "1 row is quarantined."
    assert Record.objects.live().filter(module="Contacts").count() == 448


def test_thousands_of_rows_that_cannot_be_stored_take_few_statements(
    sandbox: Any, connection: Connection, django_assert_max_num_queries: Any
) -> None:
    sandbox.add_records("Contacts", 1)
    rows = [{"id": str(10**18 + number), "Title": "\x00"} for number in range(2_000)]
    answer(sandbox, rows)
    sync(connection)
    sandbox.advance(60)
    answer(sandbox, rows, after=1)
    with django_assert_max_num_queries(150):
        assert sync(connection, "Contacts", full=True).incomplete == "2,000 rows are quarantined."

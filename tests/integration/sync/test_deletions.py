"""Deletions are followed, and absences are believed only where they are credible."""

import json
from typing import Any

import pytest

from django_bigin import clock
from django_bigin.models import Connection, ModuleSync, QuarantinedRow, Record
from tests.support.mirror import answer, assert_equal, failed, module_sync, sync

pytestmark = pytest.mark.django_db(transaction=True)


def test_contacts_go_with_their_company(sandbox: Any, connection: Connection) -> None:
    [company] = sandbox.add_records("Accounts", [{"Account_Name": "Orbit"}])
    sandbox.add_records("Contacts", [{"Last_Name": "Wen", "Account_Name": {"id": company}}])
    sync(connection)
    sandbox.advance(60)
    sandbox.delete_records("Accounts", [company])
    sync(connection)
    assert_equal(sandbox, "Accounts", "Contacts")


def test_a_deletion_lifted_in_bigin_is_lifted_by_the_next_full_sync(sandbox: Any, connection: Connection) -> None:
    ids = sandbox.add_records("Contacts", 5)
    sync(connection, "Contacts")
    sandbox.advance(60)
    sandbox.delete_records("Contacts", ids[:1])
    sync(connection, "Contacts")
    assert_equal(sandbox, "Contacts")
    sandbox.advance(60)
    sandbox.restore_records("Contacts", ids[:1], touch=False)
    sandbox.advance(60)
    sync(connection, "Contacts", full=True)
    assert_equal(sandbox, "Contacts")
    sandbox.advance(60)
    sync(connection, "Contacts")
    assert_equal(sandbox, "Contacts")


def test_a_full_sync_that_misses_suspiciously_much_deletes_nothing(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Notes", 300)
    sync(connection, "Notes")
    sandbox.advance(60)
    sandbox.delete_records("Notes", [row["id"] for row in sandbox.records("Notes")][:100])
    began_at = clock.now()
    assert "--accept-missing" in failed(connection, "Notes", full=True)
    module = module_sync("Notes")
    assert "--accept-missing" in module.last_error
    assert module.last_error_at >= began_at
    assert module.failure_count == 0  # it has finished: it is done again at its usual pace
    assert Record.objects.live().filter(module="Notes").count() == 300
    sandbox.advance(60)
    sync(connection, "Notes", full=True, accept_missing=True)
    assert_equal(sandbox, "Notes")


def test_a_deleted_log_that_one_may_not_read_leaves_the_module_on(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Contacts", 3)
    sync(connection, "Contacts")
    sandbox.advance(900)
    sandbox.fail("GET /bigin/v2/Contacts/deleted", status=403, times=None)
    sync(connection, "Contacts")
    sync(connection, "Contacts", full=True)
    assert ModuleSync.objects.get(module="Contacts").unavailable_reason == ""


def test_a_user_that_cannot_be_stored_is_not_taken_for_deleted(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Users", 2)
    sync(connection, "Users")
    users = sandbox.records("Users")
    users[1]["last_name"] = "\ud800"
    sandbox.advance(60)
    answer(sandbox, users, "GET /bigin/v2/users", key="users")
    sync(connection, "Users")
    assert Record.objects.live().filter(module="Users").count() == len(users)


def test_a_record_without_id_is_quarantined_and_nothing_is_deleted(sandbox: Any, connection: Connection) -> None:
    ids = sandbox.add_records("Contacts", 3)
    sync(connection, "Contacts")
    rows = sandbox.records("Contacts")
    whole = [row for row in rows if row["id"] != ids[0]]
    without_id = {key: value for key, value in rows[0].items() if key != "id"}
    answer = json.dumps({"data": [without_id, *whole], "info": {"more_records": False}})
    # The first call is for the deleted log, which stands below the same path.
    sandbox.fail("GET /bigin/v2/Contacts", status=200, body=answer, content_type="application/json", after=1)
    sync(connection, "Contacts", full=True)
    assert QuarantinedRow.objects.get().reason == "The row has no id."
    assert Record.objects.live().filter(module="Contacts").count() == 3

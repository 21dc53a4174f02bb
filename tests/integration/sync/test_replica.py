"""A site that reads from a replica: what decides about the mirror is read where it is written."""

from typing import Any

import pytest

from django_bigin.models import Connection, ModuleSync, QuarantinedRow, Record
from django_bigin.sync import Options, sync_connection, sync_slice
from tests.support.mirror import answer
from tests.support.routers import ReadsFromReplica

pytestmark = pytest.mark.django_db(transaction=True)

CONTACTS = Record.objects.using("default").filter(module="Contacts")


@pytest.fixture(autouse=True)
def reads_from_replica(connection: Connection, settings: Any) -> None:
    settings.BIGIN_INSTALLATION_ID = "here"
    settings.DATABASE_ROUTERS = [ReadsFromReplica()]


def test_modules_are_mirrored_and_followed(sandbox: Any, connection: Connection) -> None:
    ids = sandbox.add_records("Contacts", 450)
    assert [result.error for result in sync_connection(connection) if result.error] == []
    assert CONTACTS.count() == 450
    sandbox.advance(900)
    sandbox.edit_records("Contacts", [{"id": ids[3], "Title": "edited"}])
    sandbox.delete_records("Contacts", ids[-2:])
    module = ModuleSync.objects.using("default").get(module="Contacts")
    result = sync_slice(module.pk, Options())
    assert result is not None
    assert (result.error, result.updated, result.deleted) == ("", 1, 2)
    [result] = sync_connection(connection, modules=["Contacts"], options=Options(full=True))
    assert (result.error, result.changed) == ("", 0)


def test_rows_are_quarantined_and_released(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Contacts", 2)
    rows = sandbox.records("Contacts")
    answer(sandbox, [rows[0], {**rows[1], "Title": "\ud800"}])
    quarantined = QuarantinedRow.objects.using("default")
    [result] = sync_connection(connection, modules=["Contacts"])
    assert (result.error, result.quarantined, quarantined.count()) == ("", 1, 1)
    sandbox.advance(60)
    [result] = sync_connection(connection, modules=["Contacts"], options=Options(full=True))
    assert (result.error, result.quarantined, quarantined.count()) == ("", 0, 0)

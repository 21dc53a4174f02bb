"""A full sync mirrors every record, whatever moves meanwhile."""

from datetime import timedelta
from typing import Any

import pytest

from django_bigin.api.products.bigin import BIGIN
from django_bigin.models import Connection, ModuleSync, Record
from django_bigin.sync import sync_connection
from tests.support.mirror import assert_equal, failed, module_sync, sync

pytestmark = pytest.mark.django_db(transaction=True)

MODULES = BIGIN.modules


@pytest.mark.parametrize("module", MODULES)
def test_a_first_sync_mirrors_a_module(module: str, sandbox: Any, connection: Connection) -> None:
    sandbox.add_records(module, 230)
    result = sync(connection, module)
    assert result.created == sandbox.hash(module)["count"]
    assert_equal(sandbox, module)


@pytest.mark.parametrize("module", MODULES)
def test_answers_are_read_however_they_are_sent(module: str, sandbox: Any, connection: Connection) -> None:
    sandbox.switch(gzip=True, chunked=True, key_order="shuffled")
    sandbox.add_records(module, 230)
    sync(connection, module)
    assert_equal(sandbox, module)


@pytest.mark.parametrize("paging", ["offset", "keyset", "snapshot"])
def test_a_full_sync_past_the_page_wall_is_whole(paging: str, sandbox: Any, connection: Connection) -> None:
    sandbox.switch(page_token_paging=paging)
    sandbox.add_records("Contacts", 2_450)
    sync(connection, "Contacts")
    assert_equal(sandbox, "Contacts")


@pytest.mark.parametrize("paging", ["offset", "keyset", "snapshot"])
def test_a_full_sync_during_which_records_are_deleted_is_whole(
    paging: str, sandbox: Any, connection: Connection
) -> None:
    sandbox.switch(page_token_paging=paging)
    ids = sandbox.add_records("Contacts", 900)

    def meddle(step: Any) -> None:
        if step.phase == "full" and step.page == 2:
            sandbox.delete_records("Contacts", ids[10:40])
            sandbox.edit_records("Contacts", [{"id": ids[5], "Title": "moved"}])
            sandbox.add_records("Contacts", 3)
            sandbox.advance(2)

    sync(connection, "Contacts", on_progress=meddle)
    assert_equal(sandbox, "Contacts")


def test_a_module_of_more_than_fifty_fields_is_mirrored_whole(sandbox: Any, connection: Connection) -> None:
    fields = [{"api_name": f"Custom_{number}", "data_type": "text"} for number in range(70)]
    sandbox.add_fields("Contacts", fields)
    sandbox.add_records("Contacts", [{"Last_Name": f"N{n}", "Custom_3": "a", "Custom_69": f"z{n}"} for n in range(250)])
    sync(connection, "Contacts")
    assert_equal(sandbox, "Contacts")
    assert Record.objects.filter(module="Contacts", data__Custom_69="z7").count() == 1


def test_ids_of_nineteen_digits_are_exact(sandbox: Any, connection: Connection) -> None:
    ids = sandbox.add_records("Contacts", 1)
    sync(connection, "Contacts")
    assert len(ids[0]) == 19
    assert Record.objects.get(module="Contacts").record_id == int(ids[0])


def test_more_records_than_page_tokens_reach_are_said_and_followed(sandbox: Any, connection: Connection) -> None:
    sandbox.switch(page_token_ceiling=600)
    ids = sandbox.add_records("Contacts", 1_000)
    sandbox.advance(900)
    assert "bulk read" in failed(connection, "Contacts")
    assert Record.objects.filter(module="Contacts").count() == 600
    assert "bulk read" in module_sync("Contacts").incomplete_reason
    sandbox.advance(900)
    sandbox.edit_records("Contacts", [{"id": ids[-1], "Title": "last"}])
    sync(connection, "Contacts")
    assert Record.objects.filter(module="Contacts", data__Title="last").count() == 1


def test_pages_that_are_empty_for_ever_end_the_sync(sandbox: Any, connection: Connection, monkeypatch: Any) -> None:
    monkeypatch.setattr("django_bigin.api.walks.EMPTY_PAGES_AT_MOST", 5)
    for number in range(8):
        body = {"data": [], "info": {"more_records": True, "next_page_token": f"t{number}"}}
        sandbox.fail("GET /bigin/v2/Contacts", status=200, body=body, times=1)
    [result] = sync_connection(connection, modules=["Contacts"])
    assert "empty pages" in result.error


def test_a_count_that_never_agrees_asks_for_no_full_sync_each_time(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Notes", 3)
    sandbox.fail("GET /bigin/v2/Notes/actions/count", status=200, body={"count": 5}, times=None)
    sync(connection, "Notes")
    sandbox.advance(900)
    sync(connection, "Notes")
    synced_at = ModuleSync.objects.get(module="Notes").last_full_at
    sandbox.advance(900)
    sync(connection, "Notes")
    progress = ModuleSync.objects.get(module="Notes")
    assert progress.last_full_at == synced_at
    assert "counts" in progress.incomplete_reason


def test_the_watermark_is_bigins_clock_at_the_opening_of_the_scan(sandbox: Any, connection: Connection) -> None:
    opened = sandbox.now().replace(microsecond=0)
    sync(connection, "Contacts")
    watermark = module_sync("Contacts").records_watermark
    assert watermark is not None
    assert opened <= watermark <= opened + timedelta(seconds=30)

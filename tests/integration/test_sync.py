"""The mirror equals Bigin: after walks and deltas, under faults, and for every module."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError

from django_bigin import clock
from django_bigin.api.products.bigin import BIGIN
from django_bigin.connections import connect_self_client
from django_bigin.exceptions import AuthorizationError, RequestError
from django_bigin.models import Connection, CreditUse, Job, ModuleSync, QuarantinedRow, Record, Tenant
from django_bigin.signals import records_changed
from django_bigin.sync import Options, store, sync_connection
from django_bigin.work import jobs
from tests.support.mirror import mirror_hash

pytestmark = pytest.mark.django_db(transaction=True)

MODULES = BIGIN.modules
LOGGED = tuple(spec.name for spec in BIGIN.specs if spec.has_deleted_log)
# A field that can be edited in every record of the module.
TEXT_FIELD = {
    "Accounts": "Website",
    "Contacts": "Title",
    "Products": "Description",
    "Pipelines": "Description",
    "Tasks": "Description",
    "Events": "Venue",
    "Calls": "Description",
    "Notes": "Note_Content",
    "Users": "last_name",
}


@pytest.fixture
def connection(sandbox: Any, organization: dict[str, str]) -> Connection:
    tenant = Tenant.objects.create(name="Acme", slug="acme")
    return connect_self_client(
        tenant,
        client_id=organization["client_id"],
        client_secret=organization["client_secret"],
        grant_token=organization["grant_token"],
        data_center=organization["data_center"],
    ).connection


def sync(connection: Connection, *modules: str, **how: Any) -> Any:
    """Sync, and expect no error; one module gives its result."""
    results = sync_connection(connection, modules=modules or None, options=Options(**how))
    assert [result.error for result in results if result.error] == []
    return results[0] if len(modules) == 1 else results


def failed(connection: Connection, module: str, **how: Any) -> str:
    """Sync one module, and expect an error: its sentence."""
    [result] = sync_connection(connection, modules=[module], options=Options(**how))
    assert result.error
    return str(result.error)


def assert_equal(sandbox: Any, *modules: str) -> None:
    for module in modules:
        source = sandbox.hash(module)
        assert (module, *mirror_hash(module)) == (module, source["count"], source["hash"])


def progress(module: str) -> ModuleSync:
    return ModuleSync.objects.get(module=module)


@pytest.mark.parametrize("module", MODULES)
def test_a_first_walk_mirrors_a_module(module: str, sandbox: Any, connection: Connection) -> None:
    sandbox.add_records(module, 230)
    result = sync(connection, module)
    assert result.created == sandbox.hash(module)["count"]
    assert_equal(sandbox, module)


@pytest.mark.parametrize("module", MODULES)
def test_edits_additions_and_deletions_follow(module: str, sandbox: Any, connection: Connection) -> None:
    ids = sandbox.add_records(module, 12)
    sync(connection, module)
    sandbox.advance(900)
    sandbox.edit_records(module, [{"id": ids[0], TEXT_FIELD[module]: "edited"}])
    sandbox.add_records(module, 2)
    if module != "Users":
        sandbox.delete_records(module, ids[-2:])
    sandbox.advance(30)
    sync(connection, module)
    assert_equal(sandbox, module)


@pytest.mark.parametrize("module", [module for module in MODULES if module != "Users"])
def test_a_second_sync_without_changes_writes_nothing(module: str, sandbox: Any, connection: Connection) -> None:
    sandbox.add_records(module, 12)
    sync(connection, module)
    sandbox.advance(900)
    result = sync(connection, module)
    assert result.changed == 0


@pytest.mark.parametrize("module", MODULES)
def test_answers_are_read_however_they_are_sent(module: str, sandbox: Any, connection: Connection) -> None:
    sandbox.switch(gzip=True, chunked=True, key_order="shuffled")
    sandbox.add_records(module, 230)
    sync(connection, module)
    assert_equal(sandbox, module)


@pytest.mark.parametrize("paging", ["offset", "keyset", "snapshot"])
def test_a_walk_past_the_page_wall_is_whole(paging: str, sandbox: Any, connection: Connection) -> None:
    sandbox.switch(page_token_paging=paging)
    sandbox.add_records("Contacts", 2_450)
    sync(connection, "Contacts")
    assert_equal(sandbox, "Contacts")


@pytest.mark.parametrize("paging", ["offset", "keyset", "snapshot"])
def test_a_walk_during_which_records_are_deleted_is_whole(paging: str, sandbox: Any, connection: Connection) -> None:
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


@pytest.mark.parametrize("paging", ["offset", "keyset", "snapshot"])
def test_a_delta_of_many_pages_during_which_records_are_deleted_is_whole(
    paging: str, sandbox: Any, connection: Connection
) -> None:
    sandbox.switch(page_token_paging=paging)
    ids = sandbox.add_records("Contacts", 900)
    sync(connection, "Contacts")
    sandbox.advance(900)
    sandbox.edit_records("Contacts", [{"id": record_id, "Title": "all"} for record_id in ids])
    sandbox.advance(5)

    def meddle(step: Any) -> None:
        if step.phase == "delta" and step.page == 1 and ids:
            sandbox.delete_records("Contacts", ids[-30:])
            sandbox.advance(2)
            ids.clear()

    sync(connection, "Contacts", on_progress=meddle)
    assert_equal(sandbox, "Contacts")


def test_a_module_of_more_than_fifty_fields_is_mirrored_whole(sandbox: Any, connection: Connection) -> None:
    fields = [{"api_name": f"Custom_{number}", "data_type": "text"} for number in range(70)]
    sandbox.add_fields("Contacts", fields)
    sandbox.add_records("Contacts", [{"Last_Name": f"N{n}", "Custom_3": "a", "Custom_69": f"z{n}"} for n in range(250)])
    sync(connection, "Contacts")
    assert_equal(sandbox, "Contacts")
    assert Record.objects.filter(module="Contacts", data__Custom_69="z7").count() == 1


def test_a_sync_cut_off_midway_goes_on_at_the_page_where_it_was(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Contacts", 1_000)
    sandbox.advance(900)
    sandbox.fail("GET /bigin/v2/Contacts", status=502, after=3, times=1)
    assert "Bigin failed to answer" in failed(connection, "Contacts")
    assert Record.objects.filter(module="Contacts").count() == 600
    sandbox.clear_calls()
    sync(connection, "Contacts")
    assert_equal(sandbox, "Contacts")
    assert sandbox.calls(path="/bigin/v2/Contacts", method="GET")["total"] <= 5


def test_a_slice_of_time_ends_between_pages_and_the_next_goes_on(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Contacts", 1_000)
    slices = 0
    while not sync(connection, "Contacts", deadline_seconds=0).finished:
        slices += 1
        assert slices < 20
    assert slices >= 4
    assert_equal(sandbox, "Contacts")


def test_an_expired_page_token_starts_the_walk_again(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Contacts", 1_000)
    sync(connection, "Contacts", deadline_seconds=0)
    sandbox.advance(90_000)
    sync(connection, "Contacts")
    assert_equal(sandbox, "Contacts")


def test_a_page_token_that_comes_twice_ends_the_walk_with_a_sentence(sandbox: Any, connection: Connection) -> None:
    rows = [{"id": str(5725767000000900000 + n), "Modified_Time": "2026-01-01T00:00:00+00:00"} for n in range(4)]
    info = {"more_records": True, "next_page_token": "always-the-same"}
    sandbox.add_records("Contacts", 1)
    for start in (0, 2):
        answer = json.dumps({"data": rows[start : start + 2], "info": info})
        sandbox.fail("GET /bigin/v2/Contacts", status=200, body=answer, content_type="application/json", times=1)
    assert "twice" in failed(connection, "Contacts")
    assert Record.objects.filter(module="Contacts").count() >= 2


def test_more_records_than_page_tokens_reach_are_said_and_followed(sandbox: Any, connection: Connection) -> None:
    sandbox.switch(page_token_ceiling=600)
    ids = sandbox.add_records("Contacts", 1_000)
    sandbox.advance(900)
    assert "bulk read" in failed(connection, "Contacts")
    assert Record.objects.filter(module="Contacts").count() == 600
    assert "bulk read" in progress("Contacts").incomplete_reason
    sandbox.advance(900)
    sandbox.edit_records("Contacts", [{"id": ids[-1], "Title": "last"}])
    sync(connection, "Contacts")
    assert Record.objects.filter(module="Contacts", data__Title="last").count() == 1


def test_html_in_place_of_json_is_one_clear_sentence(sandbox: Any, connection: Connection) -> None:
    sandbox.fail("GET /bigin/v2/Contacts", status=200, body="<html>login</html>", content_type="text/html", times=2)
    assert "something other than JSON" in failed(connection, "Contacts")


def test_a_record_without_id_is_set_aside_and_nothing_is_deleted(sandbox: Any, connection: Connection) -> None:
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


@pytest.mark.parametrize("bad", ["\x00", "\ud800"])
def test_a_row_that_no_database_takes_is_set_aside_and_the_others_are_stored(
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


def test_ids_of_nineteen_digits_are_exact(sandbox: Any, connection: Connection) -> None:
    ids = sandbox.add_records("Contacts", 1)
    sync(connection, "Contacts")
    assert len(ids[0]) == 19
    assert Record.objects.get(module="Contacts").record_id == int(ids[0])


def test_a_module_that_the_plan_does_not_give_stops_no_other(sandbox: Any, connection: Connection) -> None:
    sandbox.fail("GET /bigin/v2/Products", status=403, times=None)
    sandbox.add_records("Products", 2)
    sandbox.add_records("Contacts", 2)
    results = {result.module: result for result in sync(connection)}
    assert "Products" in results["Products"].skipped
    assert_equal(sandbox, "Contacts")


def test_a_scope_that_was_not_granted_switches_its_module_off_and_says_so(
    sandbox: Any, organization: dict[str, str]
) -> None:
    scopes = ["ZohoBigin.modules.ALL", "ZohoBigin.settings.ALL", "ZohoBigin.org.READ"]
    connection = connect_self_client(
        Tenant.objects.create(name="Acme", slug="acme"),
        client_id=organization["client_id"],
        client_secret=organization["client_secret"],
        grant_token=sandbox.mint_grant_token(scopes=scopes)["grant_token"],
        data_center=organization["data_center"],
    ).connection
    sandbox.add_records("Contacts", 2)
    results = {result.module: result for result in sync(connection)}
    assert "ZohoBigin.modules.notes.READ: reconnect" in results["Notes"].skipped
    assert "ZohoBigin.users.READ: reconnect" in results["Users"].skipped
    assert_equal(sandbox, "Contacts")


def test_a_chosen_field_that_is_not_there_is_left_out(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Contacts", 2)
    sync(connection, "Contacts")
    ModuleSync.objects.filter(module="Contacts").update(fields=["Last_Name", "Never_There"])
    sync(connection, "Contacts", full=True)
    assert set(Record.objects.filter(module="Contacts").first().data) == {"id", "Last_Name", "Modified_Time"}


def test_a_database_that_goes_away_loses_nothing(sandbox: Any, connection: Connection, monkeypatch: Any) -> None:
    sandbox.add_records("Contacts", 700)
    real, calls = store.write_copies, []

    def fail_once(*arguments: Any, **options: Any) -> Any:
        calls.append(1)
        if len(calls) == 3:
            raise OperationalError("server closed the connection unexpectedly")
        return real(*arguments, **options)

    monkeypatch.setattr(store, "write_copies", fail_once)
    assert "The database went away" in failed(connection, "Contacts")
    assert Record.objects.filter(module="Contacts").count() == 400
    sync(connection, "Contacts")
    assert_equal(sandbox, "Contacts")


def test_a_deletion_lifted_in_bigin_is_lifted_by_the_next_full_walk(sandbox: Any, connection: Connection) -> None:
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


def test_contacts_go_with_their_company(sandbox: Any, connection: Connection) -> None:
    [company] = sandbox.add_records("Accounts", [{"Account_Name": "Orbit"}])
    sandbox.add_records("Contacts", [{"Last_Name": "Wen", "Account_Name": {"id": company}}])
    sync(connection)
    sandbox.advance(60)
    sandbox.delete_records("Accounts", [company])
    sync(connection)
    assert_equal(sandbox, "Accounts", "Contacts")


def test_a_walk_that_misses_suspiciously_much_deletes_nothing(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Notes", 300)
    sync(connection, "Notes")
    sandbox.advance(60)
    sandbox.delete_records("Notes", [row["id"] for row in sandbox.records("Notes")][:100])
    assert "--accept-missing" in failed(connection, "Notes", full=True)
    assert Record.objects.live().filter(module="Notes").count() == 300
    sandbox.advance(60)
    sync(connection, "Notes", full=True, accept_missing=True)
    assert_equal(sandbox, "Notes")


def test_a_new_field_is_filled_in_for_every_record(sandbox: Any, connection: Connection) -> None:
    ids = sandbox.add_records("Contacts", 3)
    sync(connection, "Contacts")
    sandbox.add_fields("Contacts", [{"api_name": "Segment", "data_type": "text"}])
    sandbox.edit_records("Contacts", [{"id": record_id, "Segment": "A"} for record_id in ids], touch=False)
    sandbox.advance(86_400)
    sync(connection, "Contacts")
    assert_equal(sandbox, "Contacts")


def test_listeners_hear_what_changed_after_it_is_committed(sandbox: Any, connection: Connection) -> None:
    heard = []

    def listen(module: str, created: list[int], updated: list[int], deleted: list[int], **_: Any) -> None:
        heard.append((module, len(created), len(updated), len(deleted), Record.objects.filter(module=module).count()))

    records_changed.connect(listen)
    try:
        ids = sandbox.add_records("Contacts", 3)
        sync(connection, "Contacts")
        sandbox.advance(300)
        sandbox.edit_records("Contacts", [{"id": ids[0], "Title": "x"}])
        sandbox.delete_records("Contacts", ids[1:2])
        sync(connection, "Contacts")
    finally:
        records_changed.disconnect(listen)
    assert heard == [("Contacts", 3, 0, 0, 3), ("Contacts", 0, 1, 0, 3), ("Contacts", 0, 0, 1, 3)]


def test_two_organizations_never_see_each_other(sandbox: Any, connection: Connection) -> None:
    other = sandbox.add_organization(data_center="us", records={"Contacts": 4})
    second = connect_self_client(
        Tenant.objects.create(name="Other", slug="other"),
        client_id=other["client_id"],
        client_secret=other["client_secret"],
        grant_token=other["grant_token"],
        data_center="us",
    ).connection
    sandbox.add_records("Contacts", 3)
    sync(connection, "Contacts")
    sync(second, "Contacts")
    mine = set(Record.objects.filter(connection=connection).values_list("record_id", flat=True))
    theirs = set(Record.objects.filter(connection=second).values_list("record_id", flat=True))
    assert (len(mine), len(theirs)) == (3, 4)
    assert not mine & theirs


def test_a_refused_token_is_replaced_and_the_call_made_again(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Contacts", 2)
    sandbox.fail("GET /bigin/v2/Contacts", status=401, times=1)
    sync(connection, "Contacts")
    assert_equal(sandbox, "Contacts")


def test_a_grant_that_was_revoked_stops_the_sync_and_keeps_the_data(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Contacts", 2)
    sync(connection)
    sandbox.revoke_grant()
    sandbox.advance(4_000)
    with pytest.raises(AuthorizationError, match="authorize again"):
        sync_connection(connection)
    connection.refresh_from_db()
    assert connection.status == Connection.Status.NEEDS_AUTHORIZATION
    assert Record.objects.filter(module="Contacts").count() == 2


def test_an_unknown_module_is_named_with_those_that_are_known(sandbox: Any, connection: Connection) -> None:
    with pytest.raises(RequestError, match=r"no mirrored module Deals; the modules are Users, Accounts"):
        sync_connection(connection, modules=["Deals"])


def test_a_module_that_another_process_syncs_is_left_to_it(sandbox: Any, connection: Connection) -> None:
    sync(connection, "Contacts")
    ModuleSync.objects.filter(module="Contacts").update(lease_id="another", lease_until=clock.database_in(60))
    [result] = sync_connection(connection, modules=["Contacts"])
    assert "Another process" in result.skipped


def test_calls_and_credits_are_in_the_ledger_and_agree_with_bigin(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Contacts", 500)
    before = sandbox.credits()["used"]
    sync(connection, on_result=lambda result: jobs.record_job(connection, result, full=False, actor="a test"))
    used = sum(CreditUse.objects.values_list("credits", flat=True))
    assert used == sandbox.credits()["used"] - before
    job = Job.objects.get(module="Contacts")
    assert (job.state, job.created, job.asked_by_name) == (Job.State.DONE, 500, "a test")


def test_the_watermark_is_bigins_clock_at_the_opening_of_the_walk(sandbox: Any, connection: Connection) -> None:
    opened = sandbox.now().replace(microsecond=0)
    sync(connection, "Contacts")
    watermark = progress("Contacts").records_watermark
    assert watermark is not None
    assert opened <= watermark <= opened + timedelta(seconds=30)

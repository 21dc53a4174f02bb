"""What an organization offers decides what is mirrored."""

from typing import Any

import pytest

from django_bigin.connections import connect_self_client
from django_bigin.health.findings import judge_module
from django_bigin.health.kinds import Kind
from django_bigin.models import Connection, ModuleSchema, ModuleSync, Record, Tenant
from django_bigin.sync.wanted import decide
from django_bigin.work.kinds import METADATA
from tests.support.commands import Ran
from tests.support.mirror import answer, assert_equal, mirror_hash, sync
from tests.support.ticking import tick, work_off

pytestmark = pytest.mark.django_db(transaction=True)


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


def test_a_new_field_is_filled_in_for_every_record(sandbox: Any, connection: Connection) -> None:
    ids = sandbox.add_records("Contacts", 3)
    sync(connection, "Contacts")
    sandbox.add_fields("Contacts", [{"api_name": "Segment", "data_type": "text"}])
    sandbox.edit_records("Contacts", [{"id": record_id, "Segment": "A"} for record_id in ids], touch=False)
    sandbox.advance(86_400)
    sync(connection, "Contacts")
    assert_equal(sandbox, "Contacts")


def test_an_empty_list_of_fields_does_not_empty_the_mirror(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Contacts", 3)
    sync(connection, "Contacts")
    sandbox.advance(90_000)
    sandbox.fail("GET /bigin/v2/settings/fields", status=204, times=None)
    sync(connection, "Contacts", full=True)
    assert mirror_hash("Contacts") == (3, sandbox.hash("Contacts")["hash"])


def test_a_change_of_the_fields_by_whatever_door_leads_to_a_full_sync(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Contacts", 3)
    sync(connection, "Contacts")
    ModuleSync.objects.filter(module="Contacts").update(fields=["Last_Name"])
    sync(connection, "Contacts")
    assert {frozenset(data) for data in stored("data")} == {frozenset(("id", "Last_Name", "Modified_Time"))}
    sandbox.advance(900)
    ModuleSync.objects.filter(module="Contacts").update(fields=["Last_Name", "Email"])
    sync(connection, "Contacts")
    assert {frozenset(data) for data in stored("data")} == {frozenset(("id", "Last_Name", "Email", "Modified_Time"))}
    synced_at = ModuleSync.objects.get(module="Contacts").last_full_at
    sandbox.advance(900)
    sync(connection, "Contacts")
    assert ModuleSync.objects.get(module="Contacts").last_full_at == synced_at


def test_until_other_fields_are_read_the_module_is_incomplete(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Contacts", 3)
    sync(connection, "Contacts")
    decide(ModuleSync.objects.get(module="Contacts"), fields=["Last_Name"])
    row = ModuleSync.objects.get(module="Contacts")
    assert judge_module(row).kind == Kind.INCOMPLETE
    assert row.next_run_at <= sandbox.now()
    sync(connection, "Contacts")
    assert judge_module(ModuleSync.objects.get(module="Contacts")).kind == Kind.COMPLETE


def test_a_field_that_is_renamed_or_vanishes_is_reported(sandbox: Any, connection: Connection, caplog: Any) -> None:
    sandbox.add_records("Contacts", 3)
    sync(connection, "Contacts")
    ModuleSync.objects.filter(module="Contacts").update(fields=["Title", "Mobile", "Last_Name"])
    listed = [{"id": f"f{place}", **each} for place, each in enumerate(described("Contacts"))]
    ModuleSchema.objects.filter(module="Contacts").update(fields=listed)
    renamed = [
        {"id": each["id"], "api_name": "Job" if each["name"] == "Title" else each["name"], "data_type": "text"}
        for each in listed
        if each["name"] != "Mobile"
    ]
    sandbox.advance(90_000)
    answer(sandbox, renamed, "GET /bigin/v2/settings/fields", key="fields", times=None)
    result = sync(connection, "Contacts")
    schema = ModuleSchema.objects.get(module="Contacts")
    assert (schema.renamed_fields, schema.vanished_fields, schema.new_fields) == ({"Title": "Job"}, ["Mobile"], [])
    assert result.incomplete.endswith("are not listed, so they are not mirrored: Title (now Job), Mobile.")
    assert "renamed the field Title of Contacts" in caplog.text
    assert "lists no longer, in Contacts of connection" in caplog.text


def test_a_custom_module_names_its_records_by_its_display_field(
    sandbox: Any, connection: Connection, settings: Any
) -> None:
    settings.BIGIN_MODULES = ["Projects"]
    modules = [{"api_name": "Projects", "plural_label": "Projects", "api_supported": True, "viewable": True}]
    answer(sandbox, modules, "GET /bigin/v2/settings/modules", key="modules", times=None)
    fields = [
        {"api_name": "Code", "data_type": "text", "display_field": False},
        {"api_name": "Name", "data_type": "text", "display_field": True},
        {"api_name": "Modified_Time", "data_type": "datetime"},
    ]
    row = {"id": "7001", "Name": "Bridge", "Code": "B-1", "Modified_Time": "2026-01-01T10:00:00+00:00"}
    answer(sandbox, [row], "GET /bigin/v2/Projects", times=None)
    answer(sandbox, fields, "GET /bigin/v2/settings/fields", key="fields")
    sync(connection, "Projects")
    assert list(Record.objects.named("bridge").values_list("name", flat=True)) == ["Bridge"]
    fields[0]["display_field"], fields[1]["display_field"] = True, False
    sandbox.advance(90_000)
    answer(sandbox, fields, "GET /bigin/v2/settings/fields", key="fields")
    sync(connection, "Projects")
    assert list(Record.objects.named("b-1").values_list("name", flat=True)) == ["B-1"]


def stored(column: str) -> list[Any]:
    return list(Record.objects.filter(module="Contacts").values_list(column, flat=True))


def described(module: str) -> list[dict[str, Any]]:
    fields: list[dict[str, Any]] = ModuleSchema.objects.get(module=module).fields
    return fields


@pytest.mark.parametrize("empty", [{"status": 204}, {"status": 200, "body": {"modules": []}}])
def test_an_empty_list_of_modules_switches_none_off(
    empty: dict[str, Any], sandbox: Any, connection: Connection
) -> None:
    sandbox.add_records("Contacts", 3)
    sync(connection)
    before = list(ModuleSync.objects.order_by("pk").values("module", "unavailable_reason", "records_watermark"))
    sandbox.advance(4_000)
    sandbox.fail("GET /bigin/v2/settings/modules", times=2, **empty)
    ran = Ran("bigin_sync")
    assert ran.code == 75
    assert "lists no modules at all" in ran.out
    work_off(tick(METADATA))
    assert "lists no modules at all" in Connection.objects.get().metadata_error
    now = list(ModuleSync.objects.order_by("pk").values("module", "unavailable_reason", "records_watermark"))
    assert now == before
    assert Ran("bigin_sync").code == 0
    assert_equal(sandbox, "Contacts")

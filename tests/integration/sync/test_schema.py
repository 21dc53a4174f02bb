"""What an organization offers decides what is mirrored."""

from typing import Any

import pytest

from django_bigin.connections import connect_self_client
from django_bigin.models import Connection, ModuleSync, Record, Tenant
from tests.support.mirror import assert_equal, mirror_hash, sync

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

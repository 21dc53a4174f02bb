"""Deletions and all that goes with them."""

import pytest

from .rows import MINIMAL


def test_delete_in_both_forms(sandbox, program):
    ids = sandbox.add_records("Tasks", 3)

    assert program.call("DELETE", "Tasks", ids=",".join(ids[:2]))[0] == 200
    assert program.call("DELETE", f"Tasks/{ids[2]}")[1]["data"][0]["details"] == {"id": ids[2]}
    assert program.call("DELETE", f"Tasks/{ids[2]}")[0] == 400
    assert sandbox.records("Tasks") == []


def test_deleting_a_company_takes_its_contacts_with_it(sandbox, program):
    orbit, acme = sandbox.add_records("Accounts", [{"Account_Name": "Orbit"}, {"Account_Name": "Acme"}])
    rows = [{"Last_Name": "A", "Account_Name": orbit}, {"Last_Name": "B", "Account_Name": acme}]
    doomed, _ = sandbox.add_records("Contacts", rows)
    program.call("DELETE", f"Accounts/{orbit}")

    assert [row["Last_Name"] for row in program.rows("Contacts")] == ["B"]
    [row] = program.get("Contacts/deleted")[1]["data"]
    assert (row["id"], row["display_name"], row["type"]) == (doomed, "A", "recycle")
    assert row["deleted_time"] == program.get("Accounts/deleted")[1]["data"][0]["deleted_time"]


def test_a_contact_that_went_with_its_company_comes_back_by_itself(sandbox, program):
    [orbit] = sandbox.add_records("Accounts", [{"Account_Name": "Orbit"}])
    [contact] = sandbox.add_records("Contacts", [{"Last_Name": "A", "Account_Name": orbit}])
    program.call("DELETE", f"Accounts/{orbit}")

    sandbox.restore_records("Accounts", [orbit])
    assert program.get("Contacts", fields="Email")[0] == 204
    sandbox.restore_records("Contacts", [contact])
    assert program.rows("Contacts", "Account_Name")[0]["Account_Name"] == {"name": "Orbit", "id": orbit}


def test_a_deleted_contact_drops_its_product_and_not_the_product_itself(sandbox, program):
    [contact] = sandbox.add_records("Contacts", 1)
    [product] = sandbox.add_records("Products", 1)
    program.write("PUT", f"Contacts/{contact}/Products/{product}", {})

    program.call("DELETE", f"Contacts/{contact}")

    assert program.get(f"Products/{product}/Contacts", fields="Email")[0] == 204
    assert [row["id"] for row in program.rows("Products", "Product_Name")] == [product]


@pytest.mark.parametrize(("switch", "shown"), [("keeps", True), ("null", False)])
def test_a_lookup_to_what_was_deleted_has_a_switch(sandbox, program, switch, shown):
    sandbox.switch(lookup_to_deleted=switch)
    [contact] = sandbox.add_records("Contacts", [{"Last_Name": "Wen"}])
    sandbox.add_records("Pipelines", [MINIMAL["Pipelines"] | {"Contact_Name": contact}])
    sandbox.delete_records("Contacts", [contact], permanent=True)

    [row] = program.rows("Pipelines", "Contact_Name")

    assert row["Contact_Name"] == ({"name": "Wen", "id": contact} if shown else None)

"""Notes by both addresses: `/Notes` and `/{module}/{id}/Notes`, for every module that may have them."""

import pytest

ROWS = {
    "Contacts": {"Last_Name": "Wen"},
    "Accounts": {"Account_Name": "Acme"},
    "Products": {"Product_Name": "Pump"},
    "Pipelines": {"Deal_Name": "Order", "Sub_Pipeline": "Sales Pipeline Standard", "Stage": "Qualification"},
    "Tasks": {"Subject": "Call"},
    "Events": {
        "Event_Title": "Visit",
        "Start_DateTime": "2026-11-03T09:00:00-05:00",
        "End_DateTime": "2026-11-03T10:00:00-05:00",
    },
    "Calls": {
        "Subject": "Call",
        "Call_Type": "Outbound",
        "Call_Start_Time": "2026-11-03T09:00:00-05:00",
        "Call_Duration": "10",
    },
}


@pytest.fixture
def add(sandbox):
    return lambda module: sandbox.add_records(module, [ROWS[module]])[0]


def made(answer):
    status, body, _ = answer
    assert status == 201, body
    return body["data"][0]["details"]["id"]


@pytest.mark.parametrize("module", ROWS)
def test_a_records_notes_are_made_read_changed_and_deleted_at_its_address(program, add, module):
    path = f"{module}/{add(module)}/Notes"

    note = made(program.write("POST", path, {"Note_Title": "T", "Note_Content": "Wants a quote"}))
    program.write("PUT", f"{path}/{note}", {"Note_Content": "Wants two"})

    [listed] = program.get(path, fields="Note_Title,Note_Content")[1]["data"]
    assert listed == {"id": note, "Note_Title": "T", "Note_Content": "Wants two"}
    assert program.get(f"{path}/{note}")[1]["data"][0]["Note_Content"] == "Wants two"
    assert program.call("DELETE", f"{path}/{note}")[1]["data"][0]["details"] == {"id": note}
    assert program.get(path, fields="Note_Title")[0] == 204
    assert program.get(f"{path}/{note}")[0] == 204


@pytest.mark.parametrize("module", ROWS)
def test_notes_are_made_read_changed_and_deleted_at_their_own_address(program, add, module):
    parent = add(module)

    row = {"Note_Content": "Wants a quote", "Parent_Id": parent, "$se_module": module}
    note = made(program.write("POST", "Notes", row))
    program.write("PUT", f"Notes/{note}", {"Note_Content": "Wants two"})

    [listed] = program.get("Notes", fields="Note_Content,Parent_Id")[1]["data"]
    assert (listed["id"], listed["Note_Content"], listed["Parent_Id"]["id"]) == (note, "Wants two", parent)
    assert [row["id"] for row in program.get(f"{module}/{parent}/Notes", fields="Owner")[1]["data"]] == [note]
    assert program.call("DELETE", "Notes", ids=note)[1]["data"][0]["message"] == "record deleted"
    assert program.get("Notes", fields="Owner")[0] == 204


def test_one_call_makes_notes_of_several_records(program, add):
    contact, task = add("Contacts"), add("Tasks")

    status, body, _ = program.write(
        "POST",
        "Notes",
        {"Note_Content": "One", "Parent_Id": contact, "$se_module": "Contacts"},
        {"Note_Content": "Two", "Parent_Id": {"id": task}, "se_module": "Tasks"},
        {"Note_Content": "Three", "Parent_Id": {"module": {"api_name": "Tasks"}, "id": task}},
        {"Note_Content": "Four", "Parent_Id": "5", "$se_module": "Contacts"},
    )

    assert status == 207
    assert [row["code"] for row in body["data"]] == ["SUCCESS"] * 3 + ["INVALID_DATA"]
    assert len(program.get(f"Tasks/{task}/Notes", fields="Owner")[1]["data"]) == 2


def test_a_note_needs_content_and_a_record_of_its_own(program, add):
    contact, other = add("Contacts"), add("Contacts")
    note = made(program.write("POST", f"Contacts/{contact}/Notes", {"Note_Content": "One"}))

    status, body, _ = program.write("POST", f"Contacts/{contact}/Notes", {"Note_Title": "T"})
    assert (status, body["data"][0]["code"]) == (400, "MANDATORY_NOT_FOUND")
    assert body["data"][0]["details"]["api_name"] == "Note_Content"
    for method, path in (("PUT", f"Contacts/{other}/Notes/{note}"), ("DELETE", f"Contacts/{other}/Notes/{note}")):
        assert program.write(method, path, {"Note_Content": "Two"})[1]["code"] == "INVALID_DATA"
    assert program.call("DELETE", "Notes", ids="5")[1]["data"][0]["code"] == "INVALID_DATA"
    assert program.get("Contacts/5/Notes", fields="Owner")[1]["code"] == "INVALID_DATA"
    assert program.get("Leads/5/Notes", fields="Owner")[1]["code"] == "INVALID_MODULE"


def test_notes_come_by_pages(program, add):
    path = f"Contacts/{add('Contacts')}/Notes"
    program.write("POST", path, *[{"Note_Content": str(n)} for n in range(5)])

    for address in (path, "Notes"):
        pages = [program.get(address, fields="Note_Content", per_page="2", page=str(n))[1] for n in (1, 2, 3)]
        assert [len(page["data"]) for page in pages] == [2, 2, 1]
        assert [page["info"]["more_records"] for page in pages] == [True, True, False]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_every_call_for_notes_needs_the_scope_of_notes_and_of_the_module(program, add, method):
    contact = add("Contacts")
    note = made(program.write("POST", f"Contacts/{contact}/Notes", {"Note_Content": "One"}))
    of_one = f"Contacts/{contact}/Notes" + (f"/{note}" if method in {"PUT", "DELETE"} else "")
    of_all = "Notes" + (f"/{note}" if method == "PUT" else "")

    def code(path):
        body = {"data": [{"Note_Content": "Two"}]} if method in {"POST", "PUT"} else None
        _, answer, _ = program.call(method, path, body=body, fields="Owner", ids=note)
        return answer["data"][0].get("code", "SUCCESS") if "data" in answer else answer["code"]

    for scopes in ("ZohoBigin.modules.ALL", "ZohoBigin.modules.notes.ALL"):
        program.connect_with(scopes)
        assert [code(of_one), code(of_all)] == ["OAUTH_SCOPE_MISMATCH"] * 2, scopes
    program.connect_with("ZohoBigin.modules.contacts.READ,ZohoBigin.modules.notes.ALL")
    assert code(of_one) == "SUCCESS"

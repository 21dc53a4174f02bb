"""Inserts and updates."""

from datetime import datetime
from email.utils import parsedate_to_datetime

import pytest

from .rows import MINIMAL, codes


def test_one_insert_is_201_with_the_recorded_details(program):
    status, body, _ = program.write("POST", "Contacts", {"Last_Name": "Wen"})

    [row] = body["data"]
    assert (status, row["code"], row["message"], row["status"]) == (201, "SUCCESS", "record added", "success")
    assert set(row["details"]) == {"Modified_Time", "Modified_By", "Created_Time", "id", "Created_By"}
    assert set(row["details"]["Created_By"]) == {"name", "id"}, "no e-mail address here"


def test_several_inserts_are_202_or_as_the_switch_says(sandbox, program):
    rows = [{"Last_Name": "A"}, {"Last_Name": "B"}]

    assert program.write("POST", "Contacts", *rows)[0] == 202
    sandbox.switch(many_inserted_status=201)
    assert program.write("POST", "Contacts", *rows)[0] == 201


@pytest.mark.parametrize("status", [207, 202, 200])
def test_partial_success_keeps_the_order_of_rows(sandbox, program, status):
    sandbox.switch(partial_status=status)

    answer = program.write("POST", "Contacts", {"Last_Name": "A"}, {"First_Name": "B"}, {"Last_Name": "C"})

    assert answer[0] == status
    assert codes(answer[1]) == ["SUCCESS", "MANDATORY_NOT_FOUND", "SUCCESS"]
    assert answer[1]["data"][1]["details"] == {"api_name": "Last_Name", "json_path": "$.data[1].Last_Name"}
    assert len(sandbox.records("Contacts")) == 2


@pytest.mark.parametrize("rows", [1, 2])
@pytest.mark.parametrize("wanted", [400, 202, 200])
def test_every_row_failing_is_400_or_as_the_switch_says(sandbox, program, rows, wanted):
    sandbox.switch(all_failed_status=wanted)
    status, body, _ = program.write("POST", "Contacts", *[{"First_Name": "A"}] * rows)

    assert (status, codes(body)) == (wanted, ["MANDATORY_NOT_FOUND"] * rows)


@pytest.mark.parametrize("wanted", [200, 202])
def test_several_updates_and_deletions_are_200_or_as_the_switch_says(sandbox, program, wanted):
    sandbox.switch(many_changed_status=wanted)
    ids = sandbox.add_records("Contacts", [{"Last_Name": n, "Email": f"{n}@b.example"} for n in "ab"])
    rows = [{"id": record_id, "Title": "A"} for record_id in ids]
    again = [{"Last_Name": n, "Email": f"{n}@b.example"} for n in "ab"]

    assert program.write("PUT", "Contacts", *rows)[0] == wanted
    assert program.write("POST", "Contacts/upsert", *again)[0] == wanted
    assert program.write("PUT", "Contacts", rows[0])[0] == 200
    assert program.call("DELETE", "Contacts", ids=",".join(ids))[0] == wanted


@pytest.mark.parametrize(
    ("trigger", "told"),
    [({}, True), ({"trigger": None}, True), ({"trigger": ["workflow"]}, True), ({"trigger": []}, False)],
)
def test_the_log_tells_whether_a_write_sets_workflows_off(sandbox, program, trigger, told):
    record_id = program.write("POST", "Contacts", {"Last_Name": "A"}, **trigger)[1]["data"][0]["details"]["id"]
    program.write("PUT", f"Contacts/{record_id}", {"Last_Name": "B"}, **trigger)
    program.write("POST", "Contacts/upsert", {"Last_Name": "B"}, **trigger)
    program.get("Contacts", fields="Email")

    calls = sandbox.calls(path="/bigin/v2/Contacts")["calls"]

    assert [call["workflows"] for call in calls] == [told, told, told, None]


def test_a_deletion_tells_of_workflows_in_its_query(sandbox, program):
    ids = sandbox.add_records("Tasks", 2)
    program.call("DELETE", f"Tasks/{ids[0]}")
    program.call("DELETE", "Tasks", ids=ids[1], wf_trigger="false")

    assert [call["workflows"] for call in sandbox.calls(path="/bigin/v2/Tasks")["calls"]] == [True, False]


@pytest.mark.parametrize("module", MINIMAL)
def test_every_module_takes_its_mandatory_fields_and_misses_each(program, module):
    assert program.write("POST", module, MINIMAL[module])[0] == 201
    for name in MINIMAL[module]:
        row = {key: value for key, value in MINIMAL[module].items() if key != name}
        _, body, _ = program.write("POST", module, row)
        assert (body["data"][0]["code"], body["data"][0]["details"]["api_name"]) == ("MANDATORY_NOT_FOUND", name)


@pytest.mark.parametrize(
    ("module", "row", "details"),
    [
        ("Contacts", {"Last_Name": "x" * 81}, {"api_name": "Last_Name", "maximum_length": 80}),
        ("Contacts", {"Last_Name": 5}, {"api_name": "Last_Name", "expected_data_type": "text"}),
        ("Contacts", {"Email": "nobody"}, {"api_name": "Email", "expected_data_type": "email"}),
        ("Contacts", {"Email_Opt_Out": "yes"}, {"api_name": "Email_Opt_Out", "expected_data_type": "boolean"}),
        ("Contacts", {"Account_Name": {"id": "1"}}, {"api_name": "Account_Name"}),
        ("Contacts", {"Owner": {"id": "1"}}, {"api_name": "Owner"}),
        ("Contacts", {"Tag": "vip"}, {"api_name": "Tag", "expected_data_type": "jsonarray"}),
        ("Pipelines", {"Amount": "5"}, {"api_name": "Amount", "expected_data_type": "double"}),
        ("Pipelines", {"Amount": True}, {"api_name": "Amount", "expected_data_type": "double"}),
        ("Pipelines", {"Closing_Date": "03.11.2026"}, {"api_name": "Closing_Date", "expected_data_type": "date"}),
        ("Events", {"Start_DateTime": "soon"}, {"api_name": "Start_DateTime", "expected_data_type": "datetime"}),
        ("Tasks", {"Remind_At": "soon"}, {"api_name": "Remind_At", "expected_data_type": "jsonobject"}),
    ],
)
def test_a_value_of_the_wrong_kind_is_named(program, module, row, details):
    status, body, _ = program.write("POST", module, MINIMAL[module] | row)

    [name] = row
    assert (status, codes(body)) == (400, ["INVALID_DATA"])
    assert body["data"][0]["details"] == details | {"json_path": f"$.data[0].{name}"}


def test_what_was_written_is_read(sandbox, program):
    owner = sandbox.records("Users")[1]["id"]
    account = program.write("POST", "Accounts", {"Account_Name": "Orbit Tools"})[1]["data"][0]["details"]["id"]
    row = {
        "Last_Name": "Wen", "First_Name": "Li", "Account_Name": {"id": account}, "Owner": {"id": owner},
        "Tag": [{"name": "vip"}, {"name": "new"}], "Email_Opt_Out": True, "No_Such_Field": 1, "Full_Name": "ignored",
    }  # fmt: skip
    program.write("POST", "Contacts", row)

    [found] = program.rows("Contacts", "Full_Name,Account_Name,Owner,Tag,Email_Opt_Out,No_Such_Field,Created_By")

    assert found["Full_Name"] == "Li Wen"
    assert found["Account_Name"] == {"name": "Orbit Tools", "id": account}
    assert found["Owner"]["id"] == owner
    assert set(found["Owner"]) == {"name", "id", "email"}
    assert [tag["name"] for tag in found["Tag"]] == ["vip", "new"]
    assert found["Email_Opt_Out"] is True
    assert "No_Such_Field" not in found
    assert found["Created_By"]["name"] == "Mira Holt"


def test_a_text_that_is_no_id_makes_a_company(sandbox, program):
    program.write("POST", "Contacts", {"Last_Name": "A", "Account_Name": "New Co"})
    program.write("POST", "Contacts", {"Last_Name": "B", "Account_Name": "new co"})

    assert [company["Account_Name"] for company in sandbox.records("Accounts")] == ["New Co"]


def test_activities_name_what_they_belong_to(sandbox, program):
    deal = sandbox.add_records("Pipelines", [MINIMAL["Pipelines"]])[0]
    row = {"Subject": "Call", "Related_To": {"id": deal}, "$related_module": "Deals"}
    program.write("POST", "Tasks", row)

    [found] = program.rows("Tasks", "Related_To,$related_module")

    assert found["Related_To"] == {"name": "D", "id": deal}
    assert found["$related_module"] == "Deals"


def test_a_note_moves_its_parents_activity_and_not_its_modification(sandbox, program):
    [contact] = sandbox.add_records("Contacts", 1)
    before = sandbox.records("Contacts")[0]
    sandbox.advance(60)
    program.write("POST", "Notes", {"Note_Content": "Hi", "Parent_Id": contact, "$se_module": "Contacts"})

    after = sandbox.records("Contacts")[0]

    assert after["Modified_Time"] == before["Modified_Time"]
    assert after["Last_Activity_Time"] > before["Last_Activity_Time"]


def test_the_email_of_a_contact_is_unique_whatever_its_case(program):
    first = program.write("POST", "Contacts", {"Last_Name": "A", "Email": "li@orbit.example"})[1]["data"][0]

    _, body, _ = program.write("POST", "Contacts", {"Last_Name": "B", "Email": "LI@Orbit.example"})

    assert codes(body) == ["DUPLICATE_DATA"]
    assert body["data"][0]["details"]["id"] == first["details"]["id"]


def test_an_update_is_held_to_unique_values_too(sandbox, program):
    wen, okafor = sandbox.add_records("Contacts", [{"Last_Name": n, "Email": f"{n}@b.example"} for n in ("wen", "oka")])

    _, body, _ = program.write("PUT", f"Contacts/{okafor}", {"Email": "WEN@b.example"})
    [details] = [row["details"] for row in body["data"]]
    own, _, _ = program.write("PUT", f"Contacts/{wen}", {"Email": "WEN@b.example"})

    assert (codes(body), details["id"], own) == (["DUPLICATE_DATA"], wen, 200)


def test_a_custom_field_may_be_unique(sandbox, program):
    sandbox.add_fields("Contacts", [{"api_name": "Number", "unique": True}])
    [known] = sandbox.add_records("Contacts", [{"Last_Name": "Wen", "Number": "a7"}])

    _, body, _ = program.write("POST", "Contacts", {"Last_Name": "Other", "Number": "A7"})

    assert body["data"][0]["details"] == {"api_name": "Number", "id": known, "json_path": "$.data[0].Number"}


def test_two_companies_may_have_one_name(program):
    assert [program.write("POST", "Accounts", {"Account_Name": "Acme"})[0] for _ in range(2)] == [201, 201]


@pytest.mark.parametrize(
    ("data_type", "right", "wrong"),
    [
        ("integer", 5, "5"), ("integer", 0, 1.5), ("integer", 1, True), ("bigint", "5725767000000530017", "many"),
        ("multiselectpicklist", ["A", "B"], "A;B"), ("percent", 12.5, "12.5"), ("website", "https://a.example", 5),
        ("boolean", True, 1), ("date", "2026-12-15", "2026-12-32"),
    ],
)  # fmt: skip
def test_each_type_of_custom_field_is_checked(sandbox, program, data_type, right, wrong):
    sandbox.add_fields("Contacts", [{"api_name": "Extra", "data_type": data_type}])

    assert program.write("POST", "Contacts", {"Last_Name": "A", "Extra": right})[0] == 201
    assert program.rows("Contacts", "Extra")[0]["Extra"] == right
    _, body, _ = program.write("POST", "Contacts", {"Last_Name": "A", "Extra": wrong})
    assert codes(body) == ["INVALID_DATA"]
    assert body["data"][0]["details"]["api_name"] == "Extra"


def test_an_update_leaves_the_rest_alone_and_null_clears(sandbox, program):
    row = {"Last_Name": "Wen", "Title": "COO", "Mobile": "1"}
    [record_id] = sandbox.add_records("Contacts", [row])
    sandbox.advance(10)

    status, body, _ = program.write("PUT", f"Contacts/{record_id}", {"Mobile": None, "Phone": "2"})

    [found] = program.rows("Contacts", "Last_Name,Title,Mobile,Phone")
    assert (status, body["data"][0]["message"]) == (200, "record updated")
    assert found == {"id": record_id, "Last_Name": "Wen", "Title": "COO", "Mobile": None, "Phone": "2"}


def test_a_mandatory_field_cannot_be_cleared(sandbox, program):
    [record_id] = sandbox.add_records("Contacts", 1)

    assert codes(program.write("PUT", f"Contacts/{record_id}", {"Last_Name": None})[1]) == ["MANDATORY_NOT_FOUND"]


def test_updating_many_needs_the_id_of_each(sandbox, program):
    ids = sandbox.add_records("Contacts", 2)
    rows = [{"id": ids[0], "Title": "A"}, {"Title": "B"}, {"id": "12", "Title": "C"}, {"id": int(ids[1]), "Title": "D"}]

    status, body, _ = program.write("PUT", "Contacts", *rows)

    assert (status, codes(body)) == (207, ["SUCCESS", "MANDATORY_NOT_FOUND", "INVALID_DATA", "SUCCESS"])


def test_updating_an_unknown_id_is_400(program):
    status, body, _ = program.write("PUT", "Contacts/1234567890123456789", {"Title": "A"})

    assert (status, codes(body)) == (400, ["INVALID_DATA"])
    assert body["data"][0]["message"] == "the id given seems to be invalid"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "INVALID_DATA"),
        (b"{", "INVALID_DATA"),
        (b"[]", "INVALID_DATA"),
        ({"data": {"Last_Name": "A"}}, "INVALID_DATA"),
        ({"data": []}, "INVALID_DATA"),
        ({"data": [{"Last_Name": "A"}] * 101}, "LIMIT_EXCEEDED"),
    ],
)
def test_an_envelope_that_is_none_is_refused_whole(program, body, code):
    status, answer, _ = program.call("POST", "Contacts", body=body)

    assert (status, answer["code"]) == (400, code)
    assert "data" not in answer


def test_a_row_that_is_no_object_fails_alone(program):
    status, body, _ = program.write("POST", "Contacts", "Wen", {"Last_Name": "A"})

    assert (status, codes(body)) == (207, ["INVALID_DATA", "SUCCESS"])


def test_ids_are_asked_for_and_limited(program):
    assert program.call("DELETE", "Tasks")[1]["code"] == "REQUIRED_PARAM_MISSING"
    assert program.call("DELETE", "Tasks", ids=",".join(["1"] * 101))[1]["code"] == "LIMIT_EXCEEDED"


@pytest.mark.parametrize(("method", "path"), [("PUT", "Contacts"), ("POST", "Contacts/upsert")])
def test_a_hundred_rows_are_the_most(program, method, path):
    _, body, _ = program.write(method, path, *[{"Last_Name": "A"}] * 101)

    assert (body["code"], body["details"]) == ("LIMIT_EXCEEDED", {"limit": 100})


@pytest.mark.parametrize(("module", "row"), [("Tasks", {"Subject": "Call"}), ("Events", None), ("Calls", None)])
def test_an_activity_moves_its_parents_activity_and_not_its_modification(sandbox, program, module, row):
    [contact] = sandbox.add_records("Contacts", 1)
    before = sandbox.records("Contacts")[0]
    sandbox.advance(60)
    row = (row or MINIMAL[module]) | {"Related_To": {"id": contact}, "$related_module": "Contacts"}
    assert program.write("POST", module, row)[0] == 201

    after = sandbox.records("Contacts")[0]

    assert after["Modified_Time"] == before["Modified_Time"]
    assert after["Last_Activity_Time"] > before["Last_Activity_Time"]


def test_an_update_that_changes_nothing_moves_the_time(sandbox, program):
    [record_id] = sandbox.add_records("Contacts", [{"Last_Name": "Wen"}])
    before = sandbox.records("Contacts")[0]["Modified_Time"]
    sandbox.advance(5)

    _, body, _ = program.write("PUT", f"Contacts/{record_id}", {"Last_Name": "Wen"})

    assert body["data"][0]["details"]["Modified_Time"] == sandbox.records("Contacts")[0]["Modified_Time"] > before


def test_the_date_of_a_writes_answer_is_its_modified_time(sandbox, program):
    sandbox.switch(access_token_seconds=10**10)
    program.connect()
    # So fast that it would show if the clock were read twice.
    sandbox.set_speed(1_000_000)
    for _ in range(5):
        _, body, headers = program.write("POST", "Contacts", {"Last_Name": "A"})
        written_at = datetime.fromisoformat(body["data"][0]["details"]["Modified_Time"])
        assert parsedate_to_datetime(headers["Date"]) == written_at

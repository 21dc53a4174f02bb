"""Upserts."""

from .rows import codes


def test_an_upsert_inserts_then_updates_and_a_no_op_moves_the_time(sandbox, program):
    row = {"Last_Name": "Wen", "Email": "li@orbit.example"}

    status, first, _ = program.write("POST", "Contacts/upsert", row)
    sandbox.advance(30)
    again, second, _ = program.write("POST", "Contacts/upsert", row)

    assert (status, first["data"][0]["action"], first["data"][0]["duplicate_field"]) == (201, "insert", None)
    assert (again, second["data"][0]["action"], second["data"][0]["duplicate_field"]) == (200, "update", "Email")
    assert second["data"][0]["details"]["Modified_Time"] > first["data"][0]["details"]["Modified_Time"]


def test_an_upsert_looks_at_the_fields_it_names(sandbox, program):
    sandbox.add_records("Contacts", [{"Last_Name": "Wen", "Email": "li@orbit.example", "Phone": "1"}])

    by_phone = program.write(
        "POST", "Contacts/upsert", {"Last_Name": "X", "Phone": "1"}, duplicate_check_fields=["Phone"]
    )
    without = program.write("POST", "Contacts/upsert", {"Last_Name": "Y"}, duplicate_check_fields=["Phone"])

    assert by_phone[1]["data"][0]["duplicate_field"] == "Phone"
    assert without[1]["data"][0]["action"] == "insert"


def test_an_upsert_that_changes_nothing_moves_the_time(sandbox, program):
    [company] = sandbox.add_records("Accounts", [{"Account_Name": "Acme"}])
    before = sandbox.records("Accounts")[0]
    sandbox.advance(30)

    _, body, _ = program.write("POST", "Accounts/upsert", {"Account_Name": "acme"})

    [row], after = body["data"], sandbox.records("Accounts")[0]
    assert (row["action"], row["duplicate_field"], row["details"]["id"]) == ("update", "Account_Name", company)
    assert after["Modified_Time"] == row["details"]["Modified_Time"] > before["Modified_Time"]
    assert after["Created_Time"] == before["Created_Time"]


def test_an_upsert_finds_nothing_unless_each_field_it_names_has_a_value(sandbox, program):
    [known] = sandbox.add_records("Contacts", [{"Last_Name": "Wen", "Mobile": "1", "Phone": "2"}])
    fields = ["Mobile", "Phone"]

    def upsert(**row):
        [result] = program.write("POST", "Contacts/upsert", {"Last_Name": "X", **row}, duplicate_check_fields=fields)[
            1
        ]["data"]
        return result["action"], result["duplicate_field"]

    assert upsert(Mobile="1") == upsert(Mobile="1", Phone=None) == ("insert", None)
    assert upsert(Mobile="7", Phone="2") == ("update", "Phone")
    assert sandbox.records("Contacts")[0]["id"] == known


def test_an_upserts_error_has_no_action_and_no_id(program):
    [row] = program.write("POST", "Contacts/upsert", {"First_Name": "A"})[1]["data"]

    assert row.keys() == {"code", "details", "message", "status"}
    assert row["details"].keys() == {"api_name", "json_path"}


def test_an_upsert_is_judged_row_by_row(program):
    rows = [{"Last_Name": "A", "Email": "a@b.example"}, {"First_Name": "B"}, {"Last_Name": "C", "Email": "A@B.example"}]

    status, body, _ = program.write("POST", "Contacts/upsert", *rows)

    assert (status, codes(body)) == (207, ["SUCCESS", "MANDATORY_NOT_FOUND", "SUCCESS"])
    assert [row.get("action") for row in body["data"]] == ["insert", None, "update"]

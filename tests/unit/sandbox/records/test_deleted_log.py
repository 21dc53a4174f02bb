"""The deleted log and the recycle bin."""

import pytest


def test_the_deleted_log_tells_bin_from_gone(sandbox, program):
    kept, gone = sandbox.add_records("Contacts", [{"First_Name": "Ana", "Last_Name": "Ruiz"}, {"Last_Name": "Wen"}])
    sandbox.delete_records("Contacts", [kept])
    sandbox.advance(1)
    sandbox.delete_records("Contacts", [gone], permanent=True)

    status, body, _ = program.get("Contacts/deleted")

    assert status == 200
    assert [(row["id"], row["type"]) for row in body["data"]] == [(gone, "permanent"), (kept, "recycle")]
    assert body["data"][1]["display_name"] == "Ana Ruiz"
    assert body["info"] == {"per_page": 200, "count": 2, "page": 1, "more_records": False}
    assert [row["id"] for row in program.get("Contacts/deleted", type="recycle")[1]["data"]] == [kept]
    assert [row["id"] for row in program.get("Contacts/deleted", type="permanent")[1]["data"]] == [gone]
    sandbox.switch(deleted_order="oldest")
    assert [row["id"] for row in program.get("Contacts/deleted")[1]["data"]] == [kept, gone]


def test_the_deleted_log_pages_up_to_its_wall(sandbox, program):
    ids = sandbox.add_records("Contacts", 5)
    sandbox.delete_records("Contacts", ids)

    _, body, _ = program.get("Contacts/deleted", per_page="2", page="3")
    assert (len(body["data"]), body["info"]["more_records"]) == (1, False)
    sandbox.switch(deleted_wall=4)
    assert program.get("Contacts/deleted", per_page="2", page="3")[1]["code"] == "DISCRETE_PAGINATION_LIMIT_EXCEEDED"


def test_an_empty_deleted_log_is_204(sandbox, program):
    assert program.get("Contacts/deleted")[:2] == (204, None)
    sandbox.delete_records("Contacts", sandbox.add_records("Contacts", 1))
    sandbox.switch(deleted_log="empty")
    assert program.get("Contacts/deleted")[0] == 204


@pytest.mark.parametrize(("query", "name"), [({"type": "gone"}, "type"), ({"per_page": "201"}, "per_page")])
def test_a_wrong_question_to_the_deleted_log_is_named(program, query, name):
    status, body, _ = program.get("Contacts/deleted", **query)

    assert (status, body["code"], body["details"]["param_name"]) == (400, "INVALID_DATA", name)


def test_the_deleted_log_names_who_and_nothing_else(sandbox, program):
    sandbox.delete_records("Contacts", sandbox.add_records("Contacts", 1))

    [row] = program.get("Contacts/deleted", fields="Email")[1]["data"]

    assert row.keys() == {"deleted_by", "id", "display_name", "type", "created_by", "deleted_time"}
    assert row["deleted_by"].keys() == row["created_by"].keys() == {"name", "id"}
    assert row["deleted_by"]["name"] == "Mira Holt"


def test_if_modified_since_chooses_in_the_deleted_log_too(sandbox, program):
    sandbox.set_speed(0)
    ids = sandbox.add_records("Contacts", 2)
    sandbox.delete_records("Contacts", ids[:1])
    header = {"If-Modified-Since": sandbox.now().isoformat(timespec="seconds")}
    sandbox.advance(5)

    def ask():
        status, body, _ = program.call("GET", "Contacts/deleted", headers=header)
        return [row["id"] for row in body["data"]] if status == 200 else status

    assert ask() == ids[:1]
    sandbox.switch(if_modified_since="honoured")
    assert ask() == 304
    sandbox.delete_records("Contacts", ids[1:])
    assert ask() == ids[1:]


@pytest.mark.parametrize("module", ["Contacts", "Accounts", "Pipelines", "Products", "Tasks", "Events", "Calls"])
def test_seven_modules_have_a_deleted_log(sandbox, program, module):
    ids = sandbox.add_records(module, 1)
    sandbox.delete_records(module, ids)

    assert [row["id"] for row in program.get(f"{module}/deleted")[1]["data"]] == ids


def test_notes_have_no_deleted_log(program):
    assert program.get("Notes/deleted")[1]["code"] == "INVALID_MODULE"


@pytest.mark.parametrize(("switches", "days"), [({}, 60), ({"recycle_days": 7}, 7)])
def test_the_recycle_bin_empties_itself(sandbox, program, switches, days):
    sandbox.switch(**switches)
    sandbox.set_speed(0)
    sandbox.delete_records("Contacts", sandbox.add_records("Contacts", 1))

    def kind():
        return program.connect().get("Contacts/deleted")[1]["data"][0]["type"]

    sandbox.advance(days * 86_400 - 1)
    assert kind() == "recycle"
    sandbox.advance(1)
    assert kind() == "permanent"


def test_what_is_gone_for_good_cannot_be_restored(sandbox):
    ids = sandbox.add_records("Contacts", 1)
    sandbox.delete_records("Contacts", ids)
    sandbox.advance(60 * 86_400)

    with pytest.raises(ValueError, match="not in the recycle bin"):
        sandbox.restore_records("Contacts", ids)


@pytest.mark.parametrize("touch", [False, True])
@pytest.mark.parametrize("by", ["argument", "switch"])
def test_a_restored_record_comes_back_with_its_id(sandbox, program, touch, by):
    sandbox.switch(restore_touches=touch if by == "switch" else not touch)
    [record_id] = sandbox.add_records("Contacts", 1)
    before = sandbox.records("Contacts")[0]["Modified_Time"]
    sandbox.delete_records("Contacts", [record_id])
    sandbox.advance(5)
    sandbox.restore_records("Contacts", [record_id], touch=touch if by == "argument" else None)

    [row] = program.rows("Contacts", "Modified_Time")

    assert row["id"] == record_id
    assert (row["Modified_Time"] != before) is touch
    assert program.get("Contacts/deleted")[0] == 204

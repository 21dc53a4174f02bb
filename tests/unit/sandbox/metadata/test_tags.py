"""Tags on records: names and ids in the query, as v1 has them, or in the body, as newer CRM has them."""

import pytest

MODULES = ("Contacts", "Accounts", "Pipelines", "Products", "Tasks", "Events", "Calls")


@pytest.fixture
def tagged(sandbox):
    """Return two contacts that have the tag Old."""
    return sandbox.add_records("Contacts", [{"Last_Name": name, "Tag": [{"name": "Old"}]} for name in ("Wen", "Abe")])


def tags_of(sandbox):
    return {record["id"]: [tag["name"] for tag in record["Tag"]] for record in sandbox.records("Contacts")}


BODY, QUERY = "body", "query"


def change(program, style, verb, names, ids, *, single=False, **more):
    """Tag records in one of the two styles, or one record at its own address."""
    path = f"Contacts/{ids[0]}/actions/{verb}" if single else f"Contacts/actions/{verb}"
    if style == QUERY:
        given = {} if single else {"ids": ",".join(ids)}
        return program.call(
            "POST", path, tag_names=",".join(names), **given, **{k: str(v).lower() for k, v in more.items()}
        )
    body = {"tags": [{"name": name} for name in names], **({} if single else {"ids": ids}), **more}
    return program.call("POST", path, body=body)


@pytest.mark.parametrize("style", [BODY, QUERY])
def test_tags_are_added_and_removed_in_both_styles(sandbox, program, tagged, style):
    status, body, _ = change(program, style, "add_tags", ["New", "Rare"], tagged)

    assert status == 200
    assert (body["success_count"], body["locked_count"], body["wf_scheduler"]) == ("2", 0, False)
    assert body["data"][0] == {
        "code": "SUCCESS", "details": {"id": tagged[0], "tags": ["Old", "New", "Rare"]},
        "message": "tags updated successfully", "status": "success",
    }  # fmt: skip
    assert change(program, style, "remove_tags", ["Old", "New"], tagged)[0] == 200
    assert tags_of(sandbox) == {record: ["Rare"] for record in tagged}


@pytest.mark.parametrize("style", [BODY, QUERY])
def test_one_record_is_tagged_at_its_own_address(sandbox, program, tagged, style):
    one, other = tagged

    change(program, style, "add_tags", ["New"], [one], single=True)
    assert tags_of(sandbox) == {one: ["Old", "New"], other: ["Old"]}
    change(program, style, "remove_tags", ["Old"], [one], single=True)
    assert tags_of(sandbox) == {one: ["New"], other: ["Old"]}


@pytest.mark.parametrize("style", [BODY, QUERY])
def test_tags_may_be_written_over(sandbox, program, tagged, style):
    change(program, style, "add_tags", ["New"], tagged, over_write=True)

    assert tags_of(sandbox) == {record: ["New"] for record in tagged}


@pytest.mark.parametrize("module", MODULES)
def test_every_module_but_notes_has_tags(sandbox, program, module):
    [record] = sandbox.add_records(module, 1)

    assert program.call("POST", f"{module}/{record}/actions/add_tags", tag_names="a")[0] == 200
    assert "a" in [tag["name"] for tag in program.get("settings/tags", module=module)[1]["tags"]]


def test_notes_have_no_tags(program):
    assert program.call("POST", "Notes/actions/add_tags", tag_names="a", ids="5")[1]["code"] == "INVALID_MODULE"
    assert program.get("settings/tags", module="Notes")[1]["code"] == "INVALID_MODULE"


@pytest.mark.parametrize("verb", ["add_tags", "remove_tags"])
@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"ids": "5"}, 400, "REQUIRED_PARAM_MISSING"),
        ({"tag_names": "a"}, 400, "REQUIRED_PARAM_MISSING"),
        ({"tag_names": "a", "ids": ",".join(["5"] * 501)}, 400, "LIMIT_EXCEEDED"),
    ],
)
def test_what_tagging_refuses(program, verb, query, status, code):
    answer, body, _ = program.call("POST", f"Contacts/actions/{verb}", **query)

    assert (answer, body["code"]) == (status, code)


def test_each_record_is_judged_by_itself(program, tagged):
    status, body, _ = change(program, BODY, "add_tags", ["New"], [tagged[0], "5"])

    assert (status, [row["code"] for row in body["data"]]) == (207, ["SUCCESS", "INVALID_DATA"])
    assert body["success_count"] == "1"


@pytest.mark.parametrize(
    ("row", "code"),
    [({}, "MANDATORY_NOT_FOUND"), ({"name": "x" * 26}, "INVALID_DATA"), ({"name": "Old"}, "DUPLICATE_DATA")],
)
def test_what_the_list_of_tags_refuses(program, tagged, row, code):
    status, body, _ = program.call("POST", "settings/tags", module="Contacts", body={"tags": [row]})

    assert (status, body["tags"][0]["code"]) == (400, code)


def test_the_list_of_tags_tells_how_many_there_may_be(program, tagged):
    status, body, _ = program.get("settings/tags", module="Contacts")

    assert (status, body["info"]) == (200, {"count": len(body["tags"]), "allowed_count": 10})
    assert "Old" in [tag["name"] for tag in body["tags"]]
    assert body["tags"][0].keys() == {"name", "created_time", "modified_time", "modified_by", "id", "created_by"}

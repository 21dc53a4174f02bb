"""Lists and single records."""

import pytest

INFO = {
    "per_page", "next_page_token", "count", "sort_by", "page", "previous_page_token", "page_token_expiry", "sort_order",
    "more_records",
}  # fmt: skip


def walk(program, module="Contacts", **query):
    """Go through a module by page tokens; gives the ids in the order they came."""
    ids, query = [], {"fields": "Modified_Time", "per_page": "3", **query}
    while True:
        status, body, _ = program.get(module, **query)
        assert status == 200, body
        ids += [row["id"] for row in body["data"]]
        if not body["info"]["more_records"]:
            return ids
        query["page_token"] = body["info"]["next_page_token"]


def test_rows_have_id_and_the_fields_asked_for_alone(sandbox, program):
    sandbox.add_records("Contacts", [{"Last_Name": "Wen", "Title": "COO"}])

    [row] = program.rows("Contacts", "Last_Name,Department_X,Email,$editable,$nothing")

    assert set(row) == {"id", "Last_Name", "Email", "$editable"}
    assert (row["Last_Name"], row["Email"], row["$editable"]) == ("Wen", None, True)


def test_the_only_page_says_so_in_nine_keys(sandbox, program):
    sandbox.add_records("Contacts", 3)

    info = program.get("Contacts", fields="Last_Name")[1]["info"]

    assert set(info) == INFO
    assert (info["count"], info["per_page"], info["page"], info["more_records"]) == (3, 200, 1, False)
    assert info["next_page_token"] is info["previous_page_token"] is info["page_token_expiry"] is None
    assert (info["sort_by"], info["sort_order"]) == ("id", "desc")


def test_lists_go_from_the_newest_id_down(sandbox, program):
    ids = sandbox.add_records("Contacts", 5)

    assert [row["id"] for row in program.rows("Contacts")] == ids[::-1]
    assert [row["id"] for row in program.rows("Contacts", sort_by="id", sort_order="asc")] == ids


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("name", ["Modified_Time", "Created_Time"])
def test_lists_sort_by_times(sandbox, program, name, order):
    ids = sandbox.add_records("Contacts", 3)
    rows = [{"id": ids[1], name: "2031-01-01T00:00:00Z"}, {"id": ids[2], name: "2030-01-01T00:00:00Z"}]
    sandbox.edit_records("Contacts", rows)

    found = [row["id"] for row in program.rows("Contacts", sort_by=name, sort_order=order)]

    assert found == ([ids[0], ids[2], ids[1]] if order == "asc" else [ids[1], ids[2], ids[0]])


def test_an_empty_list_is_204_without_a_body(program):
    assert program.get("Contacts", fields="Last_Name")[:2] == (204, None)


@pytest.mark.parametrize(
    ("query", "code", "details"),
    [
        ({}, "REQUIRED_PARAM_MISSING", {"param_name": "fields"}),
        ({"fields": " , "}, "REQUIRED_PARAM_MISSING", {"param_name": "fields"}),
        ({"fields": ",".join(f"F{n}" for n in range(51))}, "LIMIT_EXCEEDED", {"limit": 50, "param_name": "fields"}),
        ({"fields": "Email", "per_page": "201"}, "INVALID_DATA", {"param_name": "per_page", "limit": 200}),
        ({"fields": "Email", "page": "-1"}, "INVALID_DATA", {"param_name": "page"}),
        ({"fields": "Email", "sort_by": "Email"}, "INVALID_DATA", {"param_name": "sort_by"}),
        ({"fields": "Email", "sort_order": "up"}, "INVALID_DATA", {"param_name": "sort_order"}),
        ({"fields": "Email", "page": "11"}, "DISCRETE_PAGINATION_LIMIT_EXCEEDED", {"limit": 2000}),
        ({"fields": "Email", "page": "21", "per_page": "100"}, "DISCRETE_PAGINATION_LIMIT_EXCEEDED", {"limit": 2000}),
        ({"fields": "Email", "page_token": "zz"}, "TOKEN_BOUND_DATA_MISMATCH", {"param_name": "page_token"}),
    ],
)
def test_a_wrong_question_is_named(program, query, code, details):
    status, body, _ = program.get("Contacts", **query)

    assert (status, body["code"], body["details"], body["status"]) == (400, code, details, "error")


@pytest.mark.parametrize("pair", [{"page": "1", "page_token": "x"}, {"cvid": "1", "sort_by": "id"}])
def test_what_excludes_each_other_is_ambiguous(program, pair):
    assert program.get("Contacts", fields="Email", **pair)[1]["code"] == "AMBIGUITY_DURING_PROCESSING"


def test_system_properties_come_only_when_asked_for(sandbox, program):
    sandbox.add_records("Contacts", 1)
    names = {"$currency_symbol", "$editable", "$sharing_permission", "$approval_state"}

    assert program.rows("Contacts", "Last_Name")[0].keys() == {"id", "Last_Name"}
    assert program.rows("Contacts", ",".join(names))[0].keys() == {"id", *names}


def test_unknown_parameters_are_ignored(sandbox, program):
    ids = sandbox.add_records("Contacts", 2)

    rows = program.rows("Contacts", criteria="(Last_Name:equals:Nobody)", converted="true")

    assert [row["id"] for row in rows] == ids[::-1]


def test_every_record_is_approved(sandbox, program):
    sandbox.add_records("Contacts", 2)

    assert [len(program.rows("Contacts", approved=which)) for which in ("true", "both", "false")] == [2, 2, 0]
    assert program.get("Contacts", fields="Email", approved="false")[0] == 204


def test_chosen_ids_have_a_switch(sandbox, program):
    ids = sandbox.add_records("Contacts", 3)

    assert len(program.rows("Contacts", ids=ids[1])) == 3
    sandbox.switch(list_ids="honoured")
    assert [row["id"] for row in program.rows("Contacts", ids=f"{ids[0]},{ids[1]}")] == [ids[1], ids[0]]


def test_the_id_alone_has_a_switch(sandbox, program):
    [record_id] = sandbox.add_records("Contacts", 1)

    assert program.rows("Contacts", "id") == [{"id": record_id}]
    sandbox.switch(fields_id_alone="refused")
    assert program.get("Contacts", fields="id")[1]["details"] == {"param_name": "fields"}
    assert program.rows("Contacts", "id,Email")[0].keys() == {"id", "Email"}


@pytest.mark.parametrize("paging", ["offset", "keyset", "snapshot"])
@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("sort_by", ["id", "Modified_Time"])
def test_tokens_walk_every_record_once(sandbox, program, paging, order, sort_by):
    sandbox.switch(page_token_paging=paging)
    ids = sandbox.add_records("Contacts", 10)

    assert sorted(walk(program, sort_by=sort_by, sort_order=order)) == ids


@pytest.mark.parametrize(
    ("paging", "seen"), [("offset", [5, 4, 3, 1, 0]), ("keyset", [5, 4, 3, 2, 1, 0]), ("snapshot", [5, 4, 3, 2, 1, 0])]
)
def test_a_deletion_behind_the_walk_skips_a_record_only_by_offset(sandbox, program, paging, seen):
    sandbox.switch(page_token_paging=paging)
    ids = sandbox.add_records("Contacts", 6)
    _, first, _ = program.get("Contacts", fields="Email", per_page="3")
    sandbox.delete_records("Contacts", [ids[5]])

    token = first["info"]["next_page_token"]
    _, second, _ = program.get("Contacts", fields="Email", per_page="3", page_token=token)

    assert [ids.index(row["id"]) for page in (first, second) for row in page["data"]] == seen


def test_a_snapshot_that_lost_a_whole_page_goes_on(sandbox, program):
    sandbox.switch(page_token_paging="snapshot")
    ids = sandbox.add_records("Contacts", 9)
    token = program.get("Contacts", fields="Email", per_page="3")[1]["info"]["next_page_token"]
    sandbox.delete_records("Contacts", ids[3:6])

    status, body, _ = program.get("Contacts", fields="Email", per_page="3", page_token=token)

    assert (status, body["data"], body["info"]["more_records"]) == (200, [], True)


def test_pages_by_number_and_by_token_agree(sandbox, program):
    ids = sandbox.add_records("Contacts", 7)
    pages = [program.rows("Contacts", per_page="3", page=str(page)) for page in (1, 2, 3)]

    assert [row["id"] for page in pages for row in page] == walk(program) == ids[::-1]


def test_a_token_passes_the_wall(sandbox, program):
    sandbox.switch(page_wall=6)
    ids = sandbox.add_records("Contacts", 10)

    assert program.get("Contacts", fields="Email", per_page="3", page="3")[0] == 400
    assert walk(program) == ids[::-1]


def test_the_ceiling_stops_a_walk(sandbox, program):
    sandbox.switch(page_token_ceiling=6)
    sandbox.add_records("Contacts", 10)
    query = {"fields": "Email", "per_page": "3"}
    for _ in range(2):
        query["page_token"] = program.get("Contacts", **query)[1]["info"]["next_page_token"]

    body = program.get("Contacts", **query)[1]

    assert (body["code"], body["details"]) == ("PAGINATION_LIMIT_EXCEEDED", {"limit": 6})


@pytest.mark.parametrize(
    "changed", [{"fields": "Title"}, {"per_page": "4"}, {"sort_by": "Modified_Time"}, {"per_page": None}]
)
def test_a_token_is_bound_to_its_question(sandbox, program, changed):
    sandbox.add_records("Contacts", 10)
    query = {"fields": "Email", "per_page": "3"}
    query["page_token"] = program.get("Contacts", **query)[1]["info"]["next_page_token"]

    query = {name: value for name, value in (query | changed).items() if value is not None}

    assert program.get("Contacts", **query)[1]["code"] == "TOKEN_BOUND_DATA_MISMATCH"


def test_a_token_is_bound_to_its_module(sandbox, program):
    sandbox.add_records("Contacts", 3)
    token = program.get("Contacts", fields="Owner", per_page="1")[1]["info"]["next_page_token"]

    assert program.get("Tasks", fields="Owner", per_page="1", page_token=token)[0] == 400


def test_a_token_may_be_used_again_until_it_expires(sandbox, program):
    sandbox.switch(page_token_seconds=600)
    sandbox.add_records("Contacts", 4)
    query = {"fields": "Email", "per_page": "2"}
    query["page_token"] = program.get("Contacts", **query)[1]["info"]["next_page_token"]

    assert program.get("Contacts", **query)[1]["data"] == program.get("Contacts", **query)[1]["data"]
    sandbox.advance(600)
    body = program.get("Contacts", **query)[1]
    assert (body["code"], body["details"]) == ("EXPIRED_VALUE", {"param_name": "page_token"})


def test_sort_parameters_may_be_ignored_or_any(sandbox, program):
    ids = sandbox.add_records("Contacts", [{"Last_Name": "B"}, {"Last_Name": "a"}, {"Last_Name": "C"}])

    sandbox.switch(sort_fields="ignored")
    assert [r["id"] for r in program.rows("Contacts", sort_by="Last_Name", sort_order="asc")] == ids[::-1]
    sandbox.switch(sort_fields="any")
    names = [r["Last_Name"] for r in program.rows("Contacts", sort_by="Last_Name", sort_order="asc")]
    assert names == ["a", "B", "C"]


def test_if_modified_since_has_a_switch(sandbox, program):
    sandbox.add_records("Contacts", 2)
    later = {"If-Modified-Since": "2035-01-01T00:00:00+00:00"}

    def ask():
        return program.call("GET", "Contacts", headers=later, fields="Email")[0]

    assert ask() == 200
    sandbox.switch(if_modified_since="honoured")
    assert ask() == 304
    sandbox.set_clock("2036-01-01T00:00:00Z")
    program.connect()
    new = sandbox.add_records("Contacts", 1)
    body = program.call("GET", "Contacts", headers=later, fields="Email")[1]
    assert [row["id"] for row in body["data"]] == new


def test_one_record_comes_whole_and_without_info(sandbox, program):
    [record_id] = sandbox.add_records("Contacts", [{"Last_Name": "Wen"}])

    status, body, _ = program.get(f"Contacts/{record_id}")

    assert (status, set(body), len(body["data"])) == (200, {"data"}, 1)
    assert {"Last_Name", "Department", "$approval", "$layout_id", "Locked__s", "id"} <= set(body["data"][0])
    [row] = program.get(f"Contacts/{record_id}", fields="Last_Name")[1]["data"]
    assert row == {"id": record_id, "Last_Name": "Wen"}


@pytest.mark.parametrize("path", ["Contacts/{}", "Contacts/search"])
def test_fifty_fields_are_the_most_where_they_need_not_be_named(sandbox, program, path):
    [record_id] = sandbox.add_records("Contacts", [{"Last_Name": "Wen"}])
    sandbox.advance(20)
    names = ",".join(f"F{n}" for n in range(51))

    status, body, _ = program.get(path.format(record_id), fields=names, word="Wen")

    assert (status, body["code"]) == (400, "LIMIT_EXCEEDED")


def test_a_sub_form_comes_with_a_single_read_alone(sandbox, program):
    product = sandbox.add_records("Products", [{"Product_Name": "Pump"}])[0]
    deal = {"Deal_Name": "D", "Sub_Pipeline": "Sales Pipeline Standard", "Stage": "Qualification"}
    deal["Associated_Products"] = [{"Product_Name": {"id": product}, "Quantity": 2}]
    [record_id] = sandbox.add_records("Pipelines", [deal])

    assert "Associated_Products" not in program.rows("Pipelines", "Deal_Name,Associated_Products")[0]
    [row] = program.get(f"Pipelines/{record_id}")[1]["data"]
    assert row["Associated_Products"][0]["Quantity"] == 2
    assert row["Associated_Products"][0]["id"]


def test_what_is_not_there_is_204(sandbox, program):
    [record_id] = sandbox.add_records("Contacts", 1)
    sandbox.delete_records("Contacts", [record_id])

    assert program.get(f"Contacts/{record_id}")[:2] == (204, None)
    assert program.get("Contacts/1234567890123456789")[0] == 204


def test_an_id_that_is_none_is_an_unknown_url(program):
    assert program.get("Contacts/abc")[:1] == (404,)

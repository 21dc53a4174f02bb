"""Related lists, links, notes of a record, tags, owners, views, and what settings/ tells of them."""

import pytest


@pytest.fixture
def acme(sandbox):
    """Return ids: a company with two contacts, a product, a task of the first contact."""
    [account] = sandbox.add_records("Accounts", [{"Account_Name": "Acme"}])
    contacts = sandbox.add_records(
        "Contacts", [{"Last_Name": n, "Account_Name": {"id": account}} for n in ("Wen", "Abe")]
    )
    [product] = sandbox.add_records("Products", [{"Product_Name": "Pump"}])
    [task] = sandbox.add_records(
        "Tasks", [{"Subject": "Call", "Related_To": {"id": contacts[0]}, "$related_module": "Contacts"}]
    )
    sandbox.advance(60)
    return {"account": account, "contact": contacts[0], "other": contacts[1], "product": product, "task": task}


def test_related_lists_are_read_by_pages(program, acme):
    path = f"Accounts/{acme['account']}/Contacts"

    first = program.get(path, fields="Last_Name", per_page="1")[1]
    second = program.get(path, fields="Last_Name", per_page="1", page_token=first["info"]["next_page_token"])[1]

    assert first["data"] == [{"id": acme["other"], "Last_Name": "Abe"}]
    assert second["data"] == [{"id": acme["contact"], "Last_Name": "Wen"}]
    assert second["info"].keys() == {
        "per_page", "next_page_token", "count", "page", "previous_page_token", "page_token_expiry", "more_records",
    }  # fmt: skip
    assert program.get(f"Contacts/{acme['contact']}/Tasks", fields="Subject")[1]["data"][0]["id"] == acme["task"]
    assert program.get(f"Contacts/{acme['other']}/Tasks", fields="Subject")[0] == 204


@pytest.mark.parametrize(
    ("path", "query", "status", "code"),
    [
        ("Accounts/{account}/Contacts", {}, 400, "REQUIRED_PARAM_MISSING"),
        ("Accounts/{account}/Products", {"fields": "Owner"}, 400, "INVALID_MODULE"),
        ("Accounts/5/Contacts", {"fields": "Owner"}, 400, "INVALID_DATA"),
        ("Accounts/{account}/Contacts", {"fields": "Owner", "page_token": "x"}, 400, "TOKEN_BOUND_DATA_MISMATCH"),
        ("Accounts/{account}/Attachments", {"fields": "Owner"}, 404, "INVALID_URL_PATTERN"),
    ],
)
def test_what_a_related_list_refuses(program, acme, path, query, status, code):
    answer, body, _ = program.get(path.format(**acme), **query)

    assert (answer, body["code"]) == (status, code)


def test_a_product_is_linked_and_unlinked_without_modified_time(sandbox, program, acme):
    path = f"Contacts/{acme['contact']}/Products"
    before = program.get(f"Contacts/{acme['contact']}")[1]["data"][0]

    assert program.write("PUT", f"{path}/{acme['product']}", {})[1]["data"][0]["message"] == "relation added"
    assert program.write("PUT", path, {"id": int(acme["product"])})[0] == 200

    after = program.get(f"Contacts/{acme['contact']}")[1]["data"][0]
    assert after["Modified_Time"] == before["Modified_Time"]
    assert after["Last_Activity_Time"] > before["Last_Activity_Time"]
    assert program.get(path, fields="Product_Name")[1]["data"][0]["Product_Name"] == "Pump"
    assert program.get(f"Products/{acme['product']}/Contacts", fields="Email")[1]["data"][0]["id"] == acme["contact"]
    assert program.call("DELETE", f"{path}/{acme['product']}")[1]["data"][0]["message"] == "relation removed"
    assert program.call("DELETE", path, ids=acme["product"])[0] == 400
    assert program.write("PUT", f"Accounts/{acme['account']}/Contacts/{acme['other']}", {})[0] == 400


@pytest.mark.parametrize("operation", ["ALL", "WRITE", "DELETE"])
def test_unlinking_needs_to_write_or_to_delete(program, acme, operation):
    path = f"Contacts/{acme['contact']}/Products/{acme['product']}"
    program.write("PUT", path, {})
    program.connect_with("ZohoBigin.modules.contacts.CREATE")
    assert program.call("DELETE", path)[1]["code"] == "OAUTH_SCOPE_MISMATCH"

    program.connect_with(f"ZohoBigin.modules.contacts.{operation}")

    assert program.call("DELETE", path)[0] == 200


def test_changing_owners_needs_its_own_scope(program, acme):
    body = {"owner": {"id": "5"}}
    program.connect_with("ZohoBigin.modules.ALL,ZohoBigin.settings.ALL")
    path = f"Contacts/{acme['contact']}/actions/change_owner"

    assert program.call("POST", path, body=body)[1]["code"] == "OAUTH_SCOPE_MISMATCH"
    program.connect_with("ZohoBigin.change_owner.CREATE")
    assert program.call("POST", path, body=body)[1]["code"] == "INVALID_DATA"


@pytest.mark.parametrize("parent", ["Contacts", "Pipelines"])
def test_a_relation_moves_the_activity_of_both_and_neither_modification(sandbox, program, acme, parent):
    [record_id] = sandbox.add_records(parent, 1)
    sandbox.advance(60)

    def times(module):
        return {row["id"]: (row["Modified_Time"], row["Last_Activity_Time"]) for row in sandbox.records(module)}

    for method in ("PUT", "DELETE"):
        before = times(parent)[record_id], times("Products")[acme["product"]]
        assert program.write(method, f"{parent}/{record_id}/Products/{acme['product']}", {})[0] == 200
        after = times(parent)[record_id], times("Products")[acme["product"]]
        assert [new[0] == old[0] and new[1] > old[1] for old, new in zip(before, after, strict=True)] == [True, True]
        sandbox.advance(60)


def test_notes_by_both_addresses(program, acme):
    path = f"Contacts/{acme['contact']}/Notes"

    [one] = program.write("POST", path, {"Note_Content": "Wants a quote"})[1]["data"]
    row = {"Note_Content": "Called", "Parent_Id": acme["contact"], "$se_module": "Contacts"}
    [other] = program.write("POST", "Notes", row)[1]["data"]
    note = one["details"]["id"]

    listed = program.get(path, fields="Note_Content,Parent_Id")[1]["data"]
    assert {row["id"] for row in listed} == {note, other["details"]["id"]}
    assert listed[0]["Parent_Id"]["id"] == acme["contact"]
    assert program.write("PUT", f"{path}/{note}", {"Note_Content": "New"})[0] == 200
    assert program.get(f"{path}/{note}")[1]["data"][0]["Note_Content"] == "New"
    assert program.write("PUT", f"Contacts/{acme['other']}/Notes/{note}", {"Note_Content": "No"})[0] == 400
    assert program.call("DELETE", f"{path}/{note}")[1]["data"][0]["message"] == "record deleted"
    assert program.call("DELETE", "Notes", ids=other["details"]["id"])[0] == 200
    assert program.get(path, fields="Note_Content")[0] == 204


def test_notes_of_a_record_need_both_scopes(program, acme):
    for scopes in ("ZohoBigin.modules.contacts.READ", "ZohoBigin.modules.notes.READ"):
        program.connect_with(scopes)
        assert program.get(f"Contacts/{acme['contact']}/Notes", fields="Owner")[1]["code"] == "OAUTH_SCOPE_MISMATCH"


def test_tags_are_made_renamed_counted_and_deleted(sandbox, program, acme):
    status, body, _ = program.call(
        "POST", "settings/tags", module="Contacts", body={"tags": [{"name": "Rare"}, {"name": "rare"}]}
    )
    tag = body["tags"][0]["details"]["id"]
    assert (status, [row["code"] for row in body["tags"]]) == (207, ["SUCCESS", "DUPLICATE_DATA"])

    added = program.call(
        "POST", "Contacts/actions/add_tags", body={"tags": [{"name": "Rare"}], "ids": [acme["contact"]]}
    )
    assert added[1]["data"][0]["details"]["tags"] == ["Rare"]
    assert program.call("POST", "Contacts/actions/add_tags", tag_names="Rare,New", ids=acme["other"])[0] == 200
    assert program.get(f"settings/tags/{tag}/actions/records_count", module="Contacts")[1] == {"count": "2"}
    program.call("PUT", f"settings/tags/{tag}", module="Contacts", body={"tags": [{"name": "Golden"}]})
    assert [t["name"] for t in program.get(f"Contacts/{acme['other']}")[1]["data"][0]["Tag"]] == ["Golden", "New"]
    removed = program.call("POST", f"Contacts/{acme['other']}/actions/remove_tags", tag_names="New")
    assert removed[1]["success_count"] == "1"
    assert program.call("DELETE", f"settings/tags/{tag}")[0] == 200
    assert program.get(f"Contacts/{acme['contact']}")[1]["data"][0]["Tag"] == []
    left = {t["name"] for t in program.get("settings/tags", module="Contacts")[1]["tags"]}
    assert "New" in left
    assert not {"Golden", "Rare"} & left
    assert program.call("DELETE", f"settings/tags/{tag}")[0] == 400


def test_tagging_moves_modified_time_only_if_switched(sandbox, program, acme):
    def modified():
        return program.get(f"Contacts/{acme['contact']}")[1]["data"][0]["Modified_Time"]

    before = modified()
    program.call("POST", f"Contacts/{acme['contact']}/actions/add_tags", tag_names="A")
    assert modified() == before
    sandbox.switch(tags_touch=True)
    program.call("POST", f"Contacts/{acme['contact']}/actions/add_tags", tag_names="B", over_write="true")
    assert modified() > before
    assert [t["name"] for t in program.get(f"Contacts/{acme['contact']}")[1]["data"][0]["Tag"]] == ["B"]


def test_tagging_many_costs_one_credit_for_fifty(sandbox, program):
    ids = sandbox.add_records("Contacts", 120)
    program.connect()
    before = sandbox.credits()["used"]

    program.call("POST", "Contacts/actions/add_tags", body={"tags": ["A"], "ids": ids})

    assert sandbox.credits()["used"] - before == 3


def test_owners_are_changed_by_both_forms(sandbox, program, acme):
    tom = next(user for user in sandbox.records("Users") if user["first_name"] == "Tom")["id"]

    body = {"owner": {"id": tom}, "notify": False}
    assert program.call("POST", f"Contacts/{acme['contact']}/actions/change_owner", body=body)[0] == 200
    many = body | {"ids": [acme["other"], "5"]}
    assert program.call("POST", "Contacts/actions/change_owner", body=many)[0] == 207

    assert {row["Owner"]["id"] for row in program.rows("Contacts", "Owner")} == {tom}
    assert program.call("POST", "Contacts/actions/change_owner", body={"owner": {"id": "5"}})[0] == 400


def test_a_view_chooses_and_costs_three(sandbox, program, acme):
    tom = next(user for user in sandbox.records("Users") if user["first_name"] == "Tom")["id"]
    sandbox.edit_records("Contacts", [{"id": acme["contact"], "Owner": {"id": tom}}])
    every, own = program.get("settings/custom_views", module="Contacts")[1]["custom_views"]
    before = sandbox.credits()["used"]

    assert len(program.rows("Contacts", cvid=every["id"])) == 2
    assert [row["id"] for row in program.rows("Contacts", cvid=own["id"])] == [acme["other"]]
    assert sandbox.credits()["used"] - before == 6
    assert program.get("Contacts", fields="Email", cvid="7")[0] == 400
    assert program.get(f"settings/custom_views/{own['id']}", module="Contacts")[1]["custom_views"] == [own]


def test_settings_tell_of_lists_roles_and_profiles(program):
    lists = program.get("settings/related_lists", module="Contacts")[1]["related_lists"]

    assert "Products" in {entry["api_name"] for entry in lists}
    assert program.get("settings/related_lists", module="Notes")[0] == 204
    assert [role["name"] for role in program.get("settings/roles")[1]["roles"]] == ["CEO", "Manager"]
    assert [p["name"] for p in program.get("settings/profiles")[1]["profiles"]] == ["Administrator", "Standard"]

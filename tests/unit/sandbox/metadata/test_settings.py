"""The settings that describe an organization."""

import re

import pytest

from django_bigin.sandbox import Sandbox

from ..program import Program

MIRRORED = ["Contacts", "Accounts", "Pipelines", "Products", "Tasks", "Events", "Calls", "Notes"]


def test_modules_are_the_eleven_recorded_ones(program):
    modules = {module["api_name"]: module for module in program.get("settings/modules")[1]["modules"]}

    assert list(modules) == [
        "Contacts", "Accounts", "Pipelines", "Tasks", "Events", "Calls", "Products", "Social", "Associated_Products",
        "Notes", "Attachments",
    ]  # fmt: skip
    assert {len(module) for module in modules.values()} == {43}
    assert modules["Accounts"]["singular_label"] == "Company"
    assert modules["Social"]["api_supported"] is False
    assert modules["Associated_Products"]["module_name"] == "LinkingModule1"
    assert modules["Associated_Products"]["parent_module"]["api_name"] == "Pipelines"


def test_one_module_comes_richer(program):
    [module] = program.get("settings/modules/Contacts")[1]["modules"]

    assert module["api_name"] == "Contacts"
    assert module["fields"]
    assert program.get("settings/modules/Leads")[1]["code"] == "INVALID_MODULE"


@pytest.mark.parametrize("module", MIRRORED)
def test_fields_name_everything_a_mirror_needs_and_a_list_shows_each(sandbox, program, module):
    fields = {field["api_name"]: field for field in program.get("settings/fields", module=module)[1]["fields"]}
    sandbox.add_records(module, 1)

    wanted = {"Owner", "Created_By", "Modified_By", "Created_Time", "Modified_Time"}
    assert wanted <= set(fields)
    assert ({"Last_Activity_Time", "Tag"} <= set(fields)) is (module != "Notes")
    assert "id" not in fields
    assert len(fields) <= 50
    row = program.rows(module, ",".join(fields))[0]
    assert set(row) == {"id"} | {name for name, field in fields.items() if field["data_type"] != "subform"}
    assert set(sandbox.records(module)[0]) == set(row)


def test_contacts_have_the_27_recorded_fields(program):
    fields = {field["api_name"]: field for field in program.get("settings/fields", module="Contacts")[1]["fields"]}

    assert len(fields) == 27
    assert fields["Email"]["unique"] == {"casesensitive": "0"}
    assert fields["Last_Name"]["system_mandatory"] is True
    assert fields["Account_Name"]["lookup"]["module"]["api_name"] == "Accounts"
    assert fields["Description"]["textarea"] == {"type": "large"}
    assert [f["api_name"] for f in fields.values() if f["display_field"]] == ["Full_Name"]


def test_ids_are_19_digits_under_one_prefix(sandbox, program):
    program.write("POST", "Contacts", {"Last_Name": "Wen", "Tag": [{"name": "vip"}]})
    shown = str(program.get("settings/modules")) + str(program.get("settings/fields", module="Contacts"))
    shown += str(program.get("users")) + str(sandbox.records("Contacts"))

    ids = re.findall(r"'id': '(\d+)'", shown)

    assert {len(found) for found in ids} == {19}
    assert len({found[:7] for found in ids}) == 1


def test_ids_rise_in_all_modules(sandbox, program):
    made = []
    for module, row in (
        ("Contacts", {"Last_Name": "A"}),
        ("Tasks", {"Subject": "B"}),
        ("Notes", {"Note_Content": "C"}),
    ):
        made.append(program.write("POST", module, row)[1]["data"][0]["details"]["id"])
        made += sandbox.add_records("Accounts", 1)
        sandbox.delete_records("Accounts", made[-1:], permanent=True)

    assert made == sorted(made, key=int)
    assert len(set(made)) == len(made)


def test_a_custom_field_is_listed_and_filled(sandbox, program):
    fields = [{"api_name": "Shoe_Size", "data_type": "integer"}, {"api_name": "Since", "data_type": "datetime"}]
    sandbox.add_fields("Contacts", fields)
    sandbox.add_records("Contacts", [{"Last_Name": "Wen", "Shoe_Size": 42, "Since": "2026-07-01T12:00:00Z"}])

    found = {field["api_name"]: field for field in program.get("settings/fields", module="Contacts")[1]["fields"]}

    assert found["Shoe_Size"]["custom_field"] is True
    row = program.rows("Contacts", "Shoe_Size,Since")[0]
    assert (row["Shoe_Size"], row["Since"]) == (42, "2026-07-01T08:00:00-04:00")
    modules = {module["api_name"]: module for module in program.get("settings/modules")[1]["modules"]}
    assert modules["Contacts"]["modified_time"]
    assert modules["Tasks"]["modified_time"] is None


def test_a_module_may_have_more_than_50_fields(sandbox, program):
    sandbox.add_fields("Contacts", [{"api_name": f"Extra_{n}"} for n in range(40)])

    assert len(program.get("settings/fields", module="Contacts")[1]["fields"]) == 67


@pytest.mark.parametrize("options", [{"api_name": "1st"}, {"api_name": "a__b"}, {"api_name": "Email"}])
def test_a_field_that_cannot_be_is_refused(sandbox, options):
    with pytest.raises(ValueError, match=options["api_name"]):
        sandbox.add_fields("Contacts", [options])


def test_a_team_pipeline_shows_its_sub_pipelines_and_stages(program):
    [layout] = program.get("settings/layouts", module="Pipelines")[1]["layouts"]
    fields = {field["api_name"]: field for field in layout["sections"][0]["fields"]}

    [sub_pipeline] = fields["Sub_Pipeline"]["pick_list_values"]
    assert sub_pipeline["display_value"] == "Sales Pipeline Standard"
    stages = [value["display_value"] for value in sub_pipeline["maps"][0]["pick_list_values"]]
    assert stages == [value["display_value"] for value in fields["Stage"]["pick_list_values"]]
    assert fields["Stage"]["required"] is True


def test_a_module_without_layouts_is_204(program):
    assert program.get("settings/layouts", module="Social")[0] == 204


# organization and users


def test_the_organization_names_itself():
    sandbox = Sandbox(organizations=[{"company_name": "Acme", "time_zone": "Asia/Kolkata", "paid": False}])
    [org] = Program(sandbox).get("org")[1]["org"]

    assert (org["zgid"], org["company_name"]) == (sandbox.organizations[0]["org_id"], "Acme")
    assert org["time_zone"] == "Asia/Kolkata"
    assert org["license_details"]["paid"] is False
    assert org["license_details"]["users_license_purchased"] == 20


def test_users_are_of_kinds(sandbox, program):
    ids = sandbox.add_records("Users", [{"last_name": "Gone"}, {"last_name": "New", "confirm": False}][:1])
    sandbox.delete_records("Users", ids)

    def kind(name):
        status, body, _ = program.get("users", type=name)
        return [user["full_name"] for user in body["users"]] if status == 200 else []

    assert kind("AllUsers") == ["Mira Holt", "Tom Adeyemi", "Sana Iqbal", "Gone"]
    assert kind("ActiveUsers") == ["Mira Holt", "Tom Adeyemi", "Sana Iqbal"]
    assert kind("DeletedUsers") == ["Gone"]
    assert kind("NotConfirmedUsers") == []
    assert kind("AdminUsers") == kind("CurrentUser") == ["Mira Holt"]
    assert program.get("users", type="Anybody")[0] == 400


def test_users_page_and_come_singly(sandbox, program):
    sandbox.add_records("Users", 3)

    _, body, _ = program.get("users", per_page="4", page="2")
    assert (len(body["users"]), body["info"]["more_records"]) == (2, False)
    user_id = body["users"][0]["id"]
    assert program.get(f"users/{user_id}")[1]["users"][0]["id"] == user_id
    assert program.get("users/5")[0] == 204


def test_users_may_be_missing(sandbox, program):
    sandbox.switch(users_endpoint="missing")

    assert program.get("users")[1]["code"] == "INVALID_URL_PATTERN"


def test_a_renamed_person_shows_everywhere(sandbox, program):
    sandbox.add_records("Contacts", 1)
    program.rows("Contacts", "Owner")
    owner = program.rows("Contacts", "Owner")[0]["Owner"]["id"]
    sandbox.edit_records("Users", [{"id": owner, "last_name": "Renamed"}])

    assert program.rows("Contacts", "Owner")[0]["Owner"]["name"].endswith("Renamed")


def test_moments_follow_summer_time():
    sandbox = Sandbox(organizations=[{"data_center": "eu"}])
    rows = [{"Last_Name": "A", "Modified_Time": f"2026-{month:02d}-29T00:59:59Z"} for month in (1, 3, 7)]
    rows.append({"Last_Name": "B", "Modified_Time": "2026-03-29T01:00:00Z"})
    sandbox.add_records("Contacts", rows)

    assert [record["Modified_Time"] for record in sandbox.records("Contacts")] == [
        "2026-01-29T01:59:59+01:00",
        "2026-03-29T01:59:59+01:00",
        "2026-07-29T02:59:59+02:00",
        "2026-03-29T03:00:00+02:00",
    ]


def test_a_link_to_any_module_says_so_in_zohos_word(program):
    fields = {field["api_name"]: field for field in program.get("settings/fields", module="Notes")[1]["fields"]}

    assert fields["Parent_Id"]["lookup"]["module"]["api_name"] == "se_module"

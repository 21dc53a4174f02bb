"""Access to an organization's settings: modules that must be named, ids, profiles."""

import pytest

NEED_A_MODULE = ["fields", "layouts", "custom_views", "related_lists", "tags"]


@pytest.mark.parametrize("name", NEED_A_MODULE)
def test_the_module_must_be_named(program, name):
    status, body, _ = program.get(f"settings/{name}")

    assert (status, body["code"], body["details"]) == (400, "REQUIRED_PARAM_MISSING", {"param_name": "module"})
    assert program.get(f"settings/{name}", module="Leads")[1]["code"] == "INVALID_MODULE"


@pytest.mark.parametrize(("name", "key"), [("fields", "fields"), ("layouts", "layouts")])
def test_one_by_its_id_has_a_switch(sandbox, program, name, key):
    wanted = program.get(f"settings/{name}", module="Pipelines")[1][key][-1]
    path = f"settings/{name}/{wanted['id']}"

    assert program.get(path, module="Pipelines")[1]["code"] == "INVALID_URL_PATTERN"
    assert [call["path"] for call in sandbox.calls()["unknown"]] == ["/bigin/v2/" + path]
    sandbox.switch(settings_by_id="answers")
    assert program.get(path, module="Pipelines")[:2] == (200, {key: [wanted]})
    assert program.get(f"settings/{name}/5", module="Pipelines")[0] == 204


@pytest.mark.parametrize("name", ["modules", "fields", "layouts", "custom_views", "related_lists", "roles", "profiles"])
def test_settings_may_be_refused_to_a_profile(sandbox, program, name):
    sandbox.add_user("noor@two.example")
    program.connect_as("noor@two.example")
    assert program.get(f"settings/{name}", module="Contacts")[0] == 200

    sandbox.switch(refused_settings={"Standard": [name]})

    status, body, _ = program.get(f"settings/{name}", module="Contacts")
    assert (status, body["code"], list(body["details"])) == (403, "NO_PERMISSION", ["permissions"])
    assert program.get("settings/roles" if name != "roles" else "settings/profiles")[0] == 200
    program.connect()
    assert program.get(f"settings/{name}", module="Contacts")[0] == 200, "the administrator's profile is another"


def test_who_may_not_read_layouts_reads_team_pipelines_from_deals(sandbox, program):
    sandbox.switch(refused_settings={"Standard": ["fields", "layouts"]})
    sandbox.add_records("Pipelines", 1)
    sandbox.add_user("noor@two.example")

    [deal] = program.connect_as("noor@two.example").rows("Pipelines", "Pipeline,Sub_Pipeline")

    assert deal["Pipeline"]["name"] == "Sales Pipeline"
    assert deal["Sub_Pipeline"] == "Sales Pipeline Standard"


def test_a_profile_is_given_to_a_user(sandbox, program):
    sandbox.switch(refused_settings={"Standard": ["fields"]})
    mira = sandbox.records("Users")[0]["id"]
    sandbox.edit_records("Users", [{"id": mira, "profile": "Standard"}])

    assert program.get("settings/fields", module="Contacts")[0] == 403

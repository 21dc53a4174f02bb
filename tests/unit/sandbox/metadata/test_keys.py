"""The exact keys of what settings/ shows. Source: api-records section 14."""

import pytest

FIELD = {
    "webhook", "colour_code_enabled_by_system", "field_label", "tooltip", "display_format_properties", "type",
    "field_read_only", "display_label", "read_only", "association_details", "businesscard_supported",
    "multi_module_lookup", "id", "created_time", "filterable", "visible", "profiles", "view_type", "subform",
    "separator", "searchable", "external", "api_name", "parent_field", "unique", "enable_colour_code", "child_fields",
    "pick_list_values", "system_mandatory", "virtual_field", "json_type", "crypt", "range", "created_source",
    "display_type", "ui_type", "modified_time", "email_parser", "currency", "custom_field", "lookup", "address",
    "length", "display_field", "pick_list_values_sorted_lexically", "sortable", "global_picklist", "display_format",
    "history_tracking", "data_type", "formula", "decimal_place", "mass_update", "multiselectlookup", "auto_number",
}  # fmt: skip
VALUE = {"display_value", "sequence_number", "reference_value", "colour_code", "actual_value", "id", "type"}
FORECAST = {"deal_category", "probability", "forecast_category"}
ALL_MODULES = ["Contacts", "Accounts", "Pipelines", "Products", "Tasks", "Events", "Calls", "Notes"]


def fields_of(program, module):
    return program.get("settings/fields", module=module)[1]["fields"]


@pytest.mark.parametrize("module", ALL_MODULES)
def test_every_field_has_the_recorded_keys_and_its_types_own(program, module):
    for field in fields_of(program, module):
        also = {"picklist": {"blueprint_supported"}, "textarea": {"textarea"}}.get(field["data_type"], set())
        quick = {"quick_sequence_number"} if field["view_type"]["quick_create"] else set()
        assert field.keys() == FIELD | also | quick, field["api_name"]


@pytest.mark.parametrize("module", ALL_MODULES)
def test_details_that_do_not_apply_are_empty_objects(program, module):
    for field in fields_of(program, module):
        applies = {"lookup": field["data_type"] == "lookup", "currency": field["data_type"] == "currency"}
        for name in ("unique", "lookup", "formula", "currency", "auto_number", "multiselectlookup"):
            assert isinstance(field[name], dict)
            if name != "unique":
                assert bool(field[name]) is applies.get(name, False), (field["api_name"], name)


def test_a_list_of_fields_has_no_info_and_neither_id_nor_hidden_ones(program):
    body = program.get("settings/fields", module="Contacts")[1]

    assert body.keys() == {"fields"}
    assert not {"id", "Department", "Skype_ID"} & {field["api_name"] for field in body["fields"]}


def test_pick_list_values_have_seven_keys_and_those_of_pipelines_more(program):
    values = {field["api_name"]: field["pick_list_values"] for field in fields_of(program, "Pipelines")}
    [status] = [field for field in fields_of(program, "Tasks") if field["api_name"] == "Status"]

    assert {frozenset(value) for value in status["pick_list_values"]} == {frozenset(VALUE)}
    assert {frozenset(value) for value in values["Stage"]} == {frozenset(VALUE | FORECAST)}
    [sub_pipeline] = values["Sub_Pipeline"]
    assert sub_pipeline.keys() == VALUE | {"maps"}
    [stages] = sub_pipeline["maps"]
    assert stages["api_name"] == "Stage"
    assert {frozenset(value) for value in stages["pick_list_values"]} == {
        frozenset({"display_value", "actual_value", "id"})
    }
    assert {value["id"] for value in stages["pick_list_values"]} == {value["id"] for value in values["Stage"]}


def test_layouts_have_the_documented_keys(program):
    [layout] = program.get("settings/layouts", module="Pipelines")[1]["layouts"]
    [section] = layout["sections"]

    assert layout.keys() == {
        "id", "name", "display_label", "visible", "status", "created_time", "modified_time", "profiles", "sections",
    }  # fmt: skip
    assert section.keys() == {
        "display_label", "name", "api_name", "sequence_number", "column_count", "type", "fields",
    }  # fmt: skip
    for field in section["fields"]:
        also = {"pick_list_values"} if field["data_type"] == "picklist" else set()
        assert field.keys() == {"api_name", "data_type", "required", "sequence_number", "id"} | also


def test_each_team_pipeline_is_a_layout_with_its_own_stages(sandbox, program):
    status, made, _ = program.ask("POST", "/_sandbox/team-pipelines", body={"name": "Service"})

    layouts = program.get("settings/layouts", module="Pipelines")[1]["layouts"]

    assert (status, [layout["name"] for layout in layouts]) == (200, ["Sales Pipeline", "Service"])
    assert made == {"id": layouts[1]["id"], "name": "Service"}
    fields = {field["api_name"]: field for field in layouts[1]["sections"][0]["fields"]}
    assert [value["display_value"] for value in fields["Sub_Pipeline"]["pick_list_values"]] == ["Service Standard"]
    with pytest.raises(ValueError, match="already is a team pipeline 'Service'"):
        sandbox.add_team_pipeline("Service")


def test_custom_views_have_the_documented_keys(program):
    body = program.get("settings/custom_views", module="Contacts")[1]

    assert {frozenset(view) for view in body["custom_views"]} == {
        frozenset({
            "id", "name", "system_name", "display_value", "category", "default", "system_defined", "favorite",
            "access_type", "sort_by", "sort_order", "criteria", "fields", "created_by", "created_time", "modified_by",
            "modified_time", "last_accessed_time",
        })
    }  # fmt: skip
    assert body["info"].keys() == {"per_page", "count", "page", "more_records", "default", "translation"}
    every, own = body["custom_views"]
    assert body["info"]["default"] == every["id"]
    assert own["criteria"].keys() == {"comparator", "field", "value"}
    assert own["criteria"]["field"].keys() == own["fields"][0].keys() == {"api_name", "id"}


def test_related_lists_have_the_documented_keys(program):
    lists = program.get("settings/related_lists", module="Contacts")[1]["related_lists"]

    assert {frozenset(each) for each in lists} == {
        frozenset({
            "id", "sequence_number", "display_label", "api_name", "module", "name", "action", "href", "type",
            "connectedmodule", "linkingmodule", "status",
        })
    }  # fmt: skip
    notes = next(each for each in lists if each["api_name"] == "Notes")
    assert notes["href"] == "Contacts/{ENTITYID}/Notes"
    assert notes["sequence_number"].isdigit()


def test_one_module_has_more_keys_than_in_the_list(program):
    listed = program.get("settings/modules")[1]["modules"][0]
    [alone] = program.get(f"settings/modules/{listed['api_name']}")[1]["modules"]

    assert alone.items() >= listed.items()
    assert {"fields", "layouts", "$properties"} <= alone.keys()

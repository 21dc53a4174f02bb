"""Team pipelines, sub-pipelines and stages of deals."""

import pytest

from .rows import MINIMAL, codes

# team pipelines


@pytest.fixture
def service(sandbox):
    """Return a second team pipeline with two sub-pipelines."""
    return sandbox.add_team_pipeline("Service", {"Repairs": ["Open", "Fixed"], "Returns": ["Sent", "Closed Lost"]})


def in_service(service, **changes):
    return {"Deal_Name": "D", "Layout": {"id": service["id"]}, "Sub_Pipeline": "Repairs", "Stage": "Open", **changes}


@pytest.mark.parametrize(
    ("changes", "wrong", "within"),
    [
        ({}, None, None),
        ({"Sub_Pipeline": "Returns", "Stage": "Sent"}, None, None),
        ({"Stage": "Sent"}, "Stage", "Sub_Pipeline"),
        ({"Stage": "Qualification"}, "Stage", "Sub_Pipeline"),
        ({"Sub_Pipeline": "Sales Pipeline Standard", "Stage": "Qualification"}, "Sub_Pipeline", "Layout"),
        ({"Layout": None}, "Sub_Pipeline", "Layout"),
    ],
)
def test_layout_sub_pipeline_and_stage_fit_each_other(program, service, changes, wrong, within):
    status, body, _ = program.write("POST", "Pipelines", in_service(service, **changes))

    if wrong is None:
        assert status == 201
        assert program.rows("Pipelines", "Pipeline")[0]["Pipeline"] == {"name": "Service", "id": service["id"]}
    else:
        assert codes(body) == ["MAPPING_MISMATCH"]
        wanted = {"api_name": wrong, "mapped_field": within, "parent_api_name": within}
        assert body["data"][0]["details"] == wanted | {"json_path": f"$.data[0].{wrong}"}


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"Stage": "Fixed"}, None),
        ({"Amount": 5}, None),
        ({"Sub_Pipeline": "Returns", "Stage": "Sent"}, None),
        ({"Stage": "Sent"}, "Stage"),
        ({"Sub_Pipeline": "Returns"}, "Stage"),
        ({"Sub_Pipeline": "Sales Pipeline Standard", "Stage": "Qualification"}, "Sub_Pipeline"),
    ],
)
def test_an_update_keeps_to_the_deals_own_team_pipeline(program, service, changes, wrong):
    [row] = program.write("POST", "Pipelines", in_service(service))[1]["data"]

    [row] = program.write("PUT", f"Pipelines/{row['details']['id']}", changes)[1]["data"]

    assert row["details"].get("api_name") == wrong
    assert program.rows("Pipelines", "Pipeline")[0]["Pipeline"]["id"] == service["id"]


def test_a_deal_moves_to_the_team_pipeline_that_is_named(program, service):
    [row] = program.write("POST", "Pipelines", MINIMAL["Pipelines"])[1]["data"]
    changes = {name: value for name, value in in_service(service).items() if name != "Deal_Name"}

    program.write("PUT", f"Pipelines/{row['details']['id']}", changes)

    assert program.rows("Pipelines", "Pipeline")[0]["Pipeline"] == {"name": "Service", "id": service["id"]}


def test_without_a_layout_a_deal_is_of_the_first_team_pipeline(program, service):
    program.write("POST", "Pipelines", MINIMAL["Pipelines"])

    assert program.rows("Pipelines", "Pipeline")[0]["Pipeline"]["name"] == "Sales Pipeline"


def test_a_stage_must_belong_to_its_sub_pipeline(program):
    _, body, _ = program.write("POST", "Pipelines", MINIMAL["Pipelines"] | {"Stage": "Nowhere"})
    assert (codes(body), body["data"][0]["details"]["api_name"]) == (["MAPPING_MISMATCH"], "Stage")

    _, body, _ = program.write("POST", "Pipelines", MINIMAL["Pipelines"] | {"Sub_Pipeline": "Nowhere"})
    assert (codes(body), body["data"][0]["details"]["api_name"]) == (["MAPPING_MISMATCH"], "Sub_Pipeline")


def test_a_deal_shows_its_team_pipeline(program):
    layout = program.get("settings/layouts", module="Pipelines")[1]["layouts"][0]
    row = MINIMAL["Pipelines"] | {"Layout": {"id": layout["id"]}}
    assert program.write("POST", "Pipelines", row)[0] == 201
    assert codes(program.write("POST", "Pipelines", row | {"Layout": {"id": "5"}})[1]) == ["INVALID_DATA"]

    assert program.rows("Pipelines", "Pipeline")[0]["Pipeline"] == {"name": "Sales Pipeline", "id": layout["id"]}

"""Canonical hashes of modules."""

import pytest


@pytest.mark.parametrize("module", ["Contacts", "Pipelines", "Notes", "Users"])
def test_a_hash_follows_what_counts(sandbox, program, module):
    sandbox.seed(records={"Contacts": 5, "Pipelines": 5, "Notes": 5})
    before = sandbox.hash(module)

    assert before == sandbox.hash(module)
    assert before["count"] == (3 if module == "Users" else 5)
    assert program.control("GET", "hash", module=module)[1] == before
    record_id = sandbox.records(module)[0]["id"]
    name = {"Contacts": "Title", "Pipelines": "Deal_Name", "Notes": "Note_Title", "Users": "last_name"}[module]
    sandbox.edit_records(module, [{"id": record_id, name: "Other"}], touch=False)
    assert sandbox.hash(module) != before


def test_an_empty_modules_hash_is_that_of_nothing(sandbox):
    assert sandbox.hash("Tasks") == {
        "module": "Tasks",
        "count": 0,
        "hash": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    }

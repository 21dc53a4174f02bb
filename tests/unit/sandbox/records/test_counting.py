"""Numbers of records."""

import pytest


@pytest.fixture
def counted(sandbox, program):
    """Count four contacts, one of them another user's."""
    tom = next(user["id"] for user in sandbox.records("Users") if user["first_name"] == "Tom")
    sandbox.add_records("Contacts", [{"Last_Name": "Wen", "Email": "wen@a.example", "Phone": "12345"}])
    sandbox.add_records("Contacts", [{"Last_Name": "Okafor", "Owner": tom}, {"Last_Name": "Wenger"}])
    sandbox.add_records("Contacts", [{"Last_Name": "X"}])
    return lambda **query: program.get("Contacts/actions/count", **query)[:2]


def test_a_module_is_counted_whole(counted):
    assert counted() == (200, {"count": 4})


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"criteria": "(Last_Name:starts_with:Wen)"}, 2),
        ({"email": "WEN@a.example"}, 1),
        ({"phone": "12345"}, 1),
        ({"word": "nobody"}, 0),
    ],
)
def test_what_a_search_would_find_is_counted_at_once(counted, query, count):
    assert counted(**query) == (200, {"count": count})


def test_a_view_is_counted(program, counted):
    every, own = program.get("settings/custom_views", module="Contacts")[1]["custom_views"]

    assert counted(cvid=every["id"]) == (200, {"count": 4})
    assert counted(cvid=own["id"]) == (200, {"count": 3})
    assert counted(cvid="7")[0] == 400


def test_the_count_has_a_switch(sandbox, counted):
    sandbox.switch(count_endpoint="missing")

    assert counted()[1]["code"] == "INVALID_URL_PATTERN"
    assert sandbox.calls()["unknown"] == []

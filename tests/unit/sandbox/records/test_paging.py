"""Page tokens: what a walk sees of what others write meanwhile, and what a token is bound to."""

from datetime import datetime, timedelta

import pytest

MODES = ["offset", "keyset", "snapshot"]
QUERY = {"fields": "Email", "per_page": "3"}


def insert(sandbox, ids):
    sandbox.add_records("Contacts", [{"Last_Name": "New"}])


def edit_the_first(sandbox, ids):
    sandbox.edit_records("Contacts", [{"id": ids[0]}])


def delete_the_last(sandbox, ids):
    sandbox.delete_records("Contacts", [ids[-1]])


def restore_the_last(sandbox, ids):
    sandbox.restore_records("Contacts", [ids[-1]])


@pytest.fixture
def ids(sandbox):
    """Six contacts, each modified a second after the one before."""
    sandbox.set_speed(0)
    ids = []
    for _ in range(6):
        ids += sandbox.add_records("Contacts", 1)
        sandbox.advance(1)
    return ids


def second_page(program, ids, query, first):
    token = first["info"]["next_page_token"]
    data = program.get("Contacts", **query, page_token=token)[1]["data"]
    return [ids.index(row["id"]) for row in data]


@pytest.mark.parametrize(
    ("order", "change", "mode", "seen"),
    [
        ({}, insert, "offset", [3, 2, 1]),  # 3 comes twice
        ({}, insert, "keyset", [2, 1, 0]),
        ({}, insert, "snapshot", [2, 1, 0]),
        ({}, delete_the_last, "offset", [1, 0]),  # 2 is skipped
        ({}, delete_the_last, "keyset", [2, 1, 0]),
        ({}, delete_the_last, "snapshot", [2, 1, 0]),
        ({"sort_by": "Modified_Time", "sort_order": "asc"}, edit_the_first, "offset", [4, 5, 0]),  # 3 is skipped
        ({"sort_by": "Modified_Time", "sort_order": "asc"}, edit_the_first, "keyset", [3, 4, 5]),
        ({"sort_by": "Modified_Time", "sort_order": "asc"}, edit_the_first, "snapshot", [3, 4, 5]),
        ({"sort_by": "Modified_Time", "sort_order": "desc"}, edit_the_first, "offset", [3, 2, 1]),  # 3 comes twice
        ({"sort_by": "Modified_Time", "sort_order": "desc"}, edit_the_first, "keyset", [2, 1]),  # 0 is ahead now
        ({"sort_by": "Modified_Time", "sort_order": "desc"}, edit_the_first, "snapshot", [2, 1, 0]),
        ({"sort_by": "id", "sort_order": "asc"}, insert, "offset", [3, 4, 5]),
    ],
)
def test_writes_during_a_walk_shift_rows_as_the_mode_says(sandbox, program, ids, order, change, mode, seen):
    sandbox.switch(page_token_paging=mode)
    query = QUERY | order
    first = program.get("Contacts", **query)[1]

    change(sandbox, ids)

    assert second_page(program, ids, query, first) == seen


@pytest.mark.parametrize(("mode", "seen"), [("offset", [3, 2, 1]), ("keyset", [2, 1, 0]), ("snapshot", [2, 1, 0])])
def test_a_restore_during_a_walk_comes_twice_by_offset_alone(sandbox, program, ids, mode, seen):
    sandbox.switch(page_token_paging=mode)
    ids += sandbox.add_records("Contacts", 1)
    sandbox.delete_records("Contacts", [ids[-1]])
    first = program.get("Contacts", **QUERY)[1]

    restore_the_last(sandbox, ids)

    assert second_page(program, ids, QUERY, first) == seen


@pytest.mark.parametrize("mode", MODES)
def test_a_page_by_its_number_is_always_the_present_one(sandbox, program, ids, mode):
    sandbox.switch(page_token_paging=mode)
    program.get("Contacts", **QUERY)
    delete_the_last(sandbox, ids)

    assert [ids.index(row["id"]) for row in program.get("Contacts", **QUERY, page="2")[1]["data"]] == [1, 0]


@pytest.mark.parametrize(("mode", "names"), [("offset", ["E", "C", "A"]), ("keyset", ["E", "C", "B", "A"])])
def test_a_key_holds_in_a_view_too(sandbox, program, mode, names):
    sandbox.switch(page_token_paging=mode)
    ids = sandbox.add_records("Contacts", [{"Last_Name": name} for name in "ABCE"])
    own = program.get("settings/custom_views", module="Contacts")[1]["custom_views"][1]["id"]
    query = {"fields": "Last_Name", "per_page": "2", "cvid": own}
    first = program.get("Contacts", **query)[1]
    sandbox.delete_records("Contacts", [ids[3]])

    second = program.get("Contacts", **query, page_token=first["info"]["next_page_token"])[1]

    assert [row["Last_Name"] for page in (first, second) for row in page["data"]] == names


@pytest.mark.parametrize("mode", MODES)
def test_a_walk_whose_rest_was_deleted_ends_in_204(sandbox, program, ids, mode):
    sandbox.switch(page_token_paging=mode)
    first = program.get("Contacts", **QUERY)[1]
    sandbox.delete_records("Contacts", ids[:3])

    assert first["info"]["more_records"] is True
    assert program.get("Contacts", **QUERY, page_token=first["info"]["next_page_token"])[:2] == (204, None)


def test_a_token_tells_when_it_expires_a_day_later_in_the_organizations_zone(sandbox, program, ids):
    sandbox.set_clock("2026-07-01T12:00:00+00:00")

    info = program.connect().get("Contacts", **QUERY)[1]["info"]

    assert info["page_token_expiry"] == "2026-07-02T08:00:00-04:00"
    assert datetime.fromisoformat(info["page_token_expiry"]) - sandbox.now() == timedelta(days=1)


def test_the_token_of_the_page_before_leads_back(program, ids):
    query = {"fields": "Email", "per_page": "2"}
    first = program.get("Contacts", **query)[1]
    second = program.get("Contacts", **query, page_token=first["info"]["next_page_token"])[1]
    third = program.get("Contacts", **query, page_token=second["info"]["next_page_token"])[1]

    back = program.get("Contacts", **query, page_token=third["info"]["previous_page_token"])[1]

    assert first["info"]["previous_page_token"] is None
    assert back["data"] == second["data"]


@pytest.mark.parametrize(
    "added", [{"sort_order": "asc"}, {"sort_by": "id"}, {"approved": "both"}, {"ids": "1"}, {"fields": "Email,Title"}]
)
def test_what_is_added_to_the_question_does_not_fit_the_token(sandbox, program, ids, added):
    token = program.get("Contacts", **QUERY)[1]["info"]["next_page_token"]

    status, body, _ = program.get("Contacts", **QUERY | added, page_token=token)

    assert (status, body["code"], body["details"]) == (400, "TOKEN_BOUND_DATA_MISMATCH", {"param_name": "page_token"})
    sandbox.switch(token_mismatch_status=401)
    assert program.get("Contacts", **QUERY | added, page_token=token)[0] == 401


def test_a_view_left_out_does_not_fit_the_token(program, ids):
    every = program.get("settings/custom_views", module="Contacts")[1]["custom_views"][0]["id"]
    token = program.get("Contacts", **QUERY, cvid=every)[1]["info"]["next_page_token"]

    assert program.get("Contacts", **QUERY, page_token=token)[1]["code"] == "TOKEN_BOUND_DATA_MISMATCH"
    assert program.get("Contacts", **QUERY, cvid=every, page_token=token)[0] == 200


def test_a_token_may_be_bound_to_its_fields_alone(sandbox, program, ids):
    sandbox.switch(page_token_binding="fields")
    token = program.get("Contacts", **QUERY, sort_by="id")[1]["info"]["next_page_token"]

    assert program.get("Contacts", fields="Email", page_token=token)[0] == 200
    assert program.get("Contacts", fields="Title", page_token=token)[0] == 400


def test_a_token_is_its_users_own(sandbox, program, ids):
    token = program.get("Contacts", **QUERY)[1]["info"]["next_page_token"]
    noor = sandbox.add_user("noor@two.example")["email"]

    program.connect_as(noor)

    assert program.get("Contacts", **QUERY)[0] == 200
    assert program.get("Contacts", **QUERY, page_token=token)[1]["code"] == "TOKEN_BOUND_DATA_MISMATCH"


# related lists


@pytest.fixture
def tasks(sandbox, program):
    """The address of a contact's three tasks."""
    [contact] = sandbox.add_records("Contacts", 1)
    row = {"Related_To": {"id": contact}, "$related_module": "Contacts"}
    sandbox.add_records("Tasks", [{"Subject": str(n), **row} for n in range(3)])
    return f"Contacts/{contact}/Tasks"


def test_a_related_lists_token_excludes_a_page_and_expires(sandbox, program, tasks):
    query = {"fields": "Subject", "per_page": "2"}
    token = program.get(tasks, **query)[1]["info"]["next_page_token"]

    assert program.get(tasks, **query, page="2", page_token=token)[1]["code"] == "AMBIGUITY_DURING_PROCESSING"
    assert program.get(tasks, **query, page_token=token)[1]["data"][0]["Subject"] == "0"
    sandbox.advance(24 * 3600)
    program.connect()
    assert program.get(tasks, **query, page_token=token)[1]["code"] == "EXPIRED_VALUE"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"fields": ",".join(f"F{n}" for n in range(51))}, "LIMIT_EXCEEDED"),
        ({"fields": "Subject", "per_page": "201"}, "INVALID_DATA"),
        ({"fields": "Subject", "page": "11"}, "DISCRETE_PAGINATION_LIMIT_EXCEEDED"),
    ],
)
def test_a_related_list_has_the_limits_of_a_list(program, tasks, query, code):
    assert program.get(tasks, **query)[1]["code"] == code


def test_a_related_list_shows_id_and_what_was_asked_for(program, tasks):
    [row, *_] = program.get(tasks, fields="Subject,Nothing,$editable")[1]["data"]

    assert row.keys() == {"id", "Subject", "$editable"}
    [row, *_] = program.get(tasks, fields="Subject")[1]["data"]
    assert row.keys() == {"id", "Subject"}

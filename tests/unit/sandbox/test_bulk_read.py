"""Bulk read: jobs on the sandbox's clock, their CSV, their pages and what they refuse."""

import csv
import io
import zipfile

import pytest


@pytest.fixture
def bulk(sandbox, program):
    program.connect()

    class Bulk:
        def ask(self, method, path, body=None):
            headers = {"Authorization": program.authorization}
            return program.ask(method, "/bigin/bulk/v2/read" + path, body=body, headers=headers)

        def start(self, **query):
            status, body, _ = self.ask("POST", "", {"query": {"module": "Contacts", **query}})
            return body["data"][0]["details"]["id"] if status == 201 else (status, body["code"])

        def details(self, job):
            return self.ask("GET", f"/{job}")[1]["data"][0]

        def rows(self, job):
            sandbox.advance(10)
            return list(csv.DictReader(io.StringIO(self.file(job))))

        def file(self, job):
            response = sandbox.handle(self.request(f"/{job}/result"))
            with zipfile.ZipFile(io.BytesIO(response.body())) as archive:
                [name] = archive.namelist()
                return archive.read(name).decode()

        def request(self, path):
            from django_bigin.sandbox.http import Request

            headers = {"Authorization": program.authorization, "Host": program.host}
            return Request("GET", "/bigin/bulk/v2/read" + path, headers)

    return Bulk()


def test_a_job_goes_through_its_states_on_the_clock(sandbox, bulk):
    sandbox.set_speed(0)
    sandbox.add_records("Contacts", 3)
    job = bulk.start(fields=["Last_Name"])

    states = []
    for seconds in (0, 1, 2, 7):
        sandbox.advance(seconds)
        states.append(bulk.details(job)["state"])
        if states[-1] != "COMPLETED":
            assert "result" not in bulk.details(job)
            assert bulk.ask("GET", f"/{job}/result")[0] == 404

    assert states == ["ADDED", "QUEUED", "IN PROGRESS", "COMPLETED"]
    assert bulk.details(job)["result"] == {
        "page": 1, "per_page": 200_000, "count": 3, "download_url": f"/bigin/bulk/v2/read/{job}/result",
        "more_records": False,
    }  # fmt: skip
    assert bulk.details(job)["query"] == {"module": "Contacts", "fields": ["Last_Name"], "page": 1}


def test_the_csv_is_as_documented(sandbox, bulk):
    [account] = sandbox.add_records("Accounts", [{"Account_Name": "Acme"}])
    row = {
        "Last_Name": 'O"Hara, Jr', "Account_Name": {"id": account}, "Tag": ["B", "A"], "Description": "1\n2",
        "Created_Time": "2026-03-02T10:11:12-05:00",
    }  # fmt: skip
    [contact] = sandbox.add_records("Contacts", [row])
    fields = ["Last_Name", "Account_Name", "Account_Name.Account_Name", "Email_Opt_Out", "Tag", "Description"]

    [found] = bulk.rows(bulk.start(fields=[*fields, "Email", "Created_Time", "Full_Name", "Owner.last_name"]))

    assert found == {
        "id": contact, "Last_Name": 'O"Hara, Jr', "Account_Name": account, "Account_Name.Account_Name": "Acme",
        "Email_Opt_Out": "false", "Tag": "B,A", "Description": "1\n2", "Email": "",
        "Created_Time": "2026-03-02T10:11:12-05:00", "Full_Name": 'O"Hara, Jr', "Owner.last_name": "Holt",
    }  # fmt: skip


def test_every_field_comes_where_none_is_named(sandbox, bulk):
    sandbox.add_records("Events", 1)

    [found] = bulk.rows(bulk.start(module="Events"))

    assert {"id", "Event_Title", "Owner", "Tag"} <= found.keys()
    assert not {"Participants", "Recurring_Activity"} & found.keys()


def test_switches_change_the_csv(sandbox, bulk):
    sandbox.switch(bulk_id_column="Id", bulk_byte_order_mark=True)
    sandbox.add_records("Contacts", 1)
    job = bulk.start(fields=["Last_Name"])
    sandbox.advance(10)

    assert bulk.file(job).startswith("\ufeffId,Last_Name\n")


@pytest.mark.parametrize("paging", ["page", "token"])
def test_more_records_than_a_page_are_read_by_more_jobs(sandbox, bulk, paging):
    sandbox.switch(bulk_rows_per_page=2, bulk_paging=paging)
    ids = sandbox.add_records("Contacts", 3)
    first = bulk.start(fields=["Last_Name"])
    rows = bulk.rows(first)
    result = bulk.details(first)["result"]

    assert result["more_records"] is True
    if paging == "page":
        second = bulk.start(fields=["Last_Name"], page=2)
    else:
        body = bulk.ask("POST", "", {"query": {"page_token": result["next_page_token"]}})[1]
        second = body["data"][0]["details"]["id"]
    rows += bulk.rows(second)

    assert [row["id"] for row in rows] == ids
    assert bulk.details(second)["result"]["more_records"] is False


def leaf(name, comparator, value):
    return {"api_name": name, "comparator": comparator, "value": value}


@pytest.mark.parametrize(
    ("criteria", "names"),
    [
        (leaf("Last_Name", "equal", "wen"), ["Wen"]),
        (leaf("Last_Name", "not_contains", "e"), ["Zola"]),
        (leaf("Email", "equal", "${EMPTY}"), ["Abe", "Zola"]),
        (leaf("Email", "not_equal", "${EMPTY}"), ["Wen"]),
        (leaf("Owner.last_name", "equal", "Holt"), ["Wen", "Abe", "Zola"]),
        (leaf("Last_Name", "in", ["Wen", "Zola"]), ["Wen", "Zola"]),
        (
            {
                "group_operator": "or",
                "group": [leaf("Last_Name", "starts_with", "A"), leaf("Last_Name", "ends_with", "a")],
            },
            ["Abe", "Zola"],
        ),
        (leaf("Modified_Time", "less_than", "2020-01-01T00:00:00+00:00"), []),
    ],
)
def test_criteria_choose(sandbox, bulk, criteria, names):
    rows = [{"Last_Name": "Wen", "Email": "w@a.example"}, {"Last_Name": "Abe"}, {"Last_Name": "Zola"}]
    sandbox.add_records("Contacts", rows)

    found = bulk.rows(bulk.start(fields=["Last_Name"], criteria=criteria))

    assert [row["Last_Name"] for row in found] == names


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"module": {"api_name": "Contacts"}}, "INVALID_DATA"),
        ({"module": "Notes"}, "MODULE_NOT_SUPPORTED"),
        ({"module": "Leads"}, "MODULE_NOT_AVAILABLE"),
        ({"module": "Deals"}, "MODULE_NOT_AVAILABLE"),
        ({"fields": ["Nickname"]}, "FIELD_NOT_AVAILABLE"),
        ({"page": 51}, "PAGE_RANGE_EXCEEDED"),
        (
            {"criteria": {"group_operator": "and", "group": [leaf("Email", "equal", "x")]}},
            "AMBIGUOUS_GROUP_IN_CRITERIA",
        ),
        ({"criteria": {"group": [], **leaf("Email", "equal", "x")}}, "AMBIGUOUS_CRITERIA"),
        ({"criteria": leaf("Nickname", "equal", "x")}, "FIELD_IN_CRITERIA_NOT_AVAILABLE"),
        ({"criteria": leaf("Email", "like", "x")}, "FIELD_COMPARATOR_IN_CRITERIA_NOT_SUPPORTED"),
        ({"criteria": leaf("Email", "less_than", "x")}, "FIELD_AND_COMPARATOR_IN_CRITERIA_NOT_COMPATIBLE"),
        (
            {"criteria": leaf("Modified_Time", "equal", "2026-01-01T00:00:00.000+00:00")},
            "VALUE_IN_CRITERIA_NOT_SUPPORTED",
        ),
        (
            {"criteria": {"group_operator": "or", "group": [leaf("Email", "equal", "x")] * 26}},
            "CRITERIA_LIMIT_EXCEEDED",
        ),
    ],
)
def test_what_a_job_refuses(bulk, query, code):
    assert bulk.start(**query) == (400, code)


def test_newer_crm_shapes_and_the_old_name_can_be_accepted(sandbox, bulk):
    sandbox.switch(bulk_module_object="accepted", bulk_deals="accepted")
    criterion = {"field": {"api_name": "Email"}, "comparator": "equal", "value": "x"}

    assert bulk.start(module={"api_name": "Contacts"}, criteria=criterion).isdigit()
    assert bulk.start(module="Deals").isdigit()


def test_jobs_can_fail_and_results_are_ten_a_minute(sandbox, bulk):
    job = bulk.start()
    sandbox.advance(10)
    statuses = [sandbox.handle(bulk.request(f"/{job}/result")).status for _ in range(11)]
    assert statuses == [200] * 10 + [429]
    sandbox.advance(60)
    assert sandbox.handle(bulk.request(f"/{job}/result")).status == 200

    sandbox.switch(bulk_read_ends="FAILURE")
    failing = bulk.start()
    sandbox.advance(10)
    assert bulk.details(failing)["state"] == "FAILURE"
    assert bulk.details(failing)["result"]["error_message"]["code"] == "INTERNAL_SERVER_ERROR"
    assert bulk.ask("GET", f"/{failing}/result")[0] == 404


def test_a_job_costs_fifty_and_needs_both_scopes(sandbox, program, bulk):
    before = sandbox.credits()["used"]
    job = bulk.start()
    bulk.details(job)
    assert sandbox.credits()["used"] - before == 51

    for scopes in ("ZohoBigin.bulk.READ", "ZohoBigin.modules.ALL"):
        program.connect_with(scopes)
        assert bulk.start() == (401, "OAUTH_SCOPE_MISMATCH")
    assert bulk.ask("GET", "/5")[0] in {401, 404}


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("DELETE", "/5"), ("POST", "/5/result")])
def test_there_is_no_list_and_no_cancelling(bulk, method, path):
    assert bulk.ask(method, path)[1]["code"] == "INVALID_REQUEST_METHOD"


def test_bulk_write_is_reported_as_unknown(sandbox, program, bulk):
    headers = {"Authorization": program.authorization}

    assert program.ask("POST", "/bigin/bulk/v2/write", body={}, headers=headers)[0] == 404
    assert [call["path"] for call in sandbox.calls()["unknown"]] == ["/bigin/bulk/v2/write"]


def test_json_needs_no_content_type_unless_switched(sandbox, bulk):
    sandbox.switch(bulk_content_type="required")

    assert bulk.start() == (415, "MEDIA_TYPE_NOT_SUPPORTED")

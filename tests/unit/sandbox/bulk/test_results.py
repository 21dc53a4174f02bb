"""The files of bulk read jobs: CSV, calendars and pages."""

import pytest

from ..bulk_reader import as_another, leaf

# the file


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


def test_booleans_are_words_in_small_letters(sandbox, bulk):
    sandbox.add_records("Products", [{"Product_Name": "Pump", "Taxable": True, "Product_Active": False}])

    [found] = bulk.rows(bulk.start(module="Products", fields=["Taxable", "Product_Active"]))

    assert (found["Taxable"], found["Product_Active"]) == ("true", "false")


def test_the_zip_holds_one_csv_named_after_the_job(sandbox, bulk):
    sandbox.add_records("Contacts", [{"Last_Name": "Weiß\nand son"}])
    job = bulk.start(fields=["Last_Name"])
    sandbox.advance(10)

    answer = bulk.download(job)

    assert (answer.status, answer.content_type) == (200, "application/x-download")
    assert dict(answer.headers)["Content-Disposition"] == f"attachment; filename={job}.zip"
    assert bulk.names(job) == [f"{job}.csv"]
    assert bulk.file(job).startswith("id,Last_Name\n")
    assert '"Weiß\nand son"' in bulk.file(job)


def test_every_field_comes_where_none_is_named(sandbox, bulk):
    sandbox.add_records("Events", 1)

    for fields in ({}, {"fields": []}):
        [found] = bulk.rows(bulk.start(module="Events", **fields))
        assert {"id", "Event_Title", "Owner", "Tag"} <= found.keys()
        assert not {"Participants", "Recurring_Activity"} & found.keys()


def test_deleted_records_are_not_read(sandbox, bulk):
    one, other = sandbox.add_records("Contacts", 2)
    sandbox.delete_records("Contacts", [one])

    assert [row["id"] for row in bulk.rows(bulk.start())] == [other]


def test_the_ids_column_and_a_byte_order_mark_are_switches(sandbox, bulk):
    sandbox.switch(bulk_id_column="Id", bulk_byte_order_mark=True)
    sandbox.add_records("Contacts", 1)
    job = bulk.start(fields=["Last_Name"])
    sandbox.advance(10)

    assert bulk.file(job).startswith("\ufeffId,Last_Name\n")


@pytest.mark.parametrize(("switches", "cell"), [({}, "GST,VAT"), ({"bulk_separator": ";"}, "GST;VAT")])
def test_the_separator_of_a_multi_select_is_a_switch(sandbox, bulk, switches, cell):
    sandbox.switch(**switches)
    sandbox.add_records("Products", [{"Product_Name": "Pump", "Tax": ["GST", "VAT"]}])

    assert bulk.rows(bulk.start(module="Products", fields=["Tax"]))[0]["Tax"] == cell


# pages


@pytest.mark.parametrize("paging", ["page", "token"])
def test_more_records_than_a_page_are_read_by_more_jobs(sandbox, bulk, paging):
    sandbox.switch(bulk_rows_per_page=2, bulk_paging=paging)
    ids = sandbox.add_records("Contacts", 3)
    first = bulk.start(fields=["Last_Name"])
    rows = bulk.rows(first)
    result = bulk.details(first)["result"]

    assert result["more_records"] is True
    assert result["per_page"] == 2
    assert ("next_page_token" in result) is (paging == "token")
    if paging == "page":
        second = bulk.start(fields=["Last_Name"], page=2)
    else:
        body = bulk.ask("POST", "", {"query": {"page_token": result["next_page_token"]}})[1]
        second = body["data"][0]["details"]["id"]
    rows += bulk.rows(second)

    assert [row["id"] for row in rows] == ids
    assert bulk.details(second)["result"]["more_records"] is False
    assert bulk.details(second)["query"] == {"module": "Contacts", "fields": ["Last_Name"], "page": 2}


def test_a_page_token_is_its_users_own_and_lives_for_a_day(sandbox, program, bulk):
    sandbox.switch(bulk_rows_per_page=1, bulk_paging="token")
    sandbox.add_records("Contacts", 2)
    job = bulk.start()
    sandbox.advance(10)
    token = bulk.details(job)["result"]["next_page_token"]

    as_another(sandbox, program)
    assert bulk.ask("POST", "", {"query": {"page_token": token}})[1]["code"] == "TOKEN_BOUND_DATA_MISMATCH"
    sandbox.advance(86_400)
    program.connect()
    assert bulk.ask("POST", "", {"query": {"page_token": token}})[1]["code"] == "EXPIRED_VALUE"


def test_a_view_narrows_a_job(sandbox, program, bulk):
    tom = next(user["id"] for user in sandbox.records("Users") if user["first_name"] == "Tom")
    mine, _ = sandbox.add_records("Contacts", [{"Last_Name": "Mine"}, {"Last_Name": "Tom's", "Owner": {"id": tom}}])
    every, own = program.get("settings/custom_views", module="Contacts")[1]["custom_views"]

    assert len(bulk.rows(bulk.start(cvid=every["id"]))) == 2
    assert [row["id"] for row in bulk.rows(bulk.start(cvid=own["id"]))] == [mine]
    narrowed = bulk.start(cvid=own["id"], criteria=leaf("Last_Name", "equal", "Tom's"))
    assert bulk.rows(narrowed) == []
    assert bulk.start(cvid="7") == (400, "INVALID_DATA")


# a calendar


def test_events_come_as_a_calendar(sandbox, bulk):
    start, end = "2026-11-03T09:00:00-05:00", "2026-11-03T10:30:00-05:00"
    text = "Bring: plans; samples, " + "and the long list of open points, " * 3
    times = {"Start_DateTime": start, "End_DateTime": end}
    visit = {"Event_Title": "Visit", "Venue": "Łódź", "Description": text, **times}
    one, whole = sandbox.add_records("Events", [visit, {"Event_Title": "Fair", "All_day": True, **times}])
    job = bulk.start(module="Events", file_type="ics")
    sandbox.advance(10)

    assert bulk.names(job) == [f"{job}.ics"]
    assert bulk.details(job)["file_type"] == "ics"
    assert bulk.details(job)["result"]["per_page"] == 20_000
    file = bulk.file(job)
    assert max(len(line.encode()) for line in file.split("\r\n")) <= 75
    lines = file.replace("\r\n ", "").split("\r\n")
    assert lines[:2] == ["BEGIN:VCALENDAR", "VERSION:2.0"]
    assert lines[-2:] == ["END:VCALENDAR", ""]
    assert lines.count("BEGIN:VEVENT") == lines.count("END:VEVENT") == 2
    assert {f"UID:{one}", "DTSTART:20261103T140000Z", "DTEND:20261103T153000Z", "LOCATION:Łódź"} <= set(lines)
    assert "DESCRIPTION:" + text.replace(";", "\\;").replace(",", "\\,") in lines
    assert {f"UID:{whole}", "DTSTART;VALUE=DATE:20261103", "DTEND;VALUE=DATE:20261104"} <= set(lines)


@pytest.mark.parametrize(
    ("file_type", "query", "code"),
    [
        ("ics", {"module": "Contacts"}, "JOB_NOT_SUPPORTED"),
        ("ics", {"module": "Events", "fields": ["Event_Title"]}, "FIELD_NOT_SUPPORTED"),
        ("xlsx", {"module": "Events"}, "JOB_NOT_SUPPORTED"),
        (["csv"], {"module": "Events"}, "JOB_NOT_SUPPORTED"),
    ],
)
def test_a_calendar_is_of_whole_events_alone(bulk, file_type, query, code):
    assert bulk.start(file_type=file_type, **query) == (400, code)


def test_the_file_type_may_stand_in_the_query_too(bulk):
    body = bulk.ask("POST", "", {"query": {"module": "Events", "file_type": "ics"}})[1]

    assert bulk.details(body["data"][0]["details"]["id"])["file_type"] == "ics"


# who may ask, how often, and what else is refused

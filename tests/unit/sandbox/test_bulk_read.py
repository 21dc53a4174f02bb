"""Bulk read: jobs on the sandbox's clock, their files, their pages, who may ask and how often."""

import pytest

from django_bigin.sandbox import Sandbox
from django_bigin.sandbox.calls.call import Call

from .bulk import Bulk, leaf
from .program import Program


@pytest.fixture
def bulk(program):
    return Bulk(program.connect())


def test_a_job_is_added(sandbox, program, bulk):
    sandbox.set_speed(0)
    sandbox.set_clock("2026-11-03T12:00:00+00:00")
    program.connect()

    status, body, _ = bulk.ask("POST", "", {"query": {"module": "Contacts"}})

    [added] = body["data"]
    admin = sandbox.records("Users")[0]
    assert (status, body["info"]) == (201, {})
    assert (added["status"], added["code"]) == ("success", "ADDED_SUCCESSFULLY")
    assert added["message"] == "Added successfully."
    assert added["details"] == {
        "id": added["details"]["id"], "operation": "read", "state": "ADDED",
        "created_by": {"name": admin["full_name"], "id": admin["id"]}, "created_time": "2026-11-03T07:00:00-05:00",
    }  # fmt: skip


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
    assert bulk.details(job)["file_type"] == "csv"


def test_how_long_a_job_takes_is_a_switch(sandbox, bulk):
    sandbox.set_speed(0)
    sandbox.switch(bulk_read_seconds=600)
    job = bulk.start()
    sandbox.advance(599)
    assert bulk.details(job)["state"] == "IN PROGRESS"
    sandbox.advance(1)
    assert bulk.details(job)["state"] == "COMPLETED"

    sandbox.switch(bulk_read_seconds=0)
    assert bulk.details(bulk.start())["state"] == "COMPLETED"


def test_a_job_sees_the_records_of_the_moment_at_which_it_begins_to_work(sandbox, bulk):
    sandbox.set_speed(0)
    kept, gone = sandbox.add_records("Contacts", [{"Last_Name": "Kept"}, {"Last_Name": "Gone"}])
    job = bulk.start(fields=["Last_Name"])
    sandbox.advance(2)
    # Asked for, and not yet begun: this is seen.
    sandbox.edit_records("Contacts", [{"id": kept, "Last_Name": "Edited"}])
    sandbox.advance(1)
    # Begun, and not yet looked at by anybody: this is not.
    sandbox.add_records("Contacts", [{"Last_Name": "Late"}])
    sandbox.delete_records("Contacts", [gone])
    sandbox.edit_records("Contacts", [{"id": kept, "Last_Name": "Too late"}])

    rows = bulk.rows(job)

    assert rows == [{"id": kept, "Last_Name": "Edited"}, {"id": gone, "Last_Name": "Gone"}]


def test_a_job_is_never_done_before_its_work(sandbox, bulk, monkeypatch):
    sandbox.set_speed(0)
    sandbox.add_records("Contacts", 1)
    job, allow = bulk.start(), Call.allow

    def allow_slowly(call, *more):
        call.state.clock.advance(10)
        allow(call, *more)

    # The whole job's time passes while the call that looks at it is being answered.
    monkeypatch.setattr(Call, "allow", allow_slowly)

    shown = bulk.details(job)
    assert (shown["state"], shown["result"]["count"]) == ("COMPLETED", 1)


@pytest.mark.parametrize("state", ["FAILURE", "FAILED"])
def test_jobs_can_fail(sandbox, bulk, state):
    sandbox.switch(bulk_read_ends=state)
    job = bulk.start()
    sandbox.advance(10)

    shown = bulk.details(job)
    assert shown["state"] == state
    assert shown["result"] == {
        "error_message": {
            "status": "error", "code": "INTERNAL_SERVER_ERROR", "message": "Internal server error occurred.",
            "details": {},
        }
    }  # fmt: skip
    assert bulk.ask("GET", f"/{job}/result")[0] == 404


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


def as_another(sandbox, program):
    """Connect as Tom, who is a manager."""
    tom = next(user["email"] for user in sandbox.records("Users") if user["first_name"] == "Tom")
    sandbox.add_user(tom)
    client = sandbox.client
    query = f"response_type=code&access_type=offline&client_id={client['client_id']}"
    query += f"&redirect_uri={client['redirect_uri']}&scope=ZohoBigin.modules.ALL,ZohoBigin.bulk.ALL"
    callback = sandbox.consent(f"http://127.0.0.1:8400/oauth/v2/auth?{query}", user=tom)
    code = callback.partition("code=")[2].partition("&")[0]
    form = {"client_id": client["client_id"], "client_secret": client["secrets"]["us"]}
    form |= {"code": code, "redirect_uri": client["redirect_uri"]}
    program.connect(program.exchange(**form)[1]["access_token"])


def test_a_job_runs_as_the_tokens_user(sandbox, program, bulk):
    tom = next(user["id"] for user in sandbox.records("Users") if user["first_name"] == "Tom")
    _, toms = sandbox.add_records("Contacts", [{"Last_Name": "A"}, {"Last_Name": "B", "Owner": {"id": tom}}])
    as_another(sandbox, program)

    everything = bulk.start()
    assert bulk.details(everything)["created_by"] == {"name": "Tom Adeyemi", "id": tom}
    assert len(bulk.rows(everything)) == 2
    sandbox.switch(bulk_visibility="roles")
    assert [row["id"] for row in bulk.rows(bulk.start())] == [toms]
    program.connect()
    assert len(bulk.rows(bulk.start())) == 2, "who is on top sees everybody's"


def test_results_are_ten_a_minute(sandbox, bulk):
    job = bulk.start()
    sandbox.advance(10)

    assert [bulk.download(job).status for _ in range(11)] == [200] * 10 + [429]
    assert bulk.ask("GET", f"/{job}/result")[1]["code"] == "TOO_MANY_REQUESTS"
    assert bulk.ask("GET", f"/{job}")[0] == 200
    sandbox.advance(60)
    assert bulk.download(job).status == 200


def test_a_result_is_there_for_a_day(sandbox, program, bulk):
    sandbox.set_speed(0)
    job = bulk.start()
    sandbox.advance(10 + 86_400)
    program.connect()
    assert bulk.download(job).status == 200

    sandbox.advance(1)
    assert bulk.ask("GET", f"/{job}/result")[:2] == (
        404,
        {
            "code": "RESOURCE_NOT_FOUND", "details": {"resource": job},
            "message": "The requested resource doesn't exist.", "status": "error",
        },
    )  # fmt: skip


@pytest.mark.parametrize("path", ["/7", "/7/result"])
def test_an_unknown_job_is_404(bulk, path):
    status, body, _ = bulk.ask("GET", path)

    assert (status, body["code"], body["details"]) == (404, "RESOURCE_NOT_FOUND", {"resource": "7"})


def test_a_job_is_its_organizations_own():
    both = Sandbox(organizations=[{"data_center": "us"}, {"data_center": "us"}])
    one, other = Bulk(Program(both).connect()), Bulk(Program(both, 1).connect())
    job = one.start()
    both.advance(10)

    assert one.ask("GET", f"/{job}")[0] == 200
    assert [other.ask("GET", f"/{job}{rest}")[0] for rest in ("", "/result")] == [404, 404]


def test_a_job_costs_fifty_and_each_look_one(sandbox, bulk):
    before = sandbox.credits()["used"]
    job = bulk.start()
    assert sandbox.credits()["used"] - before == 50
    bulk.details(job)
    sandbox.advance(10)
    bulk.download(job)
    assert sandbox.credits()["used"] - before == 52


def test_a_job_needs_the_scopes_of_bulk_and_of_its_module(sandbox, program, bulk):
    job = bulk.start()
    sandbox.advance(10)

    for scopes in ("ZohoBigin.bulk.READ", "ZohoBigin.bulk.CREATE ZohoBigin.modules.ALL", "ZohoBigin.modules.ALL"):
        program.connect_with(scopes)
        assert bulk.start() == (401, "OAUTH_SCOPE_MISMATCH")
        for path in (f"/{job}", f"/{job}/result"):
            assert bulk.ask("GET", path)[1]["code"] == "OAUTH_SCOPE_MISMATCH"
    program.connect_with("ZohoBigin.bulk.READ ZohoBigin.modules.contacts.READ")
    assert bulk.details(bulk.start())["state"] == "ADDED"
    assert bulk.start(module="Tasks") == (401, "OAUTH_SCOPE_MISMATCH")


@pytest.mark.parametrize(("status", "refusal"), [(403, (403, "NO_PERMISSION")), (400, (400, "MODULE_NOT_AVAILABLE"))])
def test_a_module_the_plan_does_not_have_is_refused(sandbox, bulk, status, refusal):
    sandbox.switch(absent_modules={"Products": status})

    assert bulk.start(module="Products") == refusal


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "REQUEST_BODY_IS_EMPTY"),
        (b"{", "REQUEST_BODY_NOT_READABLE"),
        (b"[]", "QUERY_NOT_SUPPORTED"),
        (b'{"query": "Contacts"}', "QUERY_NOT_SUPPORTED"),
        (b'{"query": {}}', "MODULE_NOT_AVAILABLE"),
    ],
)
def test_a_body_that_asks_for_nothing_is_refused(bulk, body, code):
    status, answer, _ = bulk.ask("POST", "", body)

    assert (status, answer["code"]) == (400, code)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"module": {"api_name": "Contacts"}}, "INVALID_DATA"),
        ({"module": "Notes"}, "MODULE_NOT_SUPPORTED"),
        ({"module": "Attachments"}, "MODULE_NOT_SUPPORTED"),
        ({"module": "Leads"}, "MODULE_NOT_AVAILABLE"),
        ({"module": "Deals"}, "MODULE_NOT_AVAILABLE"),
        ({"fields": ["Nickname"]}, "FIELD_NOT_AVAILABLE"),
        ({"fields": "Last_Name"}, "INVALID_DATA"),
        ({"module": "Events", "fields": ["Participants"]}, "FIELD_NOT_SUPPORTED"),
        ({"page": 0}, "PAGE_RANGE_EXCEEDED"),
        ({"page": 51}, "PAGE_RANGE_EXCEEDED"),
        ({"page_token": "none"}, "TOKEN_BOUND_DATA_MISMATCH"),
    ],
)
def test_what_a_job_refuses(bulk, query, code):
    assert bulk.start(**query) == (400, code)


def test_newer_crm_shapes_and_the_old_name_can_be_accepted(sandbox, bulk):
    sandbox.switch(bulk_module_object="accepted", bulk_deals="accepted")
    criterion = {"field": {"api_name": "Email"}, "comparator": "equal", "value": "x"}

    assert bulk.start(module={"api_name": "Contacts"}, criteria=criterion).isdigit()
    assert bulk.start(module="Deals").isdigit()


def test_a_refusal_may_stand_among_rows(sandbox, bulk):
    flat = bulk.ask("POST", "", {"query": {"module": "Notes"}})
    sandbox.switch(bulk_refusals="rows")

    status, body, _ = bulk.ask("POST", "", {"query": {"module": "Notes"}})

    assert flat[1]["code"] == "MODULE_NOT_SUPPORTED"
    assert (status, body) == (flat[0], {"data": [flat[1]]})


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("DELETE", "/5"), ("POST", "/5/result")])
def test_there_is_no_list_and_no_cancelling(bulk, method, path):
    assert bulk.ask(method, path)[1]["code"] == "INVALID_REQUEST_METHOD"


def test_a_job_without_a_json_content_type_is_415_unless_switched(sandbox, program, bulk):
    def start(**headers):
        headers = {"Authorization": program.authorization, **headers}
        return program.ask("POST", "/bigin/bulk/v2/read", body={"query": {"module": "Contacts"}}, headers=headers)

    for headers in ({}, {"Content-Type": "application/x-www-form-urlencoded"}):
        status, body, _ = start(**headers)
        assert (status, body["code"]) == (415, "MEDIA_TYPE_NOT_SUPPORTED")
    sandbox.switch(bulk_content_type="any")
    assert start()[0] == 201

"""Bulk read jobs: their states on the clock."""

import pytest

from django_bigin.sandbox.calls.call import Call


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

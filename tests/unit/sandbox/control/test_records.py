"""Records that a test adds, edits, deletes and restores."""

from datetime import datetime

import pytest


def test_records_are_added_edited_deleted_and_restored_over_http(sandbox, program):
    _, body = program.control("POST", "records", {"module": "Contacts", "records": [{"Last_Name": "Wen"}]})
    [record_id] = body["ids"]
    sandbox.advance(5)
    program.control("PATCH", "records", {"module": "Contacts", "records": [{"id": record_id, "Title": "COO"}]})
    _, body = program.control("GET", "records", module="Contacts")
    assert body["records"][0]["Title"] == "COO"
    assert body["records"][0]["Modified_Time"] > body["records"][0]["Created_Time"]

    program.control("DELETE", "records", {"module": "Contacts", "ids": [record_id]})
    assert sandbox.records("Contacts") == []
    program.control("POST", "restore", {"module": "Contacts", "ids": [record_id]})
    assert sandbox.records("Contacts")[0]["id"] == record_id


def test_ids_may_stand_in_the_query(sandbox, program):
    ids = sandbox.add_records("Contacts", 2)

    assert program.control("DELETE", "records", module="Contacts", ids=",".join(ids), permanent="true")[0] == 200
    assert {row["type"] for row in program.get("Contacts/deleted")[1]["data"]} == {"permanent"}


def test_a_number_adds_that_many_now(sandbox):
    sandbox.set_speed(0)
    sandbox.set_clock("2027-01-01T00:00:00+00:00")
    ids = sandbox.add_records("Contacts", 450)

    assert len(set(ids)) == 450
    assert {sandbox_time(sandbox, record["Modified_Time"]) for record in sandbox.records("Contacts")} == {0}


def sandbox_time(sandbox, text):
    return round((sandbox.now() - datetime.fromisoformat(text)).total_seconds())


def test_numbers_may_be_added_again_and_again(sandbox):
    for _ in range(3):
        sandbox.add_records("Contacts", 5)

    emails = [record["Email"] for record in sandbox.records("Contacts")]
    assert len(set(emails)) == 15


def test_an_edit_may_leave_the_time_alone(sandbox):
    [record_id] = sandbox.add_records("Contacts", 1)
    before = sandbox.records("Contacts")[0]["Modified_Time"]
    sandbox.advance(60)
    sandbox.edit_records("Contacts", [{"id": record_id, "Title": "A"}], touch=False)

    assert sandbox.records("Contacts")[0]["Modified_Time"] == before
    assert sandbox.records("Contacts")[0]["Title"] == "A"


def test_moments_may_be_set(sandbox):
    sandbox.add_records("Contacts", [{"Last_Name": "A", "Created_Time": "2020-01-01T00:00:00Z"}])

    record = sandbox.records("Contacts")[0]
    assert record["Created_Time"] == record["Modified_Time"] == "2019-12-31T19:00:00-05:00"


@pytest.mark.parametrize(
    ("do", "sentence"),
    [
        (lambda s: s.add_records("Contacts", [{"Last_Name": "A", "Titel": "B"}]), "no field 'Titel'"),
        (lambda s: s.add_records("Contacts", [{"Title": "B"}]), "MANDATORY_NOT_FOUND"),
        (lambda s: s.add_records("Leads", 1), "'Leads' is no module"),
        (lambda s: s.add_records("Social", 1), "holds no records"),
        (lambda s: s.edit_records("Contacts", [{"id": "5"}]), "no live record 5"),
        (lambda s: s.delete_records("Contacts", ["5"]), "no live record 5"),
        (lambda s: s.restore_records("Contacts", ["5"]), "not in the recycle bin"),
        (lambda s: s.records("Contacts", "12"), "no organization '12'"),
        (lambda s: s.seed(records={"Leads": 5}), "no module"),
        (lambda s: s.switch(nothing=1), "no switch 'nothing'"),
        (lambda s: s.switch(partial_status=404), "207, 202, 200"),
        (lambda s: s.switch(gzip="on"), 'takes one of false, true, not "on"'),
        (lambda s: s.switch(throttle_limit="many"), 'takes a whole number, not "many"'),
        (lambda s: s.switch(latency_milliseconds=-1), "from 0 to"),
        (lambda s: s.switch(access_token_seconds=10**30), "from 0 to"),
        (lambda s: s.fail("GET /", drop="never", status=500), "before"),
        (lambda s: s.fail("GET /"), "a fault needs a body, status"),
        (lambda s: s.fail("GET /", status="500"), "status takes a whole number"),
        (lambda s: s.fail("GET /", status=99), "200 to 599"),
        (lambda s: s.fail("GET /", status=500, times=True), "times takes a whole number"),
        (lambda s: s.fail("GET /", status=500, after=-1), "negative"),
        (lambda s: s.fail("GET /", delay_seconds=float("nan")), "negative"),
        (lambda s: s.fail("GET /", info=["more_records"]), "info takes an object"),
        (lambda s: s.fail("GET /", org_id=5, status=500), "org_id takes a text"),
        (lambda s: s.fail("Contacts", status=500), "names no call"),
        (lambda s: s.set_clock(datetime(2026, 1, 1)), "offset"),
        (lambda s: s.set_speed(-1), "negative"),
    ],
)
def test_a_mistake_is_one_sentence(sandbox, do, sentence):
    with pytest.raises(ValueError, match=sentence):
        do(sandbox)


@pytest.mark.parametrize(
    ("verb", "operation", "body"),
    [
        ("PATCH", "records", {"module": "Contacts", "records": [5]}),
        ("POST", "seed", {"records": ["Contacts"]}),
        ("POST", "users", {"email": 5}),
        ("POST", "clock", {"advance_seconds": 1e18}),
        ("POST", "consent", {"authorization_url": "http://[::1"}),
    ],
)
def test_a_mistake_of_any_kind_is_no_failure_of_the_sandboxs(program, capsys, verb, operation, body):
    status, answer = program.control(verb, operation, body)

    assert (status, list(answer)) == (400, ["error"])
    assert capsys.readouterr().err == ""


def test_a_mistake_over_http_is_400_with_the_sentence(program):
    assert program.control("POST", "records", {"module": "Leads", "records": 1})[0] == 400
    assert "Leads" in program.control("POST", "records", {"module": "Leads", "records": 1})[1]["error"]
    assert program.control("POST", "faults", {"statsu": 5})[0] == 400
    assert "GET /_sandbox/calls" in program.control("GET", "nothing")[1]["error"]


@pytest.mark.parametrize(
    ("verb", "operation", "body", "sentence"),
    [
        ("GET", "calls", {"bogus": 1}, '"bogus" is no option of calls; there are path, method, org_id, grant, outcome'),
        ("POST", "faults", {"bogus": 1}, '"bogus" is no option of faults; there are method, path, status, body,'),
        ("POST", "faults", {"call": "/x", "status": 500}, '"call" is no option of faults; there are method, path,'),
        ("POST", "reset", {"seed": 2}, '"seed" is no option of reset; there are none'),
        ("POST", "clock", {"bogus": 1}, '"bogus" is no option of clock; there are now, advance_seconds, speed'),
        ("POST", "clock", {}, "the clock takes"),
        ("POST", "records", {"module": "Contacts"}, 'records needs "records"; its options are module, records, org_id'),
        ("POST", "organizations", {"bogus": 1}, "an organization has no option bogus"),
        ("POST", "switches", {"bogus": 1}, "there is no switch 'bogus'"),
    ],
)
def test_an_option_that_is_none_is_named_with_those_that_are(program, verb, operation, body, sentence):
    status, answer = program.control(verb, operation, body)

    assert status == 400
    assert answer["error"].startswith(sentence)


def test_seeds_have_a_past(sandbox, program):
    assert program.control("POST", "seed", {"records": {"Accounts": 3, "Contacts": 50}})[1]["Contacts"] == 50

    records = sandbox.records("Contacts")
    assert all(datetime.fromisoformat(r["Modified_Time"]) <= sandbox.now() for r in records)
    assert sandbox_time(sandbox, records[0]["Created_Time"]) > 86_400
    assert any(record["Account_Name"] for record in records)
    assert any(record["Modified_Time"] != record["Created_Time"] for record in records)

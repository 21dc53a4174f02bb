"""What a test does to the sandbox: every method of it, and its path under /_sandbox/."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from django_bigin.sandbox import Sandbox
from django_bigin.sandbox.calls import log as calls
from django_bigin.sandbox.routing.rest import Rest
from django_bigin.sandbox.wire.messages import Request
from django_bigin.sandbox.world.organization import Organization

from .program import Program


def control(program, verb, operation, body=None, **query):
    return program.ask(verb, "/_sandbox/" + operation, body=body, query=query)[:2]


# start and reset


def test_the_start_document_lets_a_program_connect(sandbox, program):
    status, document = control(program, "GET", "start")

    assert status == 200
    assert document == sandbox.start_document()
    assert set(document) == {"base_url", "organizations", "client", "users"}
    assert set(document["organizations"][0]) == {
        "data_center", "org_id", "client_id", "client_secret", "redirect_uri", "grant_token", "refresh_token",
    }  # fmt: skip
    assert "access_token" in program.exchange()[1]
    assert "access_token" in program.refresh()[1]


def test_a_reset_goes_back_to_the_start_with_fresh_tokens():
    sandbox = Sandbox(records={"Contacts": 5}, switches={"partial_status": 200})
    before = sandbox.organizations[0]
    sandbox.add_records("Contacts", 3)
    sandbox.switch(partial_status=202, throttle_limit=1)
    sandbox.advance(10_000)
    sandbox.fail("/", status=500)
    sandbox.add_organization(data_center="eu")
    Program(sandbox).refresh()

    after = sandbox.reset()["organizations"]

    assert len(after) == 1
    assert sandbox.counts()["Contacts"] == 5
    assert (sandbox.switch()["partial_status"], sandbox.switch()["throttle_limit"]) == (200, 10)
    assert abs(sandbox.now() - datetime.now(UTC)) < timedelta(seconds=5)
    assert sandbox.calls()["total"] == 0
    assert after[0]["refresh_token"] != before["refresh_token"]
    assert {k: after[0][k] for k in ("org_id", "client_id", "client_secret")} == {
        k: before[k] for k in ("org_id", "client_id", "client_secret")
    }
    assert Program(sandbox).refresh(refresh_token=before["refresh_token"])[1] == {"error": "invalid_code"}


def test_who_looks_during_a_reset_sees_what_comes_of_it(sandbox, monkeypatch):
    opened, may_go_on, seen = threading.Event(), threading.Event(), []
    original = Organization.add_user

    def add_slowly(*arguments, **options):
        opened.set()
        may_go_on.wait(5)
        return original(*arguments, **options)

    monkeypatch.setattr(Organization, "add_user", add_slowly)
    resetting = threading.Thread(target=sandbox.reset)
    looking = threading.Thread(target=lambda: seen.extend([*sandbox.organizations, sandbox.client]))
    resetting.start()
    opened.wait(5)
    looking.start()
    looking.join(0.05)
    may_go_on.set()
    resetting.join(5)
    looking.join(5)

    assert seen == [*sandbox.organizations, sandbox.client]


def test_the_same_seed_gives_the_same_records():
    def shown(seed):
        sandbox = Sandbox(seed=seed, records={"Accounts": 5, "Contacts": 20})
        return [record["Full_Name"] for record in sandbox.records("Contacts")]

    assert shown(3) == shown(3) != shown(4)


def test_an_organization_may_be_added(sandbox, program):
    status, entry = control(program, "POST", "organizations", {"data_center": "eu", "records": {"Contacts": 2}})

    assert status == 200
    assert entry["data_center"] == "eu"
    assert len(sandbox.records("Contacts", entry["org_id"])) == 2
    other = Program(sandbox, 1, prefix="/eu")
    assert other.get("org")[1]["org"][0]["zgid"] == entry["org_id"]


@pytest.mark.parametrize(
    "options",
    [
        {"data_centre": "eu"}, {"data_center": "xx"}, {"time_zone": "Mars/Olympus"}, {"licences": "many"},
        {"company_name": 5}, {"records": {"Leads": 5}},
    ],
)  # fmt: skip
def test_a_wrong_option_of_an_organization_is_named_and_opens_none(sandbox, options):
    with pytest.raises(ValueError, match=r"data_centre|'xx'|Mars/Olympus|licences|company_name|'Leads'"):
        sandbox.add_organization(**options)

    assert len(sandbox._state.organizations) == 1
    assert sandbox.overview()


def test_a_secret_that_a_test_gave_is_told_as_well():
    options = {"client_secret": "my-own-secret", "secrets": {"eu": "another-of-mine"}}

    assert {"my-own-secret", "another-of-mine"} <= {s["value"] for s in Sandbox(organizations=[options]).secrets()}


# records


def test_records_are_added_edited_deleted_and_restored_over_http(sandbox, program):
    _, body = control(program, "POST", "records", {"module": "Contacts", "records": [{"Last_Name": "Wen"}]})
    [record_id] = body["ids"]
    sandbox.advance(5)
    control(program, "PATCH", "records", {"module": "Contacts", "records": [{"id": record_id, "Title": "COO"}]})
    _, body = control(program, "GET", "records", module="Contacts")
    assert body["records"][0]["Title"] == "COO"
    assert body["records"][0]["Modified_Time"] > body["records"][0]["Created_Time"]

    control(program, "DELETE", "records", {"module": "Contacts", "ids": [record_id]})
    assert sandbox.records("Contacts") == []
    control(program, "POST", "restore", {"module": "Contacts", "ids": [record_id]})
    assert sandbox.records("Contacts")[0]["id"] == record_id


def test_ids_may_stand_in_the_query(sandbox, program):
    ids = sandbox.add_records("Contacts", 2)

    assert control(program, "DELETE", "records", module="Contacts", ids=",".join(ids), permanent="true")[0] == 200
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
        (lambda s: s.switch(throttle_limit="many"), "takes a int"),
        (lambda s: s.switch(latency_milliseconds=-1), "from 0 to"),
        (lambda s: s.switch(access_token_seconds=10**30), "from 0 to"),
        (lambda s: s.fail("GET /", drop="never", status=500), "before"),
        (lambda s: s.fail("GET /"), "needs a status"),
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
    status, answer = control(program, verb, operation, body)

    assert (status, list(answer)) == (400, ["error"])
    assert capsys.readouterr().err == ""


def test_a_mistake_over_http_is_400_with_the_sentence(program):
    assert control(program, "POST", "records", {"module": "Leads", "records": 1})[0] == 400
    assert "Leads" in control(program, "POST", "records", {"module": "Leads", "records": 1})[1]["error"]
    assert control(program, "POST", "faults", {"statsu": 5})[0] == 400
    assert "GET /_sandbox/calls" in control(program, "GET", "nothing")[1]["error"]


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
    status, answer = control(program, verb, operation, body)

    assert status == 400
    assert answer["error"].startswith(sentence)


def test_seeds_have_a_past(sandbox, program):
    assert control(program, "POST", "seed", {"records": {"Accounts": 3, "Contacts": 50}})[1]["Contacts"] == 50

    records = sandbox.records("Contacts")
    assert all(datetime.fromisoformat(r["Modified_Time"]) <= sandbox.now() for r in records)
    assert sandbox_time(sandbox, records[0]["Created_Time"]) > 86_400
    assert any(record["Account_Name"] for record in records)
    assert any(record["Modified_Time"] != record["Created_Time"] for record in records)


# hash


@pytest.mark.parametrize("module", ["Contacts", "Pipelines", "Notes", "Users"])
def test_a_hash_follows_what_counts(sandbox, program, module):
    sandbox.seed(records={"Contacts": 5, "Pipelines": 5, "Notes": 5})
    before = sandbox.hash(module)

    assert before == sandbox.hash(module)
    assert before["count"] == (3 if module == "Users" else 5)
    assert control(program, "GET", "hash", module=module)[1] == before
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


# clock


def test_the_clock_moves_over_http(sandbox, program):
    control(program, "POST", "clock", {"speed": 0, "now": "2027-01-01T00:00:00+00:00"})
    assert control(program, "GET", "clock")[1] == {"now": "2027-01-01T00:00:00.000+00:00"}
    assert control(program, "POST", "clock", {"advance_seconds": 90})[1]["now"] == "2027-01-01T00:01:30.000+00:00"
    assert control(program, "POST", "clock", {"forward": 90})[0] == 400


def test_the_clock_may_run_fast(sandbox):
    sandbox.set_speed(1_000_000)
    first = sandbox.now()
    while sandbox.now() == first:
        pass

    assert sandbox.now() > first


# calls


def test_calls_are_counted_by_path_without_any_secret(sandbox, program):
    program.get("Contacts", fields="Email", page="1")
    program.prefix = "/us"
    program.refresh()

    calls = sandbox.calls()

    assert calls["by_path"] == {"POST /oauth/v2/token": 2, "GET /bigin/v2/Contacts": 1}
    assert calls["total"] == 3
    last = calls["calls"][1]
    assert (last["query_names"], last["status"], last["data_center"]) == (["fields", "page"], 204, "us")
    assert last["org_id"] == program.entry["org_id"]
    assert sandbox.count_calls("POST /oauth/v2/token") == 2
    assert sandbox.count_calls("GET /bigin/v2/*") == 1
    assert not any(secret["value"] in str(calls) for secret in sandbox.secrets())


def test_a_secret_is_not_noted_where_a_confused_program_puts_it(sandbox, program, capsys, monkeypatch):
    secrets = [program.entry["client_secret"], program.entry["refresh_token"], program.refresh()[1]["access_token"]]
    for secret in secrets:
        program.connect().get(f"Contacts/{secret}", **{secret: ""})
        program.ask("POST", f"/oauth/v2/token/{secret}")
        program.ask("POST", f"/oauth/v2/token?{secret}")
    monkeypatch.setattr(Rest, "handle", lambda *_: 1 / 0)
    program.get(f"Contacts/{secrets[1]}")

    noted = str(sandbox.calls()) + sandbox.overview() + capsys.readouterr().err
    assert "/bigin/v2/Contacts/..." in noted
    assert not [secret for secret in secrets if secret in noted]


def test_no_secret_stands_in_the_repr_of_an_answer(sandbox, program):
    request = Request("POST", "/oauth/v2/token", {"Host": program.host}, b"")
    for answer in (program.refresh()[1]["access_token"], program.exchange()[1]["refresh_token"]):
        sandbox.fail("POST /oauth/v2/token", body={"token": answer}, status=200)
        response = sandbox.handle(request)

        assert answer in response.body().decode()
        assert answer not in repr(response) + repr(request) + repr(sandbox)


def test_a_million_paths_are_counted_in_the_room_of_some(sandbox, program, monkeypatch):
    monkeypatch.setattr(calls, "KINDS_KEPT", 10)
    for n in range(30):
        program.get(f"Contacts/{n}")
    program.get("Contacts/0")

    report = sandbox.calls()
    assert report["total"] == 32
    assert report["by_path"]["GET /bigin/v2/Contacts/0"] == 2
    assert report["by_path"]["GET (other paths)"] == 21
    assert len(report["calls"]) == 32


def test_calls_are_chosen_by_path_method_and_organization(two):
    us, eu = two
    us.get("org")
    eu.get("org")
    sandbox = us.sandbox

    assert sandbox.calls(org_id=eu.entry["org_id"])["total"] == 2
    eu.ask("POST", "/oauth/v2/token/revoke", query={"token": eu.entry["refresh_token"]})
    assert sandbox.calls(org_id=eu.entry["org_id"])["total"] == 3, "also the call after which it has no grant"
    assert sandbox.calls(path="/oauth")["total"] == 3
    assert control(us, "GET", "calls", method="GET", path="/bigin/v2/org")[1]["total"] == 2
    control(us, "DELETE", "calls")
    assert sandbox.calls()["total"] == 0


def test_calls_are_counted_by_grant_and_by_outcome(two):
    us, eu = two
    sandbox = us.sandbox
    us.get("org")
    us.get("org")
    us.get("Nowhere", fields="id")
    eu.get("org")

    every = sandbox.calls()
    [own] = sandbox.calls(org_id=us.entry["org_id"])["by_grant"].items()

    assert every["by_outcome"] == {"ok": 5, "INVALID_MODULE": 1}
    assert own[1] == 4, "with the refresh"
    assert sum(every["by_grant"].values()) == 6
    assert sandbox.calls(grant=own[0])["total"] == sandbox.calls(grant=us.entry["refresh_token"])["total"] == 4
    assert control(us, "GET", "calls", grant=own[0], outcome="INVALID_MODULE")[1]["total"] == 1
    assert own[0] in sandbox.overview()


def test_a_path_takes_a_method_in_front(sandbox, program):
    program.get("org")
    program.call("POST", "org")

    assert sandbox.calls(path="POST /oauth/v2/token")["total"] == 1
    assert sandbox.calls(path="get /bigin")["by_path"] == {"GET /bigin/v2/org": 1}
    assert sandbox.calls(path="GET /bigin", method="get")["total"] == 1
    assert control(program, "GET", "calls", path="POST /bigin")[1]["by_path"] == {"POST /bigin/v2/org": 1}
    assert control(program, "GET", "calls", path="GET /bigin", method="POST") == (
        400, {"error": "path names GET and method POST: say one of them"},
    )  # fmt: skip


def test_a_path_with_a_blank_is_no_method(sandbox, program):
    program.get("Contacts%20A/5")

    assert sandbox.calls(path="/bigin/v2/Contacts A")["total"] == 1


def test_a_path_that_is_none_is_refused(sandbox):
    with pytest.raises(ValueError, match="names no call"):
        sandbox.calls(path="POST oauth/v2/token")


def test_a_call_that_opens_a_grant_is_the_grants(sandbox, program):
    token = program.exchange()[1]

    assert sandbox.calls(grant=token["refresh_token"])["by_path"] == {"POST /oauth/v2/token": 1}


def test_refusals_are_seen_in_the_log(sandbox, program):
    program.refresh(client_secret="x")
    program.ask("GET", "/bigin/v2/org")

    assert [c["outcome"] for c in sandbox.calls()["calls"]] == ["invalid_client_secret", "AUTHENTICATION_FAILURE"]


# faults


def test_a_fault_strikes_after_and_as_often_as_told(sandbox, program):
    sandbox.fail("GET /bigin/v2/org", status=502, after=1, times=2)

    assert [program.get("org")[0] for _ in range(5)] == [200, 502, 502, 200, 200]


@pytest.mark.parametrize(
    ("status", "code"), [(500, "INTERNAL_ERROR"), (429, "TOO_MANY_REQUESTS"), (401, "INVALID_TOKEN")]
)
def test_a_fault_speaks_as_the_api_would(sandbox, program, status, code):
    sandbox.fail("/bigin/v2/org", status=status)

    answer, body, _ = program.get("org")

    assert (answer, body["code"]) == (status, code)


def test_a_fault_may_be_html_or_anything(sandbox, program):
    sandbox.fail("POST /oauth/v2/token", status=502)
    sandbox.fail("POST /oauth/v2/token", body={"error": "general_error"})
    sandbox.fail("POST /oauth/v2/token", body="", status=200)

    assert program.refresh()[1].startswith("<html>")
    assert program.refresh()[:2] == (200, {"error": "general_error"})
    assert program.refresh()[:2] == (200, None)
    assert "access_token" in program.refresh()[1]


def test_a_fault_that_no_json_can_say_is_refused_at_once(sandbox):
    with pytest.raises(TypeError, match="not JSON serializable"):
        sandbox.fail("GET /", body={"at": object()})


def test_a_text_that_is_no_json_cannot_be_overwritten(sandbox, program):
    sandbox.fail("/bigin/v2/org", body="<oops>", overwrite={"code": "x"})

    assert program.get("org")[:2] == (200, "<oops>")


def test_a_fault_concerns_its_path_method_and_organization(two):
    us, eu = two
    sandbox = us.sandbox
    sandbox.fail("GET /bigin/v2/Contacts", status=500, times=None, org_id=us.entry["org_id"])

    assert us.get("Contacts/deleted")[0] == 500, "the beginning of a path"
    assert us.get("org")[0] == 200
    assert us.write("POST", "Contacts", {"Last_Name": "A"})[0] == 201
    assert eu.get("Contacts", fields="Email")[0] == 204
    sandbox.clear_faults()
    assert us.get("Contacts", fields="Email")[0] == 200


def test_a_glob_and_a_token_call_of_one_organization(two):
    us, eu = two
    us.sandbox.fail("/bigin/v2/*/deleted", status=500)
    us.sandbox.fail("POST /oauth/v2/token", status=503, org_id=eu.entry["org_id"])

    assert us.get("Contacts", fields="Email")[0] == 204
    assert us.get("Contacts/deleted")[0] == 500
    assert us.refresh()[0] == 200
    assert eu.refresh()[0] == 503


def test_a_drop_after_has_done_the_work(sandbox, program):
    program.connect()
    sandbox.fail("POST /bigin/v2/Contacts", drop="before")
    sandbox.fail("POST /bigin/v2/Contacts", drop="after")

    program.write("POST", "Contacts", {"Last_Name": "A"})
    assert sandbox.records("Contacts") == []
    program.write("POST", "Contacts", {"Last_Name": "A"})
    assert len(sandbox.records("Contacts")) == 1
    outcomes = [call["outcome"] for call in sandbox.calls(path="/bigin/v2/Contacts")["calls"]]
    assert outcomes == ["dropped before", "dropped after ok"]


def test_faults_come_and_go_over_http(program):
    program.connect()
    control(program, "POST", "faults", {"method": "GET", "path": "/bigin/v2/org", "status": 502, "times": 5})
    assert program.get("org")[0] == 502
    control(program, "DELETE", "faults")
    assert program.get("org")[0] == 200


def test_waiting_faults_are_shown(sandbox, program):
    sandbox.fail("GET /bigin/v2/org", status=502, times=2)
    sandbox.fail("/oauth", drop="after", times=None, after=3)
    body = {"path": "/bigin", "body": {"code": "X"}, "probability": 0.5}
    control(program, "POST", "faults", body)
    program.get("org")

    assert control(program, "GET", "faults") == (200, {"faults": sandbox.faults()})
    assert sandbox.faults() == [
        {"path": "/bigin/v2/org", "method": "GET", "status": 502, "times": 1, "after": 0},
        {"path": "/oauth", "method": None, "drop": "after", "times": None, "after": 2},
        body | {"method": None, "times": 1, "after": 0},
    ]


def test_what_is_shown_of_a_fault_makes_another(sandbox, program):
    sandbox.fail("GET /bigin/v2/org", status=502, delay_seconds=0.5, org_id=program.entry["org_id"])
    [shown] = sandbox.faults()

    control(program, "POST", "faults", shown)

    assert sandbox.faults() == [shown, shown]


def test_a_fault_that_has_struck_is_shown_no_more(sandbox, program):
    sandbox.fail("GET /bigin/v2/org", status=502)
    program.get("org")

    assert sandbox.faults() == []


# grants and secrets


def test_a_grant_is_revoked_from_outside(sandbox, program):
    program.connect()

    assert control(program, "POST", "grants/revoke", {})[1] == {"revoked": 1}
    assert program.get("org")[1]["code"] == "INVALID_TOKEN"
    assert program.refresh()[1] == {"error": "invalid_code"}


def test_one_grant_may_be_revoked_alone(sandbox, program):
    other = program.exchange()[1]["refresh_token"]
    sandbox.revoke_grant(refresh_token=other)

    assert "access_token" in program.refresh()[1]
    assert program.refresh(refresh_token=other)[1] == {"error": "invalid_code"}


def test_grant_tokens_are_minted_over_http(program):
    _, minted = control(program, "POST", "grant-tokens", {"scopes": "ZohoBigin.org.READ", "ttl_seconds": 60})

    assert datetime.fromisoformat(minted["expires_at"]).tzinfo is not None
    assert program.exchange(code=minted["grant_token"])[1]["scope"] == "ZohoBigin.org.READ"


def test_a_consoles_code_is_for_one_organization_and_lives_as_long_as_chosen(sandbox, program):
    shared = {name: program.entry[name] for name in ("client_id", "client_secret")}
    second = sandbox.add_organization(**shared)
    sandbox.set_speed(0)
    body = {"org_id": second["org_id"], "client_id": program.entry["client_id"], "ttl_seconds": 60}
    early, late = (control(program, "POST", "grant-tokens", body)[1]["grant_token"] for _ in range(2))
    sandbox.advance(59)

    answer = program.exchange(code=early)[1]
    assert program.connect(answer["access_token"]).get("org")[1]["org"][0]["zgid"] == second["org_id"]
    sandbox.advance(1)
    assert program.exchange(code=late)[1] == {"error": "invalid_code"}


def test_every_secret_ever_minted_is_told_across_resets(sandbox, program):
    seen = {program.entry[k] for k in ("client_secret", "grant_token", "refresh_token")}
    seen |= {program.exchange()[1][name] for name in ("access_token",)}
    seen.add(sandbox.mint_grant_token()["grant_token"])
    sandbox.reset()
    seen |= {sandbox.organizations[0]["refresh_token"]}

    _, body = control(program, "GET", "secrets")

    assert seen <= {secret["value"] for secret in body["secrets"]}
    kinds = {secret["kind"] for secret in body["secrets"]}
    assert kinds == {"client_secret", "grant_token", "refresh_token", "access_token"}


def test_switches_are_read_and_set_over_http(program):
    assert control(program, "POST", "switches", {"partial_status": 200})[1]["partial_status"] == 200
    assert control(program, "GET", "switches")[1]["partial_status"] == 200


def test_what_goes_wrong_inside_shows_no_traceback(sandbox, program, capsys, monkeypatch):
    program.connect()
    monkeypatch.setattr(Rest, "handle", lambda *_: 1 / 0)

    status, body, _ = program.get("org")

    assert (status, body["code"]) == (500, "SANDBOX_ERROR")
    assert "ZeroDivisionError" not in str(body)
    assert "ZeroDivisionError" in capsys.readouterr().err


# clients, Zoho users and their consent


def test_the_start_documents_client_serves_every_organizations_data_center():
    redirect = {"redirect_uri": "https://site.example/callback/"}
    sandbox = Sandbox(organizations=[{"data_center": code, **redirect} for code in ("eu", "us", "ca", "ca")])
    client = sandbox.start_document()["client"]

    assert set(client) == {"client_id", "home_data_center", "redirect_uri", "secrets"}
    assert (client["home_data_center"], client["redirect_uri"]) == ("eu", "https://site.example/callback/")
    assert list(client["secrets"]) == ["eu", "us", "ca"]
    assert len(set(client["secrets"].values())) == 3
    assert client["client_id"] not in {entry["client_id"] for entry in sandbox.organizations}
    sandbox.switch_client(client["client_id"], {"us": False})
    assert sandbox.reset()["client"] == client


def test_an_organizations_client_may_serve_other_data_centers():
    sandbox = Sandbox(organizations=[{"data_center": "us", "secrets": {"eu": "ab" * 21}}, {"data_center": "eu"}])
    program = Program(sandbox, prefix="/eu")

    assert program.refresh()[1] == {"error": "invalid_client_secret"}
    assert program.refresh(client_secret="ab" * 21)[1] == {"error": "invalid_code"}


def test_a_client_may_be_added(sandbox, program):
    body = {"data_centers": ["us", "in"], "redirect_uri": "https://site.example/a/", "name": "My site"}
    status, client = control(program, "POST", "clients", body)

    assert status == 200
    assert (client["home_data_center"], client["redirect_uri"]) == ("us", "https://site.example/a/")
    assert client["secrets"].keys() == {"us", "in"}
    assert client["secrets"]["us"] != client["secrets"]["in"]
    assert set(client["secrets"].values()) <= {secret["value"] for secret in sandbox.secrets()}


def test_its_secret_may_be_shared(sandbox):
    client = sandbox.add_client(data_centers=["us", "in"], shared_secret=True)

    assert client["secrets"]["us"] == client["secrets"]["in"]


def test_sliders_switch_a_client_on_and_off(sandbox, program):
    client = sandbox.client
    path = f"clients/{client['client_id']}/data-centers"
    on = control(program, "POST", path, {"data_centers": {"jp": True}})[1]["secrets"]
    off = control(program, "POST", path, {"data_centers": {"jp": False}})[1]["secrets"]
    again = control(program, "POST", path, {"data_centers": {"jp": True}})[1]["secrets"]

    assert (on.keys(), off.keys()) == ({"us", "jp"}, {"us"})
    assert on == again, "a secret stays while it is off"


@pytest.mark.parametrize(
    ("do", "sentence"),
    [
        (lambda s: s.switch_client("1000.X", {}), "no client '1000.X'"),
        (lambda s: s.switch_client(s.client["client_id"], {"us": False}), "the client's home"),
        (lambda s: s.switch_client(s.client["client_id"], {"mars": True}), "no data center 'mars'"),
        (lambda s: s.add_client(data_centers=["mars"]), "no data center 'mars'"),
        (lambda s: s.add_client(kind="desktop"), "server, mobile, not 'desktop'"),
        (lambda s: s.mint_grant_token(scopes="ZohoBigin.nothing.ALL"), "Enter a valid scope"),
        (lambda s: s.add_user("a@b.example", data_center="mars"), "no data center 'mars'"),
        (lambda s: s.add_user("a@b.example", org_ids=["7"]), "no organization '7'"),
        (
            lambda s: s.add_user("a@b.example", data_center="eu", org_ids=[s.organizations[0]["org_id"]]),
            "is in us, not in eu",
        ),
    ],
)
def test_what_is_wrong_about_clients_and_users_gets_a_sentence(sandbox, do, sentence):
    before = sandbox.users()

    with pytest.raises(ValueError, match=sentence):
        do(sandbox)
    assert sandbox.users() == before


def test_a_zoho_user_may_be_added(two):
    us, _ = two
    org_id = us.sandbox.organizations[1]["org_id"]
    body = {"email": "noor@two.example", "data_center": "eu", "org_ids": [org_id], "first_name": "Noor"}
    status, user = control(us, "POST", "users", body)

    assert status == 200
    assert (user["email"], user["data_center"], user["org_ids"]) == ("noor@two.example", "eu", [org_id])
    assert control(us, "GET", "users")[1]["users"][-1] == user
    [member] = [row for row in us.sandbox.records("Users", org_id) if row["email"] == "noor@two.example"]
    assert (member["zuid"], member["full_name"]) == (user["zuid"], "Noor")


def test_who_is_there_may_be_given_another_organization(sandbox):
    second = sandbox.add_organization(data_center="us")
    mira = sandbox.users()[0]
    both = sandbox.add_user(mira["email"], org_ids=[second["org_id"]])

    assert both["org_ids"] == [*mira["org_ids"], second["org_id"]]
    assert len(sandbox.users()) == 2
    [row] = [row for row in sandbox.records("Users", second["org_id"]) if row["email"] == mira["email"]]
    assert (row["first_name"], row["last_name"], row["zuid"]) == ("Mira", "Holt", mira["zuid"])


def test_added_clients_and_users_are_gone_after_a_reset(sandbox):
    client = sandbox.add_client()
    sandbox.add_user("noor@two.example")
    sandbox.reset()

    assert len(sandbox.users()) == 1
    with pytest.raises(ValueError, match="no client"):
        sandbox.switch_client(client["client_id"], {})

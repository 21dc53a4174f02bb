"""The traits that all calls share: scopes, headers, ids and moments, credits, trouble."""

import json
import re
from datetime import datetime

import pytest

from django_bigin.sandbox import Sandbox
from django_bigin.sandbox.routing import rest
from django_bigin.sandbox.world.products import BIGIN

from ..bulk_reader import Bulk
from ..program import Program

STANDS_FOR = {"{module}": "Contacts", "{id}": "5", "{related}": "Notes"}
QUERY = {"fields": "Owner", "module": "Contacts", "ids": "5", "tag_names": "a", "word": "wen", "owner": "5"}
BODIES = {"coql": {"select_query": "select Owner from Contacts"}}
ENDPOINTS = sorted(
    (method, "/bigin/v2/" + path) for part in rest.PARTS for path, methods in part.ROUTES.items() for method in methods
) + sorted(
    (method, f"{BIGIN.bulk_path}/{path}") for path, methods in rest.bulk_read.ROUTES.items() for method in methods
)
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT")
WHOLE_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d")


def ask(program, method, path, *, body=None, **query):
    headers = {"Authorization": program.authorization, "Content-Type": "application/json"}
    return program.ask(method, path, query=query, body=body, headers=headers)


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_every_endpoint_asks_for_its_scope(program, method, path):
    program.connect_with("ZohoBigin.notifications.ALL")
    for placeholder, value in STANDS_FOR.items():
        path = path.replace(placeholder, value)

    body = BODIES.get(path.rpartition("/")[2], {"data": [{"id": "5"}], "owner": {"id": "5"}, "ids": ["5"]})
    status, answer, _ = ask(program, method, path, body=None if method == "GET" else body, **QUERY)

    assert (status, answer["code"]) == (401, "OAUTH_SCOPE_MISMATCH")


# headers


@pytest.fixture
def answers(sandbox, program):
    """Return (what, status, body, headers) of calls that are answered in every way there is."""
    sandbox.set_speed(0)
    sandbox.set_clock("2026-11-03T12:00:00+00:00")
    sandbox.add_records("Contacts", [{"Last_Name": "Wen"}])
    program.connect()
    bulk = Bulk(program)
    job = bulk.start()
    found = [
        ("a list", *program.get("Contacts", fields="Last_Name")),
        ("a record made", *program.write("POST", "Contacts", {"Last_Name": "Abe"})),
        ("a job made", *bulk.ask("POST", "", {"query": {"module": "Contacts"}})),
        ("nothing there", *program.get("Tasks", fields="Subject")),
        ("a mistake", *program.get("Contacts")),
        ("no such module", *program.get("Leads", fields="id")),
        ("no such job", *bulk.ask("GET", "/7")),
        ("no such path", *program.get("settings/pipeline")),
    ]
    sandbox.switch(credit_budget=1)
    found.append(("too many calls", *program.get("org")))
    sandbox.switch(credit_budget=0)
    found.append(("a result", *result_of(sandbox, bulk, job)))
    return found


def result_of(sandbox, bulk, job):
    sandbox.advance(10)
    answer = bulk.download(job)
    return answer.status, None, dict(answer.headers)


def test_every_answer_is_an_attachment_by_name(answers):
    assert sorted({status for _, status, _, _ in answers}) == [200, 201, 204, 400, 404, 429]
    for what, _, _, headers in answers:
        wanted = r"attachment; filename=\d+\.zip" if what == "a result" else r"attachment; filename=response\.json"
        assert re.fullmatch(wanted, headers["Content-Disposition"]), what


def test_every_answer_to_a_token_tells_when_it_expires(answers):
    for what, _, _, headers in answers:
        if what != "no such path":
            assert headers["X-ACCESSTOKEN-RESET"] == "2026-11-03T08:00:00-05:00", what


def test_who_has_no_token_is_told_of_none(program):
    program.authorization = "Zoho-oauthtoken 1000.a.b"

    assert "X-ACCESSTOKEN-RESET" not in program.get("org")[2]


# ids and moments


def leaves(value, key=""):
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, key)
    else:
        yield key, value


def test_ids_are_text_and_moments_have_the_organizations_offset():
    sandbox = Sandbox(
        records={"Accounts": 3, "Contacts": 5, "Pipelines": 5, "Products": 3, "Events": 3, "Calls": 3, "Notes": 3},
        organizations=[{"time_zone": "Asia/Kolkata"}],
    )
    program = Program(sandbox).connect()
    sandbox.delete_records("Contacts", [sandbox.records("Contacts")[0]["id"]])
    modules = ("Accounts", "Contacts", "Pipelines", "Products", "Events", "Calls", "Notes")
    shown = [program.get(f"{module}/{sandbox.records(module)[0]['id']}") for module in modules]
    described = ("fields", "layouts", "custom_views", "tags")
    shown += [program.get(f"settings/{what}", module="Contacts") for what in described]
    shown += [program.get(what) for what in ("org", "users", "settings/modules", "settings/roles", "settings/profiles")]
    shown.append(program.get("Contacts/deleted"))
    shown.append(program.call("POST", "coql", body={"select_query": "select Created_Time, Owner from Contacts"}))
    bulk = Bulk(program)
    shown.append((200, bulk.details(bulk.start()), {}))

    ids, moments = [], []
    for status, body, _ in shown:
        assert status == 200, body
        ids += [value for key, value in leaves(body) if key == "id"]
        moments += [value for _, value in leaves(body) if isinstance(value, str) and MOMENT.match(value)]

    assert len(ids) > 100
    assert all(isinstance(value, str) and value.isdigit() for value in ids)
    assert len(moments) > 20
    assert all(WHOLE_MOMENT.fullmatch(value) and value.endswith("+05:30") for value in moments)


# credits


@pytest.mark.parametrize(
    ("price", "method", "path", "query", "body"),
    [
        (1, "GET", "org", {}, None),
        (1, "GET", "users", {}, None),
        (1, "GET", "settings/roles", {}, None),
        (1, "GET", "settings/profiles", {}, None),
        (1, "GET", "settings/modules", {}, None),
        (1, "GET", "settings/fields", {"module": "Contacts"}, None),
        (1, "GET", "settings/tags", {"module": "Contacts"}, None),
        (1, "GET", "Contacts", {"fields": "Email"}, None),
        (1, "GET", "Contacts/deleted", {}, None),
        (1, "GET", "Contacts/search", {"word": "wen"}, None),
        (1, "GET", "Contacts/{contact}/Notes", {"fields": "Note_Title"}, None),
        (1, "POST", "Contacts/{contact}/Notes", {}, {"data": [{"Note_Content": "x"}]}),
        (1, "POST", "coql", {}, {"select_query": "select id from Contacts"}),
        (1, "DELETE", "Contacts", {"ids": "{contact}"}, None),
        (1, "POST", "Contacts", {}, {"data": [{"Last_Name": "x"}] * 10}),
        (2, "POST", "Contacts", {}, {"data": [{"Last_Name": "x"}] * 11}),
        (10, "PUT", "Contacts", {}, {"data": [{"id": "{contact}", "Title": "x"}] * 100}),
        (1, "POST", "Contacts/{contact}/actions/add_tags", {}, {"tags": [{"name": "a"}]}),
        (10, "POST", "Contacts/actions/remove_tags", {"tag_names": "a", "ids": ",".join(["5"] * 500)}, None),
    ],
)
def test_a_calls_price_is_that_of_the_table(sandbox, program, price, method, path, query, body):
    [contact] = sandbox.add_records("Contacts", 1)
    program.connect()
    query = {name: value.replace("{contact}", contact) for name, value in query.items()}
    body = json.loads(json.dumps(body).replace("{contact}", contact))
    before = sandbox.credits()["used"]

    status, answer, _ = ask(program, method, "/bigin/v2/" + path.format(contact=contact), body=body, **query)

    assert status not in {401, 404}, answer
    assert sandbox.credits()["used"] - before == price


def test_midnight_brings_no_credits_back(sandbox, program):
    sandbox.set_speed(0)
    sandbox.set_clock("2026-11-03T23:59:00-05:00")
    program.connect()
    program.get("org")
    sandbox.advance(120)

    assert sandbox.credits()["used"] == 1


def test_an_exhausted_budget_stops_a_walk_and_tells_no_time(sandbox, program):
    sandbox.switch(credit_budget=3)
    sandbox.add_records("Contacts", 5)
    answers = [program.get("Contacts", fields="Email", per_page="1", page=str(n)) for n in (1, 2, 3, 4)]

    assert [status for status, _, _ in answers] == [200, 200, 200, 429]
    _, body, headers = answers[-1]
    assert (body["code"], body["details"], body["status"]) == ("TOO_MANY_REQUESTS", {}, "error")
    assert "Retry-After" not in headers
    assert [headers.get("X-API-CREDITS-REMAINING") for _, _, headers in answers] == [None, "1", "0", "0"]


# trouble


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ({"status": 500}, 500, "INTERNAL_ERROR"),
        ({"status": 502}, 502, None),
        ({"status": 429}, 429, "TOO_MANY_REQUESTS"),
        ({"throttle": True}, 429, "TOO_MANY_REQUESTS"),
    ],
)
def test_a_burst_of_trouble_passes(sandbox, program, fault, status, code):
    program.connect()
    sandbox.fail("/bigin", times=3, **fault)

    answers = [program.get("org") for _ in range(4)]

    assert [answer[0] for answer in answers] == [status] * 3 + [200]
    assert (answers[0][1]["code"] if code else answers[0][1][:6]) == (code or "<html>")


@pytest.mark.parametrize(("drop", "left"), [("before", 1), ("after", 0)])
def test_a_dropped_call_was_done_or_not(sandbox, program, drop, left):
    [contact] = sandbox.add_records("Contacts", 1)
    program.connect()
    sandbox.fail("DELETE /bigin/v2/Contacts", drop=drop)

    program.call("DELETE", "Contacts", ids=contact)

    assert sandbox.counts()["Contacts"] == left
    assert sandbox.calls()["calls"][-1]["outcome"].startswith(f"dropped {drop}")


def test_a_token_may_expire_in_the_middle_of_a_walk(sandbox, program):
    sandbox.set_speed(0)
    sandbox.add_records("Contacts", 2)
    program.connect()
    first = program.get("Contacts", fields="Email", per_page="1")[1]
    sandbox.advance(3600)
    query = {"fields": "Email", "per_page": "1", "page_token": first["info"]["next_page_token"]}

    assert program.get("Contacts", **query)[1]["code"] == "INVALID_TOKEN"
    program.connect()
    status, second, headers = program.get("Contacts", **query)

    assert (status, second["info"]["more_records"]) == (200, False)
    assert second["data"][0]["id"] != first["data"][0]["id"]
    ends = datetime.fromisoformat(headers["X-ACCESSTOKEN-RESET"])
    assert (ends - sandbox.now()).total_seconds() == pytest.approx(3600, abs=1)

"""Calls that no program should send: each is answered or refused, and none breaks the next."""

import json
import random
import time
from urllib.parse import quote, urlencode

import pytest

from django_bigin.sandbox import Sandbox
from django_bigin.sandbox.routing import rest
from django_bigin.sandbox.wire.messages import Request
from django_bigin.sandbox.world.products import BIGIN

from ..bulk_reader import Bulk
from ..program import Program

LONG = "9" * 5_000
DEEP = "[" * 100_000
RECORDS = {"Accounts": 3, "Contacts": 3, "Products": 3, "Pipelines": 3, "Tasks": 3, "Events": 3, "Calls": 3, "Notes": 3}


def send(program, method, path, body=b"", **query):
    headers = {"Authorization": program.authorization, "Content-Type": "application/json"}
    return program.ask(method, path, query=query, body=body, headers=headers)[:2]


@pytest.fixture
def connected(sandbox, program):
    sandbox.add_records("Contacts", [{"Last_Name": "Wen"}])
    return program.connect()


@pytest.mark.parametrize("record_id", ["²", "٣", LONG], ids=["superscript", "Arabic", "long"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/bigin/v2/Contacts/{}"), ("PUT", "/bigin/v2/Contacts/{}"), ("DELETE", "/bigin/v2/Contacts/{}"),
        ("GET", "/bigin/v2/users/{}"), ("GET", "/bigin/v2/Contacts/{}/Notes"), ("GET", "/bigin/bulk/v2/read/{}"),
    ],
)  # fmt: skip
def test_what_is_no_id_is_no_path(connected, method, path, record_id):
    status, body = send(connected, method, path.format(quote(record_id)), b'{"data":[{}]}', fields="Last_Name")

    assert (status, body["code"]) == (404, "INVALID_URL_PATTERN")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "Contacts", {"data": [{"id": "²"}]}),
        ("POST", "Contacts/upsert", {"data": [{"id": LONG}]}),
        ("POST", "Contacts/actions/add_tags", {"tags": ["a"], "ids": ["²"]}),
        ("POST", "Contacts/actions/change_owner", {"owner": {"id": LONG}, "ids": ["5"]}),
        ("POST", "coql", {"select_query": f"select id from Contacts limit {LONG}"}),
        ("POST", "coql", {"select_query": f"select id from Contacts where {'(' * 5_000}"}),
        ("POST", "Contacts/upsert", {"data": [{"Last_Name": "A"}], "duplicate_check_fields": [[], {}]}),
    ],
)
def test_what_is_no_number_or_list_is_refused(connected, method, path, body):
    assert send(connected, method, "/bigin/v2/" + path, json.dumps(body).encode())[0] == 400


@pytest.mark.parametrize("query", [{"page": LONG}, {"per_page": "²"}, {"sort_by": "\x00"}])
def test_a_list_refuses_it_too(connected, query):
    assert send(connected, "GET", "/bigin/v2/Contacts", fields="Last_Name", **query)[0] == 400


def test_brackets_in_brackets_without_end_are_refused(connected):
    status, body = send(connected, "GET", "/bigin/v2/Contacts/search", criteria="(" * 20_000)

    assert (status, body["code"]) == (400, "INVALID_QUERY")


@pytest.mark.parametrize(
    "value", ["NaN", "Infinity", "-Infinity", "1e999", DEEP, "[" * 150 + "]" * 150, "9" * 5_000], ids=len
)
def test_what_is_no_json_is_refused_and_stored_nowhere(sandbox, connected, value):
    row = f'{{"data":[{{"Last_Name":"Abe","Salary":{value}}}]}}'.encode()
    sandbox.add_fields("Contacts", [{"api_name": "Salary", "data_type": "double"}])

    assert send(connected, "POST", "/bigin/v2/Contacts", row)[0] == 400
    assert [record["Last_Name"] for record in sandbox.records("Contacts")] == ["Wen"]


@pytest.mark.parametrize("half", [b"\\ud800", b"\\udfff", b"\xed\xa0\x80"])
def test_half_a_surrogate_pair_becomes_a_question_mark_everywhere(sandbox, connected, half):
    send(connected, "POST", "/bigin/v2/Contacts", b'{"data":[{"Last_Name":"A' + half + b'","Tag":["x' + half + b'"]}]}')

    job, rows = Bulk(connected).start(fields=["Last_Name", "Tag"]), connected.rows("Contacts", "Last_Name,Tag")
    assert (rows[0]["Last_Name"], rows[0]["Tag"][0]["name"]) == ("A?", "x?")
    assert Bulk(connected).rows(job)[-1] == {"id": rows[0]["id"], "Last_Name": "A?", "Tag": "x?"}


def test_a_whole_surrogate_pair_stays_what_it_is(sandbox, connected):
    send(connected, "POST", "/bigin/v2/Contacts", b'{"data":[{"Last_Name":"\\ud83d\\ude00"}]}')

    assert connected.rows("Contacts")[0]["Last_Name"] == "😀"


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00"])
def test_a_moment_without_a_date_in_every_zone_is_refused(sandbox, connected, moment):
    row = {"Event_Title": "Never", "Start_DateTime": moment, "End_DateTime": moment}

    status, body = send(connected, "POST", "/bigin/v2/Events", json.dumps({"data": [row]}).encode())

    assert (status, body["data"][0]["details"]["api_name"]) == (400, "Start_DateTime")


@pytest.mark.parametrize(
    ("target", "headers"),
    [
        ("http://[::1/oauth/v2/token", {}),
        ("/oauth/v2/token", {"Authorization": "Basic \xfc"}),
        ("/oauth/v2/token", {"Content-Type": "multipart/form-data; boundary="}),
    ],
)
def test_the_accounts_server_takes_it_too(sandbox, capsys, target, headers):
    response = sandbox.handle(Request("POST", target, {"Host": "127.0.0.1"} | headers, b"--\r\n"))

    assert response.status in {400, 404}
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/x-www-form-urlencoded", b"a&" * 4_000_000),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n" * 100_000),
        (
            "multipart/form-data; boundary=0",
            b"".join(b"--%x\nContent-Type:multipart/a;boundary=%x\n\n" % (n, n + 1) for n in range(370)),
        ),
    ],
    ids=["urlencoded", "multipart", "nested"],
)
def test_a_form_without_end_stops_nobody(program, capsys, kind, body):
    started = time.monotonic()

    assert program.ask("POST", "/oauth/v2/token", body=body, headers={"Content-Type": kind})[0] == 400
    assert time.monotonic() - started < 2
    assert capsys.readouterr().err == ""


def test_a_query_without_end_stops_nobody(connected):
    started = time.monotonic()

    query = {"select_query": f"select {'id,' * 4_000_000}id from Contacts"}
    assert send(connected, "POST", "/bigin/v2/coql", json.dumps(query).encode())[0] == 400
    assert time.monotonic() - started < 2


# by chance


class Fuzz:
    """Calls that are nearly right, made up by a seed."""

    ODD = (
        "", "²", "-1", "0", LONG, "null", "NaN", "((((", "'", "${EMPTY}", "9999-12-31T23:59:59-12:00", "a.b.c", "\x00",
        "Owner.id", "id", "*", "\ud800", None, True, 10**30, 1.5, [], {}, [{"id": []}], {"id": {"name": None}},
    )  # fmt: skip

    def __init__(self, sandbox, seed):
        self.chance = random.Random(seed)
        self.modules = list(sandbox.counts())
        self.ids = [record["id"] for module in self.modules for record in sandbox.records(module)]
        organization = next(iter(sandbox._state.organizations.values()))
        self.fields = sorted({name for store in organization.stores.values() for name in store.fields})
        self.endpoints = [(BIGIN.base_path, path) for part in rest.PARTS for path in part.ROUTES]
        self.endpoints += [(BIGIN.bulk_path, path) for path in rest.bulk_read.ROUTES]

    def pick(self, *likely):
        return self.chance.choice(likely if self.chance.random() < 0.7 else self.ODD)

    def text(self):
        return str(self.pick(*self.fields, *self.ids, *self.modules)).encode("utf-8", "replace").decode()

    def path(self, base, route):
        places = {"{module}": self.modules, "{related}": self.modules, "{id}": self.ids}
        parts = (str(self.pick(*places[part])) if part in places else part for part in route.split("/"))
        return base + "/" + "/".join(quote(part.encode("utf-8", "replace"), safe="") for part in parts)

    def query(self):
        query = {"fields": ",".join(self.chance.sample(self.fields, 4)), "module": self.chance.choice(self.modules)}
        names = ("fields", "page", "per_page", "page_token", "sort_by", "cvid", "ids", "word", "type", "tag_names")
        query |= {name: self.text() for name in names if self.chance.random() < 0.1}
        if self.chance.random() < 0.2:
            query["criteria"] = f"(({self.text()}:equals:{self.text()})or({self.text()}:between:{self.text()}))"
        return query

    def body(self):
        row = {name: self.pick("x", 5, {"id": self.ids[0]}) for name in self.chance.sample(self.fields, 6)}
        row |= {"id": self.pick(*self.ids), "name": self.pick("a")}
        leaf = {"api_name": self.pick(*self.fields), "comparator": self.pick("in"), "value": self.pick("a,b")}
        group = {"group": [leaf, self.pick(leaf)], "group_operator": self.pick("and")}
        module = self.chance.choice(self.modules)
        body = {
            "data": [row, self.pick(row)],
            "tags": self.pick(["a", self.pick("b")]),
            "ids": self.pick([self.pick(*self.ids)]),
            "owner": self.pick({"id": self.pick(*self.ids)}),
            "query": self.pick({"module": module, "page": self.pick(1), "criteria": self.pick(leaf, group)}),
            "callback": self.pick(None),
            "select_query": self.pick(f"select {self.text()} from {module} where {self.text()} = '{self.text()}'"),
            "duplicate_check_fields": self.pick(["Email"]),
        }
        return json.dumps(self.pick(body)).encode()

    def request(self, program):
        base, route = self.chance.choice(self.endpoints)
        method = self.chance.choice(["GET", "POST", "PUT", "DELETE"])
        headers = {"Host": program.host, "Authorization": program.authorization, "Content-Type": "application/json"}
        target = self.path(base, route) + "?" + urlencode(self.query())
        return Request(method, target, headers, b"" if method == "GET" else self.body())


@pytest.mark.parametrize("seed", range(3))
def test_no_call_made_up_by_chance_breaks_the_sandbox(seed, capsys):
    sandbox = Sandbox(records=RECORDS, switches={"credits": "counted", "sort_fields": "any"})
    program, fuzz, statuses = Program(sandbox).connect(), Fuzz(sandbox, seed), set()
    for _ in range(600):
        request = fuzz.request(program)
        response = sandbox.handle(request)
        told = f"{request.method} {request.path} {request.query_string} {request.body!r}"
        assert response.outcome != "sandbox error", told
        json.dumps(json.loads(response.body() or b"{}"), allow_nan=False)
        statuses.add(response.status)
        sandbox.advance(1)

    assert {200, 204, 400, 404} <= statuses, "some were right, and did something"
    assert capsys.readouterr().err == ""

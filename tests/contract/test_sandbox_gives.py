"""The sandbox gives what the vendor documents: the same status, keys, types and words as each case.

The client is held to the same files by a test of its own; neither side sees the other's code.
"""

import csv
import io
import json
import zipfile
from base64 import urlsafe_b64encode
from hashlib import sha256
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import pytest

from django_bigin.sandbox import Sandbox
from django_bigin.sandbox.metadata import fields, layouts
from django_bigin.sandbox.records.canonical import canonical, content_hash
from django_bigin.sandbox.routing import rest
from django_bigin.sandbox.world.products import BIGIN

HERE = Path(__file__).parent
CASES = [
    pytest.param(case, id=f"{path.stem}: {case['name']}")
    for path in sorted(HERE.glob("cases/*.json"))
    for case in json.loads(path.read_text(encoding="utf-8"))
]
EXAMPLES = [pytest.param(e, id=e["name"]) for e in json.loads((HERE / "canonical.json").read_text(encoding="utf-8"))]
# Set by the server or the reader's library, not by the operation.
ANY_HEADERS = {"Date"}


class World:
    """A sandbox in which the cases' ids and tokens mean something, and the program that asks it."""

    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.entry = sandbox.organizations[0]
        self.stands_for = {
            "1000.ABCDEFGHIJ0123456789KLMNOPQRST": self.entry["client_id"],
            "0123456789abcdef0123456789abcdef0123456789": self.entry["client_secret"],
            f"1000.{'c3' * 16}.{'d4' * 16}": self.entry["refresh_token"],
            f"1000.{'e5' * 16}.{'f6' * 16}": self.entry["grant_token"],
        }
        self.authorization = "Zoho-oauthtoken " + self.access_token(self.entry["refresh_token"])

    def access_token(self, refresh_token):
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        form |= {name: self.entry[name] for name in ("client_id", "client_secret")}
        return self.ask("POST", "/oauth/v2/token", form, None)[2]["access_token"]

    def refresh(self):
        return self.access_token(self.entry["refresh_token"])

    def with_scopes(self, scopes):
        code = self.sandbox.mint_grant_token(scopes=scopes)["grant_token"]
        form = {"grant_type": "authorization_code", "code": code}
        form |= {name: self.entry[name] for name in ("client_id", "client_secret")}
        return "Zoho-oauthtoken " + self.ask("POST", "/oauth/v2/token", form, None)[2]["access_token"]

    def redirect(self, *, user=0, times=1, seconds=0, **changes):
        """Let a user consent to the server-based client, so that the case's code is the callback's."""
        client = self.sandbox.client
        query = {
            "response_type": "code", "client_id": client["client_id"], "redirect_uri": client["redirect_uri"],
            "scope": "ZohoBigin.modules.ALL,ZohoBigin.settings.ALL", "access_type": "offline", **changes,
        }  # fmt: skip
        url = f"{self.sandbox.url}/oauth/v2/auth?{urlencode(query)}"
        for _ in range(times):
            callback = self.sandbox.consent(url, user=self.sandbox.users()[user]["email"])
        self.sandbox.advance(seconds)
        self.stands_for |= {
            "1000.ABCDEFGHIJ0123456789KLMNOPQRST": client["client_id"],
            "0123456789abcdef0123456789abcdef0123456789": client["secrets"]["us"],
            "https://site.example/bigin/callback/": client["redirect_uri"],
            f"1000.{'a7' * 16}.{'b8' * 16}": dict(parse_qsl(urlsplit(callback).query))["code"],
        }

    def contacts(self):
        self.sandbox.add_records("Accounts", [{"Account_Name": "Orbit Tools"}])
        account = self.sandbox.records("Accounts")[0]["id"]
        rows = [
            {"Last_Name": "Wen", "Email": "li.wen@orbit.example", "Account_Name": account, "Tag": [{"name": "vip"}]},
            {"Last_Name": "Okafor"},
        ]
        ids = self.sandbox.add_records("Contacts", list(reversed(rows)))
        self.stands_for |= {"5725767000000530017": ids[1], "5725767000000529103": ids[0]}
        self.stands_for["5725767000000512004"] = account
        self.stands_for["5725767000000411001"] = self.sandbox.records("Users")[0]["id"]

    def tasks(self):
        ids = self.sandbox.add_records("Tasks", [{"Subject": "Call"}, {"Subject": "Write"}])
        self.stands_for |= {"5725767000000541001": ids[0], "5725767000000541002": ids[1]}

    def deleted_contact(self):
        self.sandbox.delete_records("Contacts", self.sandbox.add_records("Contacts", [{"Last_Name": "Ruiz"}]))

    def bulk_job(self, *, seconds=10, fields=("First_Name", "Last_Name"), **switches):
        self.sandbox.set_speed(0)
        self.sandbox.switch(**switches)
        self.sandbox.add_records("Contacts", 0 if self.sandbox.records("Contacts") else 2)
        body = {"query": {"module": "Contacts", "fields": list(fields)}}
        answer = self.ask("POST", "/bigin/bulk/v2/read", {}, body)[2]
        self.stands_for["7618134000000912001"] = answer["data"][0]["details"]["id"]
        self.sandbox.advance(seconds)

    def product(self):
        [product] = self.sandbox.add_records("Products", [{"Product_Name": "Pump A12"}])
        self.stands_for["5725767000000550001"] = product

    def linked_product(self):
        self.product()
        path = replaced("Contacts/5725767000000530017/Products/5725767000000550001", self.stands_for)
        assert self.ask("PUT", "/bigin/v2/" + path, {}, {"data": [{}]})[0] == 200

    def known_contact(self):
        """Let the search index know the contact, and it have a telephone."""
        wen = self.stands_for["5725767000000530017"]
        self.sandbox.edit_records("Contacts", [{"id": wen, "Phone": "609-555-0134"}])
        self.sandbox.advance(20)

    def note(self):
        row = {"Note_Title": "Call back", "Note_Content": "Wants quote by Friday", "$se_module": "Contacts"}
        wen = self.stands_for.get("5725767000000530017") or self.sandbox.add_records("Contacts", 1)[0]
        [note] = self.sandbox.add_records("Notes", [row | {"Parent_Id": wen}])
        self.stands_for["7618134000000930001"] = note

    def deal(self):
        row = {"Deal_Name": "Orbit", "Amount": 18500.5, "Closing_Date": "2026-12-15", "Stage": "Qualification"}
        self.sandbox.add_records("Pipelines", [row | {"Sub_Pipeline": "Sales Pipeline Standard"}])
        self.layout()

    def layout(self):
        self.stands_for["5725767000000091023"] = self.first("layouts", "Pipelines")

    def first(self, settings, module, **chosen):
        """Give the id of the first of what settings/ tells of a module, or of the one that is so."""
        shown = self.ask("GET", f"/bigin/v2/settings/{settings}", {"module": module}, None)[2][settings]
        return next(each["id"] for each in shown if chosen.items() <= each.items())

    def tag(self):
        if not self.sandbox.records("Contacts"):
            self.contacts()
        self.stands_for["5725767000000498001"] = self.first("tags", "Contacts")

    def pumps(self):
        """Let there be two products that the search index knows."""
        self.sandbox.add_records("Products", [{"Product_Name": "Pump A12"}, {"Product_Name": "Pump A13"}])
        self.sandbox.advance(20)

    def page_token(self):
        self.sandbox.add_records("Contacts", 3)
        query = {"fields": "Last_Name", "per_page": "1"}
        answer = self.ask("GET", "/bigin/v2/Contacts", query, None)[2]
        self.stands_for["c8582xx9e7c7ba3d1b"] = answer["info"]["next_page_token"]

    def ask(self, method, path, query, body, more_headers=None):
        """Send a request with the headers that every program sends; None among `more_headers` leaves one out."""
        connection = HTTPConnection(self.sandbox.url.removeprefix("http://"), timeout=10)
        headers = {"Authorization": self.authorization} if path.startswith("/bigin") and self.authorization else {}
        sent = urlencode(body) if path.startswith("/oauth") and body else json.dumps(body) if body else None
        headers["Content-Type"] = f"application/{'x-www-form-urlencoded' if path.startswith('/oauth') else 'json'}"
        headers = {name: value for name, value in {**headers, **(more_headers or {})}.items() if value is not None}
        try:
            connection.request(method, quote(path) + ("?" + urlencode(query) if query else ""), sent, headers)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), decoded(answer.read())
        finally:
            connection.close()


def decoded(content):
    """Read JSON, or a zip of CSV files as the first row of each by the file's name."""
    if not content.startswith(b"PK"):
        return json.loads(content) if content else None
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {
            name: next(csv.DictReader(io.StringIO(archive.read(name).decode(), newline="")))
            for name in archive.namelist()
        }


def one_more_contact(world):
    world.sandbox.add_records("Contacts", [{"Last_Name": "Ruiz", "Modified_Time": "2020-01-01T00:00:00Z"}])


def in_vain(world):
    world.sandbox.fail("GET /bigin/v2/Contacts", status=500)


def with_page_token(**switches):
    def prepare(world):
        world.page_token()
        world.sandbox.switch(**switches)

    return prepare


def expired_page_token(world):
    world.page_token()
    world.sandbox.advance(24 * 3600)
    world.authorization = "Zoho-oauthtoken " + world.refresh()


def throttled(**switches):
    def prepare(world):
        world.sandbox.switch(**switches)
        for _ in range(9):  # the world's own was the first
            world.refresh()

    return prepare


def foreign_client(world):
    world.stands_for["1000.ABCDEFGHIJ0123456789KLMNOPQRST"] = "1000.UNKNOWN"


def wrong_secret(world):
    world.stands_for["0123456789abcdef0123456789abcdef0123456789"] = "0" * 42


def used_code(world):
    form = {"grant_type": "authorization_code", "code": world.entry["grant_token"]}
    form |= {name: world.entry[name] for name in ("client_id", "client_secret")}
    world.ask("POST", "/oauth/v2/token", form, None)


def redirected(**options):
    return lambda world: world.redirect(**options)


def redirected_elsewhere(world):
    world.sandbox.add_organization(data_center="eu")
    world.sandbox.switch_client(world.sandbox.client["client_id"], {"eu": True})
    world.redirect(user=1)


def challenge(verifier):
    digest = urlsafe_b64encode(sha256(verifier.encode()).digest())
    return {"code_challenge": digest.rstrip(b"=").decode(), "code_challenge_method": "S256"}


def bulk_job(**options):
    return lambda world: world.bulk_job(**options)


def ten_downloads(world):
    world.bulk_job()
    path = replaced("/bigin/bulk/v2/read/7618134000000912001/result", world.stands_for)
    assert [world.ask("GET", path, {}, None)[0] for _ in range(10)] == [200] * 10


def with_scopes(scopes):
    return lambda world: setattr(world, "authorization", world.with_scopes(scopes))


def switched(**switches):
    return lambda world: world.sandbox.switch(**switches)


def use_up_credits(world):
    world.sandbox.switch(credit_budget=1)
    world.ask("GET", "/bigin/v2/org", {}, None)


def without_token(world):
    world.authorization = ""


def one_by_its_id(world):
    world.sandbox.switch(settings_by_id="answers")
    world.layout()
    world.stands_for["5725767000000002493"] = world.first("fields", "Contacts", api_name="Account_Name")


def one_view(world):
    world.stands_for["5725767000000087501"] = world.first("custom_views", "Contacts")


def one_user(world):
    world.stands_for["5725767000000411001"] = world.sandbox.records("Users")[0]["id"]


def gone_for_good(world):
    world.sandbox.delete_records("Contacts", world.sandbox.add_records("Contacts", 1), permanent=True)


# What has to be so before the case's request gets the case's answer.
SITUATIONS = {
    "a list has rows and nine keys about the page": one_more_contact,
    "a used code is refused with 200": used_code,
    "a dead refresh token is refused with 200": lambda world: world.sandbox.revoke_grant(),
    "an unknown client or a wrong data center is refused with 200": foreign_client,
    "a wrong secret is refused with 200": wrong_secret,
    "the eleventh refresh within ten minutes is throttled": throttled(),
    "a throttle may be answered with 200": throttled(throttle_status=200),
    "a throttle may speak Chinese": throttled(throttle_locale="zh"),
    "a redirect's code gives both tokens where offline access was asked for": redirected(),
    "a redirect's code with a verifier gives both tokens": redirected(**challenge("v" * 50)),
    "a redirect's code gives no refresh token to who asked for online access": redirected(access_type="online"),
    "a redirect's code gives no second refresh token without a second consent": redirected(times=2),
    "another redirect URI than the code's is refused with 200": redirected(),
    "a redirect's code that ran out is refused with 200": redirected(seconds=120),
    "a redirect's code of another data center is refused with 200": redirected_elsewhere,
    "the deleted log says who, when and whether for good": World.deleted_contact,
    "deleting answers each id": World.tasks,
    "a bulk read job that is done tells where its result is": bulk_job(),
    "a bulk read job begins as added": bulk_job(seconds=0),
    "a bulk read job may be queued": bulk_job(seconds=1),
    "a bulk read job in progress is spelled with a space": bulk_job(seconds=3),
    "a bulk read job that failed says why": bulk_job(bulk_read_ends="FAILURE"),
    "a bulk read job with more than a page of records says so": bulk_job(bulk_rows_per_page=1),
    "a bulk read job may give a page token": bulk_job(bulk_rows_per_page=1, bulk_paging="token"),
    "a bulk read job's result is a zip with one CSV, ids for links": bulk_job(
        fields=("First_Name", "Last_Name", "Email", "Owner", "Account_Name", "Account_Name.Account_Name", "Tag")
    ),
    "a bulk read job's result is not there before it is done": bulk_job(seconds=3),
    "the eleventh download within a minute is 429": ten_downloads,
    "a bulk read job without the scope of bulk is refused": with_scopes("ZohoBigin.modules.ALL"),
    "a bulk read job without the scope of its module is refused": with_scopes("ZohoBigin.bulk.READ"),
    "a bulk read job of a module the plan does not have is 403": switched(absent_modules={"Products": 403}),
    "another scheme than Zoho's may be refused": switched(bearer="refused"),
    "what is gone for good is told apart": gone_for_good,
    "a page and a page token exclude each other": World.page_token,
    "a list that did not change is 304, where a switch honours the header": switched(if_modified_since="honoured"),
    "deleting one record by its address": World.tasks,
    "a deal shows its team pipeline as an object": World.deal,
    "a deal is put into the team pipeline that its layout names": World.layout,
    "a stage that its sub-pipeline does not have is a mismatch": World.layout,
    "a sub-pipeline that its layout does not have is a mismatch": World.layout,
    "linking a product answers relation added": World.product,
    "linking several by their ids": World.product,
    "unlinking by the address of both": World.linked_product,
    "unlinking several by their ids": World.linked_product,
    "unlinking what is not linked is 400": World.product,
    "a search by email gives whole rows": World.known_contact,
    "a search by phone gives whole rows": World.known_contact,
    "a search by word gives whole rows": World.known_contact,
    "all notes are a list like any": World.note,
    "the notes of a record are a related list": World.note,
    "one note of a record comes whole": World.note,
    "a note is changed at its record's address": World.note,
    "a note is deleted at its record's address": World.note,
    "notes are deleted by their ids": World.note,
    "tags are renamed by their ids": World.tag,
    "a tag is renamed at its address": World.tag,
    "deleting a tag": World.tag,
    "the number of a tag's records is a text": World.tag,
    "a tag's name that is taken is refused": World.tag,
    "one layout by its id, where a switch has it": one_by_its_id,
    "one field by its id, where a switch has it": one_by_its_id,
    "fields may be refused to a profile": switched(refused_settings={"Administrator": ["fields"]}),
    "one custom view by its id": one_view,
    "one user has no paging": one_user,
    "a search gives whole rows and six keys about the page": World.pumps,
    "no token is AUTHENTICATION_FAILURE": without_token,
    "an expired or foreign token is INVALID_TOKEN": lambda world: world.sandbox.advance(3600),
    "a scope that was not granted is OAUTH_SCOPE_MISMATCH": lambda world: setattr(
        world, "authorization", world.with_scopes("ZohoBigin.org.READ")
    ),
    "a module the plan does not have is NO_PERMISSION": lambda world: world.sandbox.switch(
        absent_modules={"Products": 403}
    ),
    "a token past 100,000 records is refused": with_page_token(page_token_ceiling=1),
    "a page token belongs to the query that gave it": World.page_token,
    "a page token expires": expired_page_token,
    "credits or concurrency used up is 429 without Retry-After": use_up_credits,
    "an internal error is 500": in_vain,
}
# The parameter the bound token was given with, which the case leaves out for shortness.
ALSO_ASKED = {
    "a token past 100,000 records is refused": {"per_page": "1"},
    "a page token expires": {"per_page": "1"},
}


@pytest.fixture
def world():
    with Sandbox() as sandbox:
        yield World(sandbox)


@pytest.mark.parametrize("case", CASES)
def test_the_sandbox_gives_what_the_vendor_documents(case, world):
    if "5725767000000530017" in json.dumps(case):
        world.contacts()
    SITUATIONS.get(case["name"], lambda world: None)(world)
    request = replaced(case["request"], world.stands_for)

    query = request["query"] | ALSO_ASKED.get(case["name"], {})
    status, headers, body = world.ask(
        request["method"], request["path"], query, request["body"], request.get("headers")
    )
    response = replaced(case["response"], world.stands_for)

    assert status == response["status"], body
    assert differences(response["body"], body) == []
    assert {name: headers.get(name) for name in response["headers"] if name not in ANY_HEADERS} == {
        name: value for name, value in response["headers"].items() if name not in ANY_HEADERS
    }
    assert "Date" in headers
    assert "Retry-After" not in headers


OPERATIONS = [
    pytest.param(method, rest.Route(tuple(path.split("/")), methods), id=f"{method} {path}")
    for routes in (*(part.ROUTES for part in rest.PARTS), fields.ROUTES_BY_ID, layouts.ROUTES_BY_ID)
    for path, methods in routes.items()
    for method in methods
]


@pytest.mark.parametrize(("method", "route"), OPERATIONS)
def test_every_operation_has_a_case(method, route):
    asked = [case.values[0]["request"] for case in CASES]
    paths = [each["path"].removeprefix("/bigin/v2/") for each in asked if each["method"] == method]

    assert any(route.match(path.split("/"), BIGIN) is not None for path in paths)


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_canonical_form_is_the_pinned_one(example):
    assert canonical(example["record"]) == example["canonical"]
    assert content_hash(example["record"]) == example["hash"]


# Words that are the vendor's own, so that they must be equal and not only of one type.
EXACT = {"code", "message", "status", "error", "error_description", "action", "duplicate_field", "more_records"}
EXACT |= {"token_type", "expires_in", "sort_by", "sort_order", "page", "per_page", "param_name", "api_name"}
EXACT |= {"expected_data_type", "maximum_length", "json_path", "json_type", "data_type", "resource_path_index"}
EXACT |= {"operation", "state", "file_type", "max_limit", "resource"}
# What a case says where it says nothing.
LEFT_OPEN = ("(not documented)", "(as switched)")
# What a module, field or person has by its nature, and no answer has the same.
OPTIONAL = {"quick_sequence_number", "pick_list_values"}


def differences(wanted, given, where="$"):
    """Compare keys, types and the vendor's words; null fits any type, and a list is judged by the element alike."""
    if wanted is None or given is None:
        return [] if where != "$" or wanted is given else [f"{where}: {given!r} for {wanted!r}"]
    if isinstance(wanted, dict) and isinstance(given, dict):
        found = [f"{where}.{key}: missing" for key in wanted.keys() - given.keys() - OPTIONAL]
        if wanted and "$approval" not in wanted:  # a whole row has more fields than a case shows
            found += [f"{where}.{key}: not documented" for key in given.keys() - wanted.keys() - OPTIONAL]
        for key in wanted.keys() & given.keys():
            if wanted[key] in LEFT_OPEN:
                continue
            if key in EXACT and not isinstance(wanted[key], (dict, list)) and is_ours(where):
                found += [] if wanted[key] == given[key] else [f"{where}.{key}: {given[key]!r} for {wanted[key]!r}"]
            found += differences(wanted[key], given[key], f"{where}.{key}")
        return found
    if isinstance(wanted, list) and isinstance(given, list):
        pairs = zip(wanted, aligned(wanted, given), strict=False)
        found = [] if len(given) >= len(wanted) else [f"{where}: {len(given)} elements for {len(wanted)}"]
        return found + [d for n, (a, b) in enumerate(pairs) for d in differences(a, b, f"{where}[{n}]")]
    numbers = isinstance(wanted, (int, float)) and isinstance(given, (int, float))
    same = type(wanted) is type(given) or (numbers and not isinstance(wanted, bool))
    return [] if same else [f"{where}: {type(given).__name__} for {type(wanted).__name__}"]


def aligned(wanted, given):
    """Put first what the case shows: the module, field or record of the same name."""
    if wanted and isinstance(wanted[0], dict) and "api_name" in wanted[0]:
        return [item for item in given if item["api_name"] == wanted[0]["api_name"]] or given
    return given


def is_ours(where):
    """Values in settings are the organization's, except those that tell the case's field apart."""
    return not any(part in where for part in ("modules", "users", ".org", "layouts"))


def replaced(value, stands_for):
    text = json.dumps(value)
    for old, new in stands_for.items():
        text = text.replace(old, new)
    return json.loads(text)

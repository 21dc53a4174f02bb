"""The client reads what the vendor documents: each case is an answer with its source.

The sandbox is held to the same files by a test of its own; neither side sees the other's code.
"""

import json
import re
from datetime import datetime
from pathlib import Path

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from requests.adapters import HTTPAdapter

from django_bigin.api.answers import Page, RowResult
from django_bigin.api.canonical import canonical, content_hash
from django_bigin.api.client import Client
from django_bigin.api.datacenters import data_center
from django_bigin.api.oauth import AccountsServer, ClientCredentials, TokenAnswer
from django_bigin.exceptions import (
    AccessTokenError,
    BiginError,
    ClientCredentialsError,
    GrantTokenError,
    InvalidDataError,
    ModuleNotAvailableError,
    PageTokenError,
    PaginationLimitError,
    RateLimitError,
    RecordNotFoundError,
    RefreshTokenError,
    RequestError,
    ScopeError,
    ServerError,
)
from django_bigin.sandbox.records import canonical as judge

HERE = Path(__file__).parent


# What a refusal means to us, by the vendor's word for it; a word that is not here is a plain RequestError.
MEANINGS = {
    "INVALID_TOKEN": AccessTokenError,
    "AUTHENTICATION_FAILURE": AccessTokenError,
    "OAUTH_SCOPE_MISMATCH": ScopeError,
    "INVALID_MODULE": ModuleNotAvailableError,
    "INVALID_URL_PATTERN": (ModuleNotAvailableError, RequestError),
    "NO_PERMISSION": ModuleNotAvailableError,
    "INVALID_DATA": (InvalidDataError, PageTokenError),
    "MANDATORY_NOT_FOUND": InvalidDataError,
    "DUPLICATE_DATA": InvalidDataError,
    "EXPIRED_VALUE": PageTokenError,
    "TOKEN_BOUND_DATA_MISMATCH": PageTokenError,
    "DISCRETE_PAGINATION_LIMIT_EXCEEDED": PaginationLimitError,
    "PAGINATION_LIMIT_EXCEEDED": PaginationLimitError,
    "TOO_MANY_REQUESTS": RateLimitError,
    "INTERNAL_ERROR": ServerError,
    "invalid_code": (GrantTokenError, RefreshTokenError),
    "invalid_client": ClientCredentialsError,
    "invalid_client_secret": ClientCredentialsError,
    "invalid_redirect_uri": ClientCredentialsError,
    "Access Denied": RateLimitError,
    "general_error": ServerError,
}


def read_cases():
    for path in sorted(HERE.glob("cases/*.json")):
        found = json.loads(path.read_text(encoding="utf-8"))
        for case in found if isinstance(found, list) else [found]:
            # The sandbox answers more than the client asks: COQL, search, control calls.
            if matching_call(case) is not None:
                yield pytest.param(case, id=f"{path.stem}: {case['name']}")


def read_examples():
    for number, example in enumerate(json.loads((HERE / "canonical.json").read_text(encoding="utf-8"))):
        yield pytest.param(example, id=example.get("name", str(number)))


class OneAnswer(HTTPAdapter):
    """Answers every request with the case's response, and keeps what was asked."""

    def __init__(self, answer):
        super().__init__()
        self.answer, self.asked = answer, []

    def send(self, request, **kwargs):
        self.asked.append(request)
        body = self.answer.get("body")
        response = requests.Response()
        response.status_code = self.answer["status"]
        response.headers.update(self.answer.get("headers") or {"Content-Type": "application/json;charset=UTF-8"})
        response.encoding = "utf-8"
        response.request, response.url = request, request.url
        text = "" if body is None else body if isinstance(body, str) else json.dumps(body)
        response._content = text.encode()
        return response


class OneToken:
    def current(self):
        return "1000.a.token"

    def judge(self, token, *, accepted):
        pass

    def replace(self, refused):
        return "1000.another.token"


CALLS = {
    r"POST /oauth/v2/token/revoke": lambda ask: ask.accounts.revoke("1000.r"),
    r"POST /oauth/v2/token": lambda ask: ask.token(),
    r"GET .*/settings/modules": lambda ask: ask.client.metadata.fetch_modules(),
    r"GET .*/settings/fields": lambda ask: ask.client.metadata.fetch_fields("Contacts"),
    r"GET .*/v2/org": lambda ask: ask.client.metadata.fetch_organization(),
    r"GET .*/v2/users": lambda ask: next(ask.client.users.iter_pages()),
    r"GET .*/v2/(\w+)/deleted": lambda ask, module: next(ask.client.records.iter_deleted_pages(module)),
    r"GET .*/v2/(\w+)/actions/count": lambda ask, module: ask.client.records.count(module),
    r"GET .*/v2/(?!users)(\w+)/(\d+)": lambda ask, module, id_: ask.client.records.fetch_record(module, id_),
    r"GET .*/v2/(\w+)": lambda ask, module: ask.client.records.fetch_page(module, fields=["Last_Name"]),
    r"POST .*/v2/(\w+)/upsert": lambda ask, module: ask.client.records.upsert(module, ask.rows),
    r"POST .*/v2/(?!coql)(\w+)": lambda ask, module: ask.client.records.create(module, ask.rows),
    r"PUT .*/v2/(\w+)(?:/\d+)?": lambda ask, module: ask.client.records.update(module, ask.rows_with_ids),
    r"DELETE .*/v2/(\w+)(?:/\d+)?": lambda ask, module: ask.client.records.delete(module, ask.ids),
}


def matching_call(case):
    """Find the call that a program of ours would make for the case's request."""
    request = case["request"]
    if "/bulk/" in request["path"]:
        return None
    for pattern, make in CALLS.items():
        if found := re.fullmatch(pattern, f"{request['method']} {request['path'].partition('?')[0]}"):
            return lambda ask: make(ask, *found.groups())
    return None


class Ask:
    """What a call takes from the case's request: the rows and ids that its answer is about."""

    def __init__(self, case, session):
        self.request, self.answer = case["request"], case["response"]
        self.client = Client(data_center("us"), OneToken(), session=session)
        self.accounts = AccountsServer(data_center("us"), ClientCredentials("1000.ID", "secret"), session=session)
        body = self.request.get("body")
        sent = body.get("data") if isinstance(body, dict) else None
        self.rows = sent if isinstance(sent, list) and sent else [{"Last_Name": "Wen"}]

    @property
    def rows_with_ids(self):
        return [{"id": self.ids[0], **row} for row in self.rows]

    @property
    def ids(self):
        where = json.dumps([self.request["path"].partition("/v2/")[2], self.request.get("query")])
        return re.findall(r"\d{5,19}", where) or ["1"]

    def token(self):
        if '"refresh_token"' in json.dumps({**self.request, "path": ""}):
            return self.accounts.refresh("1000.r")
        return self.accounts.exchange("1000.c")


def outcome_of(case):
    adapter = OneAnswer(case["response"])
    session = requests.Session()
    session.mount("https://", adapter)
    try:
        return matching_call(case)(Ask(case, session))
    except BiginError as error:
        return error


@pytest.mark.parametrize("case", list(read_cases()))
def test_the_client_reads_what_the_vendor_documents(case):
    outcome = outcome_of(case)

    status, body = case["response"]["status"], case["response"].get("body")
    if status == 204:
        assert isinstance(outcome, RecordNotFoundError) or outcome in (None, []) or outcome.records == []
    elif isinstance(body, dict) and "data" in body:
        assert_data_was_read(case, outcome, body)
    elif isinstance(body, dict) and (body.get("error") or body.get("status") in ("error", "failure")):
        assert_refusal_was_read(case, outcome, body.get("code") or body.get("error"))
    elif isinstance(body, dict) and "access_token" in body:
        assert isinstance(outcome, TokenAnswer)
        assert (outcome.access_token, outcome.refresh_token) == (body["access_token"], body.get("refresh_token"))
    elif isinstance(body, dict):
        assert not isinstance(outcome, BiginError), outcome
    else:
        assert isinstance(outcome, (BiginError, bool))


def assert_data_was_read(case, outcome, body):
    assert not isinstance(outcome, BiginError), outcome
    if case["request"]["method"] != "GET":
        assert all(isinstance(result, RowResult) for result in outcome)
        assert [result.ok for result in outcome] == [row["status"] == "success" for row in body["data"]]
        assert [result.id for result in outcome] == [row["details"].get("id") for row in body["data"]]
    elif isinstance(outcome, Page):
        assert outcome.records == body["data"]
        assert outcome.more_records is body["info"]["more_records"]
        assert (outcome.next_place.token if outcome.next_place else None) == body["info"].get("next_page_token")
    else:
        assert outcome[0] == body["data"][0]


def assert_refusal_was_read(case, outcome, code):
    if outcome in (None, False):
        # A count that is not answered, a token that the revoking server does not know.
        assert re.search(r"actions/count|token/revoke", case["request"]["path"])
        return
    assert isinstance(outcome, MEANINGS.get(code, BiginError)), repr(outcome)
    assert outcome.status == case["response"]["status"]


@pytest.mark.parametrize("example", list(read_examples()))
def test_the_canonical_form_is_the_pinned_one(example):
    record = example["record"]

    assert canonical(record) == example["canonical"]
    assert content_hash(record) == example["hash"]


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
ids = st.integers(1, 2**63 - 1).map(str)
moments = st.datetimes(min_value=datetime(1900, 1, 1), timezones=st.timezones()).map(datetime.isoformat)
lookups = st.fixed_dictionaries({"id": ids, "name": texts}, optional={"email": texts, "zuid": st.none() | ids})
numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts | moments | lookups,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(texts.filter(lambda key: key != "id"), inner, max_size=3)
    ),
    max_leaves=8,
)
tag_lists = st.lists(
    st.fixed_dictionaries({"name": texts.filter(bool), "id": ids, "color_code": st.none()}), max_size=3
)
records = st.fixed_dictionaries(
    {"id": ids},
    optional={"Tag": tag_lists, "Owner": st.none() | lookups, "Modified_Time": moments, "$state": values, "X": values},
)


@given(records)
def test_both_sides_find_the_same_records_equal(record):
    assert canonical(record) == judge.canonical(record)
    assert content_hash(record) == judge.content_hash(record)

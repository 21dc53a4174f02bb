"""Codes and refresh tokens become access tokens."""

import re

import pytest

from django_bigin.sandbox import Sandbox

from ..program import Program
from .forms import encoded


def test_a_code_gives_both_tokens_once(program):
    status, answer, _ = program.exchange()

    assert status == 200
    assert set(answer) == {"access_token", "refresh_token", "scope", "api_domain", "token_type", "expires_in"}
    assert program.exchange()[:2] == (200, {"error": "invalid_code"})


def test_a_refresh_rotates_nothing(program):
    first, second = program.refresh()[1], program.refresh()[1]

    assert set(first) == {"access_token", "scope", "api_domain", "token_type", "expires_in"}
    assert first["access_token"] != second["access_token"]
    assert first["expires_in"] == 3600
    assert program.connect(first["access_token"]).get("org")[0] == 200, "the earlier one lives on"


def test_what_is_minted_has_zohos_shapes(sandbox, program):
    answer = program.exchange()[1]
    pair = re.compile(r"1000\.[0-9a-f]{32}\.[0-9a-f]{32}")

    for token in (program.entry["grant_token"], answer["access_token"], answer["refresh_token"]):
        assert pair.fullmatch(token)
    for client in (program.entry["client_id"], sandbox.client["client_id"]):
        assert re.fullmatch(r"1000\.[A-Z0-9]{30}", client)
    assert re.fullmatch("[0-9a-f]{42}", program.entry["client_secret"])


def test_scopes_come_back_with_spaces(sandbox, program):
    code = sandbox.mint_grant_token(scopes="ZohoBigin.org.READ,ZohoBigin.users.READ")["grant_token"]

    assert program.exchange(code=code)[1]["scope"] == "ZohoBigin.org.READ ZohoBigin.users.READ"


@pytest.mark.parametrize(
    ("form", "echo"),
    [
        ("lower", "zohobigin.coql.read zohobigin.bulk.all"),
        ("expanded", "ZohoBigin.coql.READ ZohoBigin.bulk.READ ZohoBigin.bulk.CREATE"),
    ],
)
def test_scopes_may_come_back_rewritten_and_allow_the_same(sandbox, program, form, echo):
    sandbox.switch(token_scope_form=form)
    code = sandbox.mint_grant_token(scopes="ZohoBigin.coql.READ,ZohoBigin.bulk.ALL")["grant_token"]
    answer = program.exchange(code=code)[1]

    assert answer["scope"] == echo
    status, body, _ = program.connect(answer["access_token"]).call("POST", "coql", body={"select_query": "x"})
    assert (status, body["code"]) != (401, "OAUTH_SCOPE_MISMATCH")


def test_a_code_dies_with_its_time(sandbox, program):
    code = sandbox.mint_grant_token(ttl_seconds=180)["grant_token"]
    sandbox.advance(180)

    assert program.exchange(code=code)[1] == {"error": "invalid_code"}


def refresh_form(program):
    names = ("client_id", "client_secret", "refresh_token")
    return {name: program.entry[name] for name in names} | {"grant_type": "refresh_token"}


@pytest.mark.parametrize("in_query", [[], ["grant_type"], ["client_id", "client_secret"], ["refresh_token"]])
@pytest.mark.parametrize("style", ["form", "charset", "untyped", "multipart"])
def test_parameters_may_travel_in_any_way(program, style, in_query):
    form = refresh_form(program)
    query = {name: form.pop(name) for name in in_query}
    body, headers = encoded(form, style)

    status, answer, _ = program.ask("POST", "/oauth/v2/token", query=query, body=body, headers=headers)

    assert (status, answer["token_type"]) == (200, "Bearer")


def test_parameters_may_travel_in_the_query_alone(program):
    assert program.ask("POST", "/oauth/v2/token", query=refresh_form(program))[1]["token_type"] == "Bearer"


def test_a_body_counts_more_than_the_query(program):
    body, headers = encoded(refresh_form(program), "form")

    answer = program.ask("POST", "/oauth/v2/token", query={"client_secret": "x"}, body=body, headers=headers)[1]

    assert "access_token" in answer


def test_a_body_of_json_is_not_read(program):
    headers = {"Content-Type": "application/json"}

    assert program.ask("POST", "/oauth/v2/token", body=refresh_form(program), headers=headers)[0] == 400


def test_what_a_grant_does_not_need_is_ignored(program):
    assert "access_token" in program.refresh(redirect_uri="https://other.example/")[1]
    assert "refresh_token" in program.exchange(scope="ZohoBigin.users.ALL", state="s")[1]


def test_get_is_refused(program):
    assert program.ask("GET", "/oauth/v2/token", query=refresh_form(program))[0] == 400


@pytest.mark.parametrize(("form", "content"), [("json", {"error": "invalid_client"}), ("empty", None)])
def test_the_body_of_a_400_is_a_switch(sandbox, program, form, content):
    sandbox.switch(bad_request_body=form)

    assert program.token()[:2] == (400, content)


def test_or_a_page_but_never_for_the_throttle(sandbox, program):
    sandbox.switch(bad_request_body="html", throttle_limit=0)
    status, page, _ = program.token()

    assert (status, page[:15]) == (400, "<!DOCTYPE html>")
    assert program.refresh()[1]["error"] == "Access Denied"


def test_a_missing_grant_type_is_400_and_an_unknown_one_200(program):
    assert program.token()[0] == 400
    assert program.token(client_id="1000.X")[0] == 400, "judged before the client"
    assert program.token(grant_type="password")[:2] == (200, {"error": "invalid_client"})


def test_client_is_judged_before_secret_before_redirect_uri_before_code(program):
    wrong = {"redirect_uri": "https://other.example/", "code": "1000.x.y"}

    assert program.exchange(client_id="1000.X", client_secret="x", **wrong)[1] == {"error": "invalid_client"}
    assert program.exchange(client_secret="x", **wrong)[1] == {"error": "invalid_client_secret"}
    assert program.exchange(**wrong)[1] == {"error": "invalid_redirect_uri"}
    assert program.exchange(code="1000.x.y")[1] == {"error": "invalid_code"}
    assert "access_token" in program.exchange()[1], "a wrong redirect URI does not use the code up"


def test_the_word_for_a_wrong_secret_has_a_switch(sandbox, program):
    sandbox.switch(bad_secret_error="invalid_client")

    assert program.refresh(client_secret="x")[:2] == (200, {"error": "invalid_client"})


def test_a_client_of_another_data_center_is_unknown_here(two):
    us, _ = two
    us.prefix = "/eu"

    assert us.refresh()[1] == {"error": "invalid_client"}


def test_a_code_belongs_to_its_client(two):
    us, eu = two

    assert us.exchange(code=eu.entry["grant_token"])[1] == {"error": "invalid_code"}


def test_a_refresh_token_belongs_to_its_client():
    sandbox = Sandbox(organizations=[{}, {}])
    one, other = Program(sandbox), Program(sandbox, 1)

    assert one.refresh(refresh_token=other.entry["refresh_token"])[:2] == (200, {"error": "invalid_code"})


@pytest.mark.parametrize("error", ["invalid_code", "invalid_client"])
def test_what_of_another_data_center_gets_where_the_client_serves_both_is_a_switch(error):
    us, eu = {"data_center": "us", "secrets": {"eu": "ab" * 21}}, {"data_center": "eu"}
    sandbox = Sandbox(organizations=[us, eu], switches={"foreign_code_error": error})
    program = Program(sandbox, prefix="/eu")

    for call in (program.refresh, program.exchange):
        assert call(client_secret="ab" * 21)[:2] == (200, {"error": error})
    foreign = sandbox.mint_grant_token(org_id=sandbox.add_organization()["org_id"])["grant_token"]
    assert program.exchange(code=foreign, client_secret="ab" * 21)[1] == {"error": "invalid_code"}, "another client's"
    program.prefix = ""
    assert "access_token" in program.exchange()[1], "elsewhere the code was not used up"

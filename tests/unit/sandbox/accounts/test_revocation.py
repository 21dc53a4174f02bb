"""Both ways to revoke a token."""

import base64

import pytest

from django_bigin.sandbox import Sandbox

from ..program import Program
from .forms import encoded


@pytest.mark.parametrize("style", ["query", "form", "untyped", "multipart"])
def test_revoking_a_refresh_token_kills_its_access_tokens(program, style):
    program.connect()
    form = {"token": program.entry["refresh_token"]}
    body, headers = encoded(form, style)
    sent = {"query": form} if style == "query" else {"body": body, "headers": headers}

    assert program.ask("POST", "/oauth/v2/token/revoke", **sent)[:2] == (200, {"status": "success"})
    assert program.get("org")[1]["code"] == "INVALID_TOKEN"
    assert program.refresh()[:2] == (200, {"error": "invalid_code"})
    assert program.ask("POST", "/oauth/v2/token/revoke", **sent)[0] == 400


def test_revoking_an_access_token_leaves_its_grant(program):
    access_token = program.refresh()[1]["access_token"]
    program.ask("POST", "/oauth/v2/token/revoke", query={"token": access_token})

    assert program.connect(access_token).get("org")[0] == 401
    assert "access_token" in program.refresh()[1]


def test_the_newer_revoke_authenticates_the_client(program):
    query = {"token": program.entry["refresh_token"], "token_type": "refresh_token"}

    assert program.ask("POST", "/oauth/v2/revoke/token", query=query)[1] == {"error": "invalid_client"}
    answer = program.ask("POST", "/oauth/v2/revoke/token", query=query, headers=basic(program))
    assert answer[1] == {"status": "success"}
    assert program.refresh()[1] == {"error": "invalid_code"}


@pytest.mark.parametrize("style", ["form", "multipart"])
def test_it_takes_a_form_as_well_and_an_access_token(program, style):
    program.connect()
    body, headers = encoded({"token": program.authorization.split()[1], "token_type": "access_token"}, style)

    assert program.ask("POST", "/oauth/v2/revoke/token", body=body, headers=headers | basic(program))[0] == 200
    assert program.get("org")[0] == 401
    assert "access_token" in program.refresh()[1]


def test_it_refuses_a_wrong_type_and_the_token_of_another_client():
    sandbox = Sandbox(organizations=[{}, {}])
    one, other = Program(sandbox), Program(sandbox, 1)
    own, foreign = one.entry["refresh_token"], other.entry["refresh_token"]

    for form in ({"token": own, "token_type": "access_token"}, {"token": foreign}, {"token": "1000.x.y"}, {}):
        assert one.ask("POST", "/oauth/v2/revoke/token", query=form, headers=basic(one))[0] == 400
    assert "access_token" in one.refresh()[1]
    assert "access_token" in other.refresh()[1]


@pytest.mark.parametrize("path", ["/oauth/v2/token/revoke", "/oauth/v2/revoke/token"])
def test_a_revoke_is_a_post(program, path):
    form = {"token": program.entry["refresh_token"]}

    assert program.ask("GET", path, query=form, headers=basic(program))[0] == 400
    assert "access_token" in program.refresh()[1]


def basic(program):
    credentials = f"{program.entry['client_id']}:{program.entry['client_secret']}"
    return {"Authorization": "Basic " + base64.b64encode(credentials.encode()).decode()}


def test_a_token_is_revoked_only_where_it_lives(two):
    us, eu = two

    for value in (eu.entry["refresh_token"], eu.connect().authorization.split()[1]):
        assert us.ask("POST", "/oauth/v2/token/revoke", query={"token": value})[0] == 400
    assert eu.get("org")[0] == 200
    assert "access_token" in eu.refresh()[1]


def test_a_revoke_at_the_token_endpoint_is_an_error(program):
    assert program.ask("POST", "/oauth/v2/token", query={"token": program.entry["refresh_token"]})[0] == 400
    assert "access_token" in program.refresh()[1]

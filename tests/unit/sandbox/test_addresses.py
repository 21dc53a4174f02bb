"""Which server a request reaches, and how that server names itself."""

import pytest

from django_bigin.sandbox import Sandbox
from django_bigin.sandbox.addresses import DATA_CENTERS

from .program import Program


@pytest.mark.parametrize("code", sorted(DATA_CENTERS))
def test_each_data_center_answers_under_its_hosts(code):
    accounts, api = DATA_CENTERS[code]
    program = Program(Sandbox(organizations=[{"data_center": code}]), host=accounts)

    answer = program.refresh()[1]
    program.connect(answer["access_token"]).host = api

    assert answer["api_domain"] == f"https://{api}"
    assert program.get("org")[0] == 200


@pytest.mark.parametrize("code", sorted(DATA_CENTERS))
def test_each_data_center_answers_under_its_path(code):
    prefix = "" if code == "us" else f"/{code}"
    program = Program(Sandbox(organizations=[{"data_center": code}]), prefix=prefix)

    answer = program.refresh()[1]

    assert answer["api_domain"] == f"http://127.0.0.1:8400{prefix}"
    assert program.connect(answer["access_token"]).get("org")[0] == 200


def test_an_accounts_host_has_no_api_and_an_api_host_no_tokens(program):
    program.connect()
    program.host = "accounts.zoho.com"
    assert program.get("org")[0] == 404
    program.host = "www.zohoapis.com"
    assert program.refresh()[0] == 404


@pytest.mark.parametrize("host", ["accounts.zoho.sg", "accounts.zoho.ca", "accounts.zoho.com.evil.test"])
def test_a_false_friend_is_nobody(sandbox, program, host):
    program.host = host

    assert program.refresh()[0] == 404
    assert len(sandbox.calls()["unknown"]) == 1


def test_a_token_of_another_data_center_is_invalid(two):
    us, eu = two
    us.connect()
    us.prefix = "/eu"

    assert us.get("org")[:1] == (401,)
    assert eu.get("org")[1]["org"][0]["zgid"] == eu.entry["org_id"]


def test_control_answers_on_loopback_names_only(program):
    assert program.ask("GET", "/_sandbox/clock")[0] == 200
    assert program.ask("POST", "/_sandbox/reset", headers={"Origin": "https://evil.example"})[0] == 403
    assert program.ask("GET", "/_sandbox/clock", headers={"Origin": "http://localhost:8400"})[0] == 200
    program.host = "rebound.example:8400"
    assert program.ask("GET", "/_sandbox/secrets")[0] == 403

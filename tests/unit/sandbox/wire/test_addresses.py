"""The server that a request reaches, and the names that it gives itself."""

import pytest

from django_bigin.sandbox import Sandbox
from django_bigin.sandbox.wire.addresses import DATA_CENTERS, read_address
from django_bigin.sandbox.wire.messages import Request

from ..program import Program


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


def test_an_api_host_answers_without_its_www_too(program):
    program.connect()
    program.host = "zohoapis.com"

    assert program.get("org")[0] == 200
    assert program.refresh()[0] == 404


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


@pytest.mark.parametrize(
    ("host", "scheme", "api_domain"),
    [
        ("accounts.zoho.eu", "", "https://www.zohoapis.eu"),
        ("Accounts.ZOHO.eu:443", "https", "https://www.zohoapis.eu"),
        ("ACCOUNTS.zoho.eu:443", "", "https://www.zohoapis.eu"),
        ("accounts.zoho.eu:8443", "https", "https://www.zohoapis.eu:8443"),
        ("accounts.zoho.eu:8400", "", "http://www.zohoapis.eu:8400"),
        ("accounts.zoho.eu", "http", "http://www.zohoapis.eu"),
        ("LocalHost:8400", "", "http://LocalHost:8400"),
        ("127.0.0.1:8400", "https", "https://127.0.0.1:8400"),
        ("[::1]:8400", "", "http://[::1]:8400"),
    ],
)
def test_an_answer_leads_back_the_way_the_call_came(host, scheme, api_domain):
    address = read_address(host, "/oauth/v2/token", scheme)

    assert address.api_domain() == api_domain
    assert address.accounts_server() == api_domain.replace("www.zohoapis", "accounts.zoho")


def test_a_proxys_target_counts_more_than_the_host_header(two):
    _, eu = two
    eu.prefix, eu.host = "http://accounts.zoho.eu:80", "127.0.0.1:8400"

    answer = eu.refresh()[1]
    eu.connect(answer["access_token"]).prefix = answer["api_domain"]

    assert answer["api_domain"] == "http://www.zohoapis.eu"
    assert eu.get("org")[0] == 200


def test_consent_goes_back_by_the_scheme_of_its_address(sandbox):
    client = sandbox.client
    query = f"client_id={client['client_id']}&redirect_uri={client['redirect_uri']}&response_type=code"
    query += "&scope=ZohoBigin.org.READ"

    location = sandbox.consent(f"https://localhost:8400/oauth/v2/auth?{query}")

    assert "accounts-server=https%3A%2F%2Flocalhost%3A8400" in location


def test_a_browser_is_not_told_to_refuse_plain_localhost(sandbox):
    for host, told in [("localhost:8400", False), ("accounts.zoho.com", True)]:
        response = sandbox.handle(Request("GET", "/oauth/serverinfo", {"Host": host}, scheme="https"))
        assert ("Strict-Transport-Security" in dict(response.headers)) is told


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

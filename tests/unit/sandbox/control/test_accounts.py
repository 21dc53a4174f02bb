"""Grants, secrets, clients, Zoho users and their consent."""

from datetime import datetime

import pytest

from django_bigin.sandbox import Sandbox

from ..program import Program


def test_a_grant_is_revoked_from_outside(sandbox, program):
    program.connect()

    assert program.control("POST", "grants/revoke", {})[1] == {"revoked": 1}
    assert program.get("org")[1]["code"] == "INVALID_TOKEN"
    assert program.refresh()[1] == {"error": "invalid_code"}


def test_one_grant_may_be_revoked_alone(sandbox, program):
    other = program.exchange()[1]["refresh_token"]
    sandbox.revoke_grant(refresh_token=other)

    assert "access_token" in program.refresh()[1]
    assert program.refresh(refresh_token=other)[1] == {"error": "invalid_code"}


def test_grant_tokens_are_minted_over_http(program):
    _, minted = program.control("POST", "grant-tokens", {"scopes": "ZohoBigin.org.READ", "ttl_seconds": 60})

    assert datetime.fromisoformat(minted["expires_at"]).tzinfo is not None
    assert program.exchange(code=minted["grant_token"])[1]["scope"] == "ZohoBigin.org.READ"


def test_a_consoles_code_is_for_one_organization_and_lives_as_long_as_chosen(sandbox, program):
    shared = {name: program.entry[name] for name in ("client_id", "client_secret")}
    second = sandbox.add_organization(**shared)
    sandbox.set_speed(0)
    body = {"org_id": second["org_id"], "client_id": program.entry["client_id"], "ttl_seconds": 60}
    early, late = (program.control("POST", "grant-tokens", body)[1]["grant_token"] for _ in range(2))
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

    _, body = program.control("GET", "secrets")

    assert seen <= {secret["value"] for secret in body["secrets"]}
    kinds = {secret["kind"] for secret in body["secrets"]}
    assert kinds == {"client_secret", "grant_token", "refresh_token", "access_token"}


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
    status, client = program.control("POST", "clients", body)

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
    on = program.control("POST", path, {"data_centers": {"jp": True}})[1]["secrets"]
    off = program.control("POST", path, {"data_centers": {"jp": False}})[1]["secrets"]
    again = program.control("POST", path, {"data_centers": {"jp": True}})[1]["secrets"]

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
    status, user = us.control("POST", "users", body)

    assert status == 200
    assert (user["email"], user["data_center"], user["org_ids"]) == ("noor@two.example", "eu", [org_id])
    assert us.control("GET", "users")[1]["users"][-1] == user
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

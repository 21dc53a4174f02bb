"""The start document, resets and organizations."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from django_bigin.sandbox import Sandbox
from django_bigin.sandbox.world.organization import Organization

from ..program import Program


def test_the_start_document_lets_a_program_connect(sandbox, program):
    status, document = program.control("GET", "start")

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
    status, entry = program.control("POST", "organizations", {"data_center": "eu", "records": {"Contacts": 2}})

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

"""`bigin_sync --plan`."""

from typing import Any

import pytest

from django_bigin.models import Connection, CreditAccount, Job, ModuleSync, Record
from tests.support.commands import Ran
from tests.support.mirror import sync

pytestmark = pytest.mark.django_db(transaction=True)


def planned(*arguments: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the plan of the first connection, and that of each of its modules."""
    ran = Ran("bigin_sync", "--plan", "--json", *arguments)
    assert (ran.code, ran.error) == (0, "")
    entry = ran.document["connections"][0]
    return entry, {each["module"]: each for each in entry["modules"]}


def spent_by(sandbox: Any, *arguments: str) -> int:
    before = sandbox.credits()["used"]
    assert Ran("bigin_sync", *arguments).code == 0
    return int(sandbox.credits()["used"] - before)


def test_nothing_is_done(sandbox: Any, connection: Connection) -> None:
    sandbox.clear_calls()
    planned()
    assert not Record.objects.exists()
    assert not Job.objects.exists()
    assert not ModuleSync.objects.exclude(last_success_at=None).exists()
    assert all(call["path"].endswith("/actions/count") for call in sandbox.calls(path="/bigin/v2/*")["calls"])


def test_a_first_load_is_told_with_zohos_own_number_of_records(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Contacts", 443)
    sandbox.advance(900)
    entry, modules = planned()
    assert (modules["Contacts"]["strategy"], modules["Contacts"]["records"]) == ("full", 450)
    assert modules["Contacts"]["reason"] == "It was never read."
    assert modules["Users"]["strategy"] == "whole"
    assert entry["credits"] == spent_by(sandbox)


def test_a_delta_costs_what_was_said(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Contacts", 443)
    sandbox.advance(900)
    sync(connection)
    sandbox.advance(900)
    entry, modules = planned()
    assert {each["strategy"] for name, each in modules.items() if name != "Users"} == {"delta"}
    assert modules["Contacts"]["records"] == 450
    assert modules["Contacts"]["seconds"] is not None
    assert entry["metadata_calls"] == 0
    assert entry["credits"] == spent_by(sandbox)


def test_a_full_sync_costs_what_was_said(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Contacts", 443)
    sandbox.advance(900)
    sync(connection)
    sandbox.advance(900)
    entry, modules = planned("--full")
    assert modules["Contacts"]["reason"] == "A full sync was asked for."
    assert entry["credits"] == spent_by(sandbox, "--full")


def test_a_full_sync_that_was_cut_off_is_told_from_where_it_goes_on(
    sandbox: Any, connection: Connection, page_by_page: None
) -> None:
    sandbox.add_records("Contacts", 993)
    sandbox.advance(900)
    sync(connection, "Contacts", deadline_seconds=0)
    _, modules = planned("--module", "Contacts")
    before = modules["Contacts"]
    assert (before["strategy"], before["reason"]) == ("full", "It goes on after page 1.")
    assert before["calls"] == sync(connection, "Contacts").calls


def test_a_module_that_is_switched_off_is_not_synced(sandbox: Any, connection: Connection) -> None:
    sync(connection)
    ModuleSync.objects.filter(module="Products").update(enabled=False)
    _, modules = planned()
    assert (modules["Products"]["strategy"], modules["Products"]["credits"]) == ("", 0)
    assert "nothing" in next(line for line in Ran("bigin_sync", "--plan").out.splitlines() if "Products" in line)


def test_ceilings_are_told_beforehand(sandbox: Any, connection: Connection, settings: Any) -> None:
    sync(connection, "Contacts")
    sandbox.advance(900)
    settings.BIGIN_CREDIT_SHARE = 0.001
    Connection.objects.update(org_paid=False)
    CreditAccount.objects.all().delete()
    entry, modules = planned("--full")
    assert entry["credits_left"] == 5
    assert "It costs more than what is left of the day's share (5 credits)." in modules["Contacts"]["ceiling"]


def test_a_module_beyond_what_pages_reach_says_so(sandbox: Any, connection: Connection) -> None:
    sandbox.fail("GET /bigin/v2/Contacts/actions/count", status=200, body={"count": 250_000}, times=1)
    _, modules = planned("--module", "Contacts")
    assert (modules["Contacts"]["records"], modules["Contacts"]["calls"]) == (250_000, 1_253)
    assert modules["Contacts"]["ceiling"] == "Pages reach 100,000 records of it."


def test_a_large_first_load_goes_in_bulk_where_the_site_says_so(
    sandbox: Any, connection: Connection, settings: Any
) -> None:
    settings.BIGIN_BULK_READ = True
    sandbox.fail("GET /bigin/v2/Contacts/actions/count", status=200, body={"count": 100_000}, times=1)
    _, modules = planned("--module", "Contacts")
    assert (modules["Contacts"]["strategy"], modules["Contacts"]["credits"], modules["Contacts"]["ceiling"]) == (
        "bulk",
        60,
        "",
    )


def test_a_connection_that_waits_for_a_person_is_no_plan(sandbox: Any, connection: Connection) -> None:
    Connection.objects.update(status=Connection.Status.NEEDS_AUTHORIZATION)
    ran = Ran("bigin_sync", "--plan")
    assert ran.code == 3
    assert "Reconnect it" in ran.out


def test_shows_a_table_and_what_is_left(sandbox: Any, connection: Connection) -> None:
    out = Ran("bigin_sync", "--plan").out
    assert out.splitlines()[0].split() == ["tenant", "module", "plan", "records", "calls", "credits", "seconds", "why"]
    assert "acme: about " in out
    assert "are left of the site's share of the day." in out

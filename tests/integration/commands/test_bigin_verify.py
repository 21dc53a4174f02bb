"""`bigin_verify`."""

import io
from typing import Any

import pytest

from django_bigin.models import AuditEvent, Connection, Job, Record
from tests.support.commands import Ran, Terminal
from tests.support.mirror import assert_equal, sync
from tests.support.tampering import corrupt_row, delete_rows

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def five(sandbox: Any, connection: Connection) -> dict[str, list[str]]:
    """A mirror in which three records were corrupted and two deleted behind its back: their ids by kind."""
    sandbox.advance(60)
    sync(connection)
    contacts = [record["id"] for record in sandbox.records("Contacts")]
    company = sandbox.records("Accounts")[0]["id"]
    for record_id in contacts[:2]:
        corrupt_row("Contacts", record_id, Last_Name="corrupted-value")
    corrupt_row("Accounts", company, Account_Name="corrupted-value")
    delete_rows("Contacts", *contacts[4:6])
    return {"different": [*contacts[:2], company], "missing": contacts[4:6]}


def named(ran: Ran) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for module in ran.document["connections"][0]["modules"]:
        for each in module["differences"]:
            found.setdefault(each["kind"], []).append(each["id"])
    return {kind: sorted(ids) for kind, ids in found.items()}


def test_names_exactly_what_differs_repairs_that_and_is_clean_the_second_time(sandbox, five):
    expected = {kind: sorted(ids) for kind, ids in five.items()}
    first = Ran("bigin_verify", "--yes", "--json")
    assert (first.code, named(first)) == (1, expected)
    assert first.error == "5 records differ: --repair mends them."
    repaired = Ran("bigin_verify", "--repair", "--yes", "--json")
    assert (repaired.code, repaired.error, named(repaired)) == (0, "", expected)
    second = Ran("bigin_verify", "--yes", "--json")
    assert (second.code, second.error, named(second)) == (0, "", {})
    assert_equal(sandbox, "Contacts", "Accounts")


def test_shows_tables_with_names_of_fields_and_no_values(five):
    ran = Ran("bigin_verify", "--yes")
    [contacts] = [line for line in ran.out.splitlines() if line.split()[1:2] == ["Contacts"] and "differs" in line]
    assert contacts.split()[2:9] == ["7", "2", "0", "2", "0", "0", "0"]
    for record_id in five["different"]:
        [line] = [line for line in ran.out.splitlines() if record_id in line]
        assert "_Name" in line
    assert all(f"{record_id}  missing here" in ran.out for record_id in five["missing"])
    assert "corrupted-value" not in ran.out


class TestPrice:
    def test_is_what_it_costs(self, sandbox, five):
        used = sandbox.credits()["used"]
        ran = Ran("bigin_verify", "--yes", "--json")
        spent = sandbox.credits()["used"] - used
        assert ran.document["price"] == {"calls": spent, "credits": spent}

    def test_is_asked_for_at_a_terminal(self, sandbox, five, monkeypatch, capsys):
        monkeypatch.setattr("sys.stdin", Terminal("n\n"))
        sandbox.clear_calls()
        ran = Ran("bigin_verify", "--repair")
        assert (ran.code, ran.error) == (1, "Nothing was changed.")
        assert "Verifying 9 modules with 12 records takes about 17 API credits. Go on? [y/N]" in capsys.readouterr().err
        assert sandbox.calls()["total"] == 0
        monkeypatch.setattr("sys.stdin", Terminal("y\n"))
        assert Ran("bigin_verify", "--repair").code == 0

    def test_is_not_spent_unasked_where_nobody_can_answer(self, sandbox, five, monkeypatch):
        monkeypatch.setattr("sys.stdin", io.StringIO())
        sandbox.clear_calls()
        ran = Ran("bigin_verify", "--json")
        assert ran.code == 2
        assert ran.error.endswith("Add --yes to spend that.")
        assert sandbox.calls()["total"] == 0


def test_only_the_modules_and_tenants_that_were_named(five, connect_another):
    other = connect_another()
    sync(other)
    assert named(Ran("bigin_verify", "--tenant", "globex", "--yes", "--json")) == {}
    ran = Ran("bigin_verify", "--tenant", "acme", "--module", "accounts", "--yes", "--json")
    assert named(ran) == {"different": [five["different"][2]]}


def test_one_failing_module_stops_no_other_and_is_not_hidden(sandbox, five):
    sandbox.fail("GET /bigin/v2/Accounts", status=500, times=100)
    ran = Ran("bigin_verify", "--repair", "--yes", "--json")
    modules = {each["module"]: each for each in ran.document["connections"][0]["modules"]}
    assert (ran.code, ran.error) == (1, "1 of 9 modules failed; the outcome of each says why.")
    assert modules["Accounts"]["error"]
    assert (modules["Contacts"]["finished"], modules["Contacts"]["repaired"]) == (True, 4)


def test_a_tenant_that_lost_its_grant_stops_no_other(five, connect_another):
    other = connect_another()
    Connection.objects.filter(pk=other.pk).update(status=Connection.Status.NEEDS_AUTHORIZATION)
    ran = Ran("bigin_verify", "--repair", "--yes", "--json")
    assert ran.code == 3
    assert [bool(entry["error"]) for entry in ran.document["connections"]] == [False, True]
    assert Record.objects.filter(module="Contacts").count() == 7


def test_a_module_that_was_not_read_yet_is_left_for_later(sandbox, connection):
    ran = Ran("bigin_verify", "--module", "Contacts", "--yes")
    assert ran.code == 75
    assert "skipped: Contacts has not been read in whole yet: sync it first." in ran.out


def test_a_limit_of_calls_ends_it_with_try_later(sandbox, five):
    sandbox.fail("GET /bigin/v2/Contacts", status=429, times=1)
    ran = Ran("bigin_verify", "--module", "Contacts", "--yes", "--json")
    [entry] = ran.document["connections"][0]["modules"]
    assert ran.code == 75
    assert entry["rests_until"]
    assert "It goes on at" in entry["error"]


def test_what_cron_starts_leaves_room_for_what_changed_and_a_person_does_not_wait(five, monkeypatch):
    asked = []
    from django_bigin.management.commands import bigin_verify

    whole = bigin_verify.verify_connection

    def watch(*args: Any, options: Any, **how: Any) -> Any:
        asked.append(options.priority.name)
        return whole(*args, options=options, **how)

    monkeypatch.setattr(bigin_verify, "verify_connection", watch)
    Ran("bigin_verify", "--yes")
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    Ran("bigin_verify")
    assert asked == ["BACKFILL", "PERSON"]


def test_leaves_a_job_with_its_report_and_an_event_of_the_audit(five, connection):
    ran = Ran("bigin_verify", "--repair", "--yes", "--json")
    job = Job.objects.get(kind=Job.Kind.REPAIR)
    assert (job.state, job.connection) == (Job.State.DONE, connection)
    assert job.result.startswith("14 records compared: 2 missing here, 0 gone there, 3 different. Repaired: 5 of 5.")
    assert job.credits == sum(each["credits"] for each in ran.document["connections"][0]["modules"]) > 0
    assert [each["id"] for each in job.details["Accounts"]["differences"]] == five["different"][2:]
    event = AuditEvent.objects.get(action="repair")
    assert event.actor.endswith("(bigin_verify)")
    assert "3 different" in event.detail

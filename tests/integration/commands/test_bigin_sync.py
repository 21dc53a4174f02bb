"""`bigin_sync`."""

from typing import Any

import pytest
from django.db import OperationalError

from django_bigin import clock, sync
from django_bigin.models import Connection, ModuleSync, Record
from tests.support.commands import Ran

pytestmark = pytest.mark.django_db(transaction=True)

Status = Connection.Status


def test_mirrors_every_module_and_shows_a_table(sandbox, connection):
    ran = Ran("bigin_sync")
    assert (ran.code, ran.error) == (0, "")
    assert ran.out.splitlines()[0].split()[:3] == ["tenant", "module", "new"]
    contacts = len(sandbox.records("Contacts"))
    assert Record.objects.live().filter(module="Contacts").count() == contacts > 0
    assert any(line.split()[:3] == ["acme", "Contacts", f"{contacts:,}"] for line in ran.out.splitlines())


def test_only_the_modules_that_were_named_whatever_their_case(connection):
    ran = Ran("bigin_sync", "--tenant", "acme", "--module", "contacts", "Accounts", "--json")
    (entry,) = ran.document["connections"]
    assert {each["module"] for each in entry["modules"]} == {"Contacts", "Accounts"}
    assert set(Record.objects.values_list("module", flat=True)) <= {"Contacts", "Accounts"}


def test_an_unknown_module_gets_the_list_of_those_that_are_known(connection):
    ran = Ran("bigin_sync", "--module", "Contact")
    assert ran.code == 2
    assert "There is no module 'Contact'. Did you mean Contacts? Known: Contacts, Accounts" in ran.error


def test_full_reads_every_record_again(sandbox, connection):
    Ran("bigin_sync", "--module", "Contacts")
    contact = sandbox.records("Contacts")[0]
    sandbox.edit_records("Contacts", [{"id": contact["id"], "Last_Name": "Changed"}], touch=False)

    ran = Ran("bigin_sync", "--module", "Contacts", "--full", "--json")

    (result,) = ran.document["connections"][0]["modules"]
    assert result["updated"] == 1
    assert Record.objects.get(record_id=contact["id"])["Last_Name"] == "Changed"


def test_one_failing_module_stops_no_other_and_is_not_hidden(sandbox, connection):
    sandbox.fail("GET /bigin/v2/Products", status=500, times=100)
    ran = Ran("bigin_sync", "--json")
    modules = {each["module"]: each for each in ran.document["connections"][0]["modules"]}
    assert ran.code == 1
    assert modules["Products"]["error"]
    assert modules["Contacts"]["finished"]
    assert modules["Notes"]["finished"]
    assert ran.error == "1 of 9 modules failed; the outcome of each says why."


def test_a_tenant_that_lost_its_grant_stops_no_other(sandbox, connection, connect_another):
    other = connect_another()
    Connection.objects.filter(pk=connection.pk).update(status=Status.NEEDS_AUTHORIZATION)
    ran = Ran("bigin_sync", "--module", "Contacts")
    assert ran.code == 3
    assert "Reconnect it" in ran.out
    assert ran.error == "1 of 2 connections failed; the outcome of each says why."
    assert Record.objects.filter(connection=other).count() == 3


def test_a_bug_with_one_tenant_stops_no_other(sandbox, connection, connect_another, monkeypatch, caplog):
    other = connect_another()
    whole = sync.sync_connection

    def broken(given: Connection, **options: Any) -> Any:
        if given.pk == connection.pk:
            raise KeyError("id")
        return whole(given, **options)

    monkeypatch.setattr(sync, "sync_connection", broken)
    ran = Ran("bigin_sync", "--module", "Contacts")
    assert ran.code == 1
    assert "Unexpected error KeyError; see the log." in ran.out
    assert "KeyError" in caplog.text
    assert Record.objects.filter(connection=other).count() == 3


@pytest.mark.parametrize("status", [Status.PAUSED, Status.DISCONNECTED])
def test_what_is_switched_off_is_left_alone_unless_it_is_named(connection, status):
    Connection.objects.update(status=status)
    ran = Ran("bigin_sync")
    assert (ran.code, Record.objects.count()) == (0, 0)
    assert "nothing to sync" in ran.out

    named = Ran("bigin_sync", "--connection", str(connection.pk))
    assert named.code == 3
    assert "paused" in named.out or "disconnected" in named.out


def test_a_database_that_does_not_answer_gives_one_sentence(connection, monkeypatch):
    def lost(*arguments: Any, **options: Any) -> Any:
        raise OperationalError("server closed the connection\nunexpectedly")

    monkeypatch.setattr(sync, "sync_connection", lost)
    ran = Ran("bigin_sync")
    assert ran.code == 75
    assert ran.error.startswith("The database does not answer (server closed the connection).")


def test_stopped_by_hand_says_that_nothing_is_lost(connection, monkeypatch):
    def stopped(*arguments: Any, **options: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(sync, "sync_connection", stopped)
    assert Ran("bigin_sync").code == 130


def test_after_a_kill_it_is_not_now_until_the_lease_of_the_dead_has_expired(sandbox, connection):
    assert Ran("bigin_sync").code == 0
    contacts = ModuleSync.objects.filter(module="Contacts")
    contacts.update(lease_id="of a process that was killed", lease_until=clock.database_in(120))
    sandbox.clear_calls()
    ran = Ran("bigin_sync")
    assert ran.code == 75
    assert "1 of 9 modules were left to another process" in ran.error
    assert sandbox.count_calls("GET /bigin/v2/Contacts") == 0
    assert sandbox.count_calls("GET /bigin/v2/Accounts") > 0
    contacts.update(lease_until=clock.database_in(-1))
    assert Ran("bigin_sync").code == 0


def test_of_a_failure_and_a_module_that_another_works_on_the_failure_counts(sandbox, connection):
    assert Ran("bigin_sync").code == 0
    ModuleSync.objects.filter(module="Contacts").update(lease_id="another's", lease_until=clock.database_in(120))
    sandbox.fail("GET /bigin/v2/Accounts", status=500, body="<html></html>", times=None)
    ran = Ran("bigin_sync")
    assert ran.code == 1
    assert "1 of 9 modules failed" in ran.error
    assert "1 of 9 modules were left" in ran.error

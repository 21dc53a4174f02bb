"""`bigin_disconnect`: what it ends, what it deletes, and what it asks first."""

import io

import pytest

from django_bigin.models import AuditEvent, Connection, Record
from tests.support.commands import Ran, Terminal
from tests.support.factories import make_connection, make_record

pytestmark = pytest.mark.django_db(transaction=True)

Status = Connection.Status


def test_revokes_the_grant_and_keeps_the_records(sandbox, connection):
    Ran("bigin_sync", "--module", "Contacts")
    stored = Record.objects.count()
    ran = Ran("bigin_disconnect", "--tenant", "acme", "--json")
    assert ran.code == 0
    assert ran.document["revoked"] is True
    assert Connection.objects.get().status == Status.DISCONNECTED
    assert Record.objects.count() == stored
    assert "bigin_disconnect" in AuditEvent.objects.get(action="disconnect").actor


def test_an_outage_leaves_the_revocation_for_later(sandbox, connection):
    sandbox.fail("POST /oauth/v2/token/revoke", status=503, times=10)
    ran = Ran("bigin_disconnect", "--tenant", "acme")
    assert ran.code == 75
    sandbox.clear_faults()
    assert Ran("bigin_disconnect", "--tenant", "acme").code == 0


def test_a_purge_without_a_terminal_needs_a_yes(connection, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO())
    ran = Ran("bigin_disconnect", "--tenant", "acme", "--purge")
    assert ran.code == 2
    assert "--yes" in ran.error
    assert Connection.objects.get().status == Status.HEALTHY


def test_a_purge_asks_on_a_terminal(connection, monkeypatch):
    make_record(connection)
    monkeypatch.setattr("sys.stdin", Terminal("n\n"))
    assert Ran("bigin_disconnect", "--tenant", "acme", "--purge").error == "Nothing was changed."
    assert Record.objects.exists()

    monkeypatch.setattr("sys.stdin", Terminal("yes\n"))
    assert Ran("bigin_disconnect", "--tenant", "acme", "--purge").code == 0
    assert not Record.objects.exists()


def test_a_purge_with_yes_deletes_the_mirror_of_that_connection_alone(connection):
    make_record(connection)
    other = make_record(make_connection())
    ran = Ran("bigin_disconnect", "--tenant", "acme", "--purge", "--yes", "--json")
    assert ran.document["purged_records"] == 1
    assert Record.objects.get() == other


def test_a_tenant_with_several_must_say_which(sandbox, connection, connect_another):
    other = connect_another(connection.tenant)
    ran = Ran("bigin_disconnect", "--tenant", "acme")
    assert ran.code == 2
    assert f"{connection.pk} is " in ran.error
    assert Ran("bigin_disconnect", "--tenant", "acme", "--connection", str(other.pk)).code == 0
    assert set(Connection.objects.values_list("status", flat=True)) == {Status.HEALTHY, Status.DISCONNECTED}

"""`bigin_refresh`: whom it refreshes, and how it ends."""

import pytest

from django_bigin.connections import pause
from django_bigin.models import Connection
from tests.support.commands import Ran

pytestmark = pytest.mark.django_db(transaction=True)

Status = Connection.Status


def test_asks_for_a_new_token_although_the_old_one_serves(sandbox, connection):
    sandbox.clear_calls()
    ran = Ran("bigin_refresh")
    assert (ran.code, sandbox.count_calls("POST /oauth/v2/token")) == (0, 1)
    assert "refreshed; the token expires in" in ran.out
    assert Connection.objects.get().access_token.reveal() != connection.access_token.reveal()


def test_one_that_fails_stops_no_other(sandbox, connection, connect_another):
    other = connect_another()
    sandbox.revoke_grant(org_id=connection.org_id)

    ran = Ran("bigin_refresh", "--json")

    first, second = ran.document["connections"]
    assert (first["connection"], second["connection"]) == (connection.pk, other.pk)
    assert "error" in first
    assert second["expires_at"]
    assert ran.code == 3
    assert ran.error == "1 of 2 connections could not be refreshed."


def test_a_connection_is_named_once(connection):
    pause(connection)
    ran = Ran("bigin_refresh", "--connection", str(connection.pk))
    assert ran.code == 3
    assert ran.out.count(str(connection)) == 1


def test_only_the_tenant_that_was_named(sandbox, connection, connect_another):
    connect_another()
    sandbox.clear_calls()
    assert Ran("bigin_refresh", "--tenant", "globex").code == 0
    assert sandbox.count_calls("POST /oauth/v2/token") == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--tenant", "nobody"), "There is no tenant with slug 'nobody'. Known: acme."),
        (("--connection", "999999"), "There is no connection 999999: bigin_status lists them."),
        (("--tenant", "acme", "--connection", "999999"), "There is no connection 999999 of tenant 'acme'"),
    ],
)
def test_what_is_not_there_is_named(connection, arguments, sentence):
    ran = Ran("bigin_refresh", *arguments)
    assert ran.code == 1
    assert sentence in ran.error

"""A site that reads from a replica: what decides a write is read where it is written."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections as databases

from django_bigin.connections import confirm, disconnect, pause, resume, tokens
from django_bigin.exceptions import BiginError
from django_bigin.models import Connection
from tests.support.databases import database
from tests.support.grants import TOKEN, let_token_expire
from tests.support.mirror import connect
from tests.support.routers import ReadsFromReplica

pytestmark = pytest.mark.django_db(transaction=True)

Status = Connection.Status


@pytest.fixture(autouse=True)
def reads_from_replica(connection: Connection, settings: Any) -> None:
    settings.BIGIN_INSTALLATION_ID = "here"
    settings.DATABASE_ROUTERS = [ReadsFromReplica()]


def stored(connection: Connection) -> Connection:
    return Connection.objects.using("default").get(pk=connection.pk)


def test_a_token_is_refreshed(sandbox: Any, connection: Connection) -> None:
    let_token_expire(sandbox)
    assert tokens.ensure_fresh_token(connection.pk).value == stored(connection).access_token.reveal()
    assert tokens.refresh_now(connection.pk).value == stored(connection).access_token.reveal()
    assert sandbox.count_calls(TOKEN) == 2


@pytest.mark.figures
def test_an_expiry_is_one_token_request_though_the_replica_never_shows_the_new_token(
    sandbox: Any, connection: Connection
) -> None:
    let_token_expire(sandbox)

    def ask(_: int) -> str:
        try:
            return tokens.ensure_fresh_token(connection.pk).value
        finally:
            databases.close_all()

    with ThreadPoolExecutor(8) as pool:
        given = set(pool.map(ask, range(24)))
    requests = sandbox.count_calls(TOKEN)
    print(f"\na replica that lags for ever, on {database.vendor}: {requests} token requests for one expiry")
    assert given == {stored(connection).access_token.reveal()}
    assert requests == 1


@pytest.mark.parametrize(
    "how", [{"status": 500}, {"status": 400, "body": '{"error":"Access Denied","status":"failure"}'}]
)
def test_a_failed_refresh_is_noted(how: dict[str, Any], sandbox: Any, connection: Connection) -> None:
    let_token_expire(sandbox)
    sandbox.fail(TOKEN, **how)
    with pytest.raises(BiginError):
        tokens.ensure_fresh_token(connection.pk)
    assert stored(connection).status == Status.DEGRADED


def test_a_connection_is_paused_resumed_and_ended(connection: Connection) -> None:
    assert pause(connection)
    assert resume(connection)
    assert not confirm(connection)
    assert disconnect(connection, purge=True).revoked
    assert stored(connection).status == Status.DISCONNECTED


def test_a_tenant_is_connected_and_reconnected(
    sandbox: Any, organization: dict[str, str], connection: Connection
) -> None:
    again = connect(organization, tenant=connection.tenant, grant_token=sandbox.mint_grant_token()["grant_token"])
    assert (again.pk, stored(again).grant_version) == (connection.pk, 2)

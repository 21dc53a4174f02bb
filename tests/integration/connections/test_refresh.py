"""One refresh: what is stored of the answer, what follows from a failure, and who is faster meanwhile."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections as databases

from django_bigin import clock
from django_bigin.connections import disconnect, open_client, pause, refresh, throttling, tokens
from django_bigin.exceptions import (
    BiginError,
    ClientCredentialsError,
    RefreshTokenError,
    TransientError,
)
from django_bigin.models import ClientSecret, Connection, RegistrationState
from django_bigin.testing.transactions import refresh_in_transaction
from tests.support.databases import database
from tests.support.factories import make_connection, make_registration
from tests.support.grants import TOKEN, act_after_call, let_token_expire
from tests.support.mirror import connect

pytestmark = pytest.mark.django_db(transaction=True)

Status = Connection.Status


def test_an_outage_leaves_the_token_that_still_serves_in_use(connection: Connection, sandbox: Any) -> None:
    sandbox.advance(3600 - 601)
    sandbox.fail(TOKEN, status=502, body="<html>bad gateway</html>", times=5)
    assert tokens.ensure_fresh_token(connection.pk).value == connection.access_token.reveal()
    connection.refresh_from_db()
    assert connection.status == Status.DEGRADED
    assert connection.next_attempt_at is not None


def test_after_an_outage_it_recovers_by_itself(connection: Connection, sandbox: Any) -> None:
    let_token_expire(sandbox)
    sandbox.fail(TOKEN, status=500, times=1)
    with pytest.raises(TransientError):
        tokens.ensure_fresh_token(connection.pk)
    with pytest.raises(TransientError) as resting:
        tokens.ensure_fresh_token(connection.pk)
    assert sandbox.count_calls(TOKEN) == 1
    sandbox.advance((resting.value.retry_after or 0) + 1)
    tokens.ensure_fresh_token(connection.pk)
    connection.refresh_from_db()
    assert connection.status == Status.HEALTHY


def test_a_revoked_grant_is_known_after_one_request(connection: Connection, sandbox: Any) -> None:
    let_token_expire(sandbox)
    sandbox.revoke_grant()
    with pytest.raises(RefreshTokenError, match="authorize again"):
        tokens.ensure_fresh_token(connection.pk)
    with pytest.raises(RefreshTokenError, match="Reconnect"):
        tokens.ensure_fresh_token(connection.pk)
    connection.refresh_from_db()
    assert connection.status == Status.NEEDS_AUTHORIZATION
    assert sandbox.count_calls(TOKEN) == 1


def test_a_wrong_secret_keeps_the_tokens_and_tells_the_admin(connection: Connection, sandbox: Any) -> None:
    let_token_expire(sandbox)
    row = ClientSecret.objects.get()
    right, row.secret = row.secret.reveal(), "0" * 42
    row.save()
    with pytest.raises(ClientCredentialsError, match="compare"):
        tokens.ensure_fresh_token(connection.pk)
    connection.refresh_from_db()
    assert connection.status == Status.MISCONFIGURED
    assert connection.refresh_token.reveal()
    row.secret = right
    row.save()
    tokens.refresh_now(connection.pk)
    connection.refresh_from_db()
    assert connection.status == Status.HEALTHY


def test_never_more_than_eight_requests_in_ten_minutes(connection: Connection, sandbox: Any) -> None:
    sandbox.clear_calls()
    for _ in range(8):
        tokens.refresh_now(connection.pk)
    with pytest.raises(TransientError, match="ten minutes"):
        tokens.refresh_now(connection.pk)
    assert sandbox.count_calls(TOKEN) == 8
    sandbox.advance(601)
    tokens.refresh_now(connection.pk)


def test_a_throttled_grant_rests_longer_each_time(connection: Connection, sandbox: Any) -> None:
    throttled = '{"error_description":"您已连续提出过多请求，请稍后再试。","error":"拒绝访问","status":"failure"}'
    rests = []
    for _ in range(5):
        let_token_expire(sandbox)
        sandbox.fail(TOKEN, status=400, body=throttled, content_type="application/json", times=1)
        with pytest.raises(TransientError):
            tokens.ensure_fresh_token(connection.pk)
        connection.refresh_from_db()
        rests.append(round((connection.next_attempt_at - clock.now()).total_seconds() / 600))
    assert rests == [1, 2, 4, 6, 6]


def test_three_throttled_grants_rest_the_registration(sandbox: Any, organization: dict[str, str]) -> None:
    connected = [connect(organization, grant_token=sandbox.mint_grant_token()["grant_token"]) for _ in range(4)]
    Connection.objects.update(registration=connected[0].registration)
    let_token_expire(sandbox)
    sandbox.fail(TOKEN, status=400, body='{"error":"Access Denied","status":"failure"}', times=3)
    for connection in connected[:3]:
        with pytest.raises(TransientError):
            tokens.ensure_fresh_token(connection.pk)
    assert RegistrationState.objects.get().throttled_until is not None
    with pytest.raises(TransientError):
        tokens.ensure_fresh_token(connected[3].pk)
    assert sandbox.count_calls(TOKEN) == 3


def test_a_late_refusal_for_an_older_grant_is_ignored(connection: Connection, sandbox: Any, monkeypatch: Any) -> None:
    let_token_expire(sandbox)
    sandbox.revoke_grant()
    reconnected = Connection.objects.filter(pk=connection.pk)
    act_after_call(monkeypatch, "refresh", lambda: reconnected.update(grant_version=connection.grant_version + 1))
    with pytest.raises(RefreshTokenError):
        tokens.ensure_fresh_token(connection.pk)
    connection.refresh_from_db()
    assert connection.status == Status.HEALTHY
    assert connection.access_token.reveal()


def test_three_grants_throttled_together_rest_the_registration() -> None:
    if database.vendor == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    registration = make_registration()
    grants = [make_connection(registration=registration) for _ in range(3)]
    together = threading.Barrier(3)

    def note(grant: Connection) -> None:
        together.wait(30)
        throttling.note_throttled(grant)
        databases.close_all()

    threads = [threading.Thread(target=note, args=(grant,)) for grant in grants]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert RegistrationState.objects.get().throttled_until is not None


def test_a_reconnect_during_a_refresh_wins(
    sandbox: Any, organization: dict[str, str], connection: Connection, monkeypatch: Any
) -> None:
    let_token_expire(sandbox)

    def reconnect() -> None:
        connect(organization, tenant=connection.tenant, grant_token=sandbox.mint_grant_token()["grant_token"])

    act_after_call(monkeypatch, "refresh", reconnect)
    given = tokens.ensure_fresh_token(connection.pk)
    now = Connection.objects.get()
    assert given.value == now.access_token.reveal()
    open_client(now).metadata.fetch_organization()
    assert (now.status, now.grant_version) == (Status.HEALTHY, 2)


def test_a_disconnect_during_a_refresh_wins(sandbox: Any, connection: Connection, monkeypatch: Any) -> None:
    let_token_expire(sandbox)
    act_after_call(monkeypatch, "refresh", lambda: disconnect(Connection.objects.get()))
    with pytest.raises(BiginError):
        tokens.ensure_fresh_token(connection.pk)
    now = Connection.objects.get()
    assert (now.status, now.access_token.reveal(), now.refresh_token.reveal()) == (Status.DISCONNECTED, "", "")


def test_a_pause_during_a_refused_refresh_stays_a_pause(sandbox: Any, connection: Connection, monkeypatch: Any) -> None:
    let_token_expire(sandbox)
    sandbox.revoke_grant()
    act_after_call(monkeypatch, "refresh", lambda: pause(Connection.objects.get()))
    with pytest.raises(RefreshTokenError):
        tokens.ensure_fresh_token(connection.pk)
    assert Connection.objects.get().status == Status.PAUSED


def test_a_pause_while_a_refusal_is_stored_stays_a_pause(sandbox: Any, connection: Connection) -> None:
    let_token_expire(sandbox)
    sandbox.revoke_grant()
    paused: list[bool] = []

    def pause_first(execute: Any, sql: str, parameters: Any, *arguments: Any) -> Any:
        if sql.startswith("UPDATE") and Status.NEEDS_AUTHORIZATION in parameters and not paused:
            paused.append(True)
            pause(Connection.objects.get())
        return execute(sql, parameters, *arguments)

    with refresh_in_transaction(), database.execute_wrapper(pause_first), pytest.raises(RefreshTokenError):
        tokens.ensure_fresh_token(connection.pk)
    now = Connection.objects.get()
    assert (now.status, now.access_token.reveal(), now.lease_id) == (Status.PAUSED, "", "")


def test_eight_workers_and_a_revoked_grant_make_one_request(sandbox: Any, connection: Connection) -> None:
    let_token_expire(sandbox)
    sandbox.revoke_grant()
    together, raised = threading.Barrier(8), []

    def work() -> None:
        together.wait(30)
        try:
            tokens.ensure_fresh_token(connection.pk)
        except BiginError as error:
            raised.append(type(error))
        finally:
            databases.close_all()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert raised == [RefreshTokenError] * 8
    assert sandbox.count_calls(TOKEN) == 1


def test_who_looked_before_a_refusal_gets_no_lease_after_it(sandbox: Any, connection: Connection) -> None:
    let_token_expire(sandbox)
    sandbox.revoke_grant()
    looked_before = Connection.objects.get()
    with pytest.raises(RefreshTokenError):
        tokens.ensure_fresh_token(connection.pk)
    assert refresh.claim(looked_before) is None


def test_the_next_process_finds_the_refusal_as_soon_as_the_lease_is_given_back(
    sandbox: Any, connection: Connection
) -> None:
    """B15: between the two a second process would ask Zoho once more for a grant that is gone."""
    let_token_expire(sandbox)
    sandbox.revoke_grant()
    seen: list[tuple[str, str]] = []

    def watch(execute: Any, sql: str, *arguments: Any) -> Any:
        result = execute(sql, *arguments)
        if sql.startswith("UPDATE"):
            seen.append(Connection.objects.values_list("lease_id", "status").get())
        return result

    with refresh_in_transaction(), database.execute_wrapper(watch), pytest.raises(RefreshTokenError):
        tokens.ensure_fresh_token(connection.pk)
    assert ("", Status.HEALTHY) not in seen
    assert seen[-1] == ("", Status.NEEDS_AUTHORIZATION)


@pytest.mark.parametrize("expires_in", [10**15, -5, "soon", 3_600_000, True])
def test_a_lifetime_that_makes_no_sense_is_an_hour(expires_in: Any, sandbox: Any, connection: Connection) -> None:
    let_token_expire(sandbox)
    body = {"access_token": "1000.a.b", "expires_in": expires_in}
    sandbox.fail(TOKEN, status=200, body=body)
    left = tokens.ensure_fresh_token(connection.pk).expires_at - clock.now()
    assert timedelta(minutes=59) <= left <= timedelta(minutes=61)

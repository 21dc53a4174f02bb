"""Promise R1 in small: whoever asks, there is one token request for each expiry."""

import hashlib
import os
import subprocess
import sys
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.db import connections as databases
from django.db import transaction

from django_bigin import clock
from django_bigin.connections import tokens
from django_bigin.connections.connect import connect_self_client, disconnect
from django_bigin.exceptions import (
    BiginError,
    ClientCredentialsError,
    ConnectionNotReadyError,
    RefreshTokenError,
    TokenPendingError,
    TransientError,
)
from django_bigin.models import ClientSecret, Connection, RegistrationState, Tenant
from tests.support.databases import url_of

pytestmark = pytest.mark.django_db(transaction=True)

TOKEN = "POST /oauth/v2/token"
Status = Connection.Status


@pytest.fixture
def connection(sandbox: Any, organization: dict[str, str]) -> Connection:
    return connect(organization)


def connect(organization: dict[str, str], slug: str = "acme", grant_token: str = "") -> Connection:
    tenant, _ = Tenant.objects.get_or_create(slug=slug, defaults={"name": slug.title()})
    return connect_self_client(
        tenant,
        client_id=organization["client_id"],
        client_secret=organization["client_secret"],
        grant_token=grant_token or organization["grant_token"],
        data_center=organization["data_center"],
    ).connection


def let_it_run_out(sandbox: Any) -> None:
    sandbox.advance(3700)
    sandbox.clear_calls()


def test_sixteen_processes_and_one_expired_token_make_one_request(connection: Connection, sandbox: Any) -> None:
    let_it_run_out(sandbox)
    live = database.settings_dict
    database_url = url_of(live, name=str(live["NAME"]), vendor=database.vendor)
    environment = {**os.environ, "DATABASE_URL": database_url, "BIGIN_SANDBOX_URL": sandbox.url}
    command = [sys.executable, "-m", "tests.support.ask_for_token", str(connection.pk)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "env": environment}
    processes = [subprocess.Popen(command, **pipes) for _ in range(16)]
    assert [process.stdout.readline() for process in processes] == ["ready\n"] * 16
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = {process.communicate(timeout=60)[0].strip() for process in processes}
    connection.refresh_from_db()
    assert answers == {hashlib.sha256(connection.access_token.encode()).hexdigest()}
    assert sandbox.count_calls(TOKEN) == 1


def test_sixteen_threads_and_one_expired_token_make_one_request(connection: Connection, sandbox: Any) -> None:
    let_it_run_out(sandbox)
    given = []

    def work() -> None:
        given.append(tokens.ensure_fresh_token(connection.pk).value)
        databases.close_all()

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(given) == 16
    assert len(set(given)) == 1
    assert sandbox.count_calls(TOKEN) == 1


def test_a_fresh_token_is_used_without_asking(connection: Connection, sandbox: Any) -> None:
    sandbox.clear_calls()
    assert tokens.ensure_fresh_token(connection.pk).value == connection.access_token
    assert sandbox.count_calls(TOKEN) == 0


def test_a_token_is_refreshed_ahead_of_its_expiry(connection: Connection, sandbox: Any) -> None:
    sandbox.advance(3600 - 601)
    before = connection.access_token
    assert tokens.ensure_fresh_token(connection.pk).value != before


def test_an_outage_leaves_the_token_that_still_serves_in_use(connection: Connection, sandbox: Any) -> None:
    sandbox.advance(3600 - 601)
    sandbox.fail(TOKEN, status=502, body="<html>bad gateway</html>", times=5)
    assert tokens.ensure_fresh_token(connection.pk).value == connection.access_token
    connection.refresh_from_db()
    assert connection.status == Status.DEGRADED
    assert connection.next_attempt_at is not None


def test_after_an_outage_it_heals_by_itself(connection: Connection, sandbox: Any) -> None:
    let_it_run_out(sandbox)
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
    let_it_run_out(sandbox)
    sandbox.revoke_grant()
    with pytest.raises(RefreshTokenError, match="authorize again"):
        tokens.ensure_fresh_token(connection.pk)
    with pytest.raises(RefreshTokenError, match="Reconnect"):
        tokens.ensure_fresh_token(connection.pk)
    connection.refresh_from_db()
    assert connection.status == Status.NEEDS_AUTHORIZATION
    assert sandbox.count_calls(TOKEN) == 1


def test_a_wrong_secret_keeps_the_tokens_and_tells_the_admin(connection: Connection, sandbox: Any) -> None:
    let_it_run_out(sandbox)
    row = ClientSecret.objects.get()
    right, row.secret = row.secret, "0" * 42
    row.save()
    with pytest.raises(ClientCredentialsError, match="compare"):
        tokens.ensure_fresh_token(connection.pk)
    connection.refresh_from_db()
    assert connection.status == Status.MISCONFIGURED
    assert connection.refresh_token
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
        let_it_run_out(sandbox)
        sandbox.fail(TOKEN, status=400, body=throttled, content_type="application/json", times=1)
        with pytest.raises(TransientError):
            tokens.ensure_fresh_token(connection.pk)
        connection.refresh_from_db()
        rests.append(round((connection.next_attempt_at - clock.now()).total_seconds() / 600))
    assert rests == [1, 2, 4, 6, 6]


def test_three_throttled_grants_rest_the_registration(sandbox: Any, organization: dict[str, str]) -> None:
    connected = [connect(organization, "t0")]
    shared = connected[0].registration
    for number in (1, 2, 3):
        other = connect(organization, f"t{number}", sandbox.mint_grant_token()["grant_token"])
        Connection.objects.filter(pk=other.pk).update(registration=shared)
        connected.append(other)
    let_it_run_out(sandbox)
    sandbox.fail(TOKEN, status=400, body='{"error":"Access Denied","status":"failure"}', times=3)
    for connection in connected[:3]:
        with pytest.raises(TransientError):
            tokens.ensure_fresh_token(connection.pk)
    assert RegistrationState.objects.get().throttled_until is not None
    with pytest.raises(TransientError):
        tokens.ensure_fresh_token(connected[3].pk)
    assert sandbox.count_calls(TOKEN) == 3


def test_the_loser_of_the_lease_uses_what_still_serves(connection: Connection, sandbox: Any) -> None:
    sandbox.advance(3600 - 601)
    Connection.objects.update(lease_id="another", lease_until=clock.database_in(30))
    assert tokens.ensure_fresh_token(connection.pk).value == connection.access_token


def test_the_loser_of_the_lease_waits_only_so_long(connection: Connection, sandbox: Any) -> None:
    let_it_run_out(sandbox)
    Connection.objects.update(lease_id="another", lease_until=clock.database_in(30))
    with pytest.raises(TokenPendingError):
        tokens.ensure_fresh_token(connection.pk, wait_seconds=0)


def test_the_lease_of_a_dead_process_runs_out(connection: Connection, sandbox: Any) -> None:
    let_it_run_out(sandbox)
    Connection.objects.update(lease_id="dead", lease_until=clock.database_in(-1))
    assert tokens.ensure_fresh_token(connection.pk).value


def test_a_late_refusal_for_an_older_grant_is_ignored(connection: Connection, sandbox: Any, monkeypatch: Any) -> None:
    let_it_run_out(sandbox)

    class Reconnected:
        def refresh(self, refresh_token: str) -> Any:
            Connection.objects.update(grant_version=connection.grant_version + 1)
            raise RefreshTokenError("The grant was revoked.")

    monkeypatch.setattr(tokens, "accounts_server", lambda *_: Reconnected())
    with pytest.raises(RefreshTokenError):
        tokens.ensure_fresh_token(connection.pk)
    connection.refresh_from_db()
    assert connection.status == Status.HEALTHY
    assert connection.access_token


def test_a_refused_token_is_replaced_only_if_it_is_still_the_stored_one(connection: Connection, sandbox: Any) -> None:
    sandbox.clear_calls()
    refused = connection.access_token
    first = tokens.ensure_fresh_token(connection.pk, refused=refused)
    second = tokens.ensure_fresh_token(connection.pk, refused=refused)
    assert first.value == second.value != refused
    assert sandbox.count_calls(TOKEN) == 1


def test_inside_a_transaction_the_new_token_survives_a_rollback(connection: Connection, sandbox: Any) -> None:
    let_it_run_out(sandbox)
    with transaction.atomic():
        if database.vendor == "sqlite":
            with pytest.raises(BiginError, match=r"before transaction\.atomic"):
                tokens.ensure_fresh_token(connection.pk)
            return
        value = tokens.ensure_fresh_token(connection.pk).value
        transaction.set_rollback(True)
    connection.refresh_from_db()
    assert connection.access_token == value


def test_a_token_that_serves_can_be_had_inside_any_transaction(connection: Connection, sandbox: Any) -> None:
    sandbox.advance(3600 - 90)
    with transaction.atomic():
        assert tokens.ensure_fresh_token(connection.pk).value == connection.access_token


def test_a_disconnected_connection_asks_for_nothing(connection: Connection, sandbox: Any) -> None:
    disconnect(connection)
    sandbox.clear_calls()
    with pytest.raises(ConnectionNotReadyError, match="disconnected"):
        tokens.ensure_fresh_token(connection.pk)
    assert sandbox.count_calls(TOKEN) == 0


def test_a_token_is_due_between_ten_and_twenty_minutes_ahead(connection: Connection) -> None:
    assert timedelta(minutes=10) <= connection.expires_at - connection.refresh_at <= timedelta(minutes=20)

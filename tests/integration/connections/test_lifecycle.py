"""Confirm, pause, resume, disconnect: with old objects, with two at once, and what is written down of it."""

import threading
from typing import Any

import pytest
from django.db import OperationalError
from django.db import connections as databases

from django_bigin import audit
from django_bigin.connections import disconnect, pause, resume, states
from django_bigin.connections.accounts import accounts_server
from django_bigin.exceptions import RefreshTokenError
from django_bigin.models import AuditEvent, Connection
from tests.support.databases import database
from tests.support.grants import act_after_call
from tests.support.mirror import connect

pytestmark = pytest.mark.django_db(transaction=True)

Status = Connection.Status


@pytest.mark.parametrize("stale", [Status.PAUSED, Status.NEEDS_AUTHORIZATION, Status.MISCONFIGURED])
def test_resuming_goes_back_to_what_was_there_when_it_was_paused(stale: str, connection: Connection) -> None:
    connection.status = stale  # as an object looks that was loaded before somebody else changed the row
    assert pause(connection)
    assert resume(Connection.objects.get())
    assert Connection.objects.get().status == Status.HEALTHY


def test_a_pause_remembers_the_status_even_if_it_dies_right_after(connection: Connection, monkeypatch: Any) -> None:
    Connection.objects.update(status=Status.MISCONFIGURED)
    monkeypatch.setattr(audit, "record", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        pause(connection)
    assert Connection.objects.get().status_before_pause == Status.MISCONFIGURED


def test_a_status_that_changes_meanwhile_is_changed_from_where_it_is(connection: Connection) -> None:
    meddled: list[str] = []

    def meddle(execute: Any, sql: str, *arguments: Any) -> Any:
        if sql.startswith("UPDATE") and not meddled:
            meddled.append(sql)
            Connection.objects.update(status=Status.DEGRADED)
        return execute(sql, *arguments)

    with database.execute_wrapper(meddle):
        assert states.set_status(connection, Status.PAUSED)
    stored = Connection.objects.get()
    assert (stored.status, stored.status_before_pause) == (Status.PAUSED, Status.DEGRADED)


def test_of_eight_who_disconnect_at_once_one_makes_the_change(connection: Connection) -> None:
    together, made = threading.Barrier(8), []

    def work() -> None:
        together.wait(30)
        made.append(states.set_status(Connection.objects.get(), Status.DISCONNECTED))
        databases.close_all()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(made) == [False] * 7 + [True]


def test_disconnecting_with_an_old_object_revokes_the_grant_of_now(
    sandbox: Any, organization: dict[str, str], connection: Connection
) -> None:
    old = Connection.objects.get()
    assert old.refresh_token.reveal()
    renewed = connect(organization, tenant=connection.tenant, grant_token=sandbox.mint_grant_token()["grant_token"])
    assert renewed.pk == old.pk
    refresh_token = renewed.refresh_token.reveal()
    assert disconnect(old).revoked
    with pytest.raises(RefreshTokenError):
        accounts_server(renewed.registration, "us").refresh(refresh_token)


def test_a_reconnect_during_a_disconnect_keeps_its_tokens(
    sandbox: Any, organization: dict[str, str], connection: Connection, monkeypatch: Any
) -> None:
    def reconnect() -> None:
        connect(organization, tenant=connection.tenant, grant_token=sandbox.mint_grant_token()["grant_token"])

    act_after_call(monkeypatch, "revoke", reconnect)
    disconnect(connection)
    now = Connection.objects.get()
    assert now.status == Status.HEALTHY
    assert now.refresh_token.reveal()


def test_the_audit_holds_what_was_done_to_the_connection(connection: Connection) -> None:
    pause(connection)
    resume(connection)
    disconnect(connection)
    assert {"connect", "pause", "resume", "disconnect"} <= set(AuditEvent.objects.values_list("action", flat=True))


def test_a_change_of_status_that_a_deadlock_ends_is_made_again(connection: Connection, caplog: Any) -> None:
    refusals = [OperationalError(1213, "Deadlock found when trying to get lock; try restarting transaction")] * 2

    def refuse(execute: Any, sql: str, parameters: Any, *arguments: Any) -> Any:
        if sql.startswith("UPDATE") and Status.PAUSED in parameters and refusals:
            raise refusals.pop()
        return execute(sql, parameters, *arguments)

    with database.execute_wrapper(refuse):
        assert pause(connection)
    assert not refusals
    assert "tried again (2 of" in caplog.text
    assert Connection.objects.get().status == Status.PAUSED

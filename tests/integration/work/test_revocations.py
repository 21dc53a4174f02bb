"""Grants that are left over are revoked by workers, few at a time: no tick and no refresh waits for it."""

import time
from typing import Any

import pytest

from django_bigin.connections import disconnect
from django_bigin.models import AuditEvent, Connection
from django_bigin.work.kinds import REVOKE
from tests.support.mirror import connect
from tests.support.ticking import kinds_of, tick, work_off

pytestmark = pytest.mark.django_db(transaction=True)

REVOCATION = "POST /oauth/v2/token/revoke"
Status = Connection.Status


def leave_over(sandbox: Any, connection: Connection) -> None:
    sandbox.fail(REVOCATION, status=503, body="<html></html>", times=1)
    assert not disconnect(connection).revoked


def test_a_grant_that_could_not_be_revoked_is_revoked_later(sandbox: Any, connection: Connection) -> None:
    leave_over(sandbox, connection)
    sandbox.clear_calls()
    sent = tick()
    assert sent == [(REVOKE, connection.pk)]
    work_off(sent + sent)
    connection.refresh_from_db()
    assert connection.refresh_token == ""
    assert sandbox.count_calls(REVOCATION) == 1
    assert tick() == []


def test_one_that_fails_again_rests(sandbox: Any, connection: Connection) -> None:
    leave_over(sandbox, connection)
    sandbox.fail(REVOCATION, status=503, body="<html></html>", times=1)
    work_off(tick())
    assert tick() == []
    sandbox.advance(901)
    work_off(tick())
    connection.refresh_from_db()
    assert connection.refresh_token == ""


def test_a_connection_that_nobody_confirmed_is_discarded(sandbox: Any, connection: Connection) -> None:
    Connection.objects.update(status=Status.PENDING, confirm_until="2020-01-01T00:00:00Z")
    work_off(tick())
    assert not Connection.objects.exists()
    assert AuditEvent.objects.filter(action="discard").exists()


def test_one_that_is_confirmed_before_its_message_arrives_stays(sandbox: Any, connection: Connection) -> None:
    Connection.objects.update(status=Status.PENDING, confirm_until="2020-01-01T00:00:00Z")
    sent = tick()
    Connection.objects.update(status=Status.HEALTHY)
    work_off(sent)
    assert Connection.objects.get().status == Status.HEALTHY
    assert sandbox.count_calls(REVOCATION) == 0


def test_an_accounts_server_that_hangs_holds_no_tick_and_few_workers(sandbox: Any) -> None:
    for _ in range(4):
        leave_over(sandbox, connect(sandbox.add_organization()))
    Connection.objects.filter(pk=Connection.objects.last().pk).update(
        status=Status.PENDING, confirm_until="2020-01-01T00:00:00Z"
    )
    at_work = connect(sandbox.add_organization())
    sandbox.fail(REVOCATION, delay_seconds=3, times=None)
    sandbox.clear_calls()
    started = time.monotonic()
    sent = tick() + tick()
    assert time.monotonic() - started < 3
    assert sandbox.calls()["total"] == 0
    assert [kind for kind, _ in sent].count(REVOKE) == 2
    assert at_work.pk in [row_id for kind, row_id in sent if kind != REVOKE]
    work_off([entry for entry in sent if entry[0] == REVOKE])
    assert kinds_of(tick()) == {REVOKE}  # the next two

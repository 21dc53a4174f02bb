"""An API that refuses every token while the accounts server gives new ones."""

from datetime import timedelta
from typing import Any

import pytest

from django_bigin import clock
from django_bigin.connections import open_client, refresh_now
from django_bigin.exceptions import AccessTokenError, TransientError
from django_bigin.models import Connection, ModuleSync
from tests.support.grants import TOKEN
from tests.support.ticking import tick, work_off

pytestmark = pytest.mark.django_db(transaction=True)

Status = Connection.Status


def refuse(sandbox: Any) -> None:
    sandbox.clear_calls()
    sandbox.fail("/bigin/v2", status=401, times=None)


def status() -> str:
    return str(Connection.objects.values_list("status", flat=True).get())


def minute_passes(sandbox: Any) -> None:
    sandbox.advance(60)
    # Reservations count by the database's clock, which the sandbox's does not move.
    ModuleSync.objects.update(queued_until=None)
    Connection.objects.update(metadata_queued_until=None, refresh_queued_until=None)
    work_off(tick())


def minutes_until(wanted: str, sandbox: Any, *, at_most: int) -> int:
    for minute in range(at_most):
        if status() == wanted:
            return minute
        minute_passes(sandbox)
    return at_most


@pytest.mark.parametrize("hours", [1, pytest.param(6, marks=pytest.mark.proof)])
def test_hours_of_refusals_cost_few_requests_and_heal(
    hours: int, sandbox: Any, connection: Connection, mailoutbox: list[Any], settings: Any
) -> None:
    settings.BIGIN_ALERT_RECIPIENTS = ["admin@example.com"]
    work_off(tick())
    work_off(tick())
    refuse(sandbox)
    until = clock.now() + timedelta(hours=hours)
    degraded = minutes_until(Status.DEGRADED, sandbox, at_most=30)
    while clock.now() < until:
        minute_passes(sandbox)
        assert status() == Status.DEGRADED
    requests, calls = sandbox.count_calls(TOKEN), sandbox.calls(path="/bigin/v2")["total"]
    mails = len(mailoutbox)
    sandbox.clear_faults()
    healthy = minutes_until(Status.HEALTHY, sandbox, at_most=60)
    print(
        f"\n{hours} h of 401: {requests} token requests, {calls} calls, degraded after {degraded} min, {mails} mails, "
        f"healthy {healthy} min after the end"
    )
    assert requests <= 30
    assert degraded <= 10
    assert mails == 1
    assert "refuses the access token" in mailoutbox[0].body
    assert healthy <= 15


def test_a_token_refused_though_just_given_degrades_at_once_and_rests(sandbox: Any, connection: Connection) -> None:
    refuse(sandbox)
    client = open_client(connection)
    with pytest.raises(AccessTokenError):
        client.metadata.fetch_organization()
    now = Connection.objects.get()
    assert (now.status, now.refused_count) == (Status.DEGRADED, 1)
    assert "refuses the access token" in now.status_reason
    calls = sandbox.calls()["total"]
    for each in (client, open_client(now)):
        with pytest.raises(TransientError, match="next attempt"):
            each.metadata.fetch_organization()
    assert sandbox.calls()["total"] == calls


def test_the_first_call_that_is_answered_heals(sandbox: Any, connection: Connection) -> None:
    refuse(sandbox)
    with pytest.raises(AccessTokenError):
        open_client(connection).metadata.fetch_organization()
    sandbox.clear_faults()
    sandbox.advance(61)
    requests = sandbox.count_calls(TOKEN)
    open_client(connection).metadata.fetch_organization()
    now = Connection.objects.get()
    assert (now.status, now.refused_count, now.next_attempt_at) == (Status.HEALTHY, 0, None)
    assert sandbox.count_calls(TOKEN) == requests


def test_a_server_error_says_nothing_of_the_token(sandbox: Any, connection: Connection) -> None:
    refuse(sandbox)
    with pytest.raises(AccessTokenError):
        open_client(connection).metadata.fetch_organization()
    sandbox.clear_faults()
    sandbox.fail("/bigin/v2", status=500)
    sandbox.advance(61)
    with pytest.raises(TransientError):
        open_client(connection).metadata.fetch_organization()
    assert status() == Status.DEGRADED


def test_a_person_gets_a_new_token_all_the_same(sandbox: Any, connection: Connection) -> None:
    Connection.objects.update(refused_count=9, status=Status.DEGRADED, next_attempt_at=clock.now() + timedelta(hours=1))
    before = connection.access_token.reveal()
    assert refresh_now(connection.pk).value != before
    assert status() == Status.DEGRADED  # until the API has taken it

"""Work on a connection that kills its worker is counted, and is not tried every five minutes for ever."""

from typing import Any

import pytest

from django_bigin.connections import disconnect
from django_bigin.models import Connection
from django_bigin.work.kinds import KINDS, METADATA, REFRESH, REVOKE
from django_bigin.work.slices import TRIES_AT_MOST
from tests.support.grants import REVOKE as REVOKE_CALL
from tests.support.grants import TOKEN
from tests.support.killing import killing
from tests.support.ticking import tick, work_off

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

MODULES = "GET /bigin/v2/settings/modules"
STUCK_SECONDS = 15  # longer than a kill takes


def make_due(kind: str, sandbox: Any, connection: Connection) -> str:
    """Let work of a kind be the connection's only one that is due; return the call that it makes."""
    if kind == REVOKE:
        sandbox.fail(REVOKE_CALL, status=500, times=1)
        disconnect(connection)
        Connection.objects.update(next_attempt_at=None)
        return REVOKE_CALL
    if kind == METADATA:
        return MODULES
    work_off(tick())
    work_off(tick())
    sandbox.advance(3_100)
    return TOKEN


@pytest.mark.parametrize("kind", [REFRESH, METADATA, REVOKE])
def test_what_kills_its_worker_again_and_again_rests(kind: str, sandbox: Any, connection: Connection) -> None:
    call = make_due(kind, sandbox, connection)
    rows, columns = Connection.objects.filter(pk=connection.pk), KINDS[kind]
    with killing(kind, connection.pk, sandbox) as kill:
        for tries in range(1, TRIES_AT_MOST + 1):
            assert tick(kind) == [(kind, connection.pk)]
            sandbox.fail(call, delay_seconds=STUCK_SECONDS, times=1)
            kill(lambda: sandbox.faults() == [])
            assert rows.values_list(columns.tries, flat=True).get() == tries
            release_leases(rows)
            if tries < TRIES_AT_MOST:
                rows.update(**{columns.column: None})  # five minutes later
    assert tick(kind) == []
    [rests_until] = rows.values_list(columns.column, flat=True)
    assert (rests_until - connection.created_at).total_seconds() > 3_000
    rows.update(**{columns.column: None})  # an hour later
    work_off(tick(kind))
    assert rows.values_list(columns.tries, flat=True).get() == 0


def release_leases(rows: Any) -> None:
    """Let the leases of the dead expire, and forget their requests: the real limit of ten is not this test's."""
    rows.update(lease_id="", lease_until=None, metadata_lease_id="", metadata_lease_until=None, token_requests=[])


def test_metadata_says_why_it_rests_until_it_is_read(sandbox: Any, connection: Connection) -> None:
    Connection.objects.update(metadata_tries=TRIES_AT_MOST - 1)
    with killing(METADATA, connection.pk, sandbox) as kill:
        sandbox.fail(MODULES, delay_seconds=STUCK_SECONDS, times=1)
        kill(lambda: sandbox.faults() == [])
    now = Connection.objects.get()
    assert "tries in a row ended without a result" in now.metadata_error
    release_leases(Connection.objects)
    work_off([(METADATA, connection.pk)])
    now = Connection.objects.get()
    assert (now.metadata_tries, now.metadata_error) == (0, "")


def test_an_error_is_no_kill(sandbox: Any, connection: Connection, monkeypatch: Any) -> None:
    def fail(*_: Any) -> None:
        raise ValueError("something unexpected")

    monkeypatch.setattr("django_bigin.sync.schema.refresh_connection_metadata", fail)
    for _ in range(TRIES_AT_MOST + 1):
        with pytest.raises(ValueError, match="unexpected"):
            work_off([(METADATA, connection.pk)])
    now = Connection.objects.get()
    assert now.metadata_tries == 0
    assert "ValueError" in now.metadata_error

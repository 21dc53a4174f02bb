"""Tokens inside a caller's transaction: a token, or an error that names the transaction; no wait without an end."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import pytest
from django.db import connections as databases
from django.db import transaction

from django_bigin.connections import disconnect, ensure_fresh_token, open_client, pause, refresh_now, refusals, tokens
from django_bigin.db import apart, lock_waits
from django_bigin.exceptions import BiginError, TokenPendingError, TransientError
from django_bigin.models import AuditEvent, Connection, Job, ModuleSync
from django_bigin.sync import sync_connection
from django_bigin.work import jobs
from tests.support.databases import database
from tests.support.grants import TOKEN, let_token_expire

pytestmark = pytest.mark.django_db(transaction=True)


def update(connection: Connection) -> None:
    Connection.objects.filter(pk=connection.pk).update(org_name="changed")


def lock(connection: Connection) -> None:
    Connection.objects.select_for_update().get(pk=connection.pk)


def insert_beside(connection: Connection) -> None:
    ModuleSync.objects.create(connection=connection, module="Notes")


def run_refresh_job(connection: Connection) -> None:
    job = jobs.run(jobs.ensure_job(Job.Kind.REFRESH, connection).pk)
    assert job is not None
    if job.error:
        raise BiginError(job.error)


DOORS: dict[str, Callable[[Connection], Any]] = {
    "ensure_fresh_token": lambda connection: ensure_fresh_token(connection.pk),
    "refresh_now": lambda connection: refresh_now(connection.pk),
    "a refresh job": run_refresh_job,
    "sync_connection": sync_connection,
}


@pytest.fixture(autouse=True)
def locks_are_waited_for_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "LOCK_WAIT_SECONDS", 1)


def error_of(call: Callable[[Connection], Any], connection: Connection) -> str:
    try:
        call(connection)
    except BiginError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("write", [update, lock, insert_beside])
def test_a_token_or_an_error_that_names_the_transaction(
    write: Callable[[Connection], None], door: str, sandbox: Any, connection: Connection
) -> None:
    let_token_expire(sandbox)
    started = time.monotonic()
    with transaction.atomic(using=database.alias):
        write(connection)
        said = error_of(DOORS[door], connection)
        transaction.set_rollback(bool(said), using=database.alias)
    assert not said or "transaction" in said
    assert time.monotonic() - started < tokens.WAIT_IN_REQUEST_SECONDS
    assert ensure_fresh_token(connection.pk).value


def test_a_token_refused_in_a_first_sync_inside_a_transaction(sandbox: Any, connection: Connection) -> None:
    sandbox.fail("GET /bigin/v2", wrong_token=True)
    started = time.monotonic()
    with transaction.atomic(using=database.alias):
        said = error_of(sync_connection, connection)
        transaction.set_rollback(bool(said), using=database.alias)
    assert not said or "transaction" in said
    assert time.monotonic() - started < tokens.WAIT_IN_REQUEST_SECONDS


def test_what_a_failure_inside_leaves_of_the_transaction_is_the_callers_to_decide(
    sandbox: Any, connection: Connection
) -> None:
    let_token_expire(sandbox)
    with transaction.atomic(using=database.alias):
        update(connection)
        with pytest.raises(BiginError, match="transaction"):
            ensure_fresh_token(connection.pk)
    assert Connection.objects.get(pk=connection.pk).org_name == "changed"


@contextmanager
def locked_elsewhere(connection: Connection) -> Iterator[threading.Event]:
    """Let another thread's transaction hold the connection's row, for ten seconds at most; the event ends it."""
    locked, over = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic(using=database.alias):
            update(connection)
            locked.set()
            over.wait(10)
        databases.close_all()

    holder = threading.Thread(target=hold)
    holder.start()
    locked.wait(10)
    try:
        yield over
    finally:
        over.set()
        holder.join()


STATUS_WRITES: dict[str, Callable[[Connection], Any]] = {
    "pause": pause,
    "disconnect": disconnect,
    "a token that the API refuses": lambda connection: refusals.note_refused(
        connection.pk, connection.access_token.reveal()
    ),
}


def lock_wait() -> Any:
    with database.cursor() as cursor:
        cursor.execute(lock_waits._WAITS[database.vendor].read)
        return cursor.fetchone()


@pytest.mark.parametrize("inside", [False, True], ids=["", "inside"])
@pytest.mark.parametrize("name", STATUS_WRITES)
def test_a_status_that_a_callers_thread_writes_waits_only_so_long(
    name: str, inside: bool, sandbox: Any, connection: Connection
) -> None:
    if database.vendor == "sqlite" and (inside or name == "disconnect"):
        pytest.skip("with one writer at a time no other transaction begins")
    before = lock_wait()
    with locked_elsewhere(connection):
        started = time.monotonic()
        with transaction.atomic(using=database.alias) if inside else nullcontext():
            with pytest.raises(TransientError, match="locked by an open database transaction"):
                STATUS_WRITES[name](connection)
            assert time.monotonic() - started < 5
            assert lock_wait() == before
            assert AuditEvent.objects.count() >= 0  # the transaction still serves its owner
    assert Connection.objects.get().status == "healthy"
    STATUS_WRITES[name](connection)
    assert Connection.objects.get().status != "healthy"


def test_an_answered_call_does_not_fail_for_a_lock(sandbox: Any, connection: Connection) -> None:
    if database.vendor == "sqlite":
        pytest.skip("the call's credits wait for the one writer as well")
    Connection.objects.update(status="degraded", refused_count=1)
    client = open_client(connection)
    with locked_elsewhere(connection):
        assert client.metadata.fetch_organization()
    assert Connection.objects.get().refused_count == 1
    assert open_client(connection).metadata.fetch_organization()
    assert Connection.objects.get().status == "healthy"


def test_no_one_waits_for_ever_for_another_threads_transaction(sandbox: Any, connection: Connection) -> None:
    if database.vendor == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    let_token_expire(sandbox)
    with locked_elsewhere(connection) as over:
        started = time.monotonic()
        with pytest.raises((TransientError, TokenPendingError)):
            ensure_fresh_token(connection.pk, wait_seconds=2)
        assert time.monotonic() - started < 4
        threading.Timer(1, over.set).start()
        assert ensure_fresh_token(connection.pk).value  # who may wait is served once that transaction is over
    assert sandbox.count_calls(TOKEN) == 1

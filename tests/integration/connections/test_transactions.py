"""Tokens inside a caller's transaction: a token, or an error that names the transaction; no wait without an end."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections as databases
from django.db import transaction

from django_bigin.connections import ensure_fresh_token, refresh_now, tokens
from django_bigin.db import apart
from django_bigin.exceptions import BiginError, TokenPendingError, TransientError
from django_bigin.models import Connection, Job, ModuleSync
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


def test_no_one_waits_for_ever_for_another_threads_transaction(sandbox: Any, connection: Connection) -> None:
    if database.vendor == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    let_token_expire(sandbox)
    locked, over = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic(using=database.alias):
            update(connection)
            locked.set()
            over.wait(30)
        databases.close_all()

    holder = threading.Thread(target=hold)
    holder.start()
    locked.wait(10)
    started = time.monotonic()
    with pytest.raises((TransientError, TokenPendingError)):
        ensure_fresh_token(connection.pk, wait_seconds=2)
    assert time.monotonic() - started < 4
    releaser = threading.Timer(1, over.set)
    releaser.start()
    assert ensure_fresh_token(connection.pk).value  # who may wait is served once that transaction is over
    holder.join()
    assert sandbox.count_calls(TOKEN) == 1

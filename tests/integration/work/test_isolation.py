"""An error of one piece of work stops no other: it is logged, noted in its row, and tried again."""

import io
import json
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DataError, OperationalError

from django_bigin import clock
from django_bigin.connections import tokens
from django_bigin.models import Connection, Job, ModuleSync
from django_bigin.work import jobs, scheduler
from django_bigin.work.in_process import tick_in_process
from django_bigin.work.kinds import JOB, KINDS, METADATA, REFRESH, SYNC
from tests.support.databases import database
from tests.support.factories import make_tenant
from tests.support.mirror import connect
from tests.support.ticking import kinds_of, tick, work_off

pytestmark = pytest.mark.django_db(transaction=True)

ERRORS = [RuntimeError("a bug"), DataError("no such value"), OperationalError("deadlock found")]


def failing(error: BaseException, column: str, row_id: int) -> AbstractContextManager[None]:
    """Let a claim fail that writes this column of this row."""

    def fail(execute: Any, sql: str, params: Any, *more: Any) -> Any:
        if sql.startswith("UPDATE") and f"{column}" in sql.partition("WHERE")[0] and row_id in (params or ()):
            raise error
        return execute(sql, params, *more)

    return database.execute_wrapper(fail)


@pytest.fixture
def other(sandbox: Any, connection: Connection) -> Connection:
    """A second tenant, whose work comes after the first one's."""
    return connect(sandbox.add_organization(), tenant=make_tenant("another"))


@pytest.mark.parametrize("error", ERRORS)
def test_one_tenants_error_leaves_the_other_its_turn(
    error: Exception, sandbox: Any, connection: Connection, other: Connection, caplog: Any
) -> None:
    with failing(error, "metadata_lease_id", connection.pk):
        report = tick_in_process()
    assert report.failed == ["metadata"]
    assert type(error).__name__ in caplog.text
    connection.refresh_from_db()
    other.refresh_from_db()
    assert type(error).__name__ in connection.metadata_error
    assert connection.metadata_at is None
    assert (other.metadata_error, other.metadata_at is not None) == ("", True)
    tick_in_process()
    assert set(ModuleSync.objects.exclude(last_success_at=None).values_list("connection", flat=True)) == {other.pk}
    # It rests until its reservation expires, and then it is tried again.
    Connection.objects.update(metadata_queued_until=clock.database_in(-1))
    tick_in_process()
    connection.refresh_from_db()
    assert (connection.metadata_error, connection.metadata_at is not None) == ("", True)


def test_an_error_of_zoho_is_noted_in_the_row_as_well(sandbox: Any, connection: Connection) -> None:
    sandbox.fail("GET /bigin/v2/settings/modules", status=500, body="<html></html>", times=1)
    work_off(tick())
    assert "try again later" in Connection.objects.get().metadata_error


@pytest.mark.parametrize("error", ERRORS)
def test_one_modules_error_leaves_the_others_their_turn(error: Exception, sandbox: Any, connection: Connection) -> None:
    work_off(tick())
    contacts = ModuleSync.objects.get(module="Contacts")
    with failing(error, "lease_id", contacts.pk):
        report = tick_in_process()
    assert report.failed == ["modules"]
    assert ModuleSync.objects.filter(last_success_at=None).get() == contacts
    contacts.refresh_from_db()
    assert type(error).__name__ in contacts.last_error
    assert contacts.failure_count == 1


def fail_for(connection: Connection, monkeypatch: Any, name: str) -> None:
    """Let a use case of tokens have a bug that shows with one connection."""
    whole = getattr(tokens, name)

    def broken(connection_id: int, **options: Any) -> Any:
        if connection_id == connection.pk:
            raise RuntimeError("a bug")
        return whole(connection_id, **options)

    monkeypatch.setattr(tokens, name, broken)


def test_one_refreshs_error_leaves_the_others_their_turn(
    sandbox: Any, connection: Connection, other: Connection, monkeypatch: Any
) -> None:
    work_off(tick())
    work_off(tick())
    sandbox.advance(3_000)
    fail_for(connection, monkeypatch, "ensure_fresh_token")
    report = tick_in_process()
    assert report.failed[0] == "refreshes"
    assert dict(Connection.objects.values_list("pk", "refresh_count")) == {connection.pk: 0, other.pk: 1}


def test_one_jobs_error_is_put_back_with_the_reason(
    sandbox: Any, connection: Connection, other: Connection, monkeypatch: Any
) -> None:
    bad, good = (jobs.ensure_job(Job.Kind.REFRESH, each) for each in (connection, other))
    fail_for(connection, monkeypatch, "refresh_now")
    report = tick_in_process()
    assert report.failed == ["jobs"]
    bad.refresh_from_db()
    good.refresh_from_db()
    assert (bad.state, good.state) == (Job.State.WAITING, Job.State.DONE)
    assert "RuntimeError" in bad.error


def test_a_command_says_what_failed(sandbox: Any, connection: Connection, other: Connection) -> None:
    stdout = io.StringIO()
    with failing(RuntimeError("a bug"), "metadata_lease_id", connection.pk), pytest.raises(CommandError) as raised:
        call_command("bigin_tick", "--json", stdout=stdout, stderr=io.StringIO())
    assert raised.value.returncode == 1
    assert str(raised.value) == "Some of it failed (metadata): see the log. It is tried again later."
    assert json.loads(stdout.getvalue()) == {"done": {"metadata": 2}, "failed": ["metadata"]}


def test_a_kind_whose_due_rows_cannot_be_read_stops_no_other(
    sandbox: Any, connection: Connection, monkeypatch: Any
) -> None:
    def fail() -> Any:
        raise RuntimeError("a bug")

    jobs.ensure_job(Job.Kind.SYNC, connection)
    monkeypatch.setitem(KINDS, JOB, replace(KINDS[JOB], due=fail))
    sent: list[tuple[str, int]] = []
    report = scheduler.tick(lambda kind, row_id: sent.append((kind, row_id)))
    assert report.failed == ["jobs"]
    assert kinds_of(sent) == {METADATA}


def test_a_row_that_cannot_be_handed_out_is_given_back_and_stops_no_other(
    sandbox: Any, connection: Connection, other: Connection
) -> None:
    sent: list[tuple[str, int]] = []

    def wake(kind: str, row_id: int) -> None:
        if row_id == connection.pk:
            raise RuntimeError("a bug of the broker's client")
        sent.append((kind, row_id))

    report = scheduler.tick(wake)
    assert report.failed == ["metadata"]
    assert sent == [(METADATA, other.pk)]
    assert tick() == [(METADATA, connection.pk)]


def test_a_row_that_another_transaction_holds_stops_no_other(
    sandbox: Any, connection: Connection, other: Connection
) -> None:
    with failing(OperationalError("lock wait timeout"), "metadata_queued_until", connection.pk):
        assert tick() == [(METADATA, other.pk)]
    assert tick() == [(METADATA, connection.pk)]


def test_whoever_stops_bigin_tick_leaves_the_rest_to_the_next(
    sandbox: Any, connection: Connection, other: Connection
) -> None:
    with failing(KeyboardInterrupt(), "metadata_lease_id", connection.pk), pytest.raises(KeyboardInterrupt):
        tick_in_process()
    assert {row_id for _, row_id in tick(METADATA)} == {connection.pk, other.pk}


def test_each_kind_of_work_is_done_by_a_tick_in_one_process(sandbox: Any, connection: Connection) -> None:
    done: set[str] = set()
    for _ in range(3):
        report = tick_in_process()
        done |= {name for name, number in report.sent.items() if number}
        sandbox.advance(3_000)
    assert {METADATA, SYNC, REFRESH} <= done
    assert report.failed == []

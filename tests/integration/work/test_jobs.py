"""Jobs: written once, run once, resumed by others, and failed with a reason."""

import threading
from typing import Any

import pytest
from django.db import connections as databases

from django_bigin import clock
from django_bigin.connections import tokens
from django_bigin.models import Connection, Job, ModuleSync
from django_bigin.sync import sync_connection
from django_bigin.work import jobs
from django_bigin.work.kinds import JOB, REFRESH
from tests.support.databases import database
from tests.support.ticking import kinds_of, tick, work_off

pytestmark = pytest.mark.django_db(transaction=True)

TOKEN = "POST /oauth/v2/token"


def test_a_job_requested_twice_is_one_job(sandbox: Any, connection: Connection) -> None:
    first, second = (jobs.ensure_job(Job.Kind.SYNC, connection, actor="a test") for _ in range(2))
    assert first.pk == second.pk


def test_a_job_that_two_people_request_at_once_is_one_job(sandbox: Any, connection: Connection) -> None:
    def request() -> None:
        jobs.ensure_job(Job.Kind.SYNC, connection, actor="a test")
        databases.close_all()

    threads = [threading.Thread(target=request) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Job.objects.count() == 1


def test_a_job_is_done_once_however_often_it_is_delivered(sandbox: Any, connection: Connection) -> None:
    job = jobs.ensure_job(Job.Kind.REFRESH, connection, actor="a test")
    sandbox.clear_calls()
    work_off([(JOB, job.pk)] * 3)
    assert sandbox.count_calls(TOKEN) == 1


def test_a_worker_that_died_gives_its_job_to_another(sandbox: Any, connection: Connection) -> None:
    job = jobs.ensure_job(Job.Kind.REFRESH, connection, actor="a test")
    Job.objects.filter(pk=job.pk).update(state=Job.State.RUNNING, lease_id="dead", lease_until="2020-01-01T00:00:00Z")
    sent = tick(JOB)
    assert sent == [(JOB, job.pk)]
    work_off(sent)
    job.refresh_from_db()
    assert job.state == Job.State.DONE
    assert "New token" in job.result


def test_a_job_that_another_runs_is_neither_handed_out_nor_run(sandbox: Any, connection: Connection) -> None:
    job = jobs.ensure_job(Job.Kind.REFRESH, connection, actor="a test")
    Job.objects.filter(pk=job.pk).update(
        state=Job.State.RUNNING, lease_id="another", lease_until="2100-01-01T00:00:00Z"
    )
    assert tick(JOB) == []
    assert jobs.run(job.pk) is None
    assert Job.objects.get().tries == 0


def test_a_full_sync_is_resumed_over_many_slices(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Contacts", 1_000)
    sync_connection(connection)
    job = jobs.ensure_job(Job.Kind.FULL_SYNC, connection, actor="a test")
    slices = 0
    while (ran := jobs.run(job.pk, slice_seconds=0)) and ran.state == Job.State.WAITING:
        slices += 1
        assert slices < 100
        assert ran.tries == 0  # a slice that ends is not a try that failed
    job.refresh_from_db()
    assert (job.state, job.error) == (Job.State.DONE, "")
    assert slices > jobs.TRIES_AT_MOST
    assert len(job.details) == ModuleSync.objects.count()
    assert all(entry["finished"] for entry in job.details.values())


def test_a_full_sync_is_requested_once_though_its_first_module_takes_several_slices(
    sandbox: Any, connection: Connection
) -> None:
    sync_connection(connection)
    sandbox.add_records("Contacts", 700)
    job = jobs.ensure_job(Job.Kind.FULL_SYNC, connection, actor="a test", module="Contacts")
    progress = []
    while (ran := jobs.run(job.pk, slice_seconds=0)) and ran.state == Job.State.WAITING:
        progress.append(ran.progress)
    assert progress.count("0 of 1 modules") > 1
    assert not ModuleSync.objects.filter(full_requested=True).exists()


def test_a_job_adds_up_what_its_slices_came_to(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Contacts", 450)
    job = jobs.ensure_job(Job.Kind.SYNC, connection, actor="a test", module="Contacts")
    slices, created = [], []
    while (ran := jobs.run(job.pk, slice_seconds=0)) and ran.state == Job.State.WAITING:
        slices.append(ran.calls)
        created.append(ran.created)
    job.refresh_from_db()
    assert 0 < created[0] < created[-1]
    assert (job.state, job.created) == (Job.State.DONE, 450)
    assert job.result == "450 new, 0 changed, 0 deleted."
    assert job.details["Contacts"]["created"] == 450
    assert job.details["Contacts"]["calls"] == job.calls > slices[-1]


def test_a_module_that_was_skipped_is_named_in_the_result(sandbox: Any, connection: Connection) -> None:
    sync_connection(connection)
    sandbox.add_records("Accounts", 2)
    ModuleSync.objects.filter(module="Contacts").update(enabled=False)
    job = jobs.ensure_job(Job.Kind.SYNC, connection, actor="a test")
    jobs.run(job.pk)
    job.refresh_from_db()
    assert job.result == "2 new, 0 changed, 0 deleted. Skipped: Contacts."


def test_a_job_that_another_process_took_over_is_left_to_it(sandbox: Any, connection: Connection) -> None:
    job = jobs.ensure_job(Job.Kind.FULL_SYNC, connection, actor="a test", module="Contacts")
    requested = ModuleSync.objects.filter(full_requested=True)
    sync_connection(connection)

    def take_over(execute: Any, sql: str, *arguments: Any) -> Any:
        if sql.startswith("SELECT") and ModuleSync._meta.db_table in sql:
            Job.objects.filter(pk=job.pk).update(lease_id="another")
        return execute(sql, *arguments)

    with database.execute_wrapper(take_over):
        assert jobs.run(job.pk) is None
    job.refresh_from_db()
    assert (job.state, job.lease_id, job.progress) == (Job.State.RUNNING, "another", "")
    assert not requested.exists()


def test_a_job_that_fails_says_why(sandbox: Any, connection: Connection) -> None:
    job = jobs.ensure_job(Job.Kind.REFRESH, connection, actor="a test")
    sandbox.revoke_grant()
    jobs.run(job.pk)
    job.refresh_from_db()
    assert job.state == Job.State.FAILED
    assert "authorize again" in job.error


class Crash(Exception):
    """An error that nobody expects."""


def crash(*arguments: Any, **more: Any) -> None:
    raise Crash


def test_a_job_with_an_unexpected_error_is_tried_so_many_times(
    sandbox: Any, connection: Connection, monkeypatch: Any
) -> None:
    job = jobs.ensure_job(Job.Kind.REFRESH, connection, actor="a test")
    monkeypatch.setattr(tokens, "refresh_now", crash)
    states = []
    for _ in range(jobs.TRIES_AT_MOST):
        with pytest.raises(Crash):
            jobs.run(job.pk)
        states.append(Job.objects.get().state)
    assert states == [Job.State.WAITING] * (jobs.TRIES_AT_MOST - 1) + [Job.State.FAILED]
    assert "Unexpected error (Crash)" in Job.objects.get().error
    assert jobs.run(job.pk) is None


@pytest.mark.parametrize("stop", [SystemExit, KeyboardInterrupt])
def test_a_worker_that_is_told_to_stop_is_no_try_of_its_job(
    sandbox: Any, connection: Connection, monkeypatch: Any, stop: type[BaseException]
) -> None:
    job = jobs.ensure_job(Job.Kind.REFRESH, connection, actor="a test")

    def be_stopped(*arguments: Any, **more: Any) -> None:
        raise stop

    with monkeypatch.context() as patch:
        patch.setattr(tokens, "refresh_now", be_stopped)
        for _ in range(jobs.TRIES_AT_MOST + 1):
            with pytest.raises(stop):
                jobs.run(job.pk)
            job.refresh_from_db()
            assert (job.state, job.tries, job.error) == (Job.State.WAITING, 0, "The worker was stopped.")
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.error) == (Job.State.DONE, "")


def test_a_job_that_succeeds_after_an_unexpected_error_is_done(
    sandbox: Any, connection: Connection, monkeypatch: Any
) -> None:
    job = jobs.ensure_job(Job.Kind.REFRESH, connection, actor="a test")
    with monkeypatch.context() as patch, pytest.raises(Crash):
        patch.setattr(tokens, "refresh_now", crash)
        jobs.run(job.pk)
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.error, job.tries) == (Job.State.DONE, "", 2)


def test_pause_and_resume_are_jobs(sandbox: Any, connection: Connection) -> None:
    jobs.run(jobs.ensure_job(Job.Kind.PAUSE, connection, actor="a test").pk)
    sandbox.advance(5_000)
    assert tick() == []
    jobs.run(jobs.ensure_job(Job.Kind.RESUME, connection, actor="a test").pk)
    assert REFRESH in kinds_of(tick())


def test_a_job_waits_for_a_module_that_another_process_holds(sandbox: Any, connection: Connection) -> None:
    sync_connection(connection)
    sandbox.add_records("Contacts", 2)
    contacts = ModuleSync.objects.filter(module="Contacts")
    contacts.update(lease_id="of a process that was killed", lease_until=clock.database_in(120))
    job = jobs.ensure_job(Job.Kind.FULL_SYNC, connection, actor="a test")
    for _ in range(jobs.TRIES_AT_MOST + 1):
        work_off([(JOB, job.pk)])
    job.refresh_from_db()
    assert (job.state, job.tries, job.progress) == (Job.State.WAITING, 0, "8 of 9 modules")
    contacts.update(lease_until=clock.database_in(-1))
    work_off([(JOB, job.pk)])
    job.refresh_from_db()
    assert (job.state, job.created, job.progress) == (Job.State.DONE, 2, "9 of 9 modules")
    assert "Skipped" not in job.result

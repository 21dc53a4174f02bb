"""Jobs: written once, run once, resumed by others, and failed with a reason."""

import threading
from typing import Any

import pytest
from django.db import connections as databases

from django_bigin.connections import tokens
from django_bigin.models import Connection, Job, ModuleSync
from django_bigin.sync import sync_connection
from django_bigin.work import jobs
from django_bigin.work.kinds import JOB, REFRESH
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


def test_a_full_sync_is_requested_once_though_its_first_module_takes_several_slices(
    sandbox: Any, connection: Connection
) -> None:
    sync_connection(connection)
    sandbox.add_records("Contacts", 700)
    job = jobs.ensure_job(Job.Kind.FULL_SYNC, connection, actor="a test", module="Contacts")
    details = []
    while (ran := jobs.run(job.pk, slice_seconds=0)) and ran.state == Job.State.WAITING:
        details.append(len(ran.details))
    assert details.count(0) > 1
    assert not ModuleSync.objects.filter(full_requested=True).exists()


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

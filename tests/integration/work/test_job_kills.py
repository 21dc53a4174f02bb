"""Jobs whose worker is killed, with -9, in a process of its own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from django_bigin import clock
from django_bigin.models import Connection, Job, ModuleSync
from django_bigin.sync import sync_connection
from django_bigin.work import jobs
from django_bigin.work.kinds import JOB
from tests.support.databases import database, url_of
from tests.support.ticking import tick, work_off

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

TOKEN = "POST /oauth/v2/token"
STUCK_SECONDS = 5


@contextmanager
def killing(job: Job, sandbox: Any) -> Iterator[Callable[[Callable[[], bool]], None]]:
    """Yield a function that runs the job elsewhere, and kills whoever runs it as soon as something is so."""
    live = database.settings_dict
    database_url = url_of(live, name=str(live["NAME"]), vendor=database.vendor)
    environment = {**os.environ, "DATABASE_URL": database_url, "BIGIN_SANDBOX_URL": sandbox.url}
    command = [sys.executable, "-m", "tests.support.job_and_die", str(job.pk)]
    pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "env": environment}
    with subprocess.Popen(command, **pipes) as forking:
        assert forking.stdout.readline() == "ready\n"

        def kill_once(reached: Callable[[], bool]) -> None:
            forking.stdin.write("run\n")
            forking.stdin.flush()
            child = int(forking.stdout.readline())
            give_up_at = time.monotonic() + 30
            while not reached():
                assert time.monotonic() < give_up_at
                time.sleep(0.01)
            os.kill(child, signal.SIGKILL)
            assert forking.stdout.readline() == "ended\n"
            # Real time that need not be waited for: the leases of the dead expire.
            for model in (Job, Connection, ModuleSync):
                model.objects.exclude(lease_until=None).update(lease_until=clock.database_in(-1))

        yield kill_once
        forking.stdin.close()


def test_a_job_that_kills_its_worker_again_and_again_fails_with_its_reason(
    sandbox: Any, connection: Connection
) -> None:
    job = jobs.ensure_job(Job.Kind.REFRESH, connection, actor="a test")
    sandbox.fail(TOKEN, delay_seconds=STUCK_SECONDS, times=None)
    with killing(job, sandbox) as kill:
        for tries in range(1, jobs.TRIES_AT_MOST + 1):
            assert tick(JOB) == [(JOB, job.pk)]
            kill(lambda tries=tries: Job.objects.filter(tries=tries, state=Job.State.RUNNING).exists())
            Job.objects.update(queued_until=None)
    sandbox.clear_calls()
    work_off(tick(JOB))
    job.refresh_from_db()
    assert job.state == Job.State.FAILED
    assert f"{jobs.TRIES_AT_MOST} tries in a row" in job.error
    assert job.finished_at is not None
    assert sandbox.count_calls(TOKEN) == 0
    assert tick(JOB) == []


def test_a_job_whose_worker_is_killed_keeps_what_its_modules_came_to(sandbox: Any, connection: Connection) -> None:
    sync_connection(connection)
    sandbox.add_records("Accounts", 5)
    job = jobs.ensure_job(Job.Kind.FULL_SYNC, connection, actor="a test")
    sandbox.fail("GET /bigin/v2/Contacts", delay_seconds=STUCK_SECONDS, times=1)
    contacts = ModuleSync.objects.filter(module="Contacts").exclude(lease_id="")
    with killing(job, sandbox) as kill:
        kill(lambda: contacts.exists() and Job.objects.filter(created=5, tries=1).exists())
    sandbox.clear_calls()
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.tries, job.created) == (Job.State.DONE, 2, 5)
    assert sandbox.count_calls("GET /bigin/v2/Accounts") == 0

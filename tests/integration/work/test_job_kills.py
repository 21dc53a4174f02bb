"""Jobs whose worker is killed, with -9, in a process of its own."""

from typing import Any

import pytest

from django_bigin.models import Connection, Job, ModuleSync
from django_bigin.sync import sync_connection
from django_bigin.work import jobs
from django_bigin.work.kinds import JOB
from tests.support.killing import killing
from tests.support.ticking import tick, work_off

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

TOKEN = "POST /oauth/v2/token"
STUCK_SECONDS = 5


def test_a_job_that_kills_its_worker_again_and_again_fails_with_its_reason(
    sandbox: Any, connection: Connection
) -> None:
    job = jobs.ensure_job(Job.Kind.REFRESH, connection, actor="a test")
    sandbox.fail(TOKEN, delay_seconds=STUCK_SECONDS, times=None)
    with killing(JOB, job.pk, sandbox) as kill:
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
    with killing(JOB, job.pk, sandbox) as kill:
        kill(lambda: contacts.exists() and Job.objects.filter(created=5, tries=1).exists())
    sandbox.clear_calls()
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.tries, job.created) == (Job.State.DONE, 2, 5)
    assert sandbox.count_calls("GET /bigin/v2/Accounts") == 0

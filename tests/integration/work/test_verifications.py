"""Verifications as jobs."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from django_bigin.models import AuditEvent, Connection, CreditAccount, Job
from django_bigin.sync import sync_connection
from django_bigin.work import jobs, request_verification
from django_bigin.work.kinds import JOB
from tests.support.factories import make_connection, make_staff, make_tenant
from tests.support.mirror import assert_equal
from tests.support.tampering import corrupt_row, delete_rows, invent_row
from tests.support.ticking import tick, work_off

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("page_by_page")]

State = Job.State


@pytest.fixture
def five(sandbox: Any, connection: Connection) -> list[str]:
    ids = sandbox.add_records("Contacts", 450)
    sandbox.advance(60)
    sync_connection(connection)
    for record_id in ids[:3]:
        corrupt_row("Contacts", record_id, Title="corrupted")
    delete_rows("Contacts", ids[300])
    invent_row("Contacts", int(ids[-1]) + 7)
    return [*ids[:3], ids[300], str(int(ids[-1]) + 7)]


def test_a_verification_is_resumed_over_many_slices(five: list[str], sandbox: Any, connection: Connection) -> None:
    job = jobs.ensure_job(Job.Kind.REPAIR, connection, actor="a test")
    slices = 0
    while (ran := jobs.run(job.pk, slice_seconds=0)) and ran.state == State.WAITING:
        slices += 1
        assert slices < 100
    job.refresh_from_db()
    assert (job.state, job.error, job.progress) == (State.DONE, "", "9 of 9 modules")
    assert slices > 8
    assert "1 missing here, 1 gone there, 3 different. Repaired: 5 of 5." in job.result
    assert sorted(each["id"] for each in job.details["Contacts"]["differences"]) == sorted(five)
    assert all(entry["finished"] and entry["remainder"] is None for entry in job.details.values())
    assert job.credits == job.calls > 20
    assert_equal(sandbox, "Contacts")
    event = AuditEvent.objects.get(action="repair")
    assert (event.actor, event.detail) == ("a test", job.result)


def test_a_verification_alone_mends_nothing(five: list[str], connection: Connection) -> None:
    job = jobs.ensure_job(Job.Kind.VERIFY, connection, actor="a test")
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.error) == (State.DONE, "")
    assert "Repaired: 0 of 5." in job.result
    assert AuditEvent.objects.filter(action="verify", actor="a test").count() == 1


def test_it_is_requested_as_a_sync_is_and_a_worker_does_it(five: list[str], connection: Connection) -> None:
    request_verification([connection], repair=True, actor="a night's work")
    work_off(tick(JOB))
    job = Job.objects.get(kind=Job.Kind.REPAIR)
    assert (job.state, job.requested_by_name) == (State.DONE, "a night's work")
    assert "Repaired: 5 of 5." in job.result


def test_whoever_may_not_sync_a_tenant_cannot_have_it_verified(connection: Connection, settings: Any) -> None:
    settings.BIGIN_ACCESS_POLICY = "tests.support.policies.ActsOnOwnTenant"
    own = make_connection(make_tenant("mine"))
    person = make_staff("mine", "sync_connection")
    with pytest.raises(PermissionDenied):
        request_verification([own, connection], user=person)
    assert not Job.objects.exists()
    request_verification([own], repair=True, user=person)
    [job] = Job.objects.all()
    assert (job.kind, job.connection, job.requested_by) == (Job.Kind.REPAIR, own, person)


def test_at_a_limit_of_calls_the_job_rests_and_goes_on_where_it_was(
    five: list[str], sandbox: Any, connection: Connection
) -> None:
    job = jobs.ensure_job(Job.Kind.REPAIR, connection, actor="a test", module="Contacts")
    sandbox.fail("GET /bigin/v2/Contacts", status=429, after=1, times=1)
    ran = jobs.run(job.pk)
    assert ran is not None
    job.refresh_from_db()
    assert job.state == State.WAITING
    assert "It goes on at" in job.error
    assert job.details["Contacts"]["compared"] == 200
    assert job.queued_until is not None
    assert 30 < (job.queued_until - timezone.now()).total_seconds() < 90
    assert tick(JOB) == []  # nobody is to begin it before

    Job.objects.filter(pk=job.pk).update(queued_until=None)
    sandbox.advance(120)
    sandbox.clear_calls()
    work_off(tick(JOB))
    job.refresh_from_db()
    assert (job.state, job.error) == (State.DONE, "")
    assert "450 records compared" in job.result
    assert sandbox.count_calls("GET /bigin/v2/Contacts") == 2
    assert_equal(sandbox, "Contacts")


def test_it_stops_where_a_backfill_does_so_that_a_person_is_still_served(
    five: list[str], connection: Connection, settings: Any
) -> None:
    day = connection.description.credits.of_day(paid=connection.org_paid, users=connection.org_licences)
    settings.BIGIN_CREDIT_SHARE = (CreditAccount.objects.get().window + 1) / 0.8 / day
    job = jobs.ensure_job(Job.Kind.VERIFY, connection, actor="a test", module="Contacts")
    jobs.run(job.pk)
    job.refresh_from_db()
    assert job.state == State.WAITING
    assert "the site's share of the daily credits is spent" in job.error
    [result] = sync_connection(connection, modules=["Accounts"])
    assert result.finished

"""Requests: a job for each connection, and a worker woken for it or the job run at once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections as databases

from django_bigin.db.aliases import atomic, database_of
from django_bigin.models import Connection, Job
from django_bigin.work import heartbeats, jobs, requests
from django_bigin.work.kinds import JOB
from tests.support.factories import make_connection
from tests.support.ticking import tick, work_off
from tests.support.wakers import refuse, woken_by

pytestmark = pytest.mark.django_db(transaction=True)

Kind, State, Status = Job.Kind, Job.State, Connection.Status


def test_a_worker_is_woken_for_each_connection() -> None:
    heartbeats.beat_as_worker("sync")
    chosen = [make_connection() for _ in range(3)]
    sent: list[tuple[str, int]] = []
    with woken_by(lambda kind, row_id: sent.append((kind, row_id))):
        outcome = requests.request(Kind.SYNC, chosen, actor="a view")
    assert [job.connection for job in outcome.queued] == chosen
    assert sent == [(JOB, job.pk) for job in outcome.queued]
    assert set(Job.objects.values_list("batch", "requested_by_name")) == {(outcome.batch, "a view")}
    assert tick(JOB) == []  # they are on their way


@pytest.mark.parametrize("kind", [Kind.PAUSE, Kind.RESUME])
def test_what_needs_no_network_is_run_at_once(kind: str) -> None:
    connection = make_connection(status=Status.PAUSED if kind == Kind.RESUME else Status.HEALTHY)
    with woken_by(refuse):
        outcome = requests.request(kind, [connection])
    assert [job.state for job in outcome.done] == [State.DONE]
    assert not outcome.stored


def test_while_no_worker_can_be_woken_the_jobs_stay_due(sandbox: Any) -> None:
    chosen = [make_connection() for _ in range(2)]
    with woken_by(refuse):
        outcome = requests.request(Kind.SYNC, chosen)
    assert [job.connection for job in outcome.stored] == chosen
    assert outcome.why_stored == "the message broker does not answer"
    assert tick(JOB) == [(JOB, job.pk) for job in outcome.stored]


def test_a_stored_job_that_is_requested_again_is_queued_then() -> None:
    connection = make_connection()
    with woken_by(refuse):
        [stored] = requests.request(Kind.SYNC, [connection]).stored
    sent: list[int] = []
    with woken_by(lambda kind, row_id: sent.append(row_id)):
        outcome = requests.request(Kind.SYNC, [connection])
    assert [job.pk for job in outcome.queued_before] == sent == [stored.pk]
    assert Job.objects.count() == 1


def test_inside_a_transaction_a_worker_is_woken_once_it_is_committed() -> None:
    connection = make_connection()
    seen: list[bool] = []
    with woken_by(lambda kind, row_id: seen.append(database_of(Job).in_atomic_block)):
        with atomic(Job):
            outcome = requests.request(Kind.SYNC, [connection])
            assert outcome.is_open
            assert seen == []
        assert seen == [False]
    assert len(outcome.queued) == 1
    assert not outcome.is_open


def test_a_request_that_is_rolled_back_leaves_nothing() -> None:
    connection = make_connection()
    sent: list[int] = []
    with woken_by(lambda kind, row_id: sent.append(row_id)), pytest.raises(ZeroDivisionError), atomic(Job):
        requests.request(Kind.SYNC, [connection])
        _ = 1 / 0
    assert (sent, Job.objects.count()) == ([], 0)


def test_a_tick_that_is_faster_than_the_request_does_no_harm(sandbox: Any, connection: Connection) -> None:
    sent: list[tuple[str, int]] = []
    with woken_by(lambda kind, row_id: sent.append((kind, row_id))):
        with atomic(Job):
            outcome = requests.request(Kind.REFRESH, [connection])
            sent += tick(JOB)
        assert sent == [(JOB, job.pk) for job in outcome.queued]
    work_off(sent)
    assert Job.objects.get().state == State.DONE


def test_two_requests_in_opposite_orders_do_not_lock_each_other_out() -> None:
    chosen = [make_connection() for _ in range(30)]
    together = threading.Barrier(2)

    def press(order: list[Connection]) -> int:
        together.wait()
        try:
            outcome = requests.request(Kind.SYNC, order)
            return len(outcome.queued) + len(outcome.queued_before)
        finally:
            databases.close_all()

    with woken_by(lambda kind, row_id: None), ThreadPoolExecutor(2) as pool:
        assert list(pool.map(press, (chosen, chosen[::-1]))) == [30, 30]
    assert Job.objects.count() == 30


def test_a_job_is_not_reserved_where_the_waker_fails_in_any_other_way() -> None:
    def fail(kind: str, row_id: int) -> None:
        raise LookupError("a router of the site's own")

    with woken_by(fail), pytest.raises(LookupError):
        requests.request(Kind.SYNC, [make_connection()])
    assert tick(JOB) == [(JOB, Job.objects.get().pk)]


@pytest.mark.parametrize("kind", Kind.values)
def test_each_kind_of_job_says_where_it_makes_sense(kind: str) -> None:
    fits = {status for status in Status.values if jobs.makes_sense(kind, Connection(status=status))}
    working = {Status.HEALTHY, Status.DEGRADED, Status.MISCONFIGURED}
    assert fits == {
        Kind.RESUME: {Status.PAUSED},
        Kind.DISCONNECT: set(Status.values) - {Status.DISCONNECTED},
    }.get(Kind(kind), working)

"""The tick: what is due is handed out once, whatever ticks beside it and whether or not the broker is there."""

import threading
from typing import Any

import pytest
from django.db import connections as databases

from django_bigin.models import Connection, Job, ModuleSync
from django_bigin.work import housekeeping, jobs, scheduler
from django_bigin.work.kinds import JOB, KINDS, METADATA, REFRESH, REVOKE, SYNC
from tests.support.factories import make_connection
from tests.support.ticking import kinds_of, tick, work_off
from tests.support.wakers import refuse

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_is_handed_out_is_not_handed_out_again_while_it_waits(sandbox: Any, connection: Connection) -> None:
    assert kinds_of(tick()) == {METADATA}
    assert tick() == []


def test_doubled_ticks_hand_out_each_row_once(sandbox: Any, connection: Connection) -> None:
    work_off(tick())
    sent: list[tuple[str, int]] = []

    def run() -> None:
        scheduler.tick(lambda kind, row_id: sent.append((kind, row_id)))
        databases.close_all()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sent) == len(set(sent)) == ModuleSync.objects.count()


def test_a_row_that_another_tick_reserves_meanwhile_is_left_to_it(sandbox: Any, connection: Connection) -> None:
    work_off(tick())
    sent: list[tuple[str, int]] = []

    def wake(kind: str, row_id: int) -> None:
        sent.append((kind, row_id))
        if len(sent) == 1:
            sent.extend(tick())  # another tick, after this one has read what is due

    scheduler.tick(wake)
    assert len(sent) == len(set(sent)) == ModuleSync.objects.count()


def test_each_kind_is_reserved_in_a_column_of_its_own() -> None:
    columns = [(kind.model, kind.column) for kind in KINDS.values()]
    assert len(columns) == len(set(columns))


def test_a_refresh_waits_in_no_queue_with_other_work() -> None:
    assert [kind.name for kind in KINDS.values() if kind.queue == KINDS[REFRESH].queue] == [REFRESH]


def test_the_report_counts_each_kind(sandbox: Any, connection: Connection) -> None:
    jobs.ensure_job(Job.Kind.SYNC, connection)
    sandbox.advance(3_000)
    report = scheduler.tick(lambda kind, row_id: None)
    assert (report.sent, report.broker_down) == ({JOB: 1, REFRESH: 1, METADATA: 1, SYNC: 0, REVOKE: 0}, "")


def test_a_broker_that_is_down_leaves_everything_due(sandbox: Any, connection: Connection) -> None:
    job = jobs.ensure_job(Job.Kind.SYNC, connection)
    tried: list[tuple[str, int]] = []

    def down(kind: str, row_id: int) -> None:
        tried.append((kind, row_id))
        refuse(kind, row_id)

    report = scheduler.tick(down)
    assert report.broker_down == "the message broker does not answer"
    assert tried == [(JOB, job.pk)]  # it is waited for once
    assert set(report.sent.values()) == {0}
    assert kinds_of(tick()) == {JOB, METADATA}


def test_a_waker_that_fails_in_any_other_way_leaves_all_due_and_no_chore_undone(
    sandbox: Any, connection: Connection, settings: Any, mailoutbox: Any
) -> None:
    settings.BIGIN_ALERT_RECIPIENTS = ["ops@example.org"]
    lost = make_connection(status=Connection.Status.NEEDS_AUTHORIZATION)

    def fail(kind: str, row_id: int) -> None:
        raise LookupError("a router of the site's own")

    assert scheduler.tick(fail).failed == ["metadata"]
    assert [str(lost) in message.subject for message in mailoutbox] == [True]
    assert kinds_of(tick()) == {METADATA}


def test_the_most_urgent_jobs_are_handed_out_first(sandbox: Any, connection: Connection) -> None:
    late, urgent, early = (
        jobs.ensure_job(kind, connection) for kind in (Job.Kind.SYNC, Job.Kind.REFRESH, Job.Kind.FULL_SYNC)
    )
    Job.objects.filter(pk=late.pk).update(requested_at="2100-01-01T00:00:00Z")
    Job.objects.filter(pk=urgent.pk).update(priority=2)
    assert tick(JOB) == [(JOB, urgent.pk), (JOB, early.pk), (JOB, late.pk)]


def test_a_chore_that_fails_keeps_nothing_else_from_being_done(
    sandbox: Any, connection: Connection, caplog: Any
) -> None:
    done: list[str] = []

    def fail() -> None:
        raise RuntimeError("the mail server is on fire")

    def succeed() -> None:
        done.append("after it")

    housekeeping.register(fail)
    housekeeping.register(succeed)
    try:
        assert kinds_of(tick()) == {METADATA}
    finally:
        housekeeping.unregister(fail)
        housekeeping.unregister(succeed)
    assert done == ["after it"]
    assert "The chore fail failed" in caplog.text
    assert "on fire" in caplog.text


def test_a_tick_mails_what_needs_a_person(sandbox: Any, connection: Connection, settings: Any, mailoutbox: Any) -> None:
    settings.BIGIN_ALERT_RECIPIENTS = ["ops@example.org"]
    Connection.objects.update(status=Connection.Status.NEEDS_AUTHORIZATION)
    tick()
    tick()
    assert [message.to for message in mailoutbox] == [["ops@example.org"]]

"""Who requests work is told when it is done, from what was last seen; the next tick does what no worker took."""

import io
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse

from django_bigin import clock, tasks
from django_bigin.health import examine
from django_bigin.health.words import words_for
from django_bigin.models import Connection, Heartbeat, Job
from django_bigin.text import moment
from django_bigin.work import heartbeats, requests
from django_bigin.work.kinds import JOB
from tests.support.celery_sites import celery_site
from tests.support.ticking import tick, work_off
from tests.support.wakers import refuse, woken_by

pytestmark = pytest.mark.django_db(transaction=True)

ACT = "admin:django_bigin_connection_act"


def to_nobody(kind: str, row_id: int) -> None:
    """Take a message that nobody ever reads."""


def press(admin_client: Any, connection: Connection) -> str:
    address = reverse(ACT, args=[connection.pk])
    return admin_client.post(address, {"action": "sync_now"}, follow=True).content.decode()


def test_a_worker_that_was_seen_lately_does_it_now(sandbox: Any, connection: Connection, admin_client: Any) -> None:
    heartbeats.beat_as_worker("sync")
    with woken_by(to_nobody):
        page = press(admin_client, connection)
    assert "Sync queued for" in page
    assert "was seen" not in page
    assert tick(JOB) == []


def test_where_no_worker_takes_the_queue_the_next_tick_does_it(
    sandbox: Any, connection: Connection, admin_client: Any
) -> None:
    with woken_by(to_nobody):
        page = press(admin_client, connection)
    assert "No worker of bigin.sync was seen yet. It waits for a tick, and none was seen yet: start beat" in page
    call_command("bigin_tick", stdout=io.StringIO())
    assert Job.objects.get().state == Job.State.DONE


def test_a_silent_worker_and_the_last_tick_are_named(sandbox: Any, connection: Connection) -> None:
    heartbeats.beat_as_worker("job")
    tick()
    before = clock.now()
    sandbox.advance(3600)
    with woken_by(to_nobody):
        outcome = requests.request(Job.Kind.SYNC, [connection])
    assert outcome.outlook == (
        f"No worker of bigin.sync was seen since {moment(before)}. The next tick sees to it; the last one was at "
        f"{moment(before)}."
    )
    assert (JOB, outcome.queued[0].pk) in tick()


@pytest.mark.parametrize("kind", ["refresh", "tick"])
def test_a_worker_of_another_queue_is_none_of_this(kind: str, sandbox: Any, connection: Connection) -> None:
    heartbeats.beat_as_worker(kind)
    with woken_by(to_nobody):
        assert "No worker of bigin.sync" in requests.request(Job.Kind.SYNC, [connection]).outlook


def test_bigin_tick_is_no_worker_that_takes_messages(sandbox: Any, connection: Connection) -> None:
    for _ in range(2):
        call_command("bigin_tick", stdout=io.StringIO())
    assert Heartbeat.objects.filter(kind="sync").exists()
    with woken_by(to_nobody):
        outcome = requests.request(Job.Kind.SYNC, [connection])
    assert outcome.outlook.startswith("No worker of bigin.sync was seen yet. The next tick sees to it;")


def test_a_site_whose_modules_are_due_rarely_has_patience_with_its_workers(
    sandbox: Any, connection: Connection, settings: Any
) -> None:
    settings.BIGIN_SYNC_INTERVAL_SECONDS = 7200
    heartbeats.beat_as_worker("sync")
    sandbox.advance(7200)
    with woken_by(to_nobody):
        assert requests.request(Job.Kind.SYNC, [connection]).outlook == ""


def test_a_broker_that_is_down_is_said_with_the_last_tick(
    sandbox: Any, connection: Connection, admin_client: Any
) -> None:
    tick()
    with woken_by(refuse):
        page = press(admin_client, connection)
    assert "because the message broker does not answer. The next tick sees to it; the last one was at" in page


def test_without_celery_no_broker_is_asked_and_bigin_tick_does_it(
    sandbox: Any, connection: Connection, admin_client: Any, settings: Any
) -> None:
    settings.BIGIN_CELERY = False
    asked: list[str] = []
    with woken_by(lambda kind, row_id: asked.append(kind)):
        page = press(admin_client, connection)
    assert asked == []
    assert "because this site works without Celery." in page
    assert "It waits for a tick, and none was seen yet: start bigin_tick." in page
    call_command("bigin_tick", stdout=io.StringIO())
    assert Job.objects.get().state == Job.State.DONE


def test_without_celery_there_is_no_beat_and_no_broker_to_be_down(settings: Any) -> None:
    settings.BIGIN_CELERY = False
    with celery_site(broker_url="amqp://127.0.0.1:1//"):
        assert tasks.beat_schedule() == {}
        assert tasks.ask_broker() == ""


def test_without_celery_nobody_is_told_to_start_beat(sandbox: Any, connection: Connection, settings: Any) -> None:
    work_off(tick())
    sandbox.advance(5 * 86_400)
    with_celery = _remedies()
    settings.BIGIN_CELERY = False
    without = _remedies()
    assert any("Start beat and workers" in remedy for remedy in with_celery)
    assert any("Start bigin_tick." in remedy for remedy in without)
    assert not any("beat" in remedy for remedy in without)


def _remedies() -> list[str]:
    health = examine.examine_all()
    found = [*health.installation, *(each for connection in health.connections for each in connection.findings)]
    return [words_for(finding).person_does for finding in found]

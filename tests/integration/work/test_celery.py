"""Messages: where they go, what they are when the broker does not take them, and what the libraries say of it."""

import os
import time
import warnings
from typing import Any

import pytest
from django.urls import reverse

from django_bigin import tasks
from django_bigin.models import Connection, Job
from django_bigin.work import jobs, requests, scheduler
from django_bigin.work.kinds import JOB, METADATA, REFRESH, SYNC
from tests.support.celery_sites import celery_site, take_messages, worker_of
from tests.support.services import require_service
from tests.support.ticking import kinds_of, tick
from tests.support.wakers import woken_by

pytestmark = pytest.mark.django_db(transaction=True)

REDIS = os.environ.get("BIGIN_TEST_REDIS_URL", "redis://127.0.0.1:6379/7")
RABBITMQ = os.environ.get("BIGIN_TEST_RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672//")
NO_MISSING_QUEUES = {"task_create_missing_queues": False}


@pytest.mark.parametrize(
    ("kind", "queue"),
    [(REFRESH, "bigin.refresh"), (SYNC, "bigin.sync"), (METADATA, "bigin.sync"), (JOB, "bigin.sync")],
)
def test_without_routes_each_kind_goes_to_its_queue(kind: str, queue: str) -> None:
    with celery_site() as app:
        tasks.send(kind, 7)
        [message] = take_messages(app, queue)
    assert message.headers["task"] == kind
    assert message.headers["expires"]


def test_the_queues_are_named_by_settings(settings: Any) -> None:
    settings.BIGIN_REFRESH_QUEUE, settings.BIGIN_SYNC_QUEUE = "prod-tokens", "prod-records"
    with celery_site() as app:
        tasks.send(REFRESH, 1)
        tasks.send(SYNC, 2)
        assert len(take_messages(app, "prod-tokens")) == len(take_messages(app, "prod-records")) == 1
        assert tasks.beat_schedule()["bigin.tick"]["options"]["queue"] == "prod-tokens"


@pytest.mark.parametrize(
    "routes",
    [
        {"bigin.*": {"queue": "prod-bigin"}},
        {"bigin.*": "prod-bigin"},
        ([("bigin.sync", {"queue": "prod-bigin"}), ("bigin.tick", {"queue": "prod-bigin"})],),
        (lambda name, args, kwargs, options, task=None, **more: {"queue": "prod-bigin"},),
    ],
)
def test_the_sites_routes_win(routes: Any) -> None:
    with celery_site(task_routes=routes) as app:
        tasks.send(SYNC, 7)
        entry = tasks.beat_schedule()["bigin.tick"]
        app.tasks[entry["task"]].apply_async(**entry["options"])
        assert [message.headers["task"] for message in take_messages(app, "prod-bigin")] == [SYNC, "bigin.tick"]
        assert take_messages(app, "bigin.sync") == []


def test_a_route_that_names_no_place_leaves_the_queue_as_it_is() -> None:
    with celery_site(task_routes={"bigin.*": {"priority": 3}}) as app:
        tasks.send(SYNC, 7)
        [message] = take_messages(app, "bigin.sync")
    assert message.properties["priority"] == 3


BROKEN = {
    "no such queue": {"broker_url": "memory://", **NO_MISSING_QUEUES},
    "no such transport": {"broker_url": "nonsense://"},
    "nobody listens": {"broker_url": "amqp://guest:guest@127.0.0.1:1//"},
    "RabbitMQ refuses the login": {"broker_url": RABBITMQ.replace("guest:guest", "guest:wrong")},
    "RabbitMQ has no such virtual host": {"broker_url": RABBITMQ.rstrip("/") + "/no-such-host"},
    "Redis refuses the password": {"broker_url": REDIS.replace("redis://", "redis://nobody:wrong@")},
    "Redis has no such database": {"broker_url": REDIS.rpartition("/")[0] + "/99999"},
}


@pytest.fixture(params=BROKEN)
def broken(request: pytest.FixtureRequest) -> dict[str, Any]:
    if request.param.split()[0] in ("RabbitMQ", "Redis"):
        require_service(request.param.split()[0].lower())
    return BROKEN[request.param]


def test_whatever_the_broker_says_a_request_is_stored_and_due(
    broken: Any, sandbox: Any, connection: Connection
) -> None:
    started = time.monotonic()
    with celery_site(**broken), woken_by(tasks.send):
        outcome = requests.request(Job.Kind.SYNC, [connection])
    [job] = outcome.stored
    assert outcome.why_stored.startswith("the message broker did not take it (")
    assert "wrong" not in outcome.why_stored
    job.refresh_from_db()
    assert job.queued_until is None
    assert tick(JOB) == [(JOB, job.pk)]
    assert time.monotonic() - started < 8


def test_whatever_the_broker_says_a_tick_leaves_everything_due(
    broken: Any, sandbox: Any, connection: Connection
) -> None:
    jobs.ensure_job(Job.Kind.SYNC, connection)
    with celery_site(**broken):
        report = scheduler.tick(tasks.send)
    assert report.broker_down
    assert kinds_of(tick()) == {JOB, METADATA}


def test_whatever_the_broker_says_the_page_says_so(
    broken: Any, sandbox: Any, connection: Connection, admin_client: Any
) -> None:
    act = reverse("admin:django_bigin_connection_act", args=[connection.pk])
    with celery_site(**broken), woken_by(tasks.send):
        answer = admin_client.post(act, {"action": "sync_now"}, follow=True)
    assert answer.status_code == 200
    assert "the message broker did not take it" in answer.content.decode()


def test_no_library_warns_while_tasks_are_sent_and_run(sandbox: Any, connection: Connection) -> None:
    job = jobs.ensure_job(Job.Kind.SYNC, connection)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with celery_site() as app:
            app.conf.beat_schedule = tasks.beat_schedule()
            for kind, row_id in ((JOB, job.pk), (REFRESH, connection.pk), (METADATA, connection.pk), (SYNC, 0)):
                tasks.send(kind, row_id)
            entry = tasks.beat_schedule()["bigin.tick"]
            app.tasks[entry["task"]].apply_async(**entry["options"])
            with worker_of(app, "bigin.refresh", "bigin.sync"):
                give_up_at = time.monotonic() + 60
                while time.monotonic() < give_up_at and Job.objects.get().state != Job.State.DONE:
                    time.sleep(0.1)
    assert Job.objects.get().state == Job.State.DONE
    deprecations = (DeprecationWarning, PendingDeprecationWarning, FutureWarning)
    assert [str(warning.message) for warning in caught if issubclass(warning.category, deprecations)] == []

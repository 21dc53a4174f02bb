"""Ticks and workers are seen alive."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections as databases

from django_bigin.models import Connection, Heartbeat, Job
from django_bigin.work import heartbeats, requests
from tests.support.ticking import tick, work_off
from tests.support.wakers import woken_by

pytestmark = pytest.mark.django_db(transaction=True)


def test_ticks_and_workers_are_seen_alive(sandbox: Any, connection: Connection) -> None:
    work_off(tick())
    assert set(Heartbeat.objects.values_list("kind", flat=True)) == {"tick", "metadata"}


def test_the_last_beat_of_a_kind_counts(sandbox: Any) -> None:
    assert heartbeats.last_seen() == {}
    heartbeats.beat("first", kind="sync")
    sandbox.advance(60)
    heartbeats.beat("second", kind="sync")
    heartbeats.beat(heartbeats.TRIM, kind=heartbeats.TICK)
    assert heartbeats.last_seen() == {"sync": Heartbeat.objects.get(name="second").seen_at}


def test_a_worker_that_serves_both_queues_is_seen_at_both(sandbox: Any, connection: Connection) -> None:
    for kind in ("refresh", "sync"):
        heartbeats.beat_as_worker(kind)
        sandbox.advance(60)
    seen = heartbeats.last_seen()
    assert set(seen) == {"refresh", "sync"}
    assert seen["refresh"] < seen["sync"]
    heartbeats.beat_as_worker("refresh")
    assert heartbeats.worker_last_seen(["sync"]) == seen["sync"]
    assert heartbeats.last_seen()["refresh"] > seen["sync"]
    with woken_by(lambda kind, row_id: None):
        assert requests.request(Job.Kind.SYNC, [connection]).outlook == ""


def test_many_ticks_at_once_are_seen_alive(transactional_db: None) -> None:
    def seen(_: int) -> None:
        try:
            heartbeats.beat("tick", kind="tick")
        finally:
            databases.close_all()

    for _ in range(5):
        Heartbeat.objects.all().delete()
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(seen, range(8)))
        assert Heartbeat.objects.count() == 1

"""Ticks and workers are seen alive."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections as databases

from django_bigin.models import Connection, Heartbeat
from django_bigin.work import heartbeats
from tests.support.ticking import tick, work_off

pytestmark = pytest.mark.django_db(transaction=True)


def test_ticks_and_workers_are_seen_alive(sandbox: Any, connection: Connection) -> None:
    work_off(tick())
    assert set(Heartbeat.objects.values_list("kind", flat=True)) == {"tick", "metadata"}


def test_the_silence_of_a_kind_is_counted_from_its_last_beat(sandbox: Any) -> None:
    assert heartbeats.unseen_for("sync") is None
    heartbeats.beat("first", kind="sync")
    sandbox.advance(60)
    heartbeats.beat("second", kind="sync")
    sandbox.advance(30)
    silence = heartbeats.unseen_for("sync")
    assert silence is not None
    assert timedelta(seconds=30) <= silence < timedelta(seconds=60)


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

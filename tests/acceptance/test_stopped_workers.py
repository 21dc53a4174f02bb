"""Real Celery processes are stopped one by one: `bigin_doctor` says which, and that it is over once they are back."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from django_bigin.models import ModuleSync
from django_bigin.work import heartbeats
from tests.acceptance.test_workers import BROKERS, CONSTANTS, URLS, VENDOR
from tests.support.celery_sites import celery_site
from tests.support.commands import Ran
from tests.support.mirror import connect
from tests.support.services import require_service
from tests.support.workers import Workers

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    pytest.mark.skipif(VENDOR == "mysql", reason="runs with the suite on SQLite and on PostgreSQL"),
]

MINUTES_AT_MOST = 120  # a sync each half hour, and a quarter of an hour of grace


def pass_minutes_until(sandbox: Any, workers: Workers, code: str) -> None:
    """Pass time, a few minutes at once so that those who live can keep up, until this is the doctor's first finding."""
    for _ in range(MINUTES_AT_MOST // 4):
        if found() == code:
            return
        sandbox.advance(240)
        workers.wait("a tick has come", newer_tick())
    assert found() == code, Ran("bigin_doctor").out


def newer_tick() -> Callable[[], bool]:
    """Return what tells whether no tick has come since; after two seconds of none there is nobody to wait for."""
    before, since = heartbeats.last_seen().get(heartbeats.TICK), time.monotonic()
    return lambda: heartbeats.last_seen().get(heartbeats.TICK) == before and time.monotonic() < since + 2


def found() -> str:
    """Return the doctor's first finding; "" for none."""
    doctor = Ran("bigin_doctor", "--json")
    codes = doctor.document["codes"]
    assert (doctor.code == 0) == (not codes)
    return str(codes[0]) if codes else ""


def test_the_doctor_names_whoever_was_stopped_and_is_content_when_he_is_back(sandbox: Any, tmp_path: Path) -> None:
    broker = URLS[BROKERS[VENDOR]]
    if not broker.startswith("filesystem"):
        require_service(BROKERS[VENDOR])
    connect(sandbox.add_organization(data_center="us", records={"Contacts": 5}))
    with (
        celery_site(),
        Workers(tmp_path, broker=broker, sandbox_url=sandbox.url, constants=CONSTANTS) as workers,
    ):
        workers.start_worker("refresh", "bigin.refresh", pool="solo")
        workers.start_worker("sync", "bigin.sync")
        workers.start_beat("beat")
        workers.wait("everything is mirrored", unmirrored)
        workers.wait("nothing is wrong", found)

        workers.kill("sync")
        pass_minutes_until(sandbox, workers, "worker.silent.sync")
        workers.start_worker("sync", "bigin.sync")
        workers.wait("nothing is wrong", found)

        workers.kill("refresh")  # ticks are on its queue
        pass_minutes_until(sandbox, workers, "tick.silent")
        workers.start_worker("refresh", "bigin.refresh", pool="solo")
        workers.wait("nothing is wrong", found)

        workers.kill("beat")
        pass_minutes_until(sandbox, workers, "tick.silent")
        workers.start_beat("beat")
        workers.wait("nothing is wrong", found)


def unmirrored() -> bool:
    return not ModuleSync.objects.exists() or ModuleSync.objects.filter(last_success_at=None).exists()

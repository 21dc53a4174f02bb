"""Ticks that nobody took in time do nothing when a worker comes, whichever scheduler sent them."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from django_bigin import tasks
from django_bigin.models import Heartbeat
from tests.support.celery_sites import celery_site, take_messages, worker_of

ROOT = Path(__file__).resolve().parents[3]


def test_the_ticks_of_a_night_without_workers_expire_under_django_celery_beat(tmp_path: Path) -> None:
    pytest.importorskip("django_celery_beat")
    environment = {**os.environ, "DATABASE_URL": f"sqlite:///{tmp_path / 'beat.sqlite3'}", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.support.database_beat"]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["sent"] >= 4
    assert (found["stale_ran"], found["fresh_ran"]) == (False, True)


@pytest.mark.django_db(transaction=True)
def test_a_tick_that_waited_too_long_does_nothing(settings: Any) -> None:
    settings.BIGIN_TICK_SECONDS = 0.2
    with celery_site() as app:
        entry = tasks.beat_schedule()["bigin.tick"]
        app.tasks[entry["task"]].apply_async(**entry["options"])
        time.sleep(0.5)
        with worker_of(app, "bigin.refresh"):
            time.sleep(1)
            assert not Heartbeat.objects.exists()


def test_a_tick_that_a_site_sends_by_itself_expires_as_well() -> None:
    with celery_site() as app:
        tasks.tick.apply_async(queue="anywhere")
        [message] = take_messages(app, "anywhere")
    assert message.headers["expires"]

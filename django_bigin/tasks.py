"""Celery: one thin task for each kind of work, and the one beat entry that a site needs.

A message carries an id and no more. Nothing is retried here: a row that stays due comes back with the next tick.
"""

from __future__ import annotations

from typing import Any

from celery import current_app, shared_task
from kombu.exceptions import OperationalError

from .conf import settings
from .models import Job
from .work import scheduler
from .work.scheduler import JOB, METADATA, REFRESH, SYNC, BrokerDown

REFRESH_QUEUE, SYNC_QUEUE = "bigin.refresh", "bigin.sync"
"""Workers of their own for each: a refresh must not wait behind a first load."""

BROKER_SECONDS = 2

_OPTIONS: dict[str, Any] = {
    "acks_late": True,
    "reject_on_worker_lost": True,
    "ignore_result": True,
    "expires": scheduler.QUEUED_SECONDS,
}


@shared_task(name="bigin.tick", queue=REFRESH_QUEUE, ignore_result=True)
def tick() -> None:
    """Hand out what is due."""
    scheduler.tick(send)


@shared_task(name=REFRESH, queue=REFRESH_QUEUE, **_OPTIONS)
def refresh_connection(connection_id: int) -> None:
    """Keep a connection's token fresh."""
    scheduler.work(REFRESH, connection_id)


@shared_task(name=METADATA, queue=SYNC_QUEUE, **_OPTIONS)
def refresh_metadata(connection_id: int) -> None:
    """Read a connection's modules and fields again."""
    scheduler.work(METADATA, connection_id)


@shared_task(name=SYNC, queue=SYNC_QUEUE, **_OPTIONS)
def sync_module(module_sync_id: int) -> None:
    """Work on a module for one slice."""
    scheduler.work(SYNC, module_sync_id)


@shared_task(name=JOB, queue=SYNC_QUEUE, **_OPTIONS)
def run_job(job_id: int) -> None:
    """Work on what a person asked for, for one slice."""
    scheduler.work(JOB, job_id)


_TASKS: dict[str, Any] = {REFRESH: refresh_connection, METADATA: refresh_metadata, SYNC: sync_module, JOB: run_job}


def send(kind: str, row_id: int) -> None:
    """Wake a worker, waiting at most two seconds for the broker.

    Raises:
        BrokerDown: it does not answer.
    """
    limits = {"socket_connect_timeout": BROKER_SECONDS, "socket_timeout": BROKER_SECONDS, "max_retries": 0}
    try:
        with current_app.connection_for_write(connect_timeout=BROKER_SECONDS) as connection:
            if connection.transport.driver_type == "redis":
                connection.transport_options = {**(connection.transport_options or {}), **limits}
            _TASKS[kind].apply_async((row_id,), connection=connection, retry=False)
    except (OperationalError, OSError) as error:
        raise BrokerDown(f"the message broker does not answer ({type(error).__name__})") from error


def wake(job: Job) -> bool:
    """Wake a worker for a job; False where the broker is down, and the next tick will."""
    return scheduler.wake(job, send)


def beat_schedule() -> dict[str, dict[str, Any]]:
    """The one entry that a site adds to Celery's `beat_schedule`; any scheduler takes it.

    `app.conf.beat_schedule |= beat_schedule()`
    """
    seconds = settings.BIGIN_TICK_SECONDS
    # A tick that nobody took in time is of no use: the next one sees more.
    options = {"queue": REFRESH_QUEUE, "expires": seconds}
    return {"bigin.tick": {"task": "bigin.tick", "schedule": seconds, "options": options}}

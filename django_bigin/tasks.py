"""Celery: one thin task for each kind of work, and the one beat entry that a site needs.

A message carries an id and no more. Nothing is retried here: a row that stays due comes back with the next tick.
"""

from __future__ import annotations

from typing import Any

from celery import current_app, shared_task
from kombu.exceptions import OperationalError

from .conf import settings
from .work import scheduler
from .work.kinds import KINDS, REFRESH_QUEUE, Kind
from .work.scheduler import BrokerDown

__all__ = ("beat_schedule",)

BROKER_SECONDS = 2


@shared_task(name="bigin.tick", queue=REFRESH_QUEUE, ignore_result=True)
def tick() -> None:
    """Hand out what is due."""
    scheduler.tick(send)


def _task_of(kind: Kind) -> Any:
    @shared_task(
        name=kind.name,
        queue=kind.queue,
        acks_late=True,
        reject_on_worker_lost=True,
        ignore_result=True,
        expires=scheduler.QUEUED_SECONDS,
    )
    def run_slice(row_id: int) -> None:
        """Do one slice of the work on a row."""
        scheduler.run_slice(kind.name, row_id)

    return run_slice


TASKS: dict[str, Any] = {name: _task_of(kind) for name, kind in KINDS.items()}
"""The task of each kind of work, by its name."""


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
            TASKS[kind].apply_async((row_id,), connection=connection, retry=False)
    except (OperationalError, OSError) as error:
        raise BrokerDown(f"the message broker does not answer ({type(error).__name__})") from error


def beat_schedule() -> dict[str, dict[str, Any]]:
    """Return the one entry that a site adds to Celery's `beat_schedule`; any scheduler takes it.

    `app.conf.beat_schedule |= beat_schedule()`
    """
    seconds = settings.BIGIN_TICK_SECONDS
    # A tick that nobody took in time is of no use: the next one sees more.
    options = {"queue": REFRESH_QUEUE, "expires": seconds}
    return {"bigin.tick": {"task": "bigin.tick", "schedule": seconds, "options": options}}

"""Celery: one thin task for each kind of work, and the one beat entry that a site needs.

A message carries an id and no more. Nothing is retried here: a row that stays due comes back with the next tick.
"""

from __future__ import annotations

from threading import Thread
from typing import Any

from celery import current_app, shared_task

from .conf import settings
from .text import sentence as _
from .work import scheduler
from .work.kinds import KINDS, Kind
from .work.scheduler import BrokerDown

__all__ = ("beat_schedule",)

BROKER_SECONDS = 2
TICK_EXPIRES_SECONDS = 60  # where whoever sends it says nothing else


@shared_task(name="bigin.tick", ignore_result=True, expires=TICK_EXPIRES_SECONDS)
def tick() -> None:
    """Hand out what is due."""
    scheduler.tick(send)


def _task_of(kind: Kind) -> Any:
    # No `queue` here: Celery 6 takes no notice of it, and 5.7 warns (celery#10453).
    @shared_task(
        name=kind.name,
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
        BrokerDown: the message could not be sent, for whatever reason.
    """
    limits = {"socket_connect_timeout": BROKER_SECONDS, "socket_timeout": BROKER_SECONDS, "max_retries": 0}
    task = TASKS[kind]
    try:
        with current_app.connection_for_write(connect_timeout=BROKER_SECONDS) as connection:
            if connection.transport.driver_type == "redis":
                connection.transport_options = {**(connection.transport_options or {}), **limits}
            place = _place_of(task, (row_id,), queue=KINDS[kind].queue)
            task.apply_async((row_id,), connection=connection, retry=False, **place)
    except Exception as error:
        # A refused login, a virtual host or a queue that does not exist: each client has errors of its own for them,
        # and not all are kombu's OperationalError. Their text may name the broker's address, so it is not shown.
        raise BrokerDown(_("the message broker did not take it (%(kind)s)", kind=type(error).__name__)) from error


def beat_schedule() -> dict[str, dict[str, Any]]:
    """Return the one entry that a site adds to Celery's `beat_schedule`; any scheduler takes it.

    `app.conf.beat_schedule |= beat_schedule()`. Without `BIGIN_CELERY` there is none.
    """
    if not settings.BIGIN_CELERY:
        return {}
    seconds = settings.BIGIN_TICK_SECONDS
    # A tick that nobody took in time is of no use: the next one sees more. The task says it as well, because
    # django-celery-beat keeps no `expires` of an entry (django-celery-beat#280).
    tick.expires = seconds
    options = {"expires": seconds, **_place_of(tick, queue=settings.BIGIN_REFRESH_QUEUE)}
    return {"bigin.tick": {"task": "bigin.tick", "schedule": seconds, "options": options}}


def _place_of(task: Any, args: tuple[int, ...] = (), *, queue: str) -> dict[str, str]:
    """Return the option that sends a task to our queue; none where a route of the site's names another place.

    Given to Celery, the option would win over `task_routes`.
    """
    route: Any = current_app.amqp.router.lookup_route(task.name, args, {}, {}, task)
    if isinstance(route, str) or (route and any(route.get(name) for name in ("queue", "exchange", "routing_key"))):
        return {}
    return {"queue": queue}


def ask_broker() -> str:
    """Ask the message broker whether it answers, for two seconds at most.

    Returns:
        "" where it does, or where the site has set up none; else a sentence without its address.
    """
    if not settings.BIGIN_CELERY or not current_app.conf.broker_write_url or current_app.conf.task_always_eager:
        return ""
    connection = current_app.connection_for_write(connect_timeout=BROKER_SECONDS)  # opens nothing yet
    said: list[str] = []
    # In a thread: the clients try again by themselves, and looking up a host's name knows no timeout.
    asking = Thread(target=lambda: said.append(_try(connection)), daemon=True)
    asking.start()
    asking.join(BROKER_SECONDS)
    return said[0] if said else _("It has not answered for %(seconds)s seconds.", seconds=BROKER_SECONDS)


def _try(connection: Any) -> str:
    try:
        with connection:
            connection.transport.close_connection(connection.transport.establish_connection())
    except Exception as error:
        # Each client has errors of its own, and their text may name the broker's address with its password.
        return _("It does not answer (%(kind)s).", kind=type(error).__name__)
    return ""

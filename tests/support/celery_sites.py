"""A site's Celery in the test's own process, on a broker in memory."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty
from typing import Any

from celery import Celery, current_app
from celery.contrib.testing.worker import start_worker


@contextmanager
def celery_site(**conf: Any) -> Iterator[Celery]:
    """Make a new app with these settings the current one for a while."""
    before = current_app._get_current_object()
    app = Celery("site", set_as_current=False)
    app.conf.update({"broker_url": "memory://", "broker_connection_retry_on_startup": True} | conf)
    app.set_current()
    try:
        yield app
    finally:
        app.close()
        before.set_current()


def take_messages(app: Celery, queue: str) -> list[Any]:
    """Take every message out of a queue."""
    taken = []
    with app.connection_for_read() as connection, connection.SimpleQueue(queue) as simple:
        while True:
            try:
                message = simple.get(block=False)
            except Empty:
                return taken
            message.ack()
            taken.append(message)


@contextmanager
def worker_of(app: Celery, *queues: str) -> Iterator[None]:
    """Let a worker take messages from these queues, in a thread."""
    app.amqp.queues.select(list(queues))
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    try:
        with start_worker(app, pool="solo", concurrency=1, perform_ping_check=False, shutdown_timeout=30):
            yield
    finally:
        # It sets logging up as for a process of its own: later tests would not hear warnings.
        root.setLevel(level)
        root.handlers[:] = handlers

"""A broker for Celery that needs only a folder: for development and tests, on POSIX systems.

Kombu's own opens a message's file before it writes it: a worker that reads in between finds an empty file and ends
(https://github.com/celery/kombu/issues/1551). Here a message appears under its name once it is whole.
"""

import fcntl
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kombu.transport import filesystem
from kombu.utils.json import dumps

__all__ = ("Transport",)


class Channel(filesystem.Channel):
    """Kombu's channel, with messages that appear whole."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        for folder in (self.data_folder_in, self.data_folder_out, self.control_folder):
            Path(folder).mkdir(parents=True, exist_ok=True)

    def get_table(self, exchange: str) -> Any:
        with self._alone():
            return super().get_table(exchange)

    def _queue_bind(self, *arguments: Any) -> None:
        with self._alone():
            super()._queue_bind(*arguments)

    def _delete(self, *arguments: Any, **options: Any) -> None:
        with self._alone():
            super()._delete(*arguments, **options)

    def _put(self, queue: str, message: Any, **_: Any) -> None:  # type: ignore[override]  # its parents disagree
        path = Path(self.data_folder_out) / f"{time.monotonic_ns() // 1_000_000}_{uuid.uuid4()}.{queue}.msg"
        unfinished = path.with_name(f"{path.name}.unfinished")  # a name that no reader looks for
        unfinished.write_text(dumps(message))
        unfinished.replace(path)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other processes away from the table of queues."""
        lock = os.open(self.control_folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)


class Transport(filesystem.Transport):
    """The value of Celery's setting `broker_transport`."""

    Channel = Channel

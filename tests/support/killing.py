"""Workers that are killed, with -9, each a process of its own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django_bigin import clock
from django_bigin.models import Connection, Job, ModuleSync
from tests.support.databases import database, url_of


def started(*arguments: str, sandbox_url: str = "", **options: Any) -> subprocess.Popen[Any]:
    """Start Python as a process of its own on the suite's database."""
    live = database.settings_dict
    environment = {
        **os.environ,
        "DATABASE_URL": url_of(live, name=str(live["NAME"]), vendor=database.vendor),
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "BIGIN_SANDBOX_URL": sandbox_url,
    }
    return subprocess.Popen([sys.executable, *arguments], env=environment, **options)


@contextmanager
def killing(kind: str, row_id: int, sandbox: Any) -> Iterator[Callable[[Callable[[], bool]], None]]:
    """Yield a function that works on the row elsewhere, and kills whoever runs it as soon as something is so."""
    command = ("-m", "tests.support.slice_and_die", kind, str(row_id))
    pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with started(*command, sandbox_url=sandbox.url, **pipes) as forking:
        assert forking.stdout.readline() == "ready\n"

        def kill_once(reached: Callable[[], bool]) -> None:
            forking.stdin.write("run\n")
            forking.stdin.flush()
            child = int(forking.stdout.readline())
            give_up_at = time.monotonic() + 30
            while not reached():
                assert time.monotonic() < give_up_at
                time.sleep(0.01)
            os.kill(child, signal.SIGKILL)
            assert forking.stdout.readline() == "ended\n"
            # Real time that need not be waited for: the leases of the dead expire.
            for model in (Job, Connection, ModuleSync):
                model.objects.exclude(lease_until=None).update(lease_until=clock.database_in(-1))

        yield kill_once
        forking.stdin.close()

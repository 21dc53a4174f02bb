"""Celery's workers and beats as processes, on the suite's database and whatever broker a test names."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

from tests.support.databases import database, url_of

ROOT = Path(__file__).resolve().parents[2]
APP = "tests.support.celery_app"
STOP_SECONDS = 4


class Workers:
    """Starts the processes, each a group of its own with a log in `folder`, and stops them at the end.

    Args:
        constants: what the processes set otherwise than the package does, by dotted path; `settings.X` for a setting.
    """

    def __init__(self, folder: Path, *, broker: str, sandbox_url: str, constants: dict[str, Any]) -> None:
        self.folder = folder
        self.broker = broker
        self.queues = f".{uuid.uuid4().hex[:8]}"
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._killed: set[str] = set()
        live = database.settings_dict
        self._environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "example_project"), os.environ.get("PYTHONPATH", "")]),
            "DATABASE_URL": url_of(live, name=str(live["NAME"]), vendor=database.vendor),
            "BIGIN_SANDBOX_URL": sandbox_url,
            "CELERY_BROKER_URL": broker,
            "WORKERS_FOLDER": str(folder),
            "WORKERS_QUEUES": self.queues,
            "WORKERS_CONSTANTS": json.dumps(constants),
        }

    def __enter__(self) -> "Workers":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start_worker(self, name: str, queue: str, *, pool: str = "prefork") -> None:
        """One worker for one queue, one task at a time."""
        apart = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        which = ["-Q", queue + self.queues, "-n", f"{name}{self.queues}@localhost", "-P", pool, "-c", "1"]
        self._spawn(name, "worker", *which, *apart, "-l", "INFO")

    def start_beat(self, name: str) -> None:
        """One beat with a schedule of its own, as if nobody knew of the other."""
        self._spawn(name, "beat", "-s", str(self.folder / f"{name}-schedule"), "--pidfile=", "-l", "INFO")

    def who_does(self, *work: str) -> str:
        """Name of the worker that is in the middle of this, such as `bigin.sync`, `7`; "" where none is.

        In the middle: for a second by now. Who has the second delivery is through with it in no time.
        """
        doing = [name for name, (what, seconds) in self._doing().items() if what == " ".join(work) and seconds > 1]
        return doing[0] if doing else ""

    def is_idle(self) -> bool:
        """Whether no worker that lives does anything but ticks."""
        return all(what == "bigin.tick" for what, _ in self._doing().values())

    def kill(self, name: str) -> None:
        """SIGKILL to all of a worker: nothing is put back, nothing is said."""
        self._killed.add(name)
        os.killpg(self._processes[name].pid, signal.SIGKILL)
        self._processes[name].wait()

    def kill_child(self, name: str) -> None:
        """SIGKILL to the process of a worker's pool alone, if it does something: the worker puts its message back."""
        for note in self.folder.glob("now-*"):
            pid = pid_of(note)
            if pid != self._processes[name].pid and self._name_of(pid) == name:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                note.unlink(missing_ok=True)

    def received(self, task: str) -> list[str]:
        """Ids of the messages that the workers received for a task, from their logs."""
        wanted = f"Task {task}["
        lines = [line for name in self._processes for line in self.log(name).splitlines() if wanted in line]
        return [line.partition(wanted)[2].partition("]")[0] for line in lines if line.endswith("received")]

    def failures(self) -> list[str]:
        """What any process logged as an error."""
        lines = [line for name in self._processes for line in self.log(name).splitlines()]
        return [line for line in lines if "ERROR" in line or "CRITICAL" in line or "Traceback" in line]

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def living(self) -> dict[str, subprocess.Popen[bytes]]:
        return {name: process for name, process in self._processes.items() if name not in self._killed}

    def look(self) -> None:
        """Fail if a process has ended by itself."""
        for name, process in self.living().items():
            if process.poll() is not None:
                pytest.fail(f"{name} ended by itself:\n{self.log(name)[-3000:]}", pytrace=False)

    def wait(self, what: str, missing: Callable[[], Any], *, patience: float = 150) -> float:
        """Wait until nothing is missing; gives how many seconds it took."""
        started = time.monotonic()
        while left := missing():
            self.look()
            if time.monotonic() - started > patience:
                tails = "\n".join(f"--- {name}\n{self.log(name)[-1500:]}" for name in self._processes)
                pytest.fail(f"After {patience} seconds it is not so that {what}: {left}\n{tails}", pytrace=False)
            time.sleep(0.1)
        return time.monotonic() - started

    def stop(self) -> None:
        """Stop every process, beats first, and remove what they left at the broker."""
        for process in reversed(self._processes.values()):
            process.terminate()
        give_up_at = time.monotonic() + STOP_SECONDS  # for all together: there is nothing to be saved
        for process in self._processes.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=max(0, give_up_at - time.monotonic()))
            self._end_group(process)
        self._remove_queues()

    def _end_group(self, process: subprocess.Popen[bytes]) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def _remove_queues(self) -> None:
        if self.broker.startswith("amqp:"):
            from kombu import Connection, Queue

            with Connection(self.broker) as connection:
                for queue in ("bigin.refresh", "bigin.sync"):
                    Queue(queue + self.queues, channel=connection.default_channel).delete()
        elif self.broker.startswith("redis:"):
            from redis import Redis

            with Redis.from_url(self.broker) as redis:
                for key in redis.scan_iter(f"{self.queues}*"):
                    redis.delete(key)

    def _doing(self) -> dict[str, tuple[str, float]]:
        """What each worker does now, and for how many seconds."""
        doing = {}
        for note in self.folder.glob("now-*"):
            with contextlib.suppress(FileNotFoundError):
                name, what, since = self._name_of(pid_of(note)), note.read_text(), note.stat().st_mtime
                if name and what:
                    doing[name] = (what, time.time() - since)
        return doing

    def _name_of(self, pid: int) -> str:
        """Name of the living worker to which a process belongs."""
        try:
            group = os.getpgid(pid)
        except ProcessLookupError:
            return ""
        return next((name for name, process in self.living().items() if process.pid == group), "")

    def _spawn(self, name: str, *arguments: str) -> None:
        command = [sys.executable, "-m", "celery", "-A", APP, *arguments]
        with (self.folder / f"{name}.log").open("wb") as log:
            self._processes[name] = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )


def pid_of(note: Path) -> int:
    return int(note.name.removeprefix("now-"))

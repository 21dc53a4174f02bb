"""The processes: sandbox, site, a Celery worker for each queue, and beat.

On SQLite and a broker that needs no server, unless DATABASE_URL and CELERY_BROKER_URL say otherwise.
"""

import base64
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "example_project"
START_SECONDS = 60


class Stack:
    """Processes that end with their `with` block, each with a log of its own in `folder`."""

    def __init__(
        self,
        folder: Path,
        *,
        organizations: Sequence[str],
        sandbox_options: Sequence[str] = (),
        log_level: str = "INFO",
    ) -> None:
        self.folder = folder
        self._log_level = log_level
        self.site_url = f"http://localhost:{free_port()}"
        self.start: dict[str, Any] = {}
        self._organizations = organizations
        self._sandbox_options = sandbox_options
        self._processes: list[tuple[str, subprocess.Popen[bytes]]] = []

    def __enter__(self) -> "Stack":
        # So that the processes are stopped as well.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        self._configure()
        try:
            self._start_sandbox()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start_site(self) -> None:
        """Serve the site, and wait until it answers."""
        port = self.site_url.rpartition(":")[2]
        self._spawn("site", *manage("runserver", "--noreload", f"127.0.0.1:{port}"))
        self._wait("site", lambda: answers(self.site_url + "/admin/login/"))

    def start_workers(self) -> None:
        """Start a worker for each queue, and beat."""
        celery = [sys.executable, "-m", "celery", "-A", "example"]
        for queue in ("refresh", "sync"):
            options = [
                "-Q",
                f"bigin.{queue}",
                "-c",
                "1",
                "-n",
                f"{queue}@localhost",
                "--without-gossip",
                "--without-mingle",
            ]
            self._spawn(f"worker-{queue}", *celery, "worker", *options, "-l", self._log_level)
        self._spawn(
            "beat", *celery, "beat", "-l", self._log_level, "-s", str(self.folder / "beat-schedule"), "--pidfile="
        )

    def require_running(self) -> None:
        """Exit with the last lines of its log if a process has ended."""
        for name, process in self._processes:
            if process.poll() is not None:
                sys.exit(f"{name} has stopped:\n{self.log(name)[-3000:]}")

    def log(self, name: str) -> str:
        """Return what a process has written so far."""
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def stop(self, *, but: Sequence[str] = ()) -> None:
        """Stop every process but those named, the last started first."""
        ending = [process for name, process in self._processes if name not in but]
        for process in reversed(ending):
            process.terminate()
        for process in ending:
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._processes = [(name, process) for name, process in self._processes if name in but]

    def _configure(self) -> None:
        """Set the environment that the site's settings read, for this process and for those that it starts."""
        paths = [str(SITE), str(ROOT)]
        sys.path += paths
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [*paths, os.environ.get("PYTHONPATH")]))
        os.environ.update(
            DJANGO_SETTINGS_MODULE="example.settings",
            DEBUG="true",
            SECRET_KEY=secrets.token_urlsafe(32),
            SITE_URL=self.site_url,
            BIGIN_ENCRYPTION_KEYS=base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            BIGIN_INSTALLATION_ID="demo",
            BIGIN_CLOCK="demo.sandbox_clock.now",
            BIGIN_TICK_SECONDS="1",
            CELERY_FOLDER=str(self.folder / "messages"),
            LOG_LEVEL=self._log_level,
        )
        os.environ.setdefault("DATABASE_URL", f"sqlite:///{self.folder / 'demo.sqlite3'}")

    def _start_sandbox(self) -> None:
        start_file = self.folder / "sandbox.json"
        start_file.unlink(missing_ok=True)
        command = [sys.executable, "-m", "django_bigin.sandbox", "--port", "0", "--start-file", str(start_file)]
        callback = f"{self.site_url}/bigin/callback/"
        command += [
            "--organizations",
            ",".join(self._organizations),
            "--redirect-uri",
            callback,
            *self._sandbox_options,
        ]
        self._spawn("sandbox", *command)
        self._wait("sandbox", start_file.exists)
        self.start = json.loads(start_file.read_text())
        os.environ["BIGIN_SANDBOX_URL"] = self.start["base_url"]

    def _spawn(self, name: str, *command: str) -> None:
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                command, cwd=SITE, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
            )
        self._processes.append((name, process))

    def _wait(self, name: str, ready: Any) -> None:
        give_up_at = time.monotonic() + START_SECONDS
        while not ready():
            self.require_running()
            if time.monotonic() > give_up_at:
                sys.exit(f"{name} is not ready after {START_SECONDS} seconds:\n{self.log(name)[-3000:]}")
            time.sleep(0.05)


def manage(*arguments: str) -> list[str]:
    """Make the command line of one of Django's commands."""
    return [sys.executable, str(SITE / "manage.py"), *arguments]


def free_port() -> int:
    """Find a port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(url: str) -> bool:
    """Tell whether an address answers."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=5):
            return True
    except (urllib.error.URLError, OSError):
        return False

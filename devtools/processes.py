"""Running other programs, and telling what goes on."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class Stop(Exception):
    """A reason to end the program, in one sentence."""


def run(command: Sequence[str | Path], env: Mapping[str, str] | None = None, cwd: Path = ROOT) -> int:
    """Run a command with this checkout on its path, and return its exit code."""
    environment = dict(os.environ if env is None else env)
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), environment.get("PYTHONPATH")]))
    process = subprocess.Popen(command, cwd=cwd, env=environment)
    while True:
        try:
            status = process.wait()
        except KeyboardInterrupt:
            # The child got the same interrupt from the terminal; let it end in its own way.
            continue
        except SystemExit:
            # Told to end by a signal that the child did not get.
            process.terminate()
            process.wait()
            raise
        return status if status >= 0 else 128 - status


def must(command: Sequence[str | Path]) -> None:
    """Run a command, and stop if it fails."""
    if status := run(command):
        raise Stop(f"The command failed (exit code {status}): {' '.join(map(str, command))}")


def say(line: str) -> None:
    """Print a line at once, marked as ours."""
    print(f"dev.py: {line}", flush=True)

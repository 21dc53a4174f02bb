"""The tutorial as a reader follows it: its commands in one shell, its numbered steps in a browser, in the page's order.

Where the page offers a browser or commands, the browser is taken: such commands are marked in the page.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from devtools.readme import read_document, squeeze

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tutorial.md"
INSTEAD = re.compile(r"<!-- instead of the browser -->.*?<!-- /instead of the browser -->", re.DOTALL)
PART = re.compile(r"<!-- (tutorial|browser) -->(.*?)<!-- /\1 -->", re.DOTALL)
STEP = re.compile(r"^\d+\. (.*?)(?=^\d+\. |\Z)", re.MULTILINE | re.DOTALL)
BOLD = re.compile(r"\*\*(.+?)\*\*")
# Only the environment differs: the suite's own takes the place of the one that they make.
INSTALLATION = ("python3 -m venv", ". env/", "pip install")
PATIENCE_SECONDS = 240


class Tutorial:
    """The page's parts, one after the other: nothing is left out, and nothing is touched that a step does not name."""

    def __init__(self, text: str) -> None:
        self.step_text = ""
        self._touched: list[str] = []
        self._parts = [part for part in PART.findall(INSTEAD.sub("", text)) if part[0] == "browser" or "```" in part[1]]
        self._steps: list[str] = []

    def commands(self) -> tuple[str, list[str]]:
        """Return the commands up to the next step in the browser, and the lines that they print."""
        parts: list[str] = []
        assert not self._steps, f"a step was left out: {self._steps[0]}"
        while self._parts and self._parts[0][0] == "tutorial":
            parts.append(f"<!-- tutorial -->{self._parts.pop(0)[1]}<!-- /tutorial -->")
        assert parts, "the tutorial has no command here"
        script, expected = read_document("".join(parts), ["tutorial"], name=PAGE.name)
        return "".join(line for line in script.splitlines(True) if not line.startswith(INSTALLATION)), expected

    @contextmanager
    def step(self, beginning: str) -> Iterator[None]:
        """Do the next step in the browser, which begins so; every word in bold must be touched, in that order."""
        if not self._steps:
            assert self._parts, f"the tutorial ends before {beginning!r}"
            kind, text = self._parts.pop(0)
            assert kind == "browser", f"there are commands to run before {beginning!r}"
            self._steps = [" ".join(step.split()) for step in STEP.findall(text)]
        self.step_text, self._touched = self._steps.pop(0), []
        assert self.step_text.startswith(beginning), f"the tutorial goes on otherwise: {self.step_text}"
        yield
        assert self._touched == BOLD.findall(self.step_text), self.step_text

    def touch(self, label: str) -> None:
        """Note that a step's button, field or sentence was found on the page."""
        self._touched.append(label)

    def require_said(self, value: str) -> None:
        """Require that the step says what to enter."""
        assert f"`{value}`" in self.step_text, f"the tutorial does not say {value!r}: {self.step_text}"

    def require_end(self) -> None:
        """Require that nothing of the page is left."""
        left = [*self._steps, *self._parts]
        assert left == [], f"the tutorial goes on: {left}"


class Shell:
    """The reader's terminal: one bash in a folder, which is stopped with all that it started."""

    def __init__(self, folder: Path, transcript: Path, environment: Mapping[str, str]) -> None:
        self._transcript = transcript
        self._scripts = 0
        with transcript.open("ab") as output:
            self._process = subprocess.Popen(
                ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail"],
                cwd=folder,
                env=dict(environment),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def run(self, script: str, expected: list[str] | None = None) -> str:
        """Run a script to its end and return what it printed; it must succeed, and print each expected line."""
        self._scripts += 1
        file = self._transcript.with_name(f"script-{self._scripts}.sh")
        file.write_text(script)
        before, ended = self._transcript.stat().st_size, f"ended {self._scripts}"
        assert self._process.stdin is not None
        # From a file, so that no command reads the next ones from standard input.
        self._process.stdin.write(f". {file} < /dev/null\nprintf '\\n{ended}\\n'\n".encode())
        self._process.stdin.flush()
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while ended not in (printed := self._transcript.read_bytes()[before:].decode(errors="replace")).splitlines():
            assert self._process.poll() is None, f"the shell has stopped:\n{script}\n{printed}"
            assert time.monotonic() < give_up_at, f"not done after {PATIENCE_SECONDS} seconds:\n{script}\n{printed}"
            time.sleep(0.05)
        missing = [line for line in expected or () if squeeze(line) not in squeeze(printed)]
        assert not missing, f"not printed: {missing}\n{printed}"
        return printed.removesuffix(f"\n{ended}\n")

    def stop(self) -> None:
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self._process.pid, number)
                self._process.wait(timeout=10)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue

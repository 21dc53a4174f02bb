"""Commands as a person and as a program run them."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from django.core.management import CommandError, call_command


class Ran:
    """A command that was run: what it wrote, and its exit code."""

    def __init__(self, name: str, *arguments: str) -> None:
        stdout, stderr = io.StringIO(), io.StringIO()
        self.code, self.error = 0, ""
        try:
            call_command(name, *arguments, stdout=stdout, stderr=stderr)
        except CommandError as error:
            self.code, self.error = error.returncode, str(error)
        self.out, self.err = stdout.getvalue(), stderr.getvalue()

    @property
    def document(self) -> Any:
        return json.loads(self.out)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def private_file(path: Path, content: str) -> Path:
    """Write a file that only its owner can read."""
    path.touch(mode=0o600)
    path.write_text(content)
    return path


def connect_arguments(organization: dict[str, str], files: tuple[Path, Path], **changes: str) -> list[str]:
    """Return the arguments of bigin_connect: tenant "acme", the organization's self client, the two files."""
    options = {
        "tenant": "acme",
        "client-id": organization["client_id"],
        "client-secret-file": str(files[0]),
        "grant-token-file": str(files[1]),
        "data-center": organization["data_center"],
    } | {name.replace("_", "-"): value for name, value in changes.items()}
    return [word for name, value in options.items() for word in (f"--{name}", value)]

"""Secrets that a person hands to a command: from a file or stdin, never from the command line."""

from __future__ import annotations

import getpass
import stat
import sys
from pathlib import Path

from django.core.management.base import CommandError

from ..encryption.secret import Secret
from .output import Output

LONGEST = 4_096


def read_secret(path: str, *, what: str, output: Output) -> str:
    """Read the secret in a file, without the white space around it.

    Args:
        path: the file; "-" is stdin, which asks without echo when it is a terminal.
        what: its name for people, such as "client secret".

    Raises:
        CommandError: it cannot be read, or does not hold exactly one secret.
    """
    # Nothing is kept in a plain variable: what is refused below may be a secret all the same.
    text = _decoded(_read_stdin(what) if path == "-" else _read_file(path, what, output))
    where = "stdin" if path == "-" else f"the file {path}"
    if not text:
        raise CommandError(f"The {what} is empty: {where} holds nothing but white space.")
    # One secret is one word of ASCII; anything else would only be refused by Zoho, with a worse explanation.
    if len(text) > LONGEST or not text.isascii() or not text.isprintable() or len(text.split()) > 1:
        raise CommandError(f"The {what} cannot be used: {where} must hold it alone, on one line, as plain text.")
    return text


def _decoded(raw: bytes) -> Secret:
    try:
        return Secret(raw.decode("utf-8-sig").strip())
    except UnicodeDecodeError:
        return Secret("\N{REPLACEMENT CHARACTER} \N{REPLACEMENT CHARACTER}")


def _read_file(path: str, what: str, output: Output) -> bytes:
    try:
        with Path(path).open("rb") as file:
            content = file.read(LONGEST * 2)
        mode = Path(path).stat().st_mode
    except OSError as error:
        raise CommandError(f"The {what} cannot be read from {path}: {error.strerror or error}.") from error
    if stat.S_ISREG(mode) and mode & stat.S_IROTH:
        output.warn(f"everybody on this machine can read the {what} in {path}: chmod 600 {path}")
    return content


def _read_stdin(what: str) -> bytes:
    if sys.stdin.isatty():
        return getpass.getpass(f"{what.capitalize()}: ").encode()
    return sys.stdin.buffer.read(LONGEST * 2) if hasattr(sys.stdin, "buffer") else sys.stdin.read(LONGEST * 2).encode()

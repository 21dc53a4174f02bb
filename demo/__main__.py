"""The main job, for real, on one machine: `python3 dev.py demo`.

A sandbox stands in for Zoho. The example site, a Celery worker for each queue and beat run as processes. Three tenants
are connected: two by Zoho's consent page, one of them with a user who lives in Canada, and one by a self client in
Europe. The workers mirror everything; then records are edited, added and deleted in Bigin and hours pass, so that
tokens expire, and the mirror follows. At the end every module is compared with the sandbox's by hash, and database,
logs and output are searched for every secret that there was: the exit code is 0 only if all are equal and none is
found.
"""

import argparse
import contextlib
import io
import json
import logging
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from demo.scene import DATA_CENTERS, RECORDS
from demo.stack import Stack


def main() -> int:
    """Run the demo; 0 when the mirror equals Bigin and no secret is in the open."""
    options = arguments()
    started = time.monotonic()
    with workplace(options.keep) as folder:
        sandboxed = sandbox_options(options.data)
        with (
            copied_to(folder / "output.log"),
            Stack(folder, organizations=DATA_CENTERS, sandbox_options=sandboxed, log_level="DEBUG") as stack,
        ):
            for line in stack.log("sandbox").splitlines():
                if ".csv: " in line:
                    print(line.strip(), flush=True)
            equal, secrets = play(stack)
        (folder / "secrets.json").write_text(json.dumps(secrets))
        from demo.leaks import search

        found = search(folder, secrets)
        print(found, flush=True)
        print(f"{time.monotonic() - started:.0f} seconds in all.", flush=True)
        if options.keep:
            print(f"Database, logs and the list of secrets are kept in {folder}.", flush=True)
    return 0 if equal and not found.leaks else 1


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="dev.py demo", description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="a folder with one CSV a module, to load instead of made-up data"
    )
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep database, logs and secrets in this folder")
    options = parser.parse_args()
    if options.data and not options.data.is_dir():
        parser.error(f"{options.data} is not a folder")
    return options


def sandbox_options(data: Path | None) -> list[str]:
    """Return the sandbox's options for the records that it holds at first."""
    if data:
        return ["--load", str(data.resolve())]
    return ["--records", *(f"{module}={number}" for module, number in RECORDS.items())]


@contextlib.contextmanager
def workplace(keep: Path | None) -> Iterator[Path]:
    """Provide a folder for everything the demo writes."""
    if keep:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="django-bigin-demo-") as name:
        yield Path(name)


class Copier(io.TextIOBase):
    """A stream that leaves a copy of what it prints in a file."""

    def __init__(self, stream: TextIO, file: TextIO) -> None:
        self._both = (stream, file)

    def write(self, text: str) -> int:
        return max(each.write(text) for each in self._both)

    def flush(self) -> None:
        for each in self._both:
            each.flush()


@contextlib.contextmanager
def copied_to(path: Path) -> Iterator[None]:
    """Copy everything that is printed to a file."""
    with (
        path.open("w", encoding="utf-8") as file,
        contextlib.redirect_stdout(Copier(sys.stdout, file)),
        contextlib.redirect_stderr(Copier(sys.stderr, file)),
    ):
        yield


def play(stack: Stack) -> tuple[bool, list[dict[str, str]]]:
    """Play the story with Django set up; return whether the mirror equals Bigin, and every secret that there was."""
    import django

    django.setup()
    log_everything(stack.folder / "demo.log")
    from demo.story import Story

    story = Story(stack)
    equal = story.run()
    # Nothing is minted or logged after this: the sandbox alone still answers.
    stack.stop(but=("sandbox",))
    return equal, story.secrets()


def log_everything(path: Path) -> None:
    """Send every logger at DEBUG to a file, where the suite looks for secrets."""
    handler = logging.FileHandler(path)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.DEBUG)


if __name__ == "__main__":
    sys.exit(main())

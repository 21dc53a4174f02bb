"""The whole main job, for real, on one machine: `python3 dev.py demo`.

A sandbox stands in for Zoho. A tenant is connected by a self client, every module is mirrored; then records are
edited, added and deleted in Bigin, two hours pass, so that the token runs out, and the mirror follows. At the end each
module of the mirror is compared with the sandbox's by hash. The exit code is 0 only if all are equal.
"""

import argparse
import contextlib
import hashlib
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from example_project.sandbox_control import SandboxControl

RECORDS = {
    "Accounts": 300,
    "Contacts": 2_600,
    "Products": 60,
    "Pipelines": 900,
    "Tasks": 400,
    "Events": 150,
    "Calls": 250,
    "Notes": 350,
}
EDITED, ADDED, DELETED = 5, 3, 3
TWO_HOURS = 7_200
# What is edited in each module: a field that every record of it has.
EDITED_FIELD = {
    "Accounts": "Website",
    "Contacts": "Title",
    "Products": "Description",
    "Pipelines": "Description",
    "Tasks": "Description",
    "Events": "Venue",
    "Calls": "Description",
    "Notes": "Note_Content",
}


def main() -> int:
    """Run the demo; 0 when the mirror equals Bigin."""
    options = arguments()
    with workplace(options.keep) as folder:
        started = time.monotonic()
        configure(folder)
        with sandbox(folder, options.data) as start:
            for line in (folder / "sandbox.log").read_text().splitlines():
                if ".csv: " in line:
                    say(line.strip())
            equal = Demo(start, folder).run()
        say(f"{time.monotonic() - started:.1f} seconds in all.")
        if options.keep:
            say(f"Database, logs and the sandbox's list of secrets are kept in {folder}.")
    return 0 if equal else 1


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dev.py demo", description=__doc__.split("\n\n", 1)[1])
    parser.add_argument("--data", type=Path, help="a folder with one CSV a module, to load instead of made-up data")
    parser.add_argument("--keep", type=Path, help="keep database, logs and list of secrets in this folder")
    options = parser.parse_args()
    if options.data and not options.data.is_dir():
        parser.error(f"{options.data} is not a folder")
    return options


@contextlib.contextmanager
def workplace(keep: Path | None) -> Iterator[Path]:
    """A folder for everything the demo writes."""
    if keep:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="django-bigin-demo-") as name:
        yield Path(name)


def configure(folder: Path) -> None:
    """The example project's settings, as its environment would give them."""
    from django_bigin.crypto import new_key

    os.environ.update(
        DJANGO_SETTINGS_MODULE="example_project.settings",
        DEBUG="true",
        SECRET_KEY=new_key(),
        BIGIN_ENCRYPTION_KEYS=new_key(),
        BIGIN_INSTALLATION_ID="demo",
        BIGIN_CLOCK="example_project.sandbox_clock.now",
    )
    os.environ.setdefault("DATABASE_URL", f"sqlite:///{folder / 'demo.sqlite3'}")


@contextlib.contextmanager
def sandbox(folder: Path, data: Path | None) -> Iterator[dict[str, Any]]:
    """A sandbox as a process of its own, on a free port."""
    start_file = folder / "sandbox.json"
    start_file.unlink(missing_ok=True)
    command = [sys.executable, "-m", "django_bigin.sandbox", "--port", "0", "--start-file", str(start_file)]
    if data:
        command += ["--load", str(data)]
    else:
        command += ["--records", *(f"{module}={number}" for module, number in RECORDS.items())]
    with (folder / "sandbox.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        try:
            yield wait_for_start(process, start_file, folder / "sandbox.log")
        finally:
            process.terminate()
            process.wait(timeout=10)


def wait_for_start(process: "subprocess.Popen[bytes]", start_file: Path, log: Path) -> dict[str, Any]:
    give_up_at = time.monotonic() + 60
    while not start_file.exists():
        if process.poll() is not None or time.monotonic() > give_up_at:
            sys.exit(f"The sandbox did not start:\n{log.read_text()}")
        time.sleep(0.05)
    start: dict[str, Any] = json.loads(start_file.read_text())
    os.environ["BIGIN_SANDBOX_URL"] = start["base_url"]
    return start


class Demo:
    """One tenant, connected and mirrored."""

    def __init__(self, start: dict[str, Any], folder: Path) -> None:
        import django

        django.setup()
        log_everything(folder / "demo.log")
        self.folder = folder
        self.control = SandboxControl(start["base_url"])
        self.organization = start["organizations"][0]
        self.totals: dict[str, dict[str, float]] = {}

    def run(self) -> bool:
        from django.core.management import call_command

        say("Making the database.")
        call_command("migrate", verbosity=0)
        self.connect()
        say("Mirroring every module.")
        self.sync()
        say(f"In Bigin: up to {EDITED} records edited, {ADDED} added and up to {DELETED} deleted in each module.")
        for module in EDITED_FIELD:
            self.change(module)
        say("Two hours pass, and the token runs out.")
        self.control.post("clock", advance_seconds=TWO_HOURS)
        time.sleep(0.3)  # the clock in this process asks the sandbox's a few times a second
        say("Syncing again.")
        self.sync()
        equal = self.show()
        # For whoever searches database and logs for them, as the suite does.
        (self.folder / "secrets.json").write_text(json.dumps(self.control.get("secrets")))
        return equal

    def connect(self) -> None:
        from django.core.management import call_command

        for name in ("client_secret", "grant_token"):
            file = self.folder / name
            file.touch(mode=0o600)
            file.write_text(self.organization[name])
        call_command(
            "bigin_connect",
            tenant="acme",
            client_id=self.organization["client_id"],
            client_secret_file=str(self.folder / "client_secret"),
            grant_token_file=str(self.folder / "grant_token"),
            data_center=self.organization["data_center"],
        )
        for name in ("client_secret", "grant_token"):
            (self.folder / name).unlink()

    def sync(self) -> None:
        from django_bigin.models import Connection
        from django_bigin.sync import sync_connection

        for result in sync_connection(Connection.objects.get(), actor="demo"):
            for note in (result.error, result.skipped):
                if note:
                    say(f"  {result.module}: {note}")
            total = self.totals.setdefault(result.module, {"calls": 0, "credits": 0, "seconds": 0.0})
            total["calls"] += result.calls
            total["credits"] += result.credits
            total["seconds"] += result.seconds

    def change(self, module: str) -> None:
        records = self.control.get("records", module=module)["records"]
        ids = [record["id"] for record in records]
        edited, deleted = ids[:EDITED], ids[EDITED:][-DELETED:]
        if edited:
            edits = [{"id": bigin_id, EDITED_FIELD[module]: f"edited {bigin_id}"} for bigin_id in edited]
            self.control.patch("records", module=module, records=edits)
        if deleted:
            self.control.delete("records", module=module, ids=deleted)
        self.control.post("records", module=module, records=ADDED)

    def show(self) -> bool:
        from django_bigin.api.product import BIGIN

        rows, all_equal = [], True
        for module in BIGIN.modules:
            source = self.control.get("hash", module=module)
            count, mirrored_hash = mirror_hash(module)
            equal = mirrored_hash == source["hash"]
            all_equal = all_equal and equal
            total = self.totals.get(module, {"calls": 0, "credits": 0, "seconds": 0.0})
            counts = (source["count"], count, total["calls"], total["credits"], round(total["seconds"], 1))
            rows.append((module, *counts, "equal" if equal else "DIFFERENT"))
        show_table(("module", "in Bigin", "in the mirror", "calls", "credits", "seconds", "by hash"), rows)
        tokens = self.control.get("calls", path="/oauth/v2/token")["total"]
        say(f"Token requests: {tokens}. " + ("The mirror equals Bigin." if all_equal else "THE MIRROR DIFFERS."))
        return all_equal


def mirror_hash(module: str) -> tuple[int, str]:
    """Number and hash of a mirrored module, from the stored data itself."""
    from django_bigin.api.canonical import content_hash
    from django_bigin.models import Record

    digest, count = hashlib.sha256(), 0
    rows = Record.objects.live().filter(module=module).order_by("bigin_id").values_list("bigin_id", "data")
    for bigin_id, data in rows.iterator(chunk_size=500):
        digest.update(f"{bigin_id}:{content_hash(data)}\n".encode())
        count += 1
    return count, digest.hexdigest()


def log_everything(path: Path) -> None:
    """Every logger at DEBUG into a file: what must be free of secrets is looked for there."""
    handler = logging.FileHandler(path)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.DEBUG)


def show_table(headers: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    from django.core.management.base import OutputWrapper

    from django_bigin.management.output import Output

    Output(OutputWrapper(sys.stdout), OutputWrapper(sys.stderr), as_json=False).table(headers, rows)


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())

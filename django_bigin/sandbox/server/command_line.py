"""The sandbox as a program: `python -m django_bigin.sandbox`, and `manage.py bigin_sandbox` by the same functions."""

from __future__ import annotations

import argparse
import errno
import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from ..wire.addresses import DATA_CENTERS
from ..world.products import BIGIN
from ..world.seeding import ORDER
from ..world.switches import SWITCHES
from .sandbox import Sandbox

DESCRIPTION = """\
A local Zoho accounts server and Bigin API that remembers: records are stored, tokens expire, pages come to an end,
credits are counted. It listens on loopback only and needs nothing but Python.

Point a program at it by base URL: http://127.0.0.1:8400 is data center us (accounts server and API alike),
http://127.0.0.1:8400/eu is eu, and so on; or send it the real host names, such as accounts.zoho.eu, as Host header.
"""
EPILOG = """\
examples:
  python -m django_bigin.sandbox
      One organization in us with a few hundred made-up records.
  python -m django_bigin.sandbox --organizations us,eu --records Contacts=5000 Accounts=800
      Two organizations, each with that many.
  python -m django_bigin.sandbox --organizations us,eu,ca --redirect-uri http://localhost:8000/bigin/callback/
      One server-based client for all three (`client` in the start document), for a site that connects in the browser.
  python -m django_bigin.sandbox --load my-data/ --start-file /tmp/bigin.json
      Records from my-data/Contacts.csv, my-data/Accounts.csv, ...; what a script needs to connect in /tmp/bigin.json.

while it runs:
  curl http://127.0.0.1:8400/_sandbox/start                                     ids, secrets, tokens of the start
  curl -X POST http://127.0.0.1:8400/_sandbox/grant-tokens                      a fresh code
  curl -X POST http://127.0.0.1:8400/_sandbox/clock -d '{"advance_seconds": 3600}'
  curl -X POST http://127.0.0.1:8400/_sandbox/faults -d '{"path": "BASE/Contacts", "status": 502}'
  curl -X POST http://127.0.0.1:8400/_sandbox/users -d '{"email": "noor@two.example", "org_ids": ["...", "..."]}'
  curl http://127.0.0.1:8400/_sandbox/calls                                     which calls came, and how often
  curl -X POST http://127.0.0.1:8400/_sandbox/reset                             as it was at the start
  http://127.0.0.1:8400/_sandbox/ in a browser                                  what it holds

When it stops it forgets everything: started again it makes the same organizations and records, and new ids and secrets
of clients. The start file holds secrets of the sandbox alone; it is readable by you only, and removed at the end.
Exit status: 0 stopped by SIGINT or SIGTERM, 2 wrong option, wrong file or port in use.
""".replace("BASE", BIGIN.base_path)
DEFAULT_RECORDS = {
    "Accounts": 60, "Products": 25, "Contacts": 250, "Pipelines": 120, "Tasks": 40, "Events": 30, "Calls": 30,
    "Notes": 50,
}  # fmt: skip
LINES_OF_REPORT = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the program's options."""
    parser.add_argument("--port", type=int, default=8400, help="port on 127.0.0.1; 0 picks a free one (default: 8400)")
    parser.add_argument(
        "--seed", type=int, default=1, metavar="N", help="the same seed makes the same records (default: 1)"
    )
    parser.add_argument(
        "--records", nargs="+", action="extend", type=_records, metavar="MODULE=N",
        help=f"made-up records for each organization; modules: {', '.join(ORDER)} (default: a few hundred in all)",
    )  # fmt: skip
    parser.add_argument(
        "--organizations", type=_data_centers, default=["us"], metavar="DC,DC",
        help=f"one organization in each, repeats allowed; there are {', '.join(DATA_CENTERS)} (default: us)",
    )  # fmt: skip
    parser.add_argument(
        "--load", type=Path, metavar="DIR",
        help="one CSV a module (Contacts.csv, Users.csv, ...) into the first organization; other columns become custom"
        " fields, links go by name",
    )  # fmt: skip
    parser.add_argument(
        "--start-file", type=Path, metavar="F", help="write the start document here when ready (mode 0600)"
    )
    parser.add_argument(
        "--certificate", type=Path, metavar="FILE",
        help="PEM file; the port then speaks https:// too, for programs that know Zoho's host names alone",
    )  # fmt: skip
    parser.add_argument("--key", type=Path, metavar="FILE", help="the certificate's key, if it is in a file of its own")
    parser.add_argument("--redirect-uri", metavar="URI", help="redirect URI that the clients are registered with")
    parser.add_argument(
        "--speed", type=float, default=1.0, metavar="X", help="run the clock X times as fast (default: 1)"
    )
    parser.add_argument(
        "--callbacks-anywhere", action="store_true",
        help="send bulk reads' callbacks to whatever address a job names (default: to this machine alone)",
    )  # fmt: skip
    parser.add_argument(
        "--switch", action="append", default=[], type=_switch, metavar="NAME=VALUE",
        help=f"behave otherwise where sources disagree; VALUE is JSON or a word. Names: {', '.join(SWITCHES)}",
    )  # fmt: skip


def run(options: dict[str, Any]) -> int:
    """Run until SIGINT or SIGTERM; returns the exit status."""
    records = dict(options["records"] or [])
    if not records and options["load"] is None:
        records = DEFAULT_RECORDS
    redirect = {"redirect_uri": options["redirect_uri"]} if options["redirect_uri"] else {}
    start_file: Path | None = options["start_file"]
    try:
        # One left over from before would tell a waiting script that this one is ready.
        if start_file is not None:
            start_file.unlink(missing_ok=True)
        sandbox = Sandbox(
            port=options["port"], seed=options["seed"], records=records, load=options["load"],
            organizations=[{"data_center": code, **redirect} for code in options["organizations"]],
            switches=dict(options["switch"]), certificate=options["certificate"], key=options["key"],
            callbacks_anywhere=options["callbacks_anywhere"],
        ).start()  # fmt: skip
        sandbox.set_speed(options["speed"])
        # Before the start file is there: a script may stop the program as soon as it sees that.
        stopped = _stopped_by_signal()
        if start_file is not None:
            write_private(start_file, json.dumps(sandbox.start_document(), indent=2) + "\n")
    except (OSError, ValueError) as error:
        print(f"sandbox: {_sentence(error, options)}", file=sys.stderr)
        return 2
    _introduce(sandbox, start_file, secured=options["certificate"] is not None)
    try:
        stopped.wait()
    finally:
        sandbox.stop()
        if start_file is not None:
            start_file.unlink(missing_ok=True)
    print("sandbox: stopped")
    return 0


def main(arguments: list[str] | None = None) -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(
        prog="python -m django_bigin.sandbox", description=DESCRIPTION, epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    add_arguments(parser)
    return run(vars(parser.parse_args(arguments)))


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, all at once: nobody ever sees a part of it."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    part.replace(path)


def _introduce(sandbox: Sandbox, start_file: Path | None, *, secured: bool) -> None:
    print(f"sandbox: listening on {sandbox.url}" + (", by https:// too" if secured else ""))
    for entry in sandbox.organizations:
        live = sum(sandbox.counts(entry["org_id"]).values())
        print(f"  organization {entry['org_id']} in {entry['data_center']}: {live:,} records")
    if sandbox.load_report is not None:
        lines = sandbox.load_report.lines()
        for line in lines[:LINES_OF_REPORT]:
            print(f"  {line}", file=sys.stderr)
        if len(lines) > LINES_OF_REPORT:
            rest = len(lines) - LINES_OF_REPORT
            print(f"  and {rest} more: {sandbox.url}/_sandbox/load", file=sys.stderr)
    print(f"  to look at: {sandbox.url}/_sandbox/")
    print(f"  to connect: {start_file or sandbox.url + '/_sandbox/start'}", flush=True)


def _sentence(error: Exception, options: dict[str, Any]) -> str:
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return f"port {options['port']} is in use; choose another with --port, or 0 for any that is free"
    return str(error)


def _stopped_by_signal() -> threading.Event:
    """Return an event that SIGINT and SIGTERM set."""
    stopped = threading.Event()
    # Python itself allows handlers in the main thread alone.
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopped.set())
    return stopped


def _records(text: str) -> tuple[str, int]:
    module, _, count = text.partition("=")
    if module not in ORDER or not count.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r}: write MODULE=N with one of {', '.join(ORDER)}")
    return module, int(count)


def _data_centers(text: str) -> list[str]:
    codes = [code.strip().lower() for code in text.split(",") if code.strip()]
    unknown = [code for code in codes if code not in DATA_CENTERS]
    if unknown or not codes:
        raise argparse.ArgumentTypeError(f"{text!r}: write codes such as us,eu; there are {', '.join(DATA_CENTERS)}")
    return codes


def _switch(text: str) -> tuple[str, Any]:
    name, _, value = text.partition("=")
    if name not in SWITCHES:
        raise argparse.ArgumentTypeError(f"there is no switch {name!r}; --help lists them all")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value

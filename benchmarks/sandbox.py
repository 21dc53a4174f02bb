"""The sandbox's speed: ready with 100,000 records, list pages a second, memory of a million records.

python -m benchmarks.sandbox
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import threading
import time
from http.client import HTTPConnection
from typing import Any

from benchmarks._memory import peak_mb
from django_bigin.sandbox import Sandbox

READY_RECORDS, MANY_RECORDS = 100_000, 1_000_000
READY_SECONDS, PAGES_A_SECOND, MOST_MB = 5.0, 150.0, 2_500.0
PAGES, READERS = 600, 2


def ready(records: int, results: Any) -> None:
    """Time from nothing to a first page."""
    began = time.perf_counter()
    with Sandbox(records={"Contacts": records}) as sandbox:
        _read_pages(sandbox.url, _token(sandbox), "Owner", 1)
        results.put({"seconds": time.perf_counter() - began, "megabytes": peak_mb()})


def serve(results: Any, stop: Any) -> None:
    """Serve a sandbox whose contacts are read by another process."""
    with Sandbox(records={"Contacts": 2_000}) as sandbox:
        sandbox.switch(credits="counted")
        results.put((sandbox.url, _token(sandbox), ",".join(_fields(sandbox))))
        stop.wait()


def _token(sandbox: Sandbox) -> str:
    entry = sandbox.organizations[0]
    form = "&".join(f"{name}={entry[name]}" for name in ("client_id", "client_secret", "refresh_token"))
    connection = HTTPConnection(sandbox.url.removeprefix("http://"))
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/oauth/v2/token", f"grant_type=refresh_token&{form}", headers)
    return str(json.loads(connection.getresponse().read())["access_token"])


def _fields(sandbox: Sandbox) -> list[str]:
    return [name for name in sandbox.records("Contacts")[0] if name != "id"]


def _read_pages(url: str, token: str, fields: str, pages: int) -> int:
    """Read so many pages over one connection; gives their bytes."""
    connection = HTTPConnection(url.removeprefix("http://"))
    size = 0
    for number in range(pages):
        path = f"/bigin/v2/Contacts?fields={fields}&page={number % 10 + 1}"
        connection.request("GET", path, headers={"Authorization": f"Zoho-oauthtoken {token}"})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{answer.status}: {body[:200]!r}")
        size += len(body)
    return size


def _in_process(target: Any, *arguments: Any) -> Any:
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    process = context.Process(target=target, args=(*arguments, results))
    process.start()
    found = results.get()
    process.join()
    return found


def measure_pages() -> dict[str, float]:
    """Read pages by two threads from a sandbox in a process of its own."""
    context = multiprocessing.get_context("spawn")
    results, stop = context.Queue(), context.Event()
    process = context.Process(target=serve, args=(results, stop))
    process.start()
    url, token, fields = results.get()
    _read_pages(url, token, fields, 20)
    sizes: list[int] = []
    share = PAGES // READERS
    readers = [
        threading.Thread(target=lambda: sizes.append(_read_pages(url, token, fields, share))) for _ in range(READERS)
    ]
    began = time.perf_counter()
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    seconds = time.perf_counter() - began
    stop.set()
    process.join()
    return {"pages_a_second": PAGES / seconds, "bytes_a_record": sum(sizes) / PAGES / 200}


def main() -> int:
    """Measure, print, and tell by the exit status whether the figures are kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="leave out the million records")
    options = parser.parse_args()
    started, pages = _in_process(ready, READY_RECORDS), measure_pages()
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, Python {sys.version.split()[0]}")
    print(f"ready with {READY_RECORDS:,} records: {started['seconds']:.2f} s (at most {READY_SECONDS:g})")
    rate, size = pages["pages_a_second"], pages["bytes_a_record"]
    print(f"list pages of 200 records of {size:,.0f} bytes: {rate:.0f} a second (at least {PAGES_A_SECOND:g})")
    kept = started["seconds"] <= READY_SECONDS and rate >= PAGES_A_SECOND
    if not options.quick:
        many = _in_process(ready, MANY_RECORDS)
        print(f"{MANY_RECORDS:,} records: {many['megabytes']:,.0f} MB (at most {MOST_MB:,.0f})")
        kept = kept and many["megabytes"] <= MOST_MB
    return 0 if kept else 1


if __name__ == "__main__":
    raise SystemExit(main())

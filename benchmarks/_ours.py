"""Our sync over one fresh database, in a process of its own, as `manage.py bigin_sync` runs it.

Takes what to do as JSON on standard input and Django's settings from the environment, and prints what it measured as
JSON: the first mirror, an idle delta both ways, and a full sync in which nothing has changed.
"""

from __future__ import annotations

import cProfile
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import django

from ._memory import peak_mb

MODULE = "Contacts"


def main() -> None:
    order = json.load(sys.stdin)
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    connection = connect(order)
    if order["only_connect"]:
        print(json.dumps(contacts_of(connection)))
    else:
        print(json.dumps(measure(connection, pages=order["records"] // 200, profile=order["profile"])))


def connect(order: dict[str, Any]) -> Any:
    from django_bigin.connections.connect import connect_self_client
    from django_bigin.models import Tenant

    organization = order["organization"]
    return connect_self_client(
        Tenant.objects.create(slug="bench", name="Benchmark"),
        client_id=organization["client_id"],
        client_secret=organization["client_secret"],
        grant_token=order["grant_token"],
        data_center=organization["data_center"],
    ).connection


def contacts_of(connection: Any) -> dict[str, Any]:
    """The row of the module, for a floor that stores its progress there."""
    from django_bigin.models import ModuleSync

    row, _ = ModuleSync.objects.get_or_create(connection=connection, module=MODULE)
    return {"id": row.pk, "connection_id": connection.pk}


def measure(connection: Any, *, pages: int, profile: str | None) -> dict[str, Any]:
    from django_bigin.api.canonical import content_hash, module_hash
    from django_bigin.models import Record
    from django_bigin.sync import Options, sync_connection

    early: list[float] = []

    def watch(progress: Any) -> None:
        if progress.page == max(1, pages // 10):
            early.append(peak_mb())

    profiler = cProfile.Profile()
    call = profiler.runcall if profile else lambda function: function()
    first = phase(lambda: call(lambda: sync_connection(connection, options=Options(on_progress=watch))[0]))
    peak = peak_mb()
    if profile:
        profiler.dump_stats(profile)
    report = {
        "first": first,
        "peak_mb": peak,
        "peak_mb_at_a_tenth": early[0],
        # Before the other: a run that reads the deleted log moves nothing that this one would see.
        "idle_delta": scheduled_delta(connection),
        "idle_sync": phase(lambda: sync_connection(connection)[0]),
        "unchanged_full": phase(lambda: sync_connection(connection, options=Options(full=True))[0]),
    }
    rows = Record.objects.live().filter(connection=connection, module=MODULE)
    data = rows.values_list("record_id", "data").iterator(chunk_size=2000)
    hashes = [(record_id, content_hash(each)) for record_id, each in data]
    return {**report, "records": len(hashes), "hash": module_hash(hashes)}


def scheduled_delta(connection: Any) -> Any:
    """What a worker does every few minutes: one module, and no look at the deleted log unless it is due."""
    from django_bigin.credits.account import Priority
    from django_bigin.models import ModuleSync
    from django_bigin.sync import Options, sync_slice

    progress = ModuleSync.objects.get(connection=connection, module=MODULE)
    ModuleSync.objects.filter(pk=progress.pk).update(next_run_at=None)
    return phase(
        lambda: sync_slice(progress.pk, Options(with_deletions=False, priority=Priority.SCHEDULE, deadline_seconds=60))
    )


def phase(run: Callable[[], Any]) -> dict[str, Any]:
    """Time a sync and count its statements; those that open and close transactions apart."""
    with counted() as counts:
        started, cpu_before = time.perf_counter(), time.process_time()
        result = run()
        seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu_before
    if result.error or result.skipped or not result.finished:
        raise SystemExit(f"The sync did not come to its end: {result}")
    names = ("calls", "credits", "created", "updated", "deleted", "unchanged")
    told = {name: getattr(result, name) for name in names}
    transactions = counts.pop("transactions", 0)
    return {
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        **told,
        "statements": counts.total(),
        "transactions": transactions,
        "by_verb": dict(counts.most_common()),
    }


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """Count the statements by their first word, and the transactions that were committed.

    What opens a transaction reaches Django's wrapper on SQLite alone, and what commits it on no database, so both are
    left out and `transactions` told instead; savepoints would be counted among the statements.
    """
    from django.db import connection as database

    counts: Counter[str] = Counter()

    def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        verb = sql.split(None, 1)[0].upper()
        if verb not in ("BEGIN", "COMMIT"):
            counts[verb] += len(params) if many else 1
        return execute(sql, params, many, context)

    commit = database._commit

    def counted_commit() -> Any:
        counts["transactions"] += 1
        return commit()

    database._commit = counted_commit
    try:
        with database.execute_wrapper(count):
            yield counts
    finally:
        database._commit = commit


if __name__ == "__main__":
    main()

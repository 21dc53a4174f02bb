"""Promise R4: killed anywhere, with -9, the mirror ends equal, and at most what one commit holds is read again."""

import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from django_bigin import clock
from django_bigin.models import Connection, ModuleSync
from django_bigin.sync import pipeline
from tests.support.databases import database, url_of
from tests.support.mirror import connect, mirror_hash, sync

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

MODULE = "Contacts"
PAGES_PER_COMMIT = pipeline.ROWS_AT_ONCE // 200


@pytest.fixture
def connection(sandbox: Any, organization: dict[str, str]) -> Connection:
    return connect(organization)


@pytest.fixture
def sync_and_kill(sandbox: Any, connection: Connection) -> Iterator[Callable[[float], None]]:
    """Sync in a process of its own, and kill it after so many seconds."""
    live = database.settings_dict
    database_url = url_of(live, name=str(live["NAME"]), vendor=database.vendor)
    environment = {**os.environ, "DATABASE_URL": database_url, "BIGIN_SANDBOX_URL": sandbox.url}
    command = [sys.executable, "-m", "tests.support.sync_and_die", str(connection.pk), MODULE]
    pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "env": environment}
    with subprocess.Popen(command, **pipes) as forking:
        assert forking.stdout.readline() == "ready\n"

        def run(seconds: float) -> None:
            forking.stdin.write(f"{seconds}\n")
            forking.stdin.flush()
            assert forking.stdout.readline() == "ended\n"
            # Real time that need not be waited for: the leases of the dead run out.
            ModuleSync.objects.exclude(lease_until=None).update(lease_until=clock.database_in(-1))
            Connection.objects.exclude(lease_until=None).update(lease_until=clock.database_in(-1))

        yield run
        forking.stdin.close()


def finish(connection: Connection) -> None:
    """Let what was cut off come to its end."""
    sync(connection, MODULE)
    assert ModuleSync.objects.get(module=MODULE).phase == ""


@pytest.mark.parametrize("rounds", [10, pytest.param(300, marks=pytest.mark.proof)])
def test_a_mirror_killed_at_random_ends_equal(
    rounds: int, sandbox: Any, connection: Connection, sync_and_kill: Any
) -> None:
    moments = random.Random(7)
    ids = sandbox.add_records(MODULE, 1_500)
    sandbox.advance(900)
    for number in range(rounds):
        sync_and_kill(moments.uniform(0, 0.6))
        sandbox.edit_records(MODULE, [{"id": each, "Title": f"T{number}"} for each in moments.sample(ids, 3)])
        gone = ids.pop(moments.randrange(len(ids)))
        sandbox.delete_records(MODULE, [gone])
        ids += sandbox.add_records(MODULE, 2)
        sandbox.advance(moments.choice((1, 30, 600)))
    finish(connection)
    sync(connection, MODULE)
    assert mirror_hash(MODULE) == (len(ids), sandbox.hash(MODULE)["hash"])


@pytest.mark.parametrize("rounds", [6, pytest.param(50, marks=pytest.mark.proof)])
def test_a_full_sync_killed_at_random_reads_at_most_a_commit_again(
    rounds: int, sandbox: Any, connection: Connection, sync_and_kill: Any
) -> None:
    moments = random.Random(11)
    sandbox.add_records(MODULE, 12_000)
    sandbox.advance(900)
    kills = 0
    while ModuleSync.objects.filter(module=MODULE, records_watermark=None).exists() or not kills:
        before = pages_stored()
        sandbox.clear_calls()
        sync_and_kill(moments.uniform(0.1, 1.5) if kills < rounds else 60)
        kills += 1
        read = sandbox.calls()["by_path"].get(f"GET /bigin/v2/{MODULE}", 0)
        if ModuleSync.objects.get(module=MODULE).phase == ModuleSync.Phase.FULL:
            # What came and was not stored is one commit's pages, and the one that was on its way.
            assert read <= pages_stored() - before + PAGES_PER_COMMIT + 1
    finish(connection)
    assert mirror_hash(MODULE) == (12_000, sandbox.hash(MODULE)["hash"])


def pages_stored() -> int:
    """How many pages of the full sync in progress are stored."""
    [position] = ModuleSync.objects.filter(module=MODULE).values_list("position", flat=True) or [{}]
    return int(position.get("pages", 0))

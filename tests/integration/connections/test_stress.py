"""Answers that come byte by byte, and small ones that unpack to far more: what they cost whoever works here."""

import json
import subprocess
import time
from typing import Any

import pytest

from django_bigin.models import Connection, Job, ModuleSync
from django_bigin.work import requests, scheduler
from django_bigin.work.kinds import JOB, METADATA, REFRESH, SYNC
from tests.support.databases import database
from tests.support.grants import TOKEN, let_token_expire
from tests.support.killing import started
from tests.support.ticking import tick, work_off
from tests.support.wakers import woken_by
from tests.support.work_and_measure import STATUS

pytestmark = pytest.mark.django_db(transaction=True)

MB = 1024**2
CONTACTS = "GET /bigin/v2/Contacts"


@pytest.fixture
def one_module(connection: Connection) -> ModuleSync:
    """A connection that has read its metadata, and has one module to sync."""
    for _ in range(2):
        work_off(tick())
    ModuleSync.objects.exclude(module="Contacts").update(enabled=False)
    return ModuleSync.objects.get(module="Contacts")


@pytest.mark.parametrize("read_timeout", [2, pytest.param(30, marks=pytest.mark.proof)])
def test_an_api_that_sends_a_byte_a_second_holds_no_worker_and_costs_one_token(
    read_timeout: int, sandbox: Any, connection: Connection, one_module: ModuleSync, settings: Any
) -> None:
    settings.BIGIN_READ_TIMEOUT_SECONDS = read_timeout
    let_token_expire(sandbox)
    sandbox.fail("/bigin/v2", trickle=1, times=None)
    took: dict[str, float] = {}

    def work(sent: list[tuple[str, int]]) -> None:
        for kind, row_id in sent:
            began = time.monotonic()
            scheduler.run_slice(kind, row_id)
            took[kind] = time.monotonic() - began

    work(tick())
    Connection.objects.update(metadata_at=None)
    asked: list[tuple[str, int]] = []
    with woken_by(lambda kind, row_id: asked.append((kind, row_id))):
        requests.request(Job.Kind.SYNC, [connection])
    work(asked + tick())
    slowest = max(took, key=lambda kind: took[kind])
    print(
        f"\none byte a second on {database.vendor}: {len(took)} kinds of work, the slowest {slowest} with "
        f"{took[slowest]:.1f} s where a call may last {read_timeout} s, {sandbox.count_calls(TOKEN)} token requests"
    )
    assert set(took) == {REFRESH, METADATA, SYNC, JOB}
    assert took[slowest] < read_timeout + 5
    assert took[slowest] > read_timeout - 0.5
    assert sandbox.count_calls(TOKEN) == 1


@pytest.mark.figures
@pytest.mark.parametrize(
    ("what", "call", "limit"), [("token", TOKEN, "1 MB"), ("sync", CONTACTS, "32 MB")], ids=["token", "sync"]
)
def test_a_megabyte_that_unpacks_to_a_gigabyte_takes_little_memory(
    what: str, call: str, limit: str, sandbox: Any, connection: Connection
) -> None:
    if not STATUS.exists():
        pytest.skip("only Linux tells the memory of a process so")
    command = ("-m", "tests.support.work_and_measure", str(connection.pk), what)
    pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with started(*command, sandbox_url=sandbox.url, **pipes) as process:
        assert process.stdout.readline() == "ready\n"
        if what == "token":
            let_token_expire(sandbox)
        sandbox.add_records("Contacts", 1)  # without anything new the answer has no body that could be packed
        sandbox.clear_calls()
        sandbox.fail(call, bomb=1024 * MB, times=None)
        result = json.loads(process.communicate("go\n", timeout=120)[0])
    print(f"\n1 MB that unpacks to 1 GB, {what} on {database.vendor}: memory grew by {result['grown'] / MB:.1f} MB")
    assert f"gave an answer of more than {limit}, which was not read to its end" in result["error"]
    assert result["grown"] <= 64 * MB
    assert sandbox.calls(path=call, outcome="bomb ok")["total"] == 1
    assert Connection.objects.get().status == ("degraded" if what == "token" else "healthy")

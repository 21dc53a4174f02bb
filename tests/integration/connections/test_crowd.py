"""Promise R1: however many processes and threads ask, each expiry is one token request, and all are served."""

import hashlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from django_bigin import clock
from django_bigin.connections import tokens
from django_bigin.exceptions import TokenPendingError
from django_bigin.models import Connection
from tests.support.databases import url_of
from tests.support.grants import TOKEN, let_token_expire

pytestmark = pytest.mark.django_db(transaction=True)

Start = Callable[..., "Process"]


class Process:
    """A process with threads, or greenlets, that ask for a token all at once."""

    def __init__(self, environment: dict[str, str], *arguments: object, greenlets: bool = False) -> None:
        patched = ["-m", "gevent.monkey", "--module"] if greenlets else ["-m"]
        command = [sys.executable, *patched, "tests.support.ask_for_token", *map(str, arguments)]
        pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "env": environment}
        self.popen = subprocess.Popen(command, **pipes)

    def go(self) -> None:
        self.popen.stdin.write("go\n")
        self.popen.stdin.flush()

    def result(self) -> dict[str, Any]:
        result: dict[str, Any] = json.loads(self.popen.communicate(timeout=150)[0])
        return result


@pytest.fixture
def start(sandbox: Any, connection: Connection) -> Start:
    live = database.settings_dict
    database_url = url_of(live, name=str(live["NAME"]), vendor=database.vendor)
    environment = {"DATABASE_URL": database_url, "BIGIN_SANDBOX_URL": sandbox.url}
    return lambda *arguments, **how: Process({**os.environ, **environment}, connection.pk, *arguments, **how)


def ask(processes: list[Process]) -> list[dict[str, Any]]:
    for process in processes:
        assert process.popen.stdout.readline() == "ready\n"
    for process in processes:
        process.go()
    return [process.result() for process in processes]


class FirstAnswer(threading.Thread):
    """Watches for the moment when the sandbox has first answered a token request."""

    def __init__(self, sandbox: Any) -> None:
        super().__init__(daemon=True)
        self._sandbox, self._at = sandbox, 0.0
        self.start()

    def run(self) -> None:
        until = time.monotonic() + 150
        while not self._sandbox.count_calls(TOKEN) and time.monotonic() < until:
            time.sleep(0.01)
        self._at = time.time()

    def lateness(self, results: list[dict[str, Any]]) -> float:
        """Return the seconds from that answer of Zoho's until the last caller had his."""
        self.join()
        return float(max(moment for each in results for moment in each["answered"]) - self._at)


def show(what: str, results: list[dict[str, Any]], requests: int, lateness: float | None = None) -> None:
    served, failed = (sum(len(each[name]) for each in results) for name in ("tokens", "errors"))
    slowest, connections = (max(each[name] for each in results) for name in ("slowest", "connections"))
    late = "" if lateness is None else f", {lateness:.1f} s after Zoho's answer"
    print(
        f"\n{what} on {database.vendor}: {requests} token requests, {served} served, {failed} errors, slowest "
        f"{slowest:.1f} s{late}, at most {connections} database connections a process"
    )


@pytest.mark.parametrize(
    ("processes", "threads", "latency"),
    [
        (16, 1, 0.5),
        (3, 30, 0.5),
        pytest.param(8, 50, 3, marks=pytest.mark.proof),
        pytest.param(16, 50, 3, marks=pytest.mark.proof),
    ],
)
def test_a_crowd_and_one_expired_token_make_one_request(
    processes: int, threads: int, latency: float, start: Start, connection: Connection, sandbox: Any
) -> None:
    let_token_expire(sandbox)
    sandbox.fail(TOKEN, delay_seconds=latency, times=None)
    answer = FirstAnswer(sandbox)
    results = ask([start(threads) for _ in range(processes)])
    lateness = answer.lateness(results)
    what = f"{processes} processes of {threads} threads, {latency} s latency"
    show(what, results, sandbox.count_calls(TOKEN), lateness)
    connection.refresh_from_db()
    assert [error for each in results for error in each["errors"]] == []
    given = [token for each in results for token in each["tokens"]]
    assert len(given) == processes * threads
    assert set(given) == {hashlib.sha256(connection.access_token.reveal().encode()).hexdigest()}
    assert sandbox.count_calls(TOKEN) == 1
    assert max(each["connections"] for each in results) <= 2
    if latency > 1:  # the short forms are for the count: a busy machine starts their processes one by one
        assert lateness < 2


@pytest.mark.proof
def test_the_holder_is_killed_while_zoho_is_slow(start: Start, connection: Connection, sandbox: Any) -> None:
    let_token_expire(sandbox)
    sandbox.fail(TOKEN, delay_seconds=12, times=None)
    holder = start(1)
    assert holder.popen.stdout.readline() == "ready\n"
    holder.go()
    while not Connection.objects.get(pk=connection.pk).token_requests:
        time.sleep(0.05)
    holder.popen.kill()
    holder.popen.communicate()
    workers, requests = [start(20) for _ in range(4)], [start(20, tokens.WAIT_IN_REQUEST_SECONDS) for _ in range(4)]
    results = ask(workers + requests)
    show("in workers", results[:4], sandbox.count_calls(TOKEN))
    show("in web requests", results[4:], sandbox.count_calls(TOKEN))
    assert [error for each in results[:4] for error in each["errors"]] == []
    assert all("TokenPendingError" in error for each in results[4:] for error in each["errors"])
    assert max(each["slowest"] for each in results[4:]) < 10
    assert sandbox.count_calls(TOKEN) <= 2


@pytest.mark.figures
@pytest.mark.parametrize("forks", [False, True], ids=["", "after a fork"])
def test_greenlets_and_one_expired_token_make_one_request(
    forks: bool, start: Start, connection: Connection, sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("gevent")
    if forks:
        monkeypatch.setenv("BIGIN_TEST_FORKS", "1")
    process = start(200, greenlets=True)
    assert process.popen.stdout.readline() == "ready\n"
    let_token_expire(sandbox)
    sandbox.fail(TOKEN, delay_seconds=0.5, times=None)
    process.go()
    result = process.result()
    show(f"200 greenlets{' after a fork' if forks else ''}", [result], sandbox.count_calls(TOKEN))
    connection.refresh_from_db()
    assert result["errors"] == []
    assert result["tokens"] == [hashlib.sha256(connection.access_token.reveal().encode()).hexdigest()] * 200
    assert sandbox.count_calls(TOKEN) == 1
    assert result["connections"] <= 2
    assert result["slowest"] < 10


@pytest.mark.parametrize(
    ("processes", "threads", "read_timeout"), [(3, 20, 2), pytest.param(8, 50, 30, marks=pytest.mark.proof)]
)
def test_a_token_endpoint_that_sends_a_byte_a_second_is_asked_once_and_holds_nobody(
    processes: int,
    threads: int,
    read_timeout: int,
    start: Start,
    connection: Connection,
    sandbox: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BIGIN_READ_TIMEOUT_SECONDS", str(read_timeout))
    let_token_expire(sandbox)
    sandbox.fail(TOKEN, trickle=1, times=None)
    results = ask([start(threads) for _ in range(processes)])
    what = f"{processes} processes of {threads} threads, one byte a second, given up after {read_timeout} s"
    show(what, results, sandbox.count_calls(TOKEN))
    errors = [error for each in results for error in each["errors"]]
    assert len(errors) == processes * threads
    assert all(error.startswith(("NetworkError", "TransientError")) for error in errors)
    assert all(f"did not answer within {read_timeout} seconds" in error for error in errors)
    assert sandbox.count_calls(TOKEN) == 1
    # What is more is the machine's: in the short form it starts processes meanwhile.
    assert max(each["slowest"] for each in results) < read_timeout + (10 if read_timeout < 10 else 5)
    sandbox.clear_faults()
    sandbox.advance(900)
    assert tokens.ensure_fresh_token(connection.pk).value
    assert sandbox.count_calls(TOKEN) == 2


def test_who_waits_for_another_process_claims_once_and_then_only_looks(sandbox: Any, connection: Connection) -> None:
    let_token_expire(sandbox)
    Connection.objects.update(lease_id="another", lease_until=clock.database_in(60))
    apart = tokens.in_callers_transaction.set(True)  # over this connection, where its statements can be counted
    try:
        with CaptureQueriesContext(database) as queries, pytest.raises(TokenPendingError):
            tokens.ensure_fresh_token(connection.pk, wait_seconds=2)
    finally:
        tokens.in_callers_transaction.reset(apart)
    statements = [query["sql"] for query in queries]
    assert sum(sql.startswith("UPDATE") for sql in statements) <= 2
    assert len(statements) <= 14

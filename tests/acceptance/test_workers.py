"""Any number of workers and beats, every message delivered twice, workers killed: everything due is done once.

Real Celery processes on the suite's database. The broker follows the database, so that CI sees each broker once: one
that needs no server on SQLite, Redis on PostgreSQL, RabbitMQ on MariaDB. `pytest -s` shows the figures.
"""

import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db.models import Q

from django_bigin import clock
from django_bigin.api.products.bigin import BIGIN
from django_bigin.models import Connection, Job, ModuleSync, Record
from django_bigin.sync.pipeline import SECONDS_AT_ONCE
from django_bigin.work import jobs
from tests.support.mirror import connect, mirror_hash_of
from tests.support.services import require_service
from tests.support.workers import Workers

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

TOKEN = "/oauth/v2/token"
RECORDS = {"Accounts": 12, "Contacts": 30, "Products": 6, "Pipelines": 20, "Tasks": 15, "Events": 5, "Notes": 8}
LARGE = {**RECORDS, "Contacts": 650}
CHANGED = {"Accounts": "Website", "Contacts": "Title", "Tasks": "Description"}
EDITED, ADDED = 3, 2
AHEAD, TOO_LATE = 3_100, 4_000  # a token lives 3600 s: refreshed ahead of its end, or asked for when it is over

# As the package has them, but shorter: what a dead worker held is free after seconds. Their order is the package's.
CONSTANTS = {
    "django_bigin.sync.run.LEASE_SECONDS": 9,
    "django_bigin.sync.run.LEASE_KEPT_EVERY_SECONDS": 3.0,
    "django_bigin.sync.schema.LEASE_SECONDS": 9,
    "django_bigin.connections.refresh.LEASE_SECONDS": 9,
    "django_bigin.work.jobs.LEASE_SECONDS": 12,
    "django_bigin.work.scheduler.QUEUED_SECONDS": 14,
    "django_bigin.work.slices.FAILED_AGAIN_SECONDS": 3,
    "settings.BIGIN_TICK_SECONDS": 0.5,
    "settings.BIGIN_SYNC_INTERVAL_SECONDS": 1_800,
}
STUCK_SECONDS = 8  # how long Bigin takes for the answer during which a worker is killed

BROKERS = {"sqlite3": "filesystem", "postgresql": "redis", "mysql": "rabbitmq"}
VENDOR = django_settings.DATABASES["default"]["ENGINE"].rpartition(".")[2]
URLS = {
    "filesystem": "filesystem://",
    "redis": os.environ.get("BIGIN_TEST_REDIS_URL", "redis://127.0.0.1:6379/7"),
    "rabbitmq": os.environ.get("BIGIN_TEST_RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672//"),
}


@pytest.fixture(params=[BROKERS[VENDOR]])
def broker(request: pytest.FixtureRequest) -> str:
    if request.param != "filesystem":
        require_service(request.param)
    return URLS[request.param]


@pytest.fixture
def connections(sandbox: Any) -> list[Connection]:
    """Connect four tenants, each to an organization of its own; the first has several pages of contacts."""
    places = (("us", LARGE), ("eu", RECORDS), ("in", RECORDS), ("us", RECORDS))
    entries = [sandbox.add_organization(data_center=place, records=records) for place, records in places]
    return [connect(entry) for entry in entries]


@pytest.fixture
def workers(sandbox: Any, connections: list[Connection], broker: str, tmp_path: Path) -> Iterator[Workers]:
    with Workers(tmp_path, broker=broker, sandbox_url=sandbox.url, constants=CONSTANTS) as running:
        for number in (1, 2):
            running.start_worker(f"refresh-{number}", "bigin.refresh", pool="solo")
            running.start_worker(f"sync-{number}", "bigin.sync")
            running.start_beat(f"beat-{number}")
        yield running


def test_everything_due_is_done_once(sandbox: Any, connections: list[Connection], workers: Workers) -> None:
    site = Site(sandbox, connections, workers)
    site.first_load_with_a_worker_killed()
    site.period(AHEAD)
    site.period(TOO_LATE)
    site.jobs_with_a_worker_killed()
    site.end()


@pytest.mark.proof
def test_workers_that_die_at_any_moment_leave_nothing_undone(
    sandbox: Any, connections: list[Connection], workers: Workers
) -> None:
    site = Site(sandbox, connections, workers)
    seed = random.randrange(10**6)
    say(f"seed {seed}")
    deaths = 0
    for number, at in enumerate(random.Random(seed).choices(range(40), k=8)):
        site.period_with_a_death(TOO_LATE if number % 2 else AHEAD, after_seconds=at / 10, whole=number % 3 > 0)
        deaths += 1
    site.settle()
    site.look_at_the_mirrors()
    requests = [site.token_requests[connection.pk] for connection in connections]
    say(f"{deaths} workers killed; token requests {requests} for {site.expiries} expiries; every mirror equal")
    # Who dies between Zoho's answer and the database has spent a request; nobody else asks twice.
    assert min(requests) >= site.expiries
    assert sum(requests) <= len(connections) * site.expiries + deaths


class Site:
    """The organizations and their mirrors while workers look after them."""

    def __init__(self, sandbox: Any, connections: list[Connection], workers: Workers) -> None:
        self.sandbox = sandbox
        self.connections = connections
        self.workers = workers
        self.expiries = 0
        self.asked_refreshes: Counter[int] = Counter()
        self.token_requests: Counter[int] = Counter()
        sandbox.clear_calls()

    def first_load_with_a_worker_killed(self) -> None:
        """Load everything, and kill a worker while it waits for the third page of the first connection's contacts."""
        large = self.connections[0]
        # The second comes late, so that both are stored before the third is asked for.
        self.sandbox.fail("GET /bigin/v2/Contacts", org_id=large.org_id, after=1, delay_seconds=SECONDS_AT_ONCE)
        self.sandbox.fail("GET /bigin/v2/Contacts", org_id=large.org_id, after=1, delay_seconds=STUCK_SECONDS)
        contacts = ModuleSync.objects.filter(connection=large, module="Contacts")
        started = self.workers.wait("two pages are stored", lambda: not stored(large, "Contacts"))
        victim = self.busy("bigin.sync", contacts.get().pk)
        assert contacts.get().phase == ModuleSync.Phase.FULL
        self.workers.kill(victim)
        kept = stored(large, "Contacts")
        self.workers.start_worker("sync-3", "bigin.sync")
        seconds = self.workers.wait("every module has been mirrored", self.not_mirrored)
        say(
            f"first load: {victim} killed after {started:.0f} s with {kept} of {LARGE['Contacts']} contacts stored; "
            f"the others had mirrored everything {seconds:.0f} s later"
        )
        self.settle()  # what a run did is written down after its module counts as mirrored
        written = Counter()
        for connection_id, module, created in scheduled().values_list("connection_id", "module", "created"):
            written[connection_id, module] += created
        for connection in self.connections:
            for module in RECORDS:
                there = self.sandbox.hash(module, org_id=connection.org_id)["count"]
                # What the dead worker stored it could not write down; nobody stored it again.
                there -= kept if (connection, module) == (large, "Contacts") else 0
                assert (connection.pk, module, written[connection.pk, module]) == (connection.pk, module, there)
        reads = self.calls("/bigin/v2/Contacts", large)
        assert reads <= 6, f"{reads} calls for 4 pages and the delta after them: more than one page was read again"

    def period(self, seconds: int) -> None:
        """Change records, let time pass so that everything is due once, and count what was done."""
        last = Job.objects.order_by("-pk").values_list("pk", flat=True)[0]
        for connection in self.connections:
            self.change(connection)
        self.expire(seconds)
        took = self.workers.wait("nothing is due", due)
        self.settle()
        rows = Counter(scheduled().filter(pk__gt=last).values_list("connection_id", "module", "updated", "created"))
        expected = {(connection.pk, module, EDITED, ADDED) for connection in self.connections for module in CHANGED}
        reads = {
            (connection.pk, module): self.calls(f"/bigin/v2/{module}", connection)
            for connection in self.connections
            for module in RECORDS
        }
        metadata = [self.calls("/bigin/v2/settings/modules", connection) for connection in self.connections]
        say(
            f"{seconds} s later: caught up in {took:.0f} s; {sum(rows.values())} job rows for {len(expected)} changed "
            f"modules; calls for each of {len(reads)} modules: {sorted(set(reads.values()))}; metadata: {metadata}"
        )
        assert rows == dict.fromkeys(expected, 1)
        assert set(reads.values()) == {1}
        assert max(metadata) <= 1
        self.check_tokens()

    def jobs_with_a_worker_killed(self) -> None:
        """Request each job twice, and kill the worker that is in the middle of the longest."""
        large, second, third, fourth = self.connections
        for connection in self.connections:
            self.change(connection)
        # The second of these calls: a full walk reads the deleted log first.
        self.sandbox.fail("GET /bigin/v2/Tasks", org_id=large.org_id, after=1, delay_seconds=STUCK_SECONDS)
        wanted = (
            (Job.Kind.FULL_SYNC, large),
            (Job.Kind.REFRESH, second),
            (Job.Kind.SYNC, third),
            (Job.Kind.SYNC, fourth),
        )
        twice = [each for each in wanted for _ in range(2)]
        asked = [jobs.ensure_job(kind, connection, actor="a person").pk for kind, connection in twice]
        assert len(set(asked)) == len(wanted)
        self.asked_refreshes[second.pk] += 1
        tasks = ModuleSync.objects.filter(connection=large, module="Tasks")
        walked = tasks.filter(phase=ModuleSync.Phase.FULL).exclude(lease_id="")
        self.workers.wait("the full sync walks the tasks", lambda: not walked.exists())
        victim = self.busy("bigin.job", asked[0])
        assert walked.exists()
        self.workers.kill(victim)
        self.workers.start_worker("sync-4", "bigin.sync")
        took = self.workers.wait("no job is left", lambda: unfinished().count())
        self.settle()
        done = {job.pk: job for job in Job.objects.filter(pk__in=asked)}
        say(
            f"jobs: {victim} killed in the middle of job {asked[0]}; all done {took:.0f} s later; "
            f"tries: {[done[pk].tries for pk in dict.fromkeys(asked)]}"
        )
        assert {(job.state, job.error) for job in done.values()} == {(Job.State.DONE, "")}
        assert [done[pk].tries for pk in dict.fromkeys(asked)] == [2, 1, 1, 1]
        assert len(done[asked[0]].details) == len(BIGIN.modules)
        for job in done.values():
            if job.kind != Job.Kind.REFRESH:
                assert job.updated == EDITED * len(CHANGED), job.details
                assert job.created == ADDED * len(CHANGED), job.details
        assert ModuleSync.objects.filter(full_requested=True).count() == 0
        self.check_tokens()

    def end(self) -> None:
        """Let the schedule find what nobody requested, and compare the mirrors."""
        self.expire(AHEAD)
        self.workers.wait("nothing is due", due)
        self.settle()
        self.check_tokens()
        equal, records = self.look_at_the_mirrors()
        assert Job.objects.exclude(state=Job.State.DONE).count() == 0
        assert ModuleSync.objects.exclude(last_error="").count() == 0
        assert self.workers.failures() == []
        received = Counter(Counter(self.workers.received("bigin.sync")).values())
        say(
            f"end: {equal} modules equal, {records} records, none twice; {Job.objects.count()} jobs, all done; token "
            f"requests of each connection {[self.token_requests[c.pk] for c in self.connections]} for {self.expiries} "
            f"expiries and {sum(self.asked_refreshes.values())} asked for; sync messages by deliveries "
            f"{dict(sorted(received.items()))}"
        )
        assert sum(number for times, number in received.items() if times > 1) > len(self.connections) * len(RECORDS)

    def look_at_the_mirrors(self) -> tuple[int, int]:
        """Check that modules are equal, no record is there twice and no job left; count modules and records."""
        equal = 0
        for connection in self.connections:
            for module in BIGIN.modules:
                source = self.sandbox.hash(module, org_id=connection.org_id)
                assert mirror_hash_of(connection, module) == (source["count"], source["hash"]), (connection, module)
                equal += 1
        rows = Record.objects.values_list("connection_id", "module", "record_id")
        assert len(rows) == len(set(rows))
        assert unfinished().count() == 0
        return equal, len(rows)

    def period_with_a_death(self, seconds: int, *, after_seconds: float, whole: bool) -> None:
        """Let everything be due, request a full sync, and kill a worker, whatever it does."""
        for connection in self.connections:
            self.change(connection)
        before = self.expiries
        self.expire(seconds)
        jobs.ensure_job(Job.Kind.FULL_SYNC, self.connections[before % len(self.connections)], actor="a person")
        time.sleep(after_seconds)
        name = next(name for name in self.workers.living() if name.startswith("sync-"))
        if whole:
            self.workers.kill(name)
            self.workers.start_worker(f"sync-{self.expiries + 2}", "bigin.sync")
        else:
            self.workers.kill_child(name)
        self.workers.wait("nothing is due", due)
        self.workers.wait("no job is left", lambda: unfinished().count())
        self.settle()
        for connection in self.connections:
            self.token_requests[connection.pk] += self.calls(TOKEN, connection)

    # What happens

    def change(self, connection: Connection) -> None:
        for module, field in CHANGED.items():
            records = self.sandbox.records(module, org_id=connection.org_id)[:EDITED]
            edits = [{"id": record["id"], field: f"changed at {self.sandbox.now()}"} for record in records]
            self.sandbox.edit_records(module, edits, org_id=connection.org_id)
            self.sandbox.add_records(module, ADDED, org_id=connection.org_id)

    def expire(self, seconds: int) -> None:
        self.sandbox.clear_calls()
        self.sandbox.advance(seconds)
        self.expiries += 1

    def busy(self, *work: Any) -> str:
        """Wait for a worker that is in the middle of this, and return its name."""
        wanted = [str(part) for part in work]
        self.workers.wait(f"a worker is in the middle of {work}", lambda: not self.workers.who_does(*wanted))
        return self.workers.who_does(*wanted)

    # Counting

    def not_mirrored(self) -> int:
        wanted = len(self.connections) * len(BIGIN.modules)
        return wanted - ModuleSync.objects.exclude(last_success_at=None).count()

    def settle(self) -> None:
        """Wait for the second deliveries as well."""
        quiet = Counter[bool]()

        def restless() -> bool:
            idle = self.workers.is_idle() and not due()
            quiet[True] = quiet[True] + 1 if idle else 0
            return quiet[True] < 12

        self.workers.wait("nobody does anything", restless)

    def calls(self, path: str, connection: Connection) -> int:
        by_path = self.sandbox.calls(path, org_id=connection.org_id)["by_path"]
        return sum(number for call, number in by_path.items() if call.partition(" ")[2] == path)

    def check_tokens(self) -> None:
        """Check that an expiry cost each connection one request, and a refresh that a person requested another."""
        for connection in self.connections:
            self.token_requests[connection.pk] += self.calls(TOKEN, connection)
            connection.refresh_from_db()
            expected = self.expiries + self.asked_refreshes[connection.pk]
            assert (self.token_requests[connection.pk], connection.refresh_count) == (expected, expected)
        self.sandbox.clear_calls()


def stored(connection: Connection, module: str) -> int:
    return Record.objects.filter(connection=connection, module=module).count()


def scheduled() -> Any:
    return Job.objects.filter(requested_by_name="schedule")


def unfinished() -> Any:
    return Job.objects.filter(state__in=Job.UNFINISHED)


def due() -> str:
    """Describe what is due now; "" when nothing is."""
    now = clock.now()
    modules = ModuleSync.objects.filter(Q(next_run_at=None) | Q(next_run_at__lte=now)).count()
    tokens = Connection.objects.filter(refresh_at__lte=now).count()
    metadata = Connection.objects.filter(metadata_at__lte=now).count()
    return f"{modules} modules, {tokens} tokens, {metadata} metadata" if modules + tokens + metadata else ""


def say(text: str) -> None:
    print(f"  {text}")

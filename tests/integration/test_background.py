"""Work in the background: each due thing is handed out once, done once, and never lost."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS
from django.db import connections as databases
from django.test.utils import CaptureQueriesContext

from django_bigin import clock
from django_bigin.connections import connect_self_client, disconnect
from django_bigin.models import Connection, Heartbeat, Job, ModuleSync, Tenant
from django_bigin.sync import Options, sync_connection, sync_slice
from django_bigin.work import jobs, scheduler
from django_bigin.work.scheduler import JOB, METADATA, REFRESH, SYNC, BrokerDown
from tests.support.mirror import mirror_hash

pytestmark = pytest.mark.django_db(transaction=True)

TOKEN = "POST /oauth/v2/token"
SLICE = Options(with_deletions=False, deadline_seconds=60)


@pytest.fixture
def connection(sandbox: Any, organization: dict[str, str]) -> Connection:
    return connect_self_client(
        Tenant.objects.create(name="Acme", slug="acme"),
        client_id=organization["client_id"],
        client_secret=organization["client_secret"],
        grant_token=organization["grant_token"],
        data_center=organization["data_center"],
    ).connection


def tick() -> list[tuple[str, int]]:
    """One tick; what it handed out, not done yet."""
    sent: list[tuple[str, int]] = []
    scheduler.tick(lambda kind, row_id: sent.append((kind, row_id)))
    return sent


def work_off(sent: list[tuple[str, int]]) -> None:
    for kind, row_id in sent:
        scheduler.work(kind, row_id)


def kinds(sent: list[tuple[str, int]]) -> set[str]:
    return {kind for kind, _ in sent}


def test_a_new_connection_is_mirrored_by_ticks_alone(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Contacts", 250)
    work_off(tick())
    work_off(tick())
    assert mirror_hash("Contacts") == (250, sandbox.hash("Contacts")["hash"])


def test_what_is_handed_out_is_not_handed_out_again_while_it_waits(sandbox: Any, connection: Connection) -> None:
    assert kinds(tick()) == {METADATA}
    assert tick() == []


def test_doubled_ticks_hand_out_each_row_once(sandbox: Any, connection: Connection) -> None:
    work_off(tick())
    sent: list[tuple[str, int]] = []

    def run() -> None:
        scheduler.tick(lambda kind, row_id: sent.append((kind, row_id)))
        databases.close_all()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sent) == len(set(sent)) == ModuleSync.objects.count()


def test_a_message_that_comes_twice_does_the_work_once(sandbox: Any, connection: Connection) -> None:
    work_off(tick())
    sandbox.clear_calls()
    sent = tick()
    work_off(sent + sent)
    assert sandbox.count_calls("GET /bigin/v2/Contacts") == 1


def test_a_token_is_refreshed_ahead_of_time_and_once(sandbox: Any, connection: Connection) -> None:
    sandbox.advance(3600 - 601)
    sandbox.clear_calls()
    sent = [(kind, row_id) for kind, row_id in tick() if kind == REFRESH]
    work_off(sent + sent)
    assert sandbox.count_calls(TOKEN) == 1
    assert REFRESH not in kinds(tick())


def at_once(times: int, kind: str, row_id: int) -> None:
    """The same message, delivered so many times to as many workers."""

    def deliver(_: int) -> None:
        try:
            scheduler.work(kind, row_id)
        finally:
            databases.close_all()

    with ThreadPoolExecutor(times) as pool:
        list(pool.map(deliver, range(times)))


def test_a_message_that_waited_for_the_token_while_another_was_done_does_nothing(
    sandbox: Any, connection: Connection
) -> None:
    work_off(tick())
    work_off(tick())
    sandbox.advance(4_000)
    sandbox.clear_calls()
    sandbox.fail(TOKEN, delay_seconds=0.5)
    at_once(4, SYNC, ModuleSync.objects.get(module="Contacts").pk)
    assert sandbox.count_calls("GET /bigin/v2/Contacts") == 1
    assert sandbox.count_calls(TOKEN) == 1


def test_metadata_is_read_once_however_often_it_is_delivered(sandbox: Any, connection: Connection) -> None:
    sandbox.clear_calls()
    sandbox.fail("GET /bigin/v2/settings/modules", delay_seconds=0.5)
    at_once(3, METADATA, connection.pk)
    work_off([(METADATA, connection.pk)])
    assert sandbox.count_calls("GET /bigin/v2/settings/modules") == 1
    assert Connection.objects.filter(refresh_queued_until=None).exists()


def test_metadata_whose_reader_died_is_read_by_another(sandbox: Any, connection: Connection) -> None:
    Connection.objects.update(metadata_lease_until="2020-01-01T00:00:00Z")
    work_off(tick())
    assert Connection.objects.get().metadata_at is not None


def test_a_message_about_what_is_done_already_leaves_the_way_free(sandbox: Any, connection: Connection) -> None:
    sent = tick()
    sync_connection(connection)
    assert (METADATA, connection.pk) in sent
    work_off(sent)
    sandbox.advance(3_000)
    assert REFRESH in kinds(tick())


def test_an_idle_delta_is_one_call_and_five_statements(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Contacts", 30)
    sync_connection(connection, modules=["Contacts"])
    sandbox.advance(400)
    [module] = ModuleSync.objects.filter(connection=connection, module="Contacts")
    sync_slice(module.pk, SLICE)  # looks again at what was stored within the same second
    sandbox.advance(400)
    sandbox.clear_calls()

    with CaptureQueriesContext(databases[DEFAULT_DB_ALIAS]) as queries:
        result = sync_slice(module.pk, SLICE)

    statements = [query["sql"] for query in queries if query["sql"].split()[0] not in ("BEGIN", "COMMIT")]
    assert sandbox.calls()["by_path"] == {"GET /bigin/v2/Contacts": 1}
    assert result.finished
    assert len(statements) <= 5, statements


def test_a_module_that_another_works_on_rests_until_the_lease_has_run_out(sandbox: Any, connection: Connection) -> None:
    work_off(tick())
    sent = [(kind, row_id) for kind, row_id in tick() if kind == SYNC]
    ModuleSync.objects.update(lease_id="another", lease_until=clock.database_in(60))
    work_off(sent)
    assert tick() == []
    ModuleSync.objects.update(lease_until=clock.database_in(-1), queued_until=clock.database_in(-1))
    assert len(tick()) == len(sent)


def test_a_broker_that_is_down_leaves_everything_due(sandbox: Any, connection: Connection) -> None:
    def down(kind: str, row_id: int) -> None:
        raise BrokerDown("the message broker does not answer")

    ticked = scheduler.tick(down)
    assert ticked.broker_down
    assert kinds(tick()) == {METADATA}


def test_a_worker_that_died_gives_its_job_to_another(sandbox: Any, connection: Connection) -> None:
    job = jobs.ask(Job.Kind.REFRESH, connection, actor="a test")
    Job.objects.filter(pk=job.pk).update(state=Job.State.RUNNING, lease_id="dead", lease_until="2020-01-01T00:00:00Z")
    sent = [(kind, row_id) for kind, row_id in tick() if kind == JOB]
    assert sent == [(JOB, job.pk)]
    work_off(sent)
    job.refresh_from_db()
    assert job.state == Job.State.DONE
    assert "new token" in job.result


def test_a_job_is_done_once_however_often_it_is_delivered(sandbox: Any, connection: Connection) -> None:
    job = jobs.ask(Job.Kind.REFRESH, connection, actor="a test")
    sandbox.clear_calls()
    work_off([(JOB, job.pk)] * 3)
    assert sandbox.count_calls(TOKEN) == 1


def test_asking_twice_for_the_same_is_one_job(sandbox: Any, connection: Connection) -> None:
    first, second = (jobs.ask(Job.Kind.SYNC, connection, actor="a test") for _ in range(2))
    assert first.pk == second.pk


def test_a_full_sync_goes_on_over_many_slices(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Contacts", 1_000)
    sync_connection(connection)
    job = jobs.ask(Job.Kind.FULL_SYNC, connection, actor="a test")
    slices = 0
    while (ran := jobs.run(job.pk, slice_seconds=0.05)) and ran.state == Job.State.WAITING:
        slices += 1
        assert slices < 100
    job.refresh_from_db()
    assert (job.state, job.error) == (Job.State.DONE, "")
    assert slices > 1
    assert len(job.details) == ModuleSync.objects.count()


def test_a_job_whose_worker_dies_keeps_what_its_modules_came_to(
    sandbox: Any, connection: Connection, monkeypatch: Any
) -> None:
    sync_connection(connection)
    sandbox.add_records("Accounts", 5)
    job = jobs.ask(Job.Kind.FULL_SYNC, connection, actor="a test")

    def die_at_contacts(connection: Connection, *, modules: list[str], **how: Any) -> Any:
        if modules == ["Contacts"]:
            raise KeyboardInterrupt
        return sync_connection(connection, modules=modules, **how)

    with monkeypatch.context() as patch:
        patch.setattr(jobs, "sync_connection", die_at_contacts)
        patch.setattr(jobs, "_close", lambda *_, **__: None)  # the dead close nothing
        with pytest.raises(KeyboardInterrupt):
            jobs.run(job.pk)
    Job.objects.filter(pk=job.pk).update(lease_until="2020-01-01T00:00:00Z")
    sandbox.clear_calls()
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.tries, job.created) == (Job.State.DONE, 2, 5)
    assert sandbox.count_calls("GET /bigin/v2/Accounts") == 0


def test_a_job_that_fails_says_why(sandbox: Any, connection: Connection) -> None:
    job = jobs.ask(Job.Kind.REFRESH, connection, actor="a test")
    sandbox.revoke_grant()
    jobs.run(job.pk)
    job.refresh_from_db()
    assert job.state == Job.State.FAILED
    assert "authorize again" in job.error


def test_a_disconnect_that_could_not_reach_zoho_is_revoked_later(sandbox: Any, connection: Connection) -> None:
    sandbox.fail("POST /oauth/v2/token/revoke", status=503, body="<html></html>", times=1)
    assert not disconnect(connection).revoked
    sandbox.clear_calls()
    tick()
    connection.refresh_from_db()
    assert connection.refresh_token == ""
    assert sandbox.count_calls("POST /oauth/v2/token/revoke") == 1


def test_a_paused_connection_is_left_alone(sandbox: Any, connection: Connection) -> None:
    jobs.run(jobs.ask(Job.Kind.PAUSE, connection, actor="a test").pk)
    sandbox.advance(5_000)
    assert tick() == []
    jobs.run(jobs.ask(Job.Kind.RESUME, connection, actor="a test").pk)
    assert REFRESH in kinds(tick())


def test_ticks_and_workers_are_seen_alive(sandbox: Any, connection: Connection) -> None:
    work_off(tick())
    assert set(Heartbeat.objects.values_list("kind", flat=True)) == {"tick", "metadata"}


def test_many_ticks_at_once_are_seen_alive(transactional_db: None) -> None:
    def seen(_: int) -> None:
        try:
            scheduler.beat("tick", kind="tick")
        finally:
            databases.close_all()

    for _ in range(5):
        Heartbeat.objects.all().delete()
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(seen, range(8)))
        assert Heartbeat.objects.count() == 1


def test_an_idle_tick_writes_no_job(sandbox: Any, connection: Connection) -> None:
    for _ in range(3):
        work_off(tick())
    before = Job.objects.count()
    sandbox.advance(1_000)
    work_off(tick())
    assert Job.objects.count() == before


def test_bigin_tick_does_the_same_without_celery(sandbox: Any, connection: Connection, capsys: Any) -> None:
    sandbox.add_records("Contacts", 5)
    call_command("bigin_tick")
    call_command("bigin_tick")
    assert mirror_hash("Contacts")[0] == 5
    assert SYNC in scheduler._SLICES
    assert "9 modules" in capsys.readouterr().out


def test_two_people_who_ask_at_once_get_one_job(sandbox: Any, connection: Connection) -> None:
    def ask() -> None:
        jobs.ask(Job.Kind.SYNC, connection, actor="a test")
        databases.close_all()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Job.objects.count() == 1

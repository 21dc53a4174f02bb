"""Slices of work: each due thing is done once, however often its message is delivered, and never lost."""

from typing import Any

import pytest
from django.core.management import call_command
from django.test.utils import CaptureQueriesContext

from django_bigin import clock
from django_bigin.connections import pause, resume
from django_bigin.credits.account import Priority
from django_bigin.exceptions import ForeignDatabaseError
from django_bigin.models import Connection, Job, ModuleSync
from django_bigin.sync import Options, sync_connection, sync_slice
from django_bigin.work import scheduler
from django_bigin.work.kinds import METADATA, REFRESH, SYNC
from tests.support.databases import database
from tests.support.mirror import mirror_hash
from tests.support.ticking import deliver_at_once, kinds_of, tick, work_off

pytestmark = pytest.mark.django_db(transaction=True)

TOKEN = "POST /oauth/v2/token"
MODULES = "GET /bigin/v2/settings/modules"
SLICE = Options(with_deletions=False, priority=Priority.SCHEDULE, deadline_seconds=60)


def test_a_new_connection_is_mirrored_by_ticks_alone(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Contacts", 250)
    work_off(tick())
    work_off(tick())
    assert mirror_hash("Contacts") == (250, sandbox.hash("Contacts")["hash"])


def test_bigin_tick_does_the_same_without_celery(sandbox: Any, connection: Connection, capsys: Any) -> None:
    sandbox.add_records("Contacts", 5)
    call_command("bigin_tick")
    assert "1 metadata" in capsys.readouterr().out
    call_command("bigin_tick")
    assert mirror_hash("Contacts")[0] == 5
    assert "9 modules" in capsys.readouterr().out
    call_command("bigin_tick")
    assert "Nothing was due." in capsys.readouterr().out


def test_a_message_that_comes_twice_does_the_work_once(sandbox: Any, connection: Connection) -> None:
    work_off(tick())
    sandbox.clear_calls()
    sent = tick()
    work_off(sent + sent)
    assert sandbox.count_calls("GET /bigin/v2/Contacts") == 1


def test_a_token_is_refreshed_ahead_of_time_and_once(sandbox: Any, connection: Connection) -> None:
    sandbox.advance(3600 - 601)
    sandbox.clear_calls()
    sent = tick(REFRESH)
    work_off(sent + sent)
    assert sandbox.count_calls(TOKEN) == 1
    assert tick(REFRESH) == []


def test_a_message_that_waited_for_the_token_while_another_was_done_does_nothing(
    sandbox: Any, connection: Connection
) -> None:
    work_off(tick())
    work_off(tick())
    sandbox.advance(4_000)
    sandbox.clear_calls()
    sandbox.fail(TOKEN, delay_seconds=0.5)
    deliver_at_once(4, SYNC, ModuleSync.objects.get(module="Contacts").pk)
    assert sandbox.count_calls("GET /bigin/v2/Contacts") == 1
    assert sandbox.count_calls(TOKEN) == 1


def test_metadata_is_read_once_however_often_it_is_delivered(sandbox: Any, connection: Connection) -> None:
    sandbox.clear_calls()
    sandbox.fail(MODULES, delay_seconds=0.5)
    deliver_at_once(3, METADATA, connection.pk)
    work_off([(METADATA, connection.pk)])
    assert sandbox.count_calls(MODULES) == 1
    assert Connection.objects.filter(metadata_queued_until=None).exists()


def test_metadata_that_another_reads_rests_until_its_lease_expires(sandbox: Any, connection: Connection) -> None:
    sent = tick(METADATA)
    Connection.objects.update(metadata_lease_id="another", metadata_lease_until=clock.database_in(60))
    work_off(sent)
    assert tick(METADATA) == []
    Connection.objects.update(metadata_lease_until=clock.database_in(-1), metadata_queued_until=clock.database_in(-1))
    work_off(tick(METADATA))
    assert Connection.objects.get().metadata_at is not None


def test_metadata_whose_reader_died_is_read_by_another(sandbox: Any, connection: Connection) -> None:
    Connection.objects.update(metadata_lease_id="dead", metadata_lease_until="2020-01-01T00:00:00Z")
    work_off(tick())
    assert Connection.objects.get().metadata_at is not None


def test_metadata_that_waits_keeps_no_refresh_from_being_handed_out(sandbox: Any, connection: Connection) -> None:
    assert kinds_of(tick()) == {METADATA}
    sandbox.advance(3_000)
    assert tick() == [(REFRESH, connection.pk)]


def test_metadata_that_fails_keeps_no_refresh_from_being_handed_out(sandbox: Any, connection: Connection) -> None:
    sandbox.fail(MODULES, status=500, body="<html></html>", times=None)
    work_off(tick(METADATA))
    sandbox.advance(3_000)
    sent = tick()
    assert sent == [(REFRESH, connection.pk)]  # the metadata rests, since it has failed
    refreshes = Connection.objects.get().refresh_count
    work_off(sent)
    assert Connection.objects.get().refresh_count == refreshes + 1


def test_a_refresh_that_waits_keeps_no_metadata_from_being_handed_out(sandbox: Any, connection: Connection) -> None:
    work_off(tick())
    work_off(tick())
    sandbox.advance(3_000)
    assert (REFRESH, connection.pk) in tick()
    sandbox.advance(3_600)
    assert (METADATA, connection.pk) in tick()


def test_a_message_about_what_is_done_already_leaves_the_way_free(sandbox: Any, connection: Connection) -> None:
    sent = tick()
    sync_connection(connection)
    assert (METADATA, connection.pk) in sent
    work_off(sent)
    sandbox.advance(3_000)
    assert REFRESH in kinds_of(tick())


def test_an_idle_delta_is_one_call_and_five_statements(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Contacts", 30)
    sync_connection(connection, modules=["Contacts"])
    sandbox.advance(400)
    [module] = ModuleSync.objects.filter(connection=connection, module="Contacts")
    sync_slice(module.pk, SLICE)  # looks again at what was stored within the same second
    sandbox.advance(400)
    sandbox.clear_calls()

    with CaptureQueriesContext(database) as queries:
        result = sync_slice(module.pk, SLICE)

    statements = [query["sql"] for query in queries if query["sql"].split()[0] not in ("BEGIN", "COMMIT")]
    assert sandbox.calls()["by_path"] == {"GET /bigin/v2/Contacts": 1}
    assert result.finished
    assert len(statements) <= 5, statements


def test_an_idle_task_is_five_statements_and_in_a_while_a_heartbeat(
    sandbox: Any, connection: Connection, settings: Any
) -> None:
    settings.BIGIN_INSTALLATION_ID = "production"
    work_off(tick())
    work_off(tick())
    statements: list[list[str]] = []
    for _ in range(2):  # looks again at what was stored within the same second
        sandbox.advance(400)
        statements.clear()
        for task in tick(SYNC):
            with CaptureQueriesContext(database) as queries:
                scheduler.run_slice(*task)
            sql = [query["sql"] for query in queries]
            statements.append([each for each in sql if each.split()[0] not in ("BEGIN", "COMMIT")])
    deltas = [each for each in statements if "heartbeat" not in each[0]]
    assert len(deltas) == len(statements) - 1
    assert min(map(len, deltas)) == 5
    assert len(statements[0]) <= 6, statements[0]


def test_in_another_installations_database_no_module_is_claimed(
    sandbox: Any, connection: Connection, settings: Any
) -> None:
    settings.BIGIN_INSTALLATION_ID = "production"
    work_off(tick())
    work_off(tick())
    settings.BIGIN_INSTALLATION_ID = "a copy"
    sandbox.advance(400)
    sandbox.clear_calls()
    [module] = ModuleSync.objects.filter(module="Contacts")
    with pytest.raises(ForeignDatabaseError):
        sync_slice(module.pk, SLICE)
    [left] = ModuleSync.objects.filter(module="Contacts")
    assert (left.lease_id, left.tries, sandbox.calls()["by_path"]) == ("", 0, {})


def test_a_module_that_another_works_on_rests_until_the_lease_has_expired(sandbox: Any, connection: Connection) -> None:
    work_off(tick())
    sent = tick(SYNC)
    ModuleSync.objects.update(lease_id="another", lease_until=clock.database_in(60))
    work_off(sent)
    assert tick() == []
    ModuleSync.objects.update(lease_until=clock.database_in(-1), queued_until=clock.database_in(-1))
    assert len(tick()) == len(sent)


def test_a_worker_that_is_told_to_stop_leaves_its_row_to_the_next_tick(sandbox: Any, connection: Connection) -> None:
    sent = tick(METADATA)

    def stop(execute: Any, sql: str, *arguments: Any) -> Any:
        if "metadata_lease_id" in sql and sql.startswith("UPDATE"):
            raise SystemExit
        return execute(sql, *arguments)

    with database.execute_wrapper(stop), pytest.raises(SystemExit):
        work_off(sent)
    assert tick(METADATA) == sent


def test_a_paused_connection_is_left_alone(sandbox: Any, connection: Connection) -> None:
    pause(connection)
    sandbox.advance(5_000)
    assert tick() == []
    resume(connection)
    assert REFRESH in kinds_of(tick())


def test_an_idle_tick_writes_no_job(sandbox: Any, connection: Connection) -> None:
    for _ in range(3):
        work_off(tick())
    before = Job.objects.count()
    sandbox.advance(1_000)
    work_off(tick())
    assert Job.objects.count() == before

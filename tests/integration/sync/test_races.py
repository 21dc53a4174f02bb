"""A sync while other things happen: a person stops the connection, another worker takes over."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections as databases

from django_bigin import clock
from django_bigin.api.client import Client
from django_bigin.connections import disconnect, pause, purge_mirror
from django_bigin.db import leases
from django_bigin.exceptions import AuthorizationError
from django_bigin.models import Connection, ModuleSchema, ModuleSync, Record
from django_bigin.sync import Options, run, store, sync_connection
from tests.support.databases import database
from tests.support.mirror import mirror_hash, on_page, sync

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("page_by_page")]


@pytest.mark.parametrize("stop", [pause, disconnect])
def test_a_sync_stops_at_the_next_page_once_the_connection_is_stopped(
    stop: Any, sandbox: Any, connection: Connection
) -> None:
    sandbox.add_records("Contacts", 900)
    sandbox.fail("POST /oauth/v2/token/revoke", status=500, times=None)  # the token in hand would go on serving
    watch = on_page(2, lambda: stop(Connection.objects.get()))
    with pytest.raises(AuthorizationError, match=r"is (paused|disconnected)"):
        sync_connection(connection, modules=["Contacts"], options=Options(on_progress=watch))
    assert Record.objects.filter(module="Contacts").count() == 400
    assert ModuleSync.objects.get(module="Contacts").lease_id == ""


def test_a_purge_during_a_sync_leaves_nothing(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Contacts", 900)
    sandbox.fail("POST /oauth/v2/token/revoke", status=500, times=None)
    watch = on_page(2, lambda: disconnect(Connection.objects.get(), purge=True))
    with pytest.raises(AuthorizationError):
        sync_connection(connection, modules=["Contacts"], options=Options(on_progress=watch))
    assert not Record.objects.exists()


def test_a_page_that_is_being_stored_while_a_purge_runs_is_purged_too(
    sandbox: Any, connection: Connection, monkeypatch: Any
) -> None:
    if database.vendor == "sqlite":
        pytest.skip("SQLite has one writer: a page and a purge cannot run at once")
    sandbox.add_records("Contacts", 150)
    purged, stored, write = threading.Event(), [], store.write_copies

    def slow_write(*arguments: Any) -> Any:
        changes = write(*arguments)
        purge = threading.Thread(target=purge_in_a_thread)
        purge.start()
        stored.append(purge)
        purged.wait(1.5)
        return changes

    def purge_in_a_thread() -> None:
        purge_mirror(connection)
        databases.close_all()
        purged.set()

    monkeypatch.setattr(store, "write_copies", slow_write)
    sync_connection(connection, modules=["Contacts"])
    for thread in stored:
        thread.join(30)
    assert not Record.objects.exists()


def test_two_first_syncs_at_once_are_one_mirror(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Contacts", 300)
    sandbox.add_records("Accounts", 300)
    failed: list[BaseException] = []
    together = threading.Barrier(3)

    def work() -> None:
        together.wait(30)
        try:
            sync_connection(Connection.objects.get())
        except BaseException as error:
            failed.append(error)
        finally:
            databases.close_all()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert failed == []
    sync(connection)
    assert ModuleSchema.objects.filter(module="Contacts").count() == 1
    for module in ("Contacts", "Accounts"):
        assert mirror_hash(module) == (300, sandbox.hash(module)["hash"])


def test_a_sync_whose_lease_expired_stores_nothing_more(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Contacts", 900)

    def another_takes_over() -> None:
        ModuleSync.objects.filter(module="Contacts").update(lease_id="another", lease_until=clock.database_in(60))

    watch = on_page(2, another_takes_over)
    [result] = sync_connection(connection, modules=["Contacts"], options=Options(on_progress=watch))
    assert "Another process took over" in result.error
    assert Record.objects.filter(module="Contacts").count() == 400
    assert ModuleSync.objects.get(module="Contacts").lease_id == "another"


def test_a_page_that_takes_long_prolongs_its_lease(sandbox: Any, connection: Connection, monkeypatch: Any) -> None:
    monkeypatch.setattr(run, "LEASE_KEPT_EVERY_SECONDS", 0.0)
    sandbox.add_fields("Contacts", [{"api_name": f"C{n}", "data_type": "text"} for n in range(70)])
    sandbox.add_records("Contacts", 3)
    done: list[str] = []
    extend, send = leases.extend, Client.send

    def note_extension(*arguments: Any, **changes: Any) -> bool:
        done.append("extended")
        return extend(*arguments, **changes)

    def note_call(client: Client, call: Any) -> Any:
        done.append(call.path)
        return send(client, call)

    monkeypatch.setattr(leases, "extend", note_extension)
    monkeypatch.setattr(Client, "send", note_call)
    sync(connection, "Contacts")
    parts = [place for place, path in enumerate(done) if path == "/bigin/v2/Contacts"]
    assert len(parts) >= 2
    assert all(done[place - 1] == "extended" for place in parts)


def test_a_lease_is_longer_than_it_is_kept() -> None:
    assert timedelta(seconds=run.LEASE_KEPT_EVERY_SECONDS) < timedelta(seconds=run.LEASE_SECONDS) / 2

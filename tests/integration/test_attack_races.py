"""Two things at once: a person and a worker, two workers, a worker and a dead one."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.db import connections as databases

from django_bigin import audit, clock
from django_bigin.connections import connect as grants
from django_bigin.connections import states, tokens
from django_bigin.connections.connect import disconnect, open_client, pause, resume
from django_bigin.exceptions import AuthorizationError, BiginError, RefreshTokenError, TokenPendingError
from django_bigin.installation import ForeignDatabaseError
from django_bigin.models import (
    AuditEvent,
    Connection,
    Installation,
    ModuleSchema,
    ModuleSync,
    Record,
    RegistrationState,
)
from django_bigin.sync import Options, engine, store, sync_connection
from tests.support.factories import make_connection, make_registration
from tests.support.mirror import connect, mirror_hash, sync

pytestmark = pytest.mark.django_db(transaction=True)

Status = Connection.Status
TOKEN = "POST /oauth/v2/token"


@pytest.fixture
def connection(sandbox: Any, organization: dict[str, str]) -> Connection:
    return connect(organization)


def on_page(number: int, act: Any) -> Any:
    """Act once, when the first page numbered so is stored."""
    done: list[int] = []

    def watch(step: Any) -> None:
        if step.page == number and not done:
            done.append(1)
            act()

    return watch


# Status


@pytest.mark.parametrize("stale", [Status.PAUSED, Status.NEEDS_AUTHORIZATION, Status.MISCONFIGURED])
def test_resuming_goes_back_to_what_was_there_when_it_was_paused(stale: str, connection: Connection) -> None:
    connection.status = stale  # as an object looks that was loaded before somebody else changed the row
    assert pause(connection)
    assert resume(Connection.objects.get())
    assert Connection.objects.get().status == Status.HEALTHY


def test_a_pause_remembers_the_status_even_if_it_dies_right_after(connection: Connection, monkeypatch: Any) -> None:
    Connection.objects.update(status=Status.MISCONFIGURED)
    monkeypatch.setattr(audit, "record", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        pause(connection)
    assert Connection.objects.get().status_before_pause == Status.MISCONFIGURED


def test_a_status_that_changes_meanwhile_is_changed_from_where_it_is(connection: Connection) -> None:
    meddled: list[str] = []

    def meddle(execute: Any, sql: str, *arguments: Any) -> Any:
        if sql.startswith("UPDATE") and not meddled:
            meddled.append(sql)
            Connection.objects.update(status=Status.DEGRADED)
        return execute(sql, *arguments)

    with database.execute_wrapper(meddle):
        assert states.set_status(connection, Status.PAUSED)
    stored = Connection.objects.get()
    assert (stored.status, stored.status_before_pause) == (Status.PAUSED, Status.DEGRADED)


def test_of_eight_who_disconnect_at_once_one_makes_the_change(connection: Connection) -> None:
    together, made = threading.Barrier(8), []

    def work() -> None:
        together.wait(30)
        made.append(states.set_status(Connection.objects.get(), Status.DISCONNECTED))
        databases.close_all()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(made) == [False] * 7 + [True]


# A person stops the connection while it is synced


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


def test_a_sync_that_was_paused_goes_on_where_it_was(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Contacts", 900)
    sandbox.advance(900)
    watch = on_page(2, lambda: pause(connection))
    with pytest.raises(AuthorizationError):
        sync_connection(connection, modules=["Contacts"], options=Options(on_progress=watch))
    resume(Connection.objects.get())
    connection.refresh_from_db()
    sandbox.clear_calls()
    sync(connection, "Contacts")
    assert mirror_hash("Contacts") == (900, sandbox.hash("Contacts")["hash"])
    assert sandbox.calls(path="/bigin/v2/Contacts", method="GET")["total"] <= 6


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
    purged, stored, write = threading.Event(), [], store._write

    def slow_write(*arguments: Any) -> None:
        write(*arguments)
        purge = threading.Thread(target=purge_in_a_thread)
        purge.start()
        stored.append(purge)
        purged.wait(1.5)

    def purge_in_a_thread() -> None:
        connect.purge_mirror(connection)
        databases.close_all()
        purged.set()

    monkeypatch.setattr(store, "_write", slow_write)
    sync_connection(connection, modules=["Contacts"])
    for thread in stored:
        thread.join(30)
    assert not Record.objects.exists()


def test_disconnecting_with_an_old_object_revokes_the_grant_of_now(
    sandbox: Any, organization: dict[str, str], connection: Connection
) -> None:
    old = Connection.objects.get()
    assert old.refresh_token
    renewed = connect(organization, tenant=connection.tenant, grant_token=sandbox.mint_grant_token()["grant_token"])
    assert renewed.pk == old.pk
    refresh_token = renewed.refresh_token
    assert disconnect(old).revoked
    with pytest.raises(RefreshTokenError):
        tokens.accounts_server(renewed.registration, "us").refresh(refresh_token)


def test_a_reconnect_during_a_disconnect_keeps_its_tokens(
    sandbox: Any, organization: dict[str, str], connection: Connection, monkeypatch: Any
) -> None:
    real = grants._revoke

    def revoke(stale: Connection) -> Any:
        outcome = real(stale)
        connect(organization, tenant=connection.tenant, grant_token=sandbox.mint_grant_token()["grant_token"])
        return outcome

    monkeypatch.setattr(grants, "_revoke", revoke)
    disconnect(connection)
    now = Connection.objects.get()
    assert now.status == Status.HEALTHY
    assert now.refresh_token


def test_a_reconnect_during_a_refresh_wins(
    sandbox: Any, organization: dict[str, str], connection: Connection, monkeypatch: Any
) -> None:
    sandbox.advance(3700)
    real = tokens.AccountsServer.refresh
    done = []

    def refresh(self: Any, refresh_token: str) -> Any:
        answer = real(self, refresh_token)
        if not done:
            done.append(1)
            grant_token = sandbox.mint_grant_token()["grant_token"]
            connect(organization, tenant=connection.tenant, grant_token=grant_token)
        return answer

    monkeypatch.setattr(tokens.AccountsServer, "refresh", refresh)
    with pytest.raises(TokenPendingError):
        tokens.ensure_fresh_token(connection.pk)
    now = Connection.objects.get()
    open_client(now).metadata.fetch_organization()
    assert (now.status, now.grant_version) == (Status.HEALTHY, 2)


def test_a_disconnect_during_a_refresh_wins(sandbox: Any, connection: Connection, monkeypatch: Any) -> None:
    sandbox.advance(3700)
    real = tokens.AccountsServer.refresh

    def refresh(self: Any, refresh_token: str) -> Any:
        answer = real(self, refresh_token)
        disconnect(Connection.objects.get())
        return answer

    monkeypatch.setattr(tokens.AccountsServer, "refresh", refresh)
    with pytest.raises(BiginError):
        tokens.ensure_fresh_token(connection.pk)
    now = Connection.objects.get()
    assert (now.status, now.access_token, now.refresh_token) == (Status.DISCONNECTED, "", "")


def test_a_pause_during_a_refused_refresh_stays_a_pause(sandbox: Any, connection: Connection, monkeypatch: Any) -> None:
    sandbox.advance(3700)

    def refresh(self: Any, refresh_token: str) -> Any:
        pause(Connection.objects.get())
        raise RefreshTokenError("The grant was revoked.")

    monkeypatch.setattr(tokens.AccountsServer, "refresh", refresh)
    with pytest.raises(RefreshTokenError):
        tokens.ensure_fresh_token(connection.pk)
    assert Connection.objects.get().status == Status.PAUSED


# Two workers


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


def test_a_sync_whose_lease_ran_out_stores_nothing_more(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Contacts", 900)

    def another_takes_over() -> None:
        ModuleSync.objects.filter(module="Contacts").update(lease_id="another", lease_until=clock.database_in(60))

    watch = on_page(2, another_takes_over)
    [result] = sync_connection(connection, modules=["Contacts"], options=Options(on_progress=watch))
    assert "Another process took over" in result.error
    assert Record.objects.filter(module="Contacts").count() == 400
    assert ModuleSync.objects.get(module="Contacts").lease_id == "another"


def test_a_page_that_takes_long_prolongs_its_lease(sandbox: Any, connection: Connection, monkeypatch: Any) -> None:
    monkeypatch.setattr(engine, "LEASE_KEPT_EVERY_SECONDS", 0.0)
    sandbox.add_fields("Contacts", [{"api_name": f"C{n}", "data_type": "text"} for n in range(70)])
    sandbox.add_records("Contacts", 3)
    kept: list[str] = []
    real = engine.ModuleRun._keep_lease

    def keep(self: Any) -> None:
        kept.append(self.module)
        real(self)

    monkeypatch.setattr(engine.ModuleRun, "_keep_lease", keep)
    sync(connection, "Contacts")
    assert len(kept) >= 2


def test_a_full_sync_asked_for_during_a_walk_comes_after_it(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Contacts", 450)

    def ask() -> None:
        ModuleSync.objects.filter(module="Contacts").update(full_requested=True)

    sync(connection, "Contacts", on_progress=on_page(2, ask))
    assert ModuleSync.objects.get(module="Contacts").full_requested
    sync(connection, "Contacts")
    assert not ModuleSync.objects.get(module="Contacts").full_requested


@pytest.mark.parametrize(("before", "after"), [(10, 70), (70, 10)])
def test_fields_that_change_while_a_walk_is_cut_off(
    before: int, after: int, sandbox: Any, connection: Connection
) -> None:
    names = [f"Custom_{number}" for number in range(70)]
    sandbox.add_fields("Contacts", [{"api_name": name, "data_type": "text"} for name in names])
    sandbox.add_records("Contacts", [{"Last_Name": f"N{n}", "Custom_65": f"z{n}"} for n in range(450)])
    sync(connection)
    standard = [entry["name"] for entry in ModuleSchema.objects.get(module="Contacts").fields]
    standard = [name for name in standard if name not in names]
    contacts = ModuleSync.objects.filter(module="Contacts")
    contacts.update(fields=standard + names[:before])
    sync(connection, "Contacts", full=True, deadline_seconds=0)
    contacts.update(fields=standard + names[:after])
    while not sync(connection, "Contacts", deadline_seconds=0).finished:
        pass
    wanted = 450 if after == 70 else 0
    assert Record.objects.filter(module="Contacts", data__has_key="Custom_65").count() == wanted


# Throttling, and copies of the database


def test_three_grants_throttled_together_rest_the_registration(connection: Connection) -> None:
    if database.vendor == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    registration = make_registration()
    grants = [make_connection(registration=registration) for _ in range(3)]
    together = threading.Barrier(3)

    def note(grant: Connection) -> None:
        together.wait(30)
        tokens._note_throttled_grant(grant)
        databases.close_all()

    threads = [threading.Thread(target=note, args=(grant,)) for grant in grants]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert RegistrationState.objects.get().throttled_until is not None


def test_a_copy_of_the_database_gives_no_token_away(connection: Connection, settings: Any) -> None:
    settings.BIGIN_INSTALLATION_ID = "production"
    tokens.ensure_fresh_token(connection.pk)
    settings.BIGIN_INSTALLATION_ID = "a copy"
    with pytest.raises(ForeignDatabaseError):
        tokens.ensure_fresh_token(connection.pk)
    assert Installation.objects.get().identifier == "production"


def test_the_audit_holds_what_was_done_to_the_connection(connection: Connection) -> None:
    pause(connection)
    resume(connection)
    disconnect(connection)
    assert {"connect", "pause", "resume", "disconnect"} <= set(AuditEvent.objects.values_list("action", flat=True))


def test_a_lease_is_longer_than_it_is_kept() -> None:
    assert timedelta(seconds=engine.LEASE_KEPT_EVERY_SECONDS) < timedelta(seconds=engine.lease.LEASE_SECONDS) / 2

"""Keys that are gone, and secrets that somebody changed: known at once, audited, and no connection stays healthy."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection as database

from django_bigin.connections import ensure_fresh_token, refresh_now
from django_bigin.encryption.keyring import new_key
from django_bigin.exceptions import BiginError, DamagedSecretError, EncryptionError
from django_bigin.models import AuditEvent, ClientSecret, Connection, ModuleSync
from django_bigin.sync import Options, Progress, sync_connection
from tests.support.commands import Ran
from tests.support.grants import TOKEN, let_token_expire
from tests.support.ticking import tick, work_off

pytestmark = pytest.mark.django_db(transaction=True)

Status = Connection.Status
DOORS: list[Callable[[Connection], Any]] = [
    lambda connection: ensure_fresh_token(connection.pk),
    lambda connection: refresh_now(connection.pk),
    sync_connection,
]


def stored(column: str, table: str = "django_bigin_connection") -> str:
    with database.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {table}")  # names of ours
        return str(cursor.fetchone()[0])


def store(column: str, value: str, table: str = "django_bigin_connection") -> None:
    with database.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {column} = %s", [value])  # names of ours


def damage(column: str) -> None:
    value = stored(column)
    store(column, value[:-6] + ("AAAA" if value[-6:-2] != "AAAA" else "BBBB") + value[-2:])


def swap() -> None:
    refresh, access = stored("refresh_token"), stored("access_token")
    store("refresh_token", access)
    store("access_token", refresh)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("keys", [[], [new_key()]])
def test_keys_that_are_gone_are_a_wrong_setting_until_they_are_back(
    keys: list[str], door: Callable[[Connection], Any], settings: Any, sandbox: Any, connection: Connection
) -> None:
    before, settings.BIGIN_ENCRYPTION_KEYS = settings.BIGIN_ENCRYPTION_KEYS, keys
    sandbox.clear_calls()
    for _ in range(2):
        with pytest.raises(EncryptionError):
            door(connection)
    now = Connection.objects.get()
    assert now.status == Status.MISCONFIGURED
    assert "key" in now.status_reason
    assert AuditEvent.objects.filter(action="secret unreadable").count() == 1
    assert sandbox.count_calls(TOKEN) == 0

    settings.BIGIN_ENCRYPTION_KEYS = before
    sandbox.advance(301)
    assert ensure_fresh_token(connection.pk).value
    assert Connection.objects.get().status == Status.HEALTHY


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("spoil", [lambda: damage("access_token"), swap, lambda: store("access_token", "plain text")])
def test_an_access_token_that_was_changed_or_swapped_stops_the_connection(
    spoil: Callable[[], None], door: Callable[[Connection], Any], sandbox: Any, connection: Connection
) -> None:
    spoil()
    with pytest.raises(DamagedSecretError):
        door(connection)
    now = Connection.objects.get()
    assert now.status == Status.NEEDS_AUTHORIZATION
    assert now.status_reason
    assert AuditEvent.objects.filter(action="secret unreadable", connection_key=str(now.pk)).count() == 1


def test_a_refresh_token_that_was_changed_stops_the_connection_when_it_is_needed(
    sandbox: Any, connection: Connection
) -> None:
    let_token_expire(sandbox)
    damage("refresh_token")
    with pytest.raises(DamagedSecretError):
        ensure_fresh_token(connection.pk)
    now = Connection.objects.get()
    assert (now.status, now.lease_id) == (Status.NEEDS_AUTHORIZATION, "")


def test_a_client_secret_that_was_changed_is_a_wrong_setting(sandbox: Any, connection: Connection) -> None:
    let_token_expire(sandbox)
    table = ClientSecret._meta.db_table
    store("secret", stored("secret", table)[:-6] + "AAAAAA", table)
    with pytest.raises(BiginError, match="client secret"):
        ensure_fresh_token(connection.pk)
    assert Connection.objects.get().status == Status.MISCONFIGURED


def test_the_tick_finds_it_and_the_tick_finds_it_healed(settings: Any, sandbox: Any, connection: Connection) -> None:
    before, settings.BIGIN_ENCRYPTION_KEYS = settings.BIGIN_ENCRYPTION_KEYS, [new_key()]
    work_off(tick())
    assert Connection.objects.get().status == Status.MISCONFIGURED
    settings.BIGIN_ENCRYPTION_KEYS = before
    sandbox.advance(301)
    work_off(tick())
    assert Connection.objects.get().status == Status.HEALTHY


def test_a_missing_key_is_told_once_and_is_no_failure_of_any_module(
    settings: Any, sandbox: Any, connection: Connection
) -> None:
    assert Ran("bigin_sync").code == 0
    settings.BIGIN_ENCRYPTION_KEYS = [new_key()]
    ran = Ran("bigin_sync", "--json")
    assert ran.code == 1
    [entry] = ran.document["connections"]
    assert (entry["modules"], "key" in entry["error"]) == ([], True)
    work_off(tick())
    assert not ModuleSync.objects.exclude(last_error="").exists()


def test_a_key_that_goes_in_the_middle_of_a_sync_ends_it_at_once(
    settings: Any, sandbox: Any, connection: Connection
) -> None:
    assert Ran("bigin_sync").code == 0
    seen: list[str] = []

    def lose_the_key(progress: Progress) -> None:
        seen.append(progress.module)
        settings.BIGIN_ENCRYPTION_KEYS = [new_key()]
        let_token_expire(sandbox)

    with pytest.raises(EncryptionError):
        sync_connection(connection, options=Options(full=True, on_progress=lose_the_key))
    assert len(seen) == 1
    assert not ModuleSync.objects.exclude(last_error="", lease_id="").exists()

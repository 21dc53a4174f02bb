"""Promise R1 in small: whoever asks, there is one token request for each expiry."""

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections as databases
from django.db import transaction

from django_bigin import clock
from django_bigin.connections import disconnect, tokens
from django_bigin.exceptions import BiginError, ConnectionNotReadyError, ForeignDatabaseError, TokenPendingError
from django_bigin.models import Connection, Installation
from tests.support.databases import database
from tests.support.grants import TOKEN, let_token_expire

pytestmark = pytest.mark.django_db(transaction=True)


def test_sixteen_threads_and_one_expired_token_make_one_request(connection: Connection, sandbox: Any) -> None:
    let_token_expire(sandbox)
    given = []

    def work() -> None:
        given.append(tokens.ensure_fresh_token(connection.pk).value)
        databases.close_all()

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(given) == 16
    assert len(set(given)) == 1
    assert sandbox.count_calls(TOKEN) == 1


def test_a_fresh_token_is_used_without_asking(connection: Connection, sandbox: Any) -> None:
    sandbox.clear_calls()
    assert tokens.ensure_fresh_token(connection.pk).value == connection.access_token.reveal()
    assert sandbox.count_calls(TOKEN) == 0


def test_a_token_is_refreshed_ahead_of_its_expiry(connection: Connection, sandbox: Any) -> None:
    sandbox.advance(3600 - 601)
    before = connection.access_token.reveal()
    assert tokens.ensure_fresh_token(connection.pk).value != before


def test_the_loser_of_the_lease_uses_what_still_serves(connection: Connection, sandbox: Any) -> None:
    sandbox.advance(3600 - 601)
    Connection.objects.update(lease_id="another", lease_until=clock.database_in(30))
    assert tokens.ensure_fresh_token(connection.pk).value == connection.access_token.reveal()


def test_the_loser_of_the_lease_waits_only_so_long(connection: Connection, sandbox: Any) -> None:
    let_token_expire(sandbox)
    Connection.objects.update(lease_id="another", lease_until=clock.database_in(30))
    with pytest.raises(TokenPendingError):
        tokens.ensure_fresh_token(connection.pk, wait_seconds=0)


def test_the_lease_of_a_dead_process_expires(connection: Connection, sandbox: Any) -> None:
    let_token_expire(sandbox)
    Connection.objects.update(lease_id="dead", lease_until=clock.database_in(-1))
    assert tokens.ensure_fresh_token(connection.pk).value


def test_a_refused_token_is_replaced_only_if_it_is_still_the_stored_one(connection: Connection, sandbox: Any) -> None:
    sandbox.clear_calls()
    refused = connection.access_token.reveal()
    first = tokens.ensure_fresh_token(connection.pk, refused=refused)
    second = tokens.ensure_fresh_token(connection.pk, refused=refused)
    assert first.value == second.value != refused
    assert sandbox.count_calls(TOKEN) == 1


def test_inside_a_transaction_the_new_token_survives_a_rollback(connection: Connection, sandbox: Any) -> None:
    let_token_expire(sandbox)
    with transaction.atomic(using=database.alias):
        if database.vendor == "sqlite":
            with pytest.raises(BiginError, match=r"before transaction\.atomic"):
                tokens.ensure_fresh_token(connection.pk)
            return
        value = tokens.ensure_fresh_token(connection.pk).value
        transaction.set_rollback(True, using=database.alias)
    connection.refresh_from_db()
    assert connection.access_token.reveal() == value


def test_a_token_that_serves_can_be_had_inside_any_transaction(connection: Connection, sandbox: Any) -> None:
    sandbox.advance(3600 - 90)
    with transaction.atomic(using=database.alias):
        assert tokens.ensure_fresh_token(connection.pk).value == connection.access_token.reveal()


def test_a_disconnected_connection_asks_for_nothing(connection: Connection, sandbox: Any) -> None:
    disconnect(connection)
    sandbox.clear_calls()
    with pytest.raises(ConnectionNotReadyError, match="disconnected"):
        tokens.ensure_fresh_token(connection.pk)
    assert sandbox.count_calls(TOKEN) == 0


def test_a_token_is_due_between_ten_and_twenty_minutes_ahead(connection: Connection) -> None:
    assert timedelta(minutes=10) <= connection.expires_at - connection.refresh_at <= timedelta(minutes=20)


def test_a_copy_of_the_database_gives_no_token_away(connection: Connection, settings: Any) -> None:
    settings.BIGIN_INSTALLATION_ID = "production"
    tokens.ensure_fresh_token(connection.pk)
    settings.BIGIN_INSTALLATION_ID = "a copy"
    with pytest.raises(ForeignDatabaseError):
        tokens.ensure_fresh_token(connection.pk)
    assert Installation.objects.get().identifier == "production"


def test_who_holds_the_lease_leaves_in_time_and_the_refresh_goes_on(connection: Connection, sandbox: Any) -> None:
    let_token_expire(sandbox)
    sandbox.fail(TOKEN, delay_seconds=2)
    started = time.monotonic()
    with pytest.raises(TokenPendingError):
        tokens.ensure_fresh_token(connection.pk, wait_seconds=0.5)
    assert time.monotonic() - started < 1.5
    value = tokens.ensure_fresh_token(connection.pk).value
    connection.refresh_from_db()
    assert value == connection.access_token.reveal()
    assert sandbox.count_calls(TOKEN) == 1


def test_a_token_that_serves_is_not_waited_past_the_limit(connection: Connection, sandbox: Any) -> None:
    sandbox.advance(3600 - 601)
    sandbox.clear_calls()
    sandbox.fail(TOKEN, delay_seconds=2)
    before = connection.access_token.reveal()
    assert tokens.ensure_fresh_token(connection.pk, wait_seconds=0.2).value == before
    assert tokens.ensure_fresh_token(connection.pk).value == before  # another is at it already
    give_up_at = time.monotonic() + 30
    while connection.access_token.reveal() == before:  # or the refresh would end in the next test, and be counted there
        assert time.monotonic() < give_up_at
        time.sleep(0.05)
        connection.refresh_from_db()
    assert sandbox.count_calls(TOKEN) == 1

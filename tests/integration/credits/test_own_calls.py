"""Calls that a site makes by itself count, and stop at the site's share, like those of the sync."""

from typing import Any

import pytest
from django.db import OperationalError

from django_bigin import clock
from django_bigin.api.calls import CallMade
from django_bigin.connections import ensure_fresh_token, open_client
from django_bigin.credits.account import note_all
from django_bigin.credits.calls import CallMeter
from django_bigin.db.aliases import atomic
from django_bigin.exceptions import RateLimitError
from django_bigin.models import Connection, CreditAccount, CreditUse
from tests.support.credits import share_of
from tests.support.databases import database

pytestmark = pytest.mark.django_db(transaction=True)


def refuse_writes(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    """Let the table of accounts be read, and neither written nor locked."""
    if CreditAccount._meta.db_table in sql and (not sql.startswith("SELECT") or "FOR UPDATE" in sql):
        raise OperationalError("this table is for reading")
    return execute(sql, params, many, context)


def account() -> CreditAccount:
    return CreditAccount.objects.get()


def test_what_a_site_calls_is_what_the_sandbox_counts(sandbox: Any, connection: Connection) -> None:
    client = open_client(connection)
    before = sandbox.credits()["used"]
    client.metadata.fetch_modules()
    with atomic(CreditAccount):
        client.metadata.fetch_modules()
        client.metadata.fetch_modules()
    assert sandbox.credits()["used"] - before == account().window == 3
    sandbox.advance(60)
    note_all()
    assert list(CreditUse.objects.values_list("calls", "credits")) == [(3, 3)]


@pytest.mark.parametrize("inside", [False, True], ids=["outside a transaction", "inside one"])
def test_the_share_stops_a_site_s_own_calls_too_and_nothing_is_sent(
    inside: bool, sandbox: Any, connection: Connection, settings: Any
) -> None:
    settings.BIGIN_CREDIT_SHARE = share_of(connection, 2)
    client = open_client(connection)
    client.metadata.fetch_modules()
    client.metadata.fetch_modules()
    sent = sandbox.count_calls("GET /bigin/*")
    with pytest.raises(RateLimitError, match=r"^Resting until .* UTC: the site's share"):
        if inside:
            with atomic(CreditAccount):
                client.metadata.fetch_modules()
        else:
            client.metadata.fetch_modules()
    assert sandbox.count_calls("GET /bigin/*") == sent


def test_inside_a_transaction_a_day_that_is_over_has_room_again(
    sandbox: Any, connection: Connection, settings: Any
) -> None:
    settings.BIGIN_CREDIT_SHARE = share_of(connection, 1)
    client = open_client(connection)
    client.metadata.fetch_modules()
    sandbox.advance(60)
    note_all()
    sandbox.advance(86_400 + 120)
    ensure_fresh_token(connection.pk)
    with atomic(CreditAccount):
        client.metadata.fetch_modules()
    assert account().unnoted_credits == 1


def test_a_call_inside_a_transaction_locks_no_account(sandbox: Any, connection: Connection) -> None:
    client = open_client(connection)
    client.metadata.fetch_modules()
    with atomic(CreditAccount), database.execute_wrapper(refuse_writes):
        client.metadata.fetch_modules()


def test_a_refused_call_spends_nothing_and_lets_the_schedule_rest(sandbox: Any, connection: Connection) -> None:
    client = open_client(connection)
    client.metadata.fetch_modules()
    sandbox.fail("GET /bigin/*", status=429, times=1)
    with pytest.raises(RateLimitError):
        client.metadata.fetch_modules()
    assert account().window == 1
    assert account().refused_until > clock.now()
    client.metadata.fetch_modules()  # a person is still served
    assert account().window == 2


def test_a_count_that_cannot_be_written_hides_no_answer(sandbox: Any, connection: Connection, caplog: Any) -> None:
    meter = CallMeter(connection)
    made = CallMade("GET", "/bigin/v2/Contacts", "Contacts", 429, 0, 0.1, price=1)
    with database.execute_wrapper(refuse_writes):
        meter.count(made)
    assert "The credits of GET /bigin/v2/Contacts could not be counted." in caplog.text

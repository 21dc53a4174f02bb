"""Days of scheduled work against a limit: the site's own share, and Bigin's."""

import io
from collections import Counter
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from django_bigin.credits.account import Account, Priority, note_all
from django_bigin.models import Connection, CreditAccount, CreditUse, Job, ModuleSync
from django_bigin.sync import sync_connection
from tests.support.credits import share_of
from tests.support.mirror import sync
from tests.support.ticking import tick, work_off

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

STEP_SECONDS = 600


def live(sandbox: Any, hours: float) -> Counter[int]:
    """Tick and work for so long; return the number of refused calls in each hour."""
    refused: Counter[int] = Counter()
    for step in range(int(hours * 3600 / STEP_SECONDS)):
        sandbox.clear_calls()
        ModuleSync.objects.update(queued_until=None)
        Connection.objects.update(metadata_queued_until=None)
        work_off(tick())
        refused[step * STEP_SECONDS // 3600] += sandbox.calls("/bigin")["by_outcome"].get("TOO_MANY_REQUESTS", 0)
        sandbox.advance(STEP_SECONDS)
    return refused


def test_the_share_is_kept_and_a_person_is_still_served(sandbox: Any, connection: Connection, settings: Any) -> None:
    settings.BIGIN_CREDIT_SHARE = share_of(connection, 200)
    settings.BIGIN_SYNC_INTERVAL_SECONDS = 300
    before = sandbox.credits()["used"]
    assert sum(live(sandbox, 5).values()) == 0
    allowed = Account(connection).allowed(Priority.SCHEDULE)
    assert allowed == 180
    spent = sandbox.credits()["used"] - before
    assert allowed - 10 <= spent <= allowed
    rows = ModuleSync.objects.filter(enabled=True, unavailable_reason="")
    assert set(rows.values_list("failure_count", "last_error")) == {(0, "")}
    assert not Job.objects.exclude(state=Job.State.DONE).exists()
    assert CreditAccount.objects.get().spent_until is not None

    sandbox.add_records("Contacts", 1)
    assert sync(connection, "Contacts").created == 1
    note_all()
    noted = sum(CreditUse.objects.values_list("credits", flat=True)) + CreditAccount.objects.get().unnoted_credits
    assert noted == sandbox.credits()["used"] - before

    # A day later the schedule goes on by itself.
    sandbox.advance(19 * 3600)
    assert sum(live(sandbox, 1).values()) == 0
    assert rows.filter(last_success_at__gte=CreditUse.objects.earliest("minute").minute).count() == rows.count()


def test_a_limit_of_bigins_is_asked_about_twice_an_hour_at_most(
    sandbox: Any, connection: Connection, settings: Any
) -> None:
    settings.BIGIN_SYNC_INTERVAL_SECONDS = 300
    sandbox.switch(credit_budget=sandbox.credits()["used"] + 60)
    refused = live(sandbox, 4)
    assert sum(refused.values()) > 3
    assert max(refused.values()) <= 2 + (max(refused, key=lambda hour: refused[hour]) == min(refused))
    assert set(ModuleSync.objects.values_list("failure_count", flat=True)) == {0}
    # Somebody gives the organization more: it goes on within half an hour.
    sandbox.switch(credit_budget=0)
    live(sandbox, 1)
    assert CreditAccount.objects.get().refused_until is None
    assert ModuleSync.objects.filter(enabled=True, unavailable_reason="", last_success_at=None).count() == 0


def test_a_run_that_must_stop_keeps_its_pages_and_says_when_it_goes_on(
    sandbox: Any, connection: Connection, settings: Any
) -> None:
    sync(connection)
    sandbox.add_records("Contacts", 2_000)
    settings.BIGIN_CREDIT_SHARE = share_of(connection, CreditAccount.objects.get().window + 4)
    [result] = sync_connection(connection, modules=["Contacts"])
    row = ModuleSync.objects.get(module="Contacts")
    assert result.error.startswith("Resting until ")
    assert connection.records.filter(module="Contacts").count() == 800
    assert result.resting
    assert (row.failure_count, row.last_error) == (0, "")
    with pytest.raises(CommandError, match=r"^9 of 9 modules rest") as ended:
        call_command("bigin_sync", stdout=io.StringIO())
    assert ended.value.returncode == 75
    settings.BIGIN_CREDIT_SHARE = 0.5
    assert sync(connection, "Contacts").finished
    assert connection.records.filter(module="Contacts").count() == 2_000


def test_one_refusal_stops_every_module(sandbox: Any, connection: Connection) -> None:
    sync(connection)
    sandbox.fail("GET /bigin/*", status=429, times=None)
    sandbox.advance(1_000)
    sandbox.clear_calls()
    work_off(tick())
    assert sandbox.calls("/bigin")["total"] == 1
    sandbox.advance(50)
    work_off(tick())
    assert sandbox.calls("/bigin")["total"] == 1
    sandbox.advance(11)
    work_off(tick())
    assert sandbox.calls("/bigin")["total"] == 2

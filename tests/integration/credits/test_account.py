"""The credit account: many processes take from it, and none takes more than the site's share."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections as databases

from django_bigin import clock
from django_bigin.api.calls import Call, CallMade
from django_bigin.credits.account import LONG_REST, Account, Priority, note_all
from django_bigin.credits.meter import Meter
from django_bigin.exceptions import RateLimitError
from django_bigin.models import Connection, CreditAccount, CreditUse
from tests.support.factories import make_connection
from tests.support.ticking import tick

pytestmark = pytest.mark.django_db(transaction=True)

FREE_DAY = 5_000


@pytest.fixture
def connection(sandbox: Any) -> Connection:
    sandbox.set_speed(0)
    return make_connection()


def spend(meter: Meter, calls: int, *, status: int = 200, retry_after: float | None = None) -> None:
    """Make calls with a meter, as the client does."""
    for _ in range(calls):
        meter.ask(Call("GET", "/bigin/v2/Contacts", "Bigin", reader=None, errors=None))  # type: ignore[arg-type]  # nobody reads an answer here
        spent = 1 if status == 200 else 0
        meter.count(CallMade("GET", "/bigin/v2/Contacts", "Contacts", status, spent, 0.1, retry_after))


def spend_until_refused(meter: Meter) -> int:
    calls = 0
    try:
        while calls < FREE_DAY:
            spend(meter, 1)
            calls += 1
    except RateLimitError:
        pass
    finally:
        meter.flush()
    return calls


def at_once(workers: int, work: Any) -> list[Any]:
    def one(number: int) -> Any:
        try:
            return work(number)
        finally:
            databases.close_all()

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(one, range(workers)))


def account() -> CreditAccount:
    return CreditAccount.objects.get()


def test_workers_that_write_the_same_minute_lose_no_call(sandbox: Any, connection: Connection) -> None:
    def write(_: int) -> None:
        meter = Meter(connection, priority=Priority.SCHEDULE)
        spend(meter, 3)
        meter.flush()

    for _ in range(3):
        at_once(4, write)
        sandbox.advance(60)
        note_all()
    assert [sum(each) for each in zip(*CreditUse.objects.values_list("calls", "credits"), strict=True)] == [36, 36]
    assert (account().window, account().unnoted_credits, account().unnoted_calls) == (36, 0, 0)


def test_six_workers_spend_the_share_to_the_last_credit_and_no_more(connection: Connection, settings: Any) -> None:
    settings.BIGIN_CREDIT_SHARE = 0.1
    spent = at_once(6, lambda _: spend_until_refused(Meter(connection)))
    assert sum(spent) == 500
    assert sum(each > 0 for each in spent) > 1
    assert sum(CreditUse.objects.values_list("credits", flat=True)) + account().unnoted_credits == 500


def test_the_schedule_leaves_something_for_a_person_and_a_backfill_for_both(
    connection: Connection, settings: Any
) -> None:
    settings.BIGIN_CREDIT_SHARE = 0.02
    spent = [spend_until_refused(Meter(connection, priority=each)) for each in reversed(Priority)]
    assert spent == [80, 10, 10]


def test_what_was_spent_comes_back_a_day_later_and_the_error_says_when(
    sandbox: Any, connection: Connection, settings: Any
) -> None:
    settings.BIGIN_CREDIT_SHARE = 0.02
    started = clock.now()
    assert spend_until_refused(Meter(connection)) == 100
    with pytest.raises(RateLimitError, match=r"^Resting until .* UTC: the site's share") as refused:
        spend(Meter(connection), 1)
    day = timedelta(days=1).total_seconds()
    assert day <= refused.value.retry_after <= day + 60
    assert account().spent_until >= started + timedelta(days=1)
    sandbox.advance(day - 120)
    note_all()
    assert spend_until_refused(Meter(connection)) == 0
    sandbox.advance(240)
    note_all()
    assert spend_until_refused(Meter(connection)) == 100


def test_what_was_taken_and_not_spent_is_given_back(connection: Connection) -> None:
    meter = Meter(connection, priority=Priority.SCHEDULE)
    spend(meter, 40)  # 1, 2, 4, 8, 16 and 32 were taken
    assert account().window == 63
    note_all()
    meter.flush()
    assert account().window == 40
    spend(meter, 30)
    meter.flush()
    Account(connection).note()
    assert account().window == 70
    assert [sum(each) for each in zip(*CreditUse.objects.values_list("calls", "credits"), strict=True)] == [70, 70]


def test_it_does_not_rest_while_there_is_room_for_a_call(connection: Connection, settings: Any) -> None:
    settings.BIGIN_CREDIT_SHARE = 0.02
    meter = Meter(connection)
    spend(meter, 99)
    assert (account().window, account().spent_until) == (100, None)
    meter.flush()
    assert account().window == 99
    assert spend_until_refused(Meter(connection)) == 1
    assert account().spent_until is not None
    settings.BIGIN_CREDIT_SHARE = 0.5
    spend(Meter(connection), 1)
    Account(connection).take(FREE_DAY, least=1, priority=Priority.SCHEDULE)
    assert account().spent_until is None


def test_the_share_of_another_organization_is_its_own(connection: Connection, settings: Any) -> None:
    settings.BIGIN_CREDIT_SHARE = 0.02
    other = make_connection()
    assert spend_until_refused(Meter(connection)) == 100
    assert spend_until_refused(Meter(other)) == 100


def test_a_refused_call_lets_all_rest_and_then_one_call_asks_again(sandbox: Any, connection: Connection) -> None:
    def refuse() -> None:
        meter = Meter(connection, priority=Priority.SCHEDULE)
        spend(meter, 1, status=429)
        meter.flush()

    def refused(_: int = 0) -> bool:
        try:
            spend(Meter(connection, priority=Priority.SCHEDULE), 1, status=500)
        except RateLimitError as error:
            return "Resting until" in str(error)
        return False

    refuse()
    assert all(at_once(4, refused))
    sandbox.advance(61)
    probes = at_once(4, refused)
    assert probes.count(False) == 1
    # The one that asks is killed: another asks a minute later, is refused, and all rest for longer.
    sandbox.advance(61)
    refuse()
    assert refused()
    sandbox.advance(LONG_REST.total_seconds() - 5)
    assert refused()
    sandbox.advance(10)
    meter = Meter(connection, priority=Priority.SCHEDULE)
    spend(meter, 2)
    meter.flush()
    assert (account().refused_until, account().refusals) == (None, 0)
    # Refused calls cost nothing; what the killed one took is taken for spent.
    assert account().window == 3


def test_what_was_answered_before_a_rest_does_not_end_it(sandbox: Any, connection: Connection) -> None:
    running, refused = (Meter(connection, priority=Priority.SCHEDULE) for _ in range(2))
    spend(running, 1)
    spend(refused, 1, status=429)
    refused.flush()
    sandbox.advance(61)
    spend(running, 1, status=500)
    running.flush()
    assert account().refused_until is not None


def test_an_account_is_forgotten_when_its_day_is_over(sandbox: Any, connection: Connection) -> None:
    meter = Meter(connection)
    spend(meter, 3)
    meter.flush()
    tick()
    assert CreditAccount.objects.count() == 1
    sandbox.advance(timedelta(hours=26).total_seconds())
    tick()
    sandbox.advance(timedelta(hours=2).total_seconds())
    tick()
    assert (CreditAccount.objects.count(), CreditUse.objects.count()) == (0, 0)


@pytest.mark.parametrize(("said", "seconds"), [(3600, 3600), (0, 1), (10**6, 86_400)])
def test_a_rest_lasts_as_long_as_the_answer_says(connection: Connection, said: float, seconds: float) -> None:
    meter = Meter(connection, priority=Priority.SCHEDULE)
    spend(meter, 1, status=429, retry_after=said)
    meter.flush()
    assert account().refused_until == clock.now() + timedelta(seconds=seconds)


def test_a_person_may_try_while_the_schedule_rests(connection: Connection) -> None:
    meter = Meter(connection, priority=Priority.SCHEDULE)
    spend(meter, 1, status=429)
    meter.flush()
    spend(Meter(connection, priority=Priority.PERSON), 1)

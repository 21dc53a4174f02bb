"""The credit account of an organization: what may still be spent of its day, shared by every process.

No product has an endpoint that tells, so we count ourselves. A credit is taken before the call that costs it, by one
conditional UPDATE: however many workers there are, the site's share is never exceeded. What was taken and not spent is
given back; a worker that is killed has spent what it took. The tick writes what was taken into minutes, and lets go of
those that are older than a day.

Where the product refuses a call for a limit, every scheduled call to that organization rests; at the end of the rest
one call alone finds out whether the limit still holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, NamedTuple

from django.db.models import F, Q, QuerySet

from .. import clock
from ..conf import settings
from ..db.aliases import atomic, database_of, written, written_alias
from ..db.causes import tried_again, update
from ..db.upsert import upsert
from ..exceptions import RateLimitError
from ..models import Connection, CreditAccount, CreditUse
from ..text import moment
from ..text import sentence as _

RESTS_REFUSED = _("Resting until %(until)s: a call was refused for a limit.")
RESTS_SPENT = _("Resting until %(until)s: the site's share of the daily credits is spent.")

WINDOW = timedelta(days=1)
MINUTE = timedelta(minutes=1)
FIRST_REST, LONG_REST = timedelta(minutes=1), timedelta(minutes=30)
"""The rest after one refused call, and after each further one in a row, where the answer does not say how long."""
LONGEST_REST = timedelta(days=1)
PROBE_SECONDS = 60  # for so long one call alone is under way after a rest
FREED_AT_LEAST = 20  # a part of the share: work that rests for credits does not go on for a single one


class Priority(Enum):
    """Who spends: the value is the part of the site's share that may be used up by then."""

    PERSON = 1.0
    SCHEDULE = 0.9
    BACKFILL = 0.8


class Taken(NamedTuple):
    """Credits that were taken.

    Attributes:
        after_rest: it is the one run that finds out whether a limit still holds; `settle` is to hear of it.
    """

    credits: int
    after_rest: bool = False


class Account:
    """The account of a connection's organization."""

    def __init__(self, connection: Connection) -> None:
        self._key: dict[str, Any] = {"data_center": connection.data_center, "org_id": connection.org_id}
        prices = connection.description.credits
        self._budget = prices.of_day(paid=connection.org_paid, users=connection.org_licences)

    def allowed(self, priority: Priority) -> int:
        """Return how many credits of any 24 hours may be spent when a call of this priority is made."""
        return int(self._budget * settings.BIGIN_CREDIT_SHARE * priority.value)

    def take(self, most: int, *, least: int, priority: Priority) -> Taken:
        """Take credits for calls that are about to be made, at one credit each: as many of `most` as there is room for.

        Raises:
            RateLimitError: not even `least` may be spent, or the organization rests; `retry_after` says for how long.
        """
        free = self._rows().filter(window__lte=self.allowed(priority) - most)
        if priority is not Priority.PERSON:
            free = free.filter(refused_until=None)
        if update(free, **_plus(most, most)):
            return Taken(most)
        return tried_again(CreditAccount, lambda: self._take_slowly(most, least, priority), clashes=True)

    def check(self, credits: int, *, priority: Priority) -> None:
        """Look, without taking anything or locking the account, whether so many credits may be spent now.

        Raises:
            RateLimitError: they may not.
        """
        account = self._rows().first()
        if account is not None:
            account.window = _spent(account, _lately(self._minutes()))
            if error := self._why_not(account, credits, priority):
                raise error

    def add(self, credits: int, *, calls: int) -> None:
        """Count what was spent without having been taken."""
        if not update(self._rows(), **_plus(credits, calls)):
            written(CreditAccount).get_or_create(**self._key)
            update(self._rows(), **_plus(credits, calls))

    def give_back(self, credits: int, *, calls: int) -> None:
        """Give back what was taken and not spent."""
        if credits or calls:
            update(self._rows(), **_plus(-credits, -calls))

    def settle(self) -> None:
        """Note that a call after a rest was answered: the limit holds no longer."""
        update(self._rows(), refused_until=None, refusals=0)

    def note_refusal(self, retry_after: float | None, *, after_rest: bool) -> datetime:
        """Let the organization rest, since the product refused a call for a limit; return until when.

        Args:
            retry_after: seconds, where the answer says how long.
            after_rest: it was the one call that was to find out whether the limit still holds.
        """
        return tried_again(CreditAccount, lambda: self._rest(retry_after, after_rest), clashes=True)

    def _rest(self, retry_after: float | None, after_rest: bool) -> datetime:
        now = clock.now()
        with self._locked() as account:
            until = account.refused_until
            if until is not None and until > now and not after_rest:
                return until  # it rests already: this call was under way when another was refused
            account.refusals = account.refusals + 1 if after_rest else 1
            rest = FIRST_REST if account.refusals == 1 else LONG_REST
            if retry_after is not None:
                rest = min(timedelta(seconds=max(retry_after, 1)), LONGEST_REST)
            until = account.refused_until = now + rest
            account.save(update_fields=["refusals", "refused_until"])
        return until

    def note(self) -> None:
        """Write what was taken into the present minute, and let go of what was spent a day ago."""

        def note() -> None:
            with self._locked() as account:
                _note(account, self._budget)
                account.save(update_fields=_NOTED)

        tried_again(CreditAccount, note, clashes=True)

    def _take_slowly(self, most: int, least: int, priority: Priority) -> Taken:
        taken = Taken(0)
        with self._locked() as account:
            _note(account, self._budget)
            error = self._why_not(account, least, priority)
            if error is None:
                after_rest = priority is not Priority.PERSON and account.refused_until is not None
                if after_rest:
                    account.refused_until = clock.now() + timedelta(seconds=PROBE_SECONDS)
                taken = Taken(min(most, self.allowed(priority) - account.window), after_rest)
                account.window += taken.credits
                account.unnoted_credits += taken.credits
                account.unnoted_calls += taken.credits
            account.save()
        if error is not None:
            raise error
        return taken

    def _why_not(self, account: CreditAccount, least: int, priority: Priority) -> RateLimitError | None:
        """Say why so many credits may not be spent now, and keep in the account until when; None where they may."""
        refused_until, allowed = account.refused_until, self.allowed(priority)
        if priority is not Priority.PERSON and refused_until is not None and refused_until > clock.now():
            return _rests(refused_until, RESTS_REFUSED)
        if account.window + least > allowed:
            wanted = max(least, allowed // FREED_AT_LEAST)
            account.spent_until = _freed_at(self._minutes(), account.window + wanted - allowed)
            return _rests(account.spent_until, RESTS_SPENT)
        if account.window + least <= self.allowed(Priority.BACKFILL):
            account.spent_until = None  # nobody need rest any more
        return None

    def _rows(self) -> QuerySet[CreditAccount]:
        return written(CreditAccount).filter(**self._key)

    def _minutes(self) -> QuerySet[CreditUse]:
        return written(CreditUse).filter(**self._key)

    @contextmanager
    def _locked(self) -> Iterator[CreditAccount]:
        # Made before the transaction: two that make it at once would lock each other out on MariaDB.
        written(CreditAccount).get_or_create(**self._key)
        with atomic(CreditAccount):
            yield written(CreditAccount).select_for_update().get(**self._key)


def credits_left(connection: Connection, priority: Priority) -> int:
    """Return how many credits of a connection's organization may still be spent now; nothing is taken."""
    of = Account(connection)
    account = of._rows().first()
    spent = 0 if account is None else _spent(account, _lately(of._minutes()))
    return max(of.allowed(priority) - spent, 0)


def note_all() -> None:
    """Bring up to date every account in which something was taken, or is a day old: a chore of the tick."""
    now = clock.now()
    begun = now.replace(second=0, microsecond=0)
    changed = (
        Q(unnoted_credits__gt=0) | Q(unnoted_calls__gt=0) | Q(window__gt=0, oldest_minute__lte=now - WINDOW - MINUTE)
    )
    once_a_minute = Q(noted_at=None) | Q(noted_at__lt=begun)
    for pk in written(CreditAccount).filter(changed & once_a_minute).values_list("pk", flat=True):
        with atomic(CreditAccount):
            account = written(CreditAccount).select_for_update().get(pk=pk)
            _note(account, account.day_budget)
            account.save(update_fields=_NOTED)


def _rests(until: datetime, template: str) -> RateLimitError:
    seconds = max((until - clock.now()).total_seconds(), 1.0)
    return RateLimitError(template % {"until": moment(until)}, retry_after=seconds)


_NOTED = ["window", "unnoted_credits", "unnoted_calls", "oldest_minute", "day_budget", "noted_at"]


def _plus(credits: int, calls: int) -> dict[str, Any]:
    return {
        "window": F("window") + credits,
        "unnoted_credits": F("unnoted_credits") + credits,
        "unnoted_calls": F("unnoted_calls") + calls,
    }


def _note(account: CreditAccount, budget: int) -> None:
    """Move what is not in a minute yet into the present one; the account is locked, and saved by the caller."""
    now = clock.now()
    key = {"data_center": account.data_center, "org_id": account.org_id}
    # What was given back of a minute that is written already is set off against what is taken next.
    credits, calls = max(account.unnoted_credits, 0), max(account.unnoted_calls, 0)
    if credits or calls:
        _add({**key, "minute": now.replace(second=0, microsecond=0)}, credits=credits, calls=calls, budget=budget)
        account.unnoted_credits -= credits
        account.unnoted_calls -= calls
    lately = _lately(written(CreditUse).filter(**key))
    if not lately:
        account.unnoted_credits = account.unnoted_calls = 0
    account.window = _spent(account, lately)
    account.oldest_minute = lately[0][0] if lately else None
    account.day_budget = budget
    account.noted_at = now


def _lately(minutes: QuerySet[CreditUse]) -> list[tuple[datetime, int]]:
    """Return the minutes of the last 24 hours, the oldest first, and what was spent in each."""
    lately = minutes.filter(minute__gt=clock.now() - WINDOW - MINUTE).order_by("minute")
    return list(lately.values_list("minute", "credits"))


def _spent(account: CreditAccount, lately: list[tuple[datetime, int]]) -> int:
    return max(sum(spent for _, spent in lately) + account.unnoted_credits, 0)


def _add(minute: dict[str, Any], *, credits: int, calls: int, budget: int) -> None:
    using = written_alias(CreditUse)
    row = {**minute, "calls": calls, "credits": credits, "day_budget": budget}
    row["minute"] = database_of(CreditUse).ops.adapt_datetimefield_value(row["minute"])
    upsert(
        CreditUse, [list(row.values())], columns=list(row), unique=list(minute), added={"calls", "credits"}, using=using
    )


def _freed_at(minutes: QuerySet[CreditUse], missing: int) -> datetime:
    """Return when so many credits are free again, by the minutes in which they were spent."""
    now = clock.now()
    for minute, credits in _lately(minutes):
        missing -= credits
        if missing <= 0:
            return max(minute + WINDOW + MINUTE, now + MINUTE)
    return now + WINDOW

"""Leases and reservations, on every database: one holder at a time, and nothing written without one."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections as databases

from django_bigin.db import leases
from django_bigin.models import Connection, ModuleSync
from tests.support.factories import make_connection

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def rows() -> Any:
    module = ModuleSync.objects.create(connection=make_connection(), module="Contacts")
    return ModuleSync.objects.filter(pk=module.pk)


def held(rows: Any) -> tuple[str, bool]:
    row = rows.get()
    return row.lease_id, row.lease_until is not None


def test_of_many_that_claim_at_once_one_has_it(rows: Any) -> None:
    def claim(_: int) -> str | None:
        try:
            return leases.claim(rows, 60)
        finally:
            databases.close_all()

    with ThreadPoolExecutor(8) as pool:
        claimed = [lease_id for lease_id in pool.map(claim, range(8)) if lease_id]
    assert held(rows) == (*claimed, True)


def test_a_lease_that_has_expired_is_claimed_and_fences_off_the_first(rows: Any) -> None:
    first = leases.claim(rows, -1)
    second = leases.claim(rows, 60)
    assert first
    assert second
    assert not leases.extend(rows, first, 60, module="stale")
    assert not leases.write(rows, first, module="stale")
    assert not leases.release(rows, first, module="stale")
    assert leases.release(rows, second, module="done")
    assert (rows.get().module, *held(rows)) == ("done", "", False)


def test_a_lease_that_has_expired_is_still_its_holders_while_nobody_else_claims_it(rows: Any) -> None:
    lease_id = leases.claim(rows, -1)
    assert lease_id
    assert leases.extend(rows, lease_id, 60)
    assert leases.claim(rows, 60) is None


def extend(rows: Any, lease_id: str, **columns: Any) -> bool:
    return leases.extend(rows, lease_id, 60, **columns)


def reserve(rows: Any, seconds: float) -> bool:
    return leases.reserve(rows, seconds, column="queued_until")


@pytest.mark.parametrize("write", [leases.write, leases.release, extend])
def test_without_a_lease_nothing_is_written(write: Any, rows: Any) -> None:
    assert not write(rows, "", module="written without a lease")
    assert (rows.get().module, *held(rows)) == ("Contacts", "", False)


def test_no_row_no_lease() -> None:
    assert leases.claim(ModuleSync.objects.none(), 60) is None
    assert not leases.release(ModuleSync.objects.filter(pk=0), "a lease")
    assert not reserve(ModuleSync.objects.none(), 60)


@pytest.mark.parametrize("take", [leases.claim, reserve])
def test_a_condition_that_joins_another_table_is_refused(take: Any, rows: Any) -> None:
    # On PostgreSQL two that claim at once would both succeed.
    with pytest.raises(ValueError, match="subquery"):
        take(rows.filter(connection__status="healthy"), 60)
    usable = Connection.objects.filter(status="healthy")
    assert take(rows.filter(connection__in=usable), 60)

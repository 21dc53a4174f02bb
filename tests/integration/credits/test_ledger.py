"""The ledger of calls and credits, with many processes writing the same minute."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections as databases

from django_bigin.api.calls import CallMade
from django_bigin.credits.ledger import Meter
from django_bigin.models import CreditUse
from tests.support.factories import make_connection

pytestmark = pytest.mark.django_db(transaction=True)


def test_workers_that_write_the_same_minute_lose_no_call(sandbox: Any) -> None:
    connection = make_connection()

    def write(_: int) -> None:
        meter = Meter(connection)
        meter.count(CallMade("GET", "/bigin/v2/Contacts", "Contacts", 200, 1, 0.1))
        try:
            meter.flush()
        finally:
            databases.close_all()

    sandbox.set_speed(0)
    for _ in range(5):
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(write, range(8)))
        sandbox.advance(timedelta(minutes=1).total_seconds())
    assert list(CreditUse.objects.values_list("calls", "credits")) == [(8, 8)] * 5

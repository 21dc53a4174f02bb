"""The limit of calls at once, and the heavy ones among them."""

import json
import threading
import time

import pytest

from django_bigin.sandbox.calls.concurrency import is_heavy
from django_bigin.sandbox.wire.messages import Request

from ..program import Program


@pytest.mark.parametrize(
    ("target", "heavy"),
    [
        ("/bigin/v2/Contacts?fields=Email", False),
        ("/bigin/v2/Contacts?fields=Email&cvid=5", True),
        ("/bigin/v2/Contacts?fields=Email&sort_by=id", True),
        ("/bigin/v2/Contacts/search?word=wen", True),
        ("/bigin/v2/Contacts/deleted", False),
    ],
)
def test_views_sorted_lists_and_searches_are_heavy(target, heavy):
    assert is_heavy(Request("GET", target)) is heavy


@pytest.mark.parametrize("row", [{}, {"Last_Name": "A"}, {"Owner": {"id": "5"}, "Tag": [{"name": "a"}, {"name": "b"}]}])
@pytest.mark.parametrize(("rows", "heavy"), [(10, False), (11, True)])
@pytest.mark.parametrize("call", ["POST Contacts", "PUT Contacts", "POST Contacts/upsert"])
def test_writes_of_more_than_ten_records_are_heavy(row, rows, heavy, call):
    method, path = call.split()
    body = json.dumps({"data": [row] * rows}).encode()

    assert is_heavy(Request(method, "/bigin/v2/" + path, {}, body)) is heavy


def test_queries_are_heavy_and_a_body_that_is_none_is_not():
    assert is_heavy(Request("POST", "/bigin/v2/coql", {}, b"{}"))
    assert not is_heavy(Request("POST", "/bigin/v2/Contacts", {}, b"{"))


def statuses_of(sandbox, calls):
    """Make those calls at once, each a function; gives their statuses in ascending order."""
    sandbox.fail("/bigin/v2", delay_seconds=0.8, times=None)
    statuses = []
    threads = [threading.Thread(target=lambda call=call: statuses.append(call()[0])) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sandbox.clear_faults()
    return sorted(statuses)


def test_eleven_heavy_calls_are_one_too_many_and_light_ones_are_not(sandbox, program):
    sandbox.switch(concurrency_limit=50)
    program.connect()
    heavy = [lambda: program.get("Contacts", fields="Email", sort_by="id")] * 11
    light = [lambda: program.get("Contacts", fields="Email")] * 12

    assert statuses_of(sandbox, heavy + light) == [204] * 22 + [429]


def test_the_limit_has_a_switch_and_counts_each_user_by_himself(sandbox, program):
    sandbox.switch(concurrency_limit=1)
    program.connect()
    sandbox.add_user("noor@two.example")
    noor = Program(sandbox).connect_as("noor@two.example")
    calls = [lambda: program.get("Contacts", fields="Email"), lambda: noor.get("Contacts", fields="Email")]

    assert statuses_of(sandbox, calls * 2) == [204, 204, 429, 429]


def test_too_many_at_once_looks_like_too_many_credits(sandbox, program):
    program.connect()
    sandbox.switch(heavy_concurrency_limit=0)
    crowded = program.get("Contacts/search", word="wen")
    sandbox.switch(heavy_concurrency_limit=10, credit_budget=1)
    program.get("org")

    broke = program.get("org")

    assert crowded[:2] == broke[:2] == (429, crowded[1])
    assert crowded[1]["code"] == "TOO_MANY_REQUESTS"
    assert not {"Retry-After"} & (crowded[2].keys() | broke[2].keys())


def test_a_reset_forgets_calls_that_are_still_held_up(sandbox, program):
    sandbox.switch(concurrency_limit=2)
    program.connect()
    sandbox.fail("/bigin/v2", delay_seconds=5, times=2)
    held = [threading.Thread(target=program.get, args=["Contacts"], kwargs={"fields": "Email"}) for _ in range(2)]
    for thread in held:
        thread.start()
    give_up_at = time.monotonic() + 10
    while sandbox.faults():
        assert time.monotonic() < give_up_at
        time.sleep(0.01)
    assert program.get("Contacts", fields="Email")[0] == 429

    sandbox.reset()
    sandbox.switch(concurrency_limit=2)
    again = Program(sandbox).connect()

    assert again.get("Contacts", fields="Email")[0] == 204
    for thread in held:
        thread.join()

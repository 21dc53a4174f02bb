"""Threads of one process that want the same thing."""

import os
import threading
import time

import pytest

from django_bigin.connections.flights import Ended, Flight, Flights

pytestmark = pytest.mark.django_db(transaction=True)


def test_one_fetches_and_all_are_given_it() -> None:
    flights, go, fetched = Flights[str](), threading.Event(), []

    def fetch(flight: Flight[str]) -> str:
        go.wait(10)
        fetched.append(1)
        return "token"

    joined = [flights.join("key", fetch) for _ in range(3)]
    go.set()
    assert [was_there for _, was_there in joined] == [False, True, True]
    assert {flight.wait(time.monotonic() + 10, leave_when_blocked=False) for flight, _ in joined} == {Ended.DONE}
    assert [flight.result() for flight, _ in joined] == ["token"] * 3
    assert len(fetched) == 1
    assert flights.join("key", fetch)[1] is False


def test_each_is_given_an_error_of_its_own() -> None:
    def fetch(flight: Flight[str]) -> str:
        raise ValueError("no")

    flight, _ = Flights[str]().join("key", fetch)
    flight.wait(time.monotonic() + 10, leave_when_blocked=False)
    raised = []
    for _ in range(2):
        with pytest.raises(ValueError, match="no") as caught:
            flight.result()
        raised.append(caught.value)
    assert raised[0] is not raised[1]


def test_a_forked_child_does_not_wait_for_its_parents_threads() -> None:
    flights, go = Flights[str](), threading.Event()

    def slow(flight: Flight[str]) -> str:
        go.wait(30)
        return "parent's"

    parents, _ = flights.join("key", slow)
    child = os.fork()
    if child == 0:
        try:
            mine, was_there = flights.join("key", lambda flight: "child's")
            ended = mine.wait(time.monotonic() + 10, leave_when_blocked=False)
            os._exit(0 if (ended, was_there, mine.result()) == (Ended.DONE, False, "child's") else 1)
        finally:
            os._exit(2)
    status = os.waitpid(child, 0)[1]
    go.set()
    parents.wait(time.monotonic() + 10, leave_when_blocked=False)
    assert status == 0

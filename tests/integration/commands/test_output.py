"""The output of commands: tables, moments and progress."""

from datetime import timedelta

import pytest

from django_bigin import clock
from django_bigin.management.output import Output, distance, plain_table
from django_bigin.sync import Progress
from tests.support.commands import Ran, Terminal

pytestmark = pytest.mark.django_db(transaction=True)


def test_numbers_stand_to_the_right():
    assert plain_table(("module", "records"), [("Contacts", 12_345), ("Notes", None)]) == [
        "module    records",
        "--------  -------",
        "Contacts   12,345",
        "Notes",
    ]


def test_distances_are_in_words():
    now = clock.now()
    spans = {45: "in 45 s", 61: "in 1 min", 7_300: "in 2 h", -200_000: "2 d ago", -30: "30 s ago"}
    assert {seconds: distance(now + timedelta(seconds=seconds), now) for seconds in spans} == spans


def test_plain_progress_says_now_and_then_that_it_moves(connection, monkeypatch):
    monkeypatch.setattr("django_bigin.management.output.PLAIN_EVERY_SECONDS", 0)
    ran = Ran("bigin_sync", "--module", "Contacts")
    assert "acme: Contacts, " in ran.err
    assert Ran("bigin_sync", "--module", "Contacts", "--full", "--json").err == ""


def test_rich_shows_the_same_on_a_terminal(capsys):
    output = Output(Terminal(), Terminal(), as_json=False, color=False)
    output.table(("tenant", "records"), [("[red]acme", 12_345)])
    with output.progress("acme") as show:
        show(Progress("Contacts", "walk", 1, 200))
        show(Progress("Notes", "walk", 1, 20))
    written = capsys.readouterr()
    assert "[red]acme" in written.out
    assert "12,345" in written.out

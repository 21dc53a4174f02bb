"""Promise R5: whatever happens in Bigin, between and during syncs, the mirror follows.

A history is drawn at random and played against the sandbox, with small pages, so that a few records make many. What
happens during a sync happens right before one of its calls. Then Bigin rests, and the mirror is held to the promise:
after the next delta it has every change that moved Modified_Time, after the next deletion pass every deletion the log
shows, after the next full sync everything.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings

from django_bigin.api.canonical import content_hash
from django_bigin.api.client import Client
from django_bigin.api.products import PRODUCTS
from django_bigin.api.products.bigin import BIGIN
from django_bigin.connections import purge_mirror
from django_bigin.models import Connection, ModuleSync, Record
from django_bigin.sync import Options, pipeline, sync_connection
from tests.support.mirror import connect

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

PAGING = ("offset", "keyset", "snapshot")
MODULE = "Contacts"
ROWS_PER_PAGE = 3


class Killed(BaseException):
    """The process ends here, between two calls."""


@dataclasses.dataclass
class Source:
    """Bigin, as the history changes it; remembers which records changed without moving their Modified_Time."""

    sandbox: Any
    live: list[str] = dataclasses.field(default_factory=list)
    binned: list[str] = dataclasses.field(default_factory=list)
    silent: set[str] = dataclasses.field(default_factory=set)
    edits: int = 0

    def add(self, number: int, touch: bool) -> None:
        self.live += self.sandbox.add_records(MODULE, [{"Last_Name": f"N{number}"}] * (number % 3 + 1))

    def edit(self, number: int, touch: bool) -> None:
        if not self.live:
            return
        self.edits += 1
        record_id = self.live[number % len(self.live)]
        self.sandbox.edit_records(MODULE, [{"id": record_id, "Title": f"T{self.edits}"}], touch=touch)
        (self.silent.discard if touch else self.silent.add)(record_id)

    def delete(self, number: int, touch: bool) -> None:
        if not self.live:
            return
        record_id = self.live.pop(number % len(self.live))
        self.sandbox.delete_records(MODULE, [record_id])
        self.binned.append(record_id)
        self.silent.discard(record_id)

    def restore(self, number: int, touch: bool) -> None:
        if not self.binned:
            return
        record_id = self.binned.pop(number % len(self.binned))
        self.sandbox.restore_records(MODULE, [record_id], touch=touch)
        self.live.append(record_id)
        self.live.sort(key=int)
        (self.silent.discard if touch else self.silent.add)(record_id)

    def edit_all(self, number: int, touch: bool) -> None:
        for place in range(len(self.live)):
            self.edit(place, touch)

    def wait(self, number: int, touch: bool) -> None:
        self.sandbox.advance((1, 2, 119, 121, 3_000, 90_000)[number % 6])

    def kill(self, number: int, touch: bool) -> None:
        raise Killed


Act = tuple[str, int, bool]
changes = st.tuples(st.sampled_from(("add", "edit", "delete", "restore")), st.integers(0, 40), st.booleans())
waits = st.tuples(st.just("wait"), st.integers(0, 5), st.just(True))
kills = st.just(("kill", 0, True))
between = st.lists(changes | waits, max_size=8)
during = st.lists(st.none() | changes | waits | kills, max_size=25)
syncs = st.tuples(between, st.sampled_from(("delta", "slices", "full")), during)
servers = st.fixed_dictionaries(
    {
        "deleted_order": st.sampled_from(("newest", "oldest")),
        "count_endpoint": st.sampled_from(("answers", "missing")),
        "sort_fields": st.sampled_from(("safe", "safe", "ignored")),
    }
)
# With 20 fields a call, a page of contacts takes several calls.
fields_per_call = st.sampled_from((50, 50, 50, 20))
rows_at_once = st.sampled_from((1, 7, pipeline.ROWS_AT_ONCE))
histories = st.tuples(
    st.integers(1, 14), st.lists(syncs, min_size=1, max_size=4), between, servers, fields_per_call, rows_at_once
)


@pytest.fixture
def meddle(monkeypatch: Any, settings: Any) -> Callable[[Source | None, list[Act | None]], None]:
    """Make pages small, and do the next act of a list before each call of a client."""
    send = Client.send
    source: list[Source | None] = []
    acts: list[Act | None] = []

    def act_and_send(self: Any, call: Any) -> Any:
        act = acts.pop(0) if acts else None
        if act is not None:
            name, number, touch = act
            getattr(source[0], name)(number, touch)
        if call.path == BIGIN.path(MODULE):
            params = {**dict(call.params), "per_page": str(ROWS_PER_PAGE)}
            call = dataclasses.replace(call, params=tuple(params.items()))
        return send(self, call)

    def arm(of: Source | None, wanted: list[Act | None]) -> None:
        source[:], acts[:] = [of], wanted

    monkeypatch.setattr(Client, "send", act_and_send)
    settings.BIGIN_MODULES = [MODULE]
    return arm


def sync(connection: Connection, *, full: bool = False, slices: bool = False) -> str:
    """One sync of the module, which may be killed in between; gives its error."""
    how: dict[str, Any] = {"full": full} | ({"deadline_seconds": 0} if slices else {})
    for _ in range(100):
        try:
            [result] = sync_connection(connection, modules=[MODULE], options=Options(**how))
        except Killed:
            return "killed"
        if result.finished or result.error:
            return str(result.error)
        how["full"] = False
    return "the slices never came to an end"


def sync_at_rest(connection: Connection, *, full: bool) -> None:
    """Finish what a sync before has begun, then sync as asked."""
    for _ in range(3):
        assert sync(connection) == ""
        if ModuleSync.objects.get(connection=connection, module=MODULE).phase == "":
            break
    assert sync(connection, full=full) == ""


def mirror(connection: Connection) -> dict[str, str]:
    rows = Record.objects.live().filter(connection=connection, module=MODULE)
    return {str(record_id): content_hash(data) for record_id, data in rows.values_list("record_id", "data")}


def play(history: Any, paging: str, sandbox: Any, arm: Any, monkeypatch: Any) -> None:
    records, runs, at_last, switches, fields_per_call, rows = history
    arm(None, [])
    monkeypatch.setattr(pipeline, "ROWS_AT_ONCE", rows)
    limits = dataclasses.replace(BIGIN.limits, fields_per_call=fields_per_call)
    monkeypatch.setitem(PRODUCTS, BIGIN.key, dataclasses.replace(BIGIN, limits=limits))
    sandbox.reset()
    sandbox.set_speed(0)
    sandbox.switch(page_token_paging=paging, **switches)
    connection = connect(sandbox.organizations[0])
    source = Source(sandbox)
    source.add(2, True)
    for number in range(records):
        source.add(number, True)
    try:
        for before, kind, acts in runs:
            for name, number, touch in before:
                getattr(source, name)(number, touch)
            arm(source, list(acts))
            sync(connection, full=kind == "full", slices=kind == "slices")
            arm(source, [])
        for name, number, touch in at_last:
            getattr(source, name)(number, touch)
        sync_at_rest(connection, full=False)
        there = {row["id"]: content_hash(row) for row in sandbox.records(MODULE)}
        seen = mirror(connection)
        loud = set(there) - source.silent
        assert {each: seen.get(each) for each in loud} == {each: there[each] for each in loud}, "after the delta"
        assert set(seen) <= set(there), "after the deletion pass"
        sync_at_rest(connection, full=True)
        assert mirror(connection) == there, "after the full sync"
    finally:
        arm(None, [])
        purge_mirror(connection)


common = {
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
    "database": None,
}


@pytest.mark.parametrize("paging", PAGING)
@hypothesis_settings(max_examples=12, derandomize=True, **common)
@given(history=histories)
def test_the_mirror_follows_any_history(paging: str, history: Any, sandbox: Any, meddle: Any, monkeypatch: Any) -> None:
    play(history, paging, sandbox, meddle, monkeypatch)


SERVER = {"deleted_order": "newest", "count_endpoint": "answers", "sort_fields": "safe"}


@pytest.mark.parametrize("count_endpoint", ["answers", "missing"])
@pytest.mark.parametrize("kind", ["delta", "full"])
@pytest.mark.parametrize("call", range(1, 8))
def test_a_record_gone_for_the_time_of_a_call_hides_no_other(
    call: int, kind: str, count_endpoint: str, sandbox: Any, meddle: Any, monkeypatch: Any
) -> None:
    """It shifts the pages and leaves no trace: the log forgets a record that was restored, and the count agrees."""
    before = [("wait", 4, True), ("edit_all", 0, True), ("add", 2, True), ("wait", 3, True)]
    first_read = 0 if kind == "full" else 12  # full syncs go up the ids, deltas come down
    during = [None] * call + [("delete", first_read, True), ("restore", 0, False)]
    history = (4, [([], "full", []), (before, kind, during)], [], SERVER | {"count_endpoint": count_endpoint}, 50, 1)
    play(history, "offset", sandbox, meddle, monkeypatch)


def test_a_record_deleted_and_restored_within_a_second_is_there(sandbox: Any, meddle: Any, monkeypatch: Any) -> None:
    runs = [([], "full", []), ([("delete", 0, True)], "delta", [])]
    play((3, runs, [("restore", 0, False)], SERVER, 50, 1), "offset", sandbox, meddle, monkeypatch)


@pytest.mark.proof
@pytest.mark.parametrize("paging", PAGING)
@hypothesis_settings(max_examples=300, **common)
@given(history=histories)
def test_the_mirror_follows_any_history_at_length(
    paging: str, history: Any, sandbox: Any, meddle: Any, monkeypatch: Any
) -> None:
    play(history, paging, sandbox, meddle, monkeypatch)

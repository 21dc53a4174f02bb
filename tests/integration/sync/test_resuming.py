"""A sync that was cut off goes on where it was."""

import json
from typing import Any

import pytest
from django.db import OperationalError

from django_bigin.connections import pause, resume
from django_bigin.exceptions import AuthorizationError, PaginationLimitError
from django_bigin.models import Connection, ModuleSchema, ModuleSync, Record
from django_bigin.sync import Options, Progress, changes, store, sync_connection
from tests.support.mirror import assert_equal, failed, mirror_hash, module_sync, on_page, sync

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("page_by_page")]

Phase = ModuleSync.Phase


def test_a_sync_cut_off_midway_goes_on_at_the_page_where_it_was(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Contacts", 1_000)
    sandbox.advance(900)
    sandbox.fail("GET /bigin/v2/Contacts", status=502, after=3, times=1)
    assert "Bigin failed to answer" in failed(connection, "Contacts")
    assert Record.objects.filter(module="Contacts").count() == 600
    sandbox.clear_calls()
    sync(connection, "Contacts")
    assert_equal(sandbox, "Contacts")
    assert sandbox.calls(path="/bigin/v2/Contacts", method="GET")["total"] <= 5


def test_a_slice_of_time_ends_between_pages_and_the_next_goes_on(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Contacts", 1_000)
    slices = 0
    while not sync(connection, "Contacts", deadline_seconds=0).finished:
        slices += 1
        assert slices < 20
    assert slices >= 4
    assert_equal(sandbox, "Contacts")


def test_an_expired_page_token_starts_the_scan_again(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Contacts", 1_000)
    sync(connection, "Contacts", deadline_seconds=0)
    sandbox.advance(90_000)
    sync(connection, "Contacts")
    assert_equal(sandbox, "Contacts")


def test_a_scan_known_to_be_unordered_is_not_taken_for_an_ordered_one_after_a_refused_token(
    sandbox: Any, connection: Connection
) -> None:
    listing = "GET /bigin/v2/Contacts"
    rows = [{"id": str(5725767000000900000 + n), "Modified_Time": "2026-01-01T00:00:00+00:00"} for n in range(4)]

    def page(*numbers: int, token: str | None) -> None:
        info = {"more_records": token is not None, "next_page_token": token}
        body = {"data": [rows[number] for number in numbers], "info": info}
        sandbox.fail(listing, status=200, body=body, times=1)

    page(1, 0, token="first")
    sandbox.fail(listing, status=400, body={"code": "EXPIRED_VALUE", "status": "error"}, times=1)
    page(0, 1, token="second")
    page(3, 2, token=None)
    steps: list[Progress] = []
    sync(connection, "Contacts", on_progress=steps.append)
    assert [step.page for step in steps if step.phase == Phase.FULL] == [1, 1, 2]  # not begun a third time


def test_a_page_token_that_comes_twice_ends_the_sync_with_a_sentence(sandbox: Any, connection: Connection) -> None:
    rows = [{"id": str(5725767000000900000 + n), "Modified_Time": "2026-01-01T00:00:00+00:00"} for n in range(4)]
    info = {"more_records": True, "next_page_token": "always-the-same"}
    sandbox.add_records("Contacts", 1)
    for start in (0, 2):
        answer = json.dumps({"data": rows[start : start + 2], "info": info})
        sandbox.fail("GET /bigin/v2/Contacts", status=200, body=answer, content_type="application/json", times=1)
    assert "twice" in failed(connection, "Contacts")
    assert Record.objects.filter(module="Contacts").count() >= 2


def test_a_sync_that_was_paused_goes_on_where_it_was(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Contacts", 900)
    sandbox.advance(900)
    watch = on_page(2, lambda: pause(connection))
    with pytest.raises(AuthorizationError):
        sync_connection(connection, modules=["Contacts"], options=Options(on_progress=watch))
    resume(Connection.objects.get())
    connection.refresh_from_db()
    sandbox.clear_calls()
    sync(connection, "Contacts")
    assert mirror_hash("Contacts") == (900, sandbox.hash("Contacts")["hash"])
    assert sandbox.calls(path="/bigin/v2/Contacts", method="GET")["total"] <= 6


def test_a_full_sync_asked_for_during_another_comes_after_it(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Contacts", 450)

    def ask() -> None:
        ModuleSync.objects.filter(module="Contacts").update(full_requested=True)

    sync(connection, "Contacts", on_progress=on_page(2, ask))
    assert ModuleSync.objects.get(module="Contacts").full_requested
    sync(connection, "Contacts")
    assert not ModuleSync.objects.get(module="Contacts").full_requested


@pytest.mark.parametrize(("before", "after"), [(10, 70), (70, 10)])
def test_fields_that_change_while_a_sync_is_cut_off(
    before: int, after: int, sandbox: Any, connection: Connection
) -> None:
    names = [f"Custom_{number}" for number in range(70)]
    sandbox.add_fields("Contacts", [{"api_name": name, "data_type": "text"} for name in names])
    sandbox.add_records("Contacts", [{"Last_Name": f"N{n}", "Custom_65": f"z{n}"} for n in range(450)])
    sync(connection)
    standard = [entry["name"] for entry in ModuleSchema.objects.get(module="Contacts").fields]
    standard = [name for name in standard if name not in names]
    contacts = ModuleSync.objects.filter(module="Contacts")
    contacts.update(fields=standard + names[:before])
    sync(connection, "Contacts", full=True, deadline_seconds=0)
    contacts.update(fields=standard + names[:after])
    while not sync(connection, "Contacts", deadline_seconds=0).finished:
        pass
    wanted = 450 if after == 70 else 0
    assert Record.objects.filter(module="Contacts", data__has_key="Custom_65").count() == wanted


def test_a_database_that_goes_away_loses_nothing(sandbox: Any, connection: Connection, monkeypatch: Any) -> None:
    sandbox.add_records("Contacts", 700)
    real, calls = store.write_copies, []

    def fail_once(*arguments: Any, **options: Any) -> Any:
        calls.append(1)
        if len(calls) == 3:
            raise OperationalError("server closed the connection unexpectedly")
        return real(*arguments, **options)

    monkeypatch.setattr(store, "write_copies", fail_once)
    assert "The database failed while Contacts was being stored" in failed(connection, "Contacts")
    assert Record.objects.filter(module="Contacts").count() == 400
    sync(connection, "Contacts")
    assert_equal(sandbox, "Contacts")


@pytest.mark.parametrize(
    "position",
    [{}, {"version": 0, "pages": 2}, {"chunks": [{"page": 3, "token": "of an older version"}], "pages": 2}, "nonsense"],
)
@pytest.mark.parametrize("phase", [Phase.FULL, Phase.COMPARE])
def test_a_scan_whose_position_cannot_be_read_starts_anew(
    phase: str, position: Any, sandbox: Any, connection: Connection
) -> None:
    sandbox.add_records("Contacts", 450)
    sync(connection, "Contacts")
    sandbox.advance(900)
    sandbox.edit_records("Contacts", [{"id": sandbox.records("Contacts")[7]["id"], "Title": "edited"}])
    ModuleSync.objects.filter(module="Contacts").update(phase=phase, position=position)
    sandbox.clear_calls()
    sync(connection, "Contacts")
    assert sandbox.calls(path="/bigin/v2/Contacts", method="GET")["total"] >= 3
    sync(connection, "Contacts")  # a comparison leaves what changed to the next delta
    assert_equal(sandbox, "Contacts")
    assert (module_sync("Contacts").phase, module_sync("Contacts").position) == ("", {})


def test_a_delta_that_goes_on_behind_its_last_page_starts_anew(sandbox: Any, connection: Connection) -> None:
    ids = sandbox.add_records("Contacts", 450)
    sync(connection, "Contacts")
    sandbox.advance(900)
    sandbox.edit_records("Contacts", [{"id": record_id, "Title": "all"} for record_id in ids])
    assert not sync(connection, "Contacts", deadline_seconds=0).finished
    position = {**module_sync("Contacts").position, "finished": True}
    ModuleSync.objects.filter(module="Contacts").update(position=position)
    sync(connection, "Contacts")
    assert_equal(sandbox, "Contacts")


def test_a_delta_whose_position_cannot_be_read_starts_anew(sandbox: Any, connection: Connection) -> None:
    ids = sandbox.add_records("Contacts", 450)
    sync(connection, "Contacts")
    sandbox.advance(900)
    sandbox.edit_records("Contacts", [{"id": record_id, "Title": "all"} for record_id in ids])
    sandbox.advance(5)
    assert not sync(connection, "Contacts", deadline_seconds=0).finished
    assert module_sync("Contacts").phase == Phase.DELTA
    ModuleSync.objects.filter(module="Contacts").update(position={"version": 99})
    sync(connection, "Contacts")
    assert_equal(sandbox, "Contacts")


@pytest.mark.parametrize("phase", ["full", "compare", "delta"])
def test_a_run_that_finishes_what_another_began_takes_a_fresh_look(
    phase: str, sandbox: Any, connection: Connection
) -> None:
    sandbox.switch(page_token_paging="offset")
    ids = sandbox.add_records("Contacts", 450)
    sync(connection, "Contacts")
    sandbox.advance(900)
    sandbox.edit_records("Contacts", [{"id": record_id, "Title": "all"} for record_id in ids])

    def meddle(step: Any) -> None:
        if (phase, step.phase, step.page) == ("compare", "full", 2):
            sandbox.delete_records("Contacts", ids[1:2])
            sandbox.advance(2)

    how: dict[str, Any] = {"full": phase != "delta", "deadline_seconds": 0, "on_progress": meddle}
    for _ in range(20):
        sync_connection(connection, modules=["Contacts"], options=Options(**how))
        how["full"] = False
        position = module_sync("Contacts").position
        if module_sync("Contacts").phase == phase and (position["pages"] > 1 or phase == "delta"):
            break
    assert module_sync("Contacts").phase == phase
    sandbox.advance(3_000)
    sandbox.edit_records("Contacts", [{"id": ids[0], "Title": "of its last seconds"}])
    sandbox.advance(2)
    assert sync(connection, "Contacts").finished
    assert_equal(sandbox, "Contacts")


def test_a_comparison_is_followed_by_a_fresh_look(sandbox: Any, connection: Connection) -> None:
    sandbox.switch(page_token_paging="offset")
    ids = sandbox.add_records("Contacts", 450)

    def meddle(step: Any) -> None:
        if (step.phase, step.page) == ("full", 2):
            sandbox.delete_records("Contacts", ids[1:2])
            sandbox.advance(2)
        if (step.phase, step.page) == ("compare", 2):
            sandbox.edit_records("Contacts", [{"id": ids[0], "Title": "of its last seconds"}])
            sandbox.advance(2)

    assert sync(connection, "Contacts", on_progress=meddle).finished
    assert_equal(sandbox, "Contacts")


def test_more_changes_than_a_fresh_look_can_tell_leave_the_module_incomplete(
    sandbox: Any, connection: Connection, monkeypatch: Any
) -> None:
    ids = sandbox.add_records("Contacts", 450)
    sync(connection, "Contacts")
    sandbox.advance(900)
    sandbox.edit_records("Contacts", [{"id": record_id, "Title": "all"} for record_id in ids])
    sync_connection(connection, modules=["Contacts"], options=Options(deadline_seconds=0))
    assert module_sync("Contacts").phase == Phase.DELTA
    read = changes.read

    def read_in_vain(*arguments: Any, resumable: bool, **how: Any) -> Any:
        if not resumable:
            raise PaginationLimitError("There is no page token to go on with.")
        return read(*arguments, resumable=resumable, **how)

    monkeypatch.setattr(changes, "read", read_in_vain)
    assert "a full sync is due" in sync(connection, "Contacts").incomplete
    assert module_sync("Contacts").full_requested

"""Moments that go back or lie far ahead: what was seen later wins, whatever they say."""

from typing import Any

import pytest

from django_bigin.api.products.bigin import BIGIN
from django_bigin.models import Connection, Record
from tests.support.mirror import answer, assert_equal, module_sync, sync

pytestmark = pytest.mark.django_db(transaction=True)

DATED = [name for name in BIGIN.modules if name != "Users"]
FAR_AHEAD = "9998-01-01T00:00:00+00:00"
TEXT_FIELD = {"Notes": "Note_Content", "Events": "Venue", "Accounts": "Website", "Contacts": "Title"}


def iso(moment: Any) -> str:
    return str(moment.replace(microsecond=0).isoformat())


def edit(sandbox: Any, module: str, record_id: str, text: str, modified_time: str) -> None:
    row = {"id": record_id, TEXT_FIELD.get(module, "Description"): text, "Modified_Time": modified_time}
    sandbox.edit_records(module, [row], touch=False)


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("module", DATED)
def test_an_edit_by_a_server_whose_clock_is_behind_is_stored(
    module: str, full: bool, sandbox: Any, connection: Connection
) -> None:
    [record_id] = sandbox.add_records(module, 1)
    now = sandbox.now()
    edit(sandbox, module, record_id, "first", iso(now))
    sync(connection, module)
    sandbox.advance(60)
    edit(sandbox, module, record_id, "second", iso(now.replace(microsecond=0) - (sandbox.now() - now) / 30))
    sync(connection, module, full=full)
    assert_equal(sandbox, module)


@pytest.mark.parametrize("module", DATED)
def test_a_moment_far_ahead_that_was_corrected_is_followed(module: str, sandbox: Any, connection: Connection) -> None:
    [record_id] = sandbox.add_records(module, 1)
    edit(sandbox, module, record_id, "wrong", FAR_AHEAD)
    sync(connection, module)
    assert Record.objects.get(record_id=record_id).modified_at <= sandbox.now()
    sandbox.advance(900)
    edit(sandbox, module, record_id, "right", iso(sandbox.now()))
    sync(connection, module)
    assert_equal(sandbox, module)


def test_an_older_moment_is_followed_by_a_comparison_of_the_ids(sandbox: Any, connection: Connection) -> None:
    sandbox.switch(page_token_paging="offset")
    ids = sandbox.add_records("Contacts", 450)
    sync(connection, "Contacts")
    sandbox.advance(90_000)

    def meddle(step: Any) -> None:
        if (step.phase, step.page) == ("full", 2):
            edit(sandbox, "Contacts", ids[0], "older", "2020-01-01T00:00:00+00:00")
            sandbox.delete_records("Contacts", ids[1:2])

    sync(connection, "Contacts", full=True, on_progress=meddle)
    assert_equal(sandbox, "Contacts")


def test_a_deletion_dated_far_ahead_is_lifted_by_the_records_return(sandbox: Any, connection: Connection) -> None:
    [record_id] = sandbox.add_records("Contacts", 1)
    sync(connection, "Contacts")
    sandbox.advance(900)
    answer(sandbox, [{"id": record_id, "deleted_time": FAR_AHEAD}], "GET /bigin/v2/Contacts/deleted")
    sync(connection, "Contacts")
    assert Record.objects.get(record_id=record_id).deleted_at <= sandbox.now()
    sandbox.advance(900)
    sync(connection, "Contacts", full=True)
    assert_equal(sandbox, "Contacts")


def test_a_deletion_dated_far_ahead_does_not_keep_the_module_incomplete(sandbox: Any, connection: Connection) -> None:
    ids = sandbox.add_records("Contacts", 450)
    rows = [{"id": str(int(ids[0]) - 1), "deleted_time": FAR_AHEAD}]
    answer(sandbox, rows, "GET /bigin/v2/Contacts/deleted", times=None)
    sync(connection, "Contacts")
    assert module_sync("Contacts").incomplete_reason == ""
    assert_equal(sandbox, "Contacts")

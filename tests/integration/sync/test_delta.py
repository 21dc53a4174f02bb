"""A delta follows what changed since the last sync."""

from typing import Any

import pytest

from django_bigin.api.products.bigin import BIGIN
from django_bigin.models import Connection
from tests.support.mirror import assert_equal, sync

pytestmark = pytest.mark.django_db(transaction=True)

MODULES = BIGIN.modules


TEXT_FIELD = {
    "Accounts": "Website",
    "Contacts": "Title",
    "Products": "Description",
    "Pipelines": "Description",
    "Tasks": "Description",
    "Events": "Venue",
    "Calls": "Description",
    "Notes": "Note_Content",
    "Users": "last_name",
}


@pytest.mark.parametrize("module", MODULES)
def test_edits_additions_and_deletions_follow(module: str, sandbox: Any, connection: Connection) -> None:
    ids = sandbox.add_records(module, 12)
    sync(connection, module)
    sandbox.advance(900)
    sandbox.edit_records(module, [{"id": ids[0], TEXT_FIELD[module]: "edited"}])
    sandbox.add_records(module, 2)
    if module != "Users":
        sandbox.delete_records(module, ids[-2:])
    sandbox.advance(30)
    sync(connection, module)
    assert_equal(sandbox, module)


@pytest.mark.parametrize("module", [module for module in MODULES if module != "Users"])
def test_a_second_sync_without_changes_writes_nothing(module: str, sandbox: Any, connection: Connection) -> None:
    sandbox.add_records(module, 12)
    sync(connection, module)
    sandbox.advance(900)
    result = sync(connection, module)
    assert result.changed == 0


@pytest.mark.parametrize("paging", ["offset", "keyset", "snapshot"])
def test_a_delta_of_many_pages_during_which_records_are_deleted_is_whole(
    paging: str, sandbox: Any, connection: Connection
) -> None:
    sandbox.switch(page_token_paging=paging)
    ids = sandbox.add_records("Contacts", 900)
    sync(connection, "Contacts")
    sandbox.advance(900)
    sandbox.edit_records("Contacts", [{"id": record_id, "Title": "all"} for record_id in ids])
    sandbox.advance(5)

    def meddle(step: Any) -> None:
        if step.phase == "delta" and step.page == 1 and ids:
            sandbox.delete_records("Contacts", ids[-30:])
            sandbox.advance(2)
            ids.clear()

    sync(connection, "Contacts", on_progress=meddle)
    assert_equal(sandbox, "Contacts")

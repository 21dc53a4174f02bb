"""Verifying names exactly what differs between the mirror and the product, and repairs exactly that."""

from typing import Any

import pytest

from django_bigin.models import Connection, ModuleSync, QuarantinedRow, Record
from django_bigin.signals import records_changed
from django_bigin.sync import Options, Verification, verify_connection
from tests.support.mirror import assert_equal, connect, module_sync, on_page, sync
from tests.support.tampering import corrupt_row, delete_rows, invent_row, mark_deleted, write_column

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("page_by_page")]

TEXT_FIELD = {"Contacts": "Title", "Accounts": "Website", "Notes": "Note_Content", "Users": "last_name"}
MODULES = list(TEXT_FIELD)


def verified(connection: Connection, module: str, *, repair: bool = False, **how: Any) -> Verification:
    [result] = verify_connection(connection, modules=[module], repair=repair, options=Options(**how))
    assert (result.error, result.skipped) == ("", "")
    return result


def named(result: Verification) -> dict[str, tuple[str, list[str]]]:
    return {str(each.record_id): (each.kind.value, list(each.fields)) for each in result.differences}


@pytest.fixture
def contacts(sandbox: Any, connection: Connection) -> list[str]:
    """Three pages of contacts, mirrored."""
    ids = sandbox.add_records("Contacts", 450)
    sandbox.advance(60)
    sync(connection, "Contacts")
    return list(ids)


def test_three_corrupted_and_two_deleted_rows_are_named_repaired_and_then_clean(
    contacts: list[str], sandbox: Any, connection: Connection
) -> None:
    for record_id in (contacts[5], contacts[250], contacts[449]):
        corrupt_row("Contacts", record_id, Title="corrupted", Last_Name="corrupted")
    delete_rows("Contacts", contacts[3], contacts[300])
    expected: Any = {
        each: ("different", ["Last_Name", "Title"]) for each in (contacts[5], contacts[250], contacts[449])
    }
    expected |= {each: ("missing", []) for each in (contacts[3], contacts[300])}

    first = verified(connection, "Contacts")
    assert named(first) == expected
    assert (first.compared, first.found, first.repaired, first.is_clean) == (450, 5, 0, False)
    assert Record.objects.filter(module="Contacts").count() == 448  # nothing was mended unasked

    repaired = verified(connection, "Contacts", repair=True)
    assert named(repaired) == expected
    assert (repaired.found, repaired.repaired, repaired.is_clean) == (5, 5, True)
    assert_equal(sandbox, "Contacts")

    second = verified(connection, "Contacts")
    assert (second.compared, second.found, second.doubt, second.is_clean) == (450, 0, "", True)
    assert (second.here, second.there) == (450, 450)


@pytest.mark.parametrize("module", MODULES)
def test_each_module_is_verified_and_repaired(module: str, sandbox: Any, connection: Connection) -> None:
    ids = sandbox.add_records(module, 12)
    sync(connection, module)
    sandbox.advance(900)
    corrupt_row(module, ids[0], **{TEXT_FIELD[module]: "corrupted"})
    delete_rows(module, ids[1])
    mark_deleted(module, ids[2])
    invent_row(module, int(ids[-1]) + 7)
    result = verified(connection, module, repair=True)
    assert named(result) == {
        ids[0]: ("different", [TEXT_FIELD[module]]),
        ids[1]: ("missing", []),
        ids[2]: ("missing", []),
        str(int(ids[-1]) + 7): ("gone", []),
    }
    assert_equal(sandbox, module)
    assert verified(connection, module).is_clean


def test_the_columns_beside_the_contents_are_compared_as_well(contacts: list[str], connection: Connection) -> None:
    write_column("Contacts", contacts[0], "name", "Somebody Else")
    write_column("Contacts", contacts[1], "owner_record_id", 1)
    write_column("Contacts", contacts[2], "content_hash", "0" * 64)
    write_column("Contacts", contacts[3], "modified_at", "2001-01-01 00:00:00")
    result = verified(connection, "Contacts", repair=True)
    assert named(result) == {
        contacts[0]: ("different", ["name"]),
        contacts[1]: ("different", ["owner_record_id"]),
        contacts[2]: ("different", ["content_hash"]),
        contacts[3]: ("different", ["modified_at"]),
    }
    assert verified(connection, "Contacts").found == 0


def test_a_repaired_row_wins_over_one_that_says_it_was_seen_in_the_future(
    contacts: list[str], connection: Connection
) -> None:
    corrupt_row("Contacts", contacts[0], Title="corrupted")
    write_column("Contacts", contacts[0], "seen_at", "2999-01-01 00:00:00")
    write_column("Contacts", contacts[0], "modified_at", "2999-01-01 00:00:00")
    verified(connection, "Contacts", repair=True)
    assert Record.objects.get(record_id=contacts[0])["Title"] != "corrupted"
    assert verified(connection, "Contacts").found == 0


def test_listeners_are_told_of_a_repair_as_of_a_sync(contacts: list[str], connection: Connection) -> None:
    corrupt_row("Contacts", contacts[0], Title="corrupted")
    delete_rows("Contacts", contacts[1])
    invent_row("Contacts", int(contacts[-1]) + 7)
    told: dict[str, list[int]] = {"created": [], "updated": [], "deleted": []}

    def listen(**signal: Any) -> None:
        for name, ids in told.items():
            ids += signal[name]

    records_changed.connect(listen)
    try:
        verified(connection, "Contacts")
        assert told == {"created": [], "updated": [], "deleted": []}
        verified(connection, "Contacts", repair=True)
    finally:
        records_changed.disconnect(listen)
    assert told == {
        "created": [int(contacts[1])],
        "updated": [int(contacts[0])],
        "deleted": [int(contacts[-1]) + 7],
    }


class TestWhatChangedAtTheProduct:
    def test_what_changed_since_the_last_sync_is_no_difference(
        self, contacts: list[str], sandbox: Any, connection: Connection
    ) -> None:
        sandbox.advance(60)
        sandbox.edit_records("Contacts", [{"id": contacts[0], "Title": "edited"}])
        new = sandbox.add_records("Contacts", 2)
        sandbox.delete_records("Contacts", contacts[-2:])
        corrupt_row("Contacts", contacts[1], Title="corrupted")
        sandbox.advance(5)
        result = verified(connection, "Contacts")
        assert named(result) == {contacts[1]: ("different", ["Title"])}
        assert (result.changed, result.doubt) == (5, "")
        assert Record.objects.filter(record_id__in=new).count() == 2  # a delta has settled it
        assert Record.objects.get(record_id=contacts[1])["Title"] == "corrupted"

    def test_what_changes_meanwhile_is_no_difference(
        self, contacts: list[str], sandbox: Any, connection: Connection
    ) -> None:
        sandbox.advance(900)
        sync(connection, "Contacts")
        sandbox.advance(60)

        def change() -> None:
            sandbox.advance(5)
            sandbox.edit_records("Contacts", [{"id": contacts[n], "Title": "edited"} for n in (1, 399, 440)])
            sandbox.add_records("Contacts", 3)
            sandbox.delete_records("Contacts", [contacts[2], contacts[444]])
            sandbox.advance(5)

        result = verified(connection, "Contacts", on_progress=on_page(1, change))
        assert (named(result), result.doubt, result.found) == ({}, "", 0)
        assert verified(connection, "Contacts").is_clean

    def test_a_record_that_moved_pages_hid_is_asked_for_and_not_taken_for_gone(
        self, contacts: list[str], sandbox: Any, connection: Connection
    ) -> None:
        sandbox.switch(page_token_paging="offset")
        sandbox.advance(60)
        # The three pages after the first shift by two: two records come on none of them.
        result = verified(
            connection,
            "Contacts",
            repair=True,
            on_progress=on_page(1, lambda: sandbox.delete_records("Contacts", contacts[:2])),
        )
        assert (named(result), result.doubt) == ({}, "")
        assert_equal(sandbox, "Contacts")

    def test_a_record_missing_here_that_moved_pages_hid_leaves_a_doubt(
        self, contacts: list[str], sandbox: Any, connection: Connection
    ) -> None:
        sandbox.switch(page_token_paging="offset")
        sandbox.advance(60)
        delete_rows("Contacts", contacts[200])  # the first of the second page, which slips onto the first
        result = verified(
            connection,
            "Contacts",
            on_progress=on_page(1, lambda: sandbox.delete_records("Contacts", contacts[:1])),
        )
        assert result.found == 0
        assert "449 records of Contacts, and 448 were found" in result.doubt
        assert not result.is_clean
        assert named(verified(connection, "Contacts", repair=True)) == {contacts[200]: ("missing", [])}


class TestWhatCannotBeStored:
    def test_quarantined_rows_are_known_and_no_differences(self, sandbox: Any, connection: Connection) -> None:
        ids = sandbox.add_records("Contacts", 5)
        sandbox.edit_records("Contacts", [{"id": ids[1], "Title": "a\x00b"}])
        sync(connection, "Contacts")
        result = verified(connection, "Contacts")
        assert (named(result), result.quarantined, result.doubt, result.is_clean) == ({}, 1, "", True)

    def test_a_quarantined_row_that_was_lost_is_named_and_quarantined_again(
        self, sandbox: Any, connection: Connection
    ) -> None:
        ids = sandbox.add_records("Contacts", 5)
        sandbox.edit_records("Contacts", [{"id": ids[1], "Title": "a\x00b"}])
        sync(connection, "Contacts")
        QuarantinedRow.objects.all().delete()
        assert named(verified(connection, "Contacts", repair=True)) == {ids[1]: ("missing", [])}
        assert QuarantinedRow.objects.get().record_id == ids[1]
        assert verified(connection, "Contacts").is_clean


class TestCutOff:
    def test_slices_come_to_the_same_result(self, contacts: list[str], sandbox: Any, connection: Connection) -> None:
        corrupt_row("Contacts", contacts[0], Title="corrupted")
        delete_rows("Contacts", contacts[449])
        for each in range(3):
            invent_row("Contacts", int(contacts[-1]) + 7 + each)
        begun: dict[str, Verification] = {}
        slices = 0
        while not begun or not begun["Contacts"].finished:
            slices += 1
            assert slices < 20
            [result] = verify_connection(
                connection, modules=["Contacts"], repair=True, options=Options(deadline_seconds=0), begun=begun
            )
            begun = {"Contacts": Verification.from_json(result.to_json())}
        assert slices > 4
        assert (result.compared, result.missing, result.gone, result.different) == (450, 1, 3, 1)
        assert result.calls == result.credits >= 8  # three pages, the log, three records, the count
        assert_equal(sandbox, "Contacts")

    def test_an_expired_page_token_starts_again_and_names_nothing_twice(
        self, contacts: list[str], sandbox: Any, connection: Connection
    ) -> None:
        corrupt_row("Contacts", contacts[0], Title="corrupted")
        options = Options(deadline_seconds=0)
        [begun] = verify_connection(connection, modules=["Contacts"], options=options)
        assert not begun.finished
        sandbox.advance(90_000)
        [result] = verify_connection(connection, modules=["Contacts"], begun={"Contacts": begun})
        assert (result.compared, named(result), result.different) == (450, {contacts[0]: ("different", ["Title"])}, 1)

    def test_it_rests_at_the_edge_of_a_page_and_goes_on_from_there(
        self, contacts: list[str], sandbox: Any, connection: Connection
    ) -> None:
        corrupt_row("Contacts", contacts[0], Title="corrupted")
        listing = "GET /bigin/v2/Contacts"
        sandbox.fail(listing, status=429, after=1, times=1)
        [begun] = verify_connection(connection, modules=["Contacts"], repair=True)
        assert (begun.finished, begun.compared, begun.repaired) == (False, 200, 1)
        assert begun.rests_until is not None
        assert "It goes on at" in begun.error
        sandbox.advance(200)
        sandbox.clear_calls()
        [result] = verify_connection(connection, modules=["Contacts"], repair=True, begun={"Contacts": begun})
        assert (result.compared, result.repaired, result.error, result.is_clean) == (450, 1, "", True)
        assert sandbox.count_calls(listing) == 2

    def test_a_module_that_another_syncs_is_left_to_it(self, contacts: list[str], connection: Connection) -> None:
        ModuleSync.objects.filter(module="Contacts").update(lease_id="another", lease_until="2100-01-01T00:00:00Z")
        [result] = verify_connection(connection, modules=["Contacts"])
        assert (result.later, result.finished, result.compared) == (True, False, 0)

    def test_a_module_of_which_a_sync_is_unfinished_is_left_as_it_is(
        self, sandbox: Any, contacts: list[str], connection: Connection
    ) -> None:
        sync(connection, "Contacts", full=True, deadline_seconds=0)
        before = module_sync("Contacts").position
        [result] = verify_connection(connection, modules=["Contacts"], repair=True)
        assert result.later
        assert "A sync of Contacts has begun and is not finished" in result.skipped
        assert module_sync("Contacts").position == before

    def test_a_module_that_was_never_read_is_not_verified(self, sandbox: Any, connection: Connection) -> None:
        [result] = verify_connection(connection, modules=["Contacts"])
        assert result.skipped == "Contacts has not been read in whole yet: sync it first."
        assert not result.is_clean


def test_absences_that_are_suspiciously_many_are_neither_asked_for_nor_deleted(
    contacts: list[str], sandbox: Any, connection: Connection
) -> None:
    for each in range(60):
        invent_row("Contacts", int(contacts[-1]) + 7 + each)
    sandbox.clear_calls()
    result = verified(connection, "Contacts", repair=True)
    assert "60 of 510 records of Contacts did not come" in result.doubt
    assert Record.objects.live().filter(module="Contacts").count() == 510
    assert sandbox.calls()["total"] < 20


def test_ids_that_do_not_rise_hide_nothing(sandbox: Any, connection: Connection) -> None:
    ids = sandbox.add_records("Contacts", 450)
    sync(connection, "Contacts")
    sandbox.switch(sort_fields="ignored")
    delete_rows("Contacts", ids[3])
    invent_row("Contacts", int(ids[-1]) + 7)
    result = verified(connection, "Contacts", repair=True)
    assert named(result) == {ids[3]: ("missing", []), str(int(ids[-1]) + 7): ("gone", [])}
    assert_equal(sandbox, "Contacts")


def test_only_one_tenant_is_looked_at_and_repaired(contacts: list[str], sandbox: Any, connection: Connection) -> None:
    other = connect(sandbox.add_organization(data_center="us", records={"Contacts": 3}))
    sync(other, "Contacts")
    theirs = Record.objects.filter(connection=other).first()
    assert theirs is not None
    corrupt_row("Contacts", theirs.record_id, Last_Name="corrupted")
    assert verified(connection, "Contacts", repair=True).found == 0
    theirs.refresh_from_db()
    assert theirs["Last_Name"] == "corrupted"
    assert named(verified(other, "Contacts")) == {str(theirs.record_id): ("different", ["Last_Name"])}

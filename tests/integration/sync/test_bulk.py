"""A first load in bulk ends with the same mirror as one by pages, for fewer credits."""

from dataclasses import replace
from typing import Any

import pytest

from django_bigin.api.products.bigin import BIGIN
from django_bigin.models import Connection, ModuleSync, Record
from django_bigin.sync import Options, bulk, cells, sync_connection, verify_connection
from tests.support.mirror import assert_equal, failed, module_sync, sync

pytestmark = pytest.mark.django_db(transaction=True)

CREATE = "POST /bigin/bulk/v2/read"
MODULES = ["Contacts", "Accounts", "Calls"]
BY_PAGES = ["Pipelines", "Products", "Tasks", "Events", "Notes"]  # their cells do not hold all that a list gives


@pytest.fixture(autouse=True)
def always_worth_it(sandbox: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a few records be enough, and the sandbox's clock go on where somebody waits."""
    settings.BIGIN_BULK_READ = True
    monkeypatch.setattr(bulk, "costs", lambda row, known: 0)
    monkeypatch.setattr("time.sleep", lambda seconds: sandbox.advance(max(int(seconds), 1)))


def jobs_of(sandbox: Any) -> int:
    return int(sandbox.count_calls(CREATE))


@pytest.mark.parametrize("module", MODULES)
def test_each_module_is_loaded_in_bulk_as_by_pages(module: str, sandbox: Any, connection: Connection) -> None:
    sandbox.add_records(module, 450)
    sandbox.advance(900)
    result = sync(connection, module)
    assert (result.finished, result.incomplete, result.created) == (True, "", 450)
    assert jobs_of(sandbox) == 1
    assert set(Record.objects.filter(module=module).values_list("source", flat=True)) == {"bulk"}
    assert_equal(sandbox, module)
    [verified] = verify_connection(connection, modules=[module])
    assert (verified.found, verified.is_clean) == (0, True)


@pytest.mark.parametrize("module", BY_PAGES)
def test_what_a_file_cannot_hold_is_loaded_by_pages(module: str, sandbox: Any, connection: Connection) -> None:
    sandbox.add_records(module, 5)
    sync(connection, module)
    assert jobs_of(sandbox) == 0
    assert_equal(sandbox, module)


def test_links_show_the_names_of_our_own_records(sandbox: Any, connection: Connection) -> None:
    sandbox.seed(records={"Accounts": 3, "Contacts": 250})
    sandbox.advance(900)
    sync(connection, "Users", "Accounts", "Contacts")
    for record in sandbox.records("Contacts"):
        stored = Record.objects.get(module="Contacts", record_id=record["id"])
        for field in ("Owner", "Account_Name", "Modified_By"):
            assert stored[field] == record[field]
    assert jobs_of(sandbox) == 1


class TestSlices:
    @pytest.fixture(autouse=True)
    def names_are_there(self, connection: Connection) -> None:
        sync(connection, "Users", "Accounts")

    def test_a_job_is_looked_at_by_whoever_comes_next(self, sandbox: Any, connection: Connection) -> None:
        sandbox.switch(bulk_read_seconds=300)
        sandbox.add_records("Contacts", 450)
        sandbox.advance(900)
        slices = 0
        while True:
            [result] = sync_connection(connection, modules=["Contacts"], options=Options(deadline_seconds=30))
            if result.finished:
                break
            slices += 1
            assert slices < 60
            row = module_sync("Contacts")
            assert (row.phase, row.lease_id) == (ModuleSync.Phase.BULK, "")
            assert row.next_run_at is not None
            sandbox.advance(10)
        assert jobs_of(sandbox) == 1
        assert slices > 2
        assert_equal(sandbox, "Contacts")

    def test_before_it_is_time_nobody_looks(self, sandbox: Any, connection: Connection) -> None:
        sandbox.add_records("Contacts", 450)
        how = Options(deadline_seconds=30)
        sync_connection(connection, modules=["Contacts"], options=how)
        sandbox.clear_calls()
        [result] = sync_connection(connection, modules=["Contacts"], options=how)
        assert not result.finished
        assert sandbox.calls(path="/bigin/bulk/*")["total"] == 0

    def test_a_file_that_takes_several_slices_is_stored_once(
        self, sandbox: Any, connection: Connection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(bulk, "ROWS_AT_ONCE", 100)
        sandbox.add_records("Contacts", 450)
        sandbox.advance(900)
        created, slices = 0, 0
        while True:
            [result] = sync_connection(connection, modules=["Contacts"], options=Options(deadline_seconds=0))
            created, slices = created + result.created, slices + 1
            assert slices < 60
            if result.finished:
                break
            sandbox.advance(10)
        assert created == 450
        assert slices > 5
        assert_equal(sandbox, "Contacts")

    def test_contacts_wait_for_the_companies_whose_names_they_show(self, sandbox: Any, connection: Connection) -> None:
        sandbox.add_records("Contacts", 250)
        ModuleSync.objects.filter(module="Accounts").update(last_full_at=None)
        [result] = sync_connection(connection, modules=["Contacts"], options=Options(deadline_seconds=30))
        assert (result.finished, jobs_of(sandbox)) == (False, 0)
        ModuleSync.objects.filter(module__in=["Accounts", "Users"]).update(last_full_at="2026-01-01T00:00:00Z")
        sync_connection(connection, modules=["Contacts"], options=Options(deadline_seconds=30))
        assert jobs_of(sandbox) == 1


class TestWhatTheJobDoesNotHold:
    def test_what_changes_meanwhile_is_read_afterwards(
        self, sandbox: Any, connection: Connection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ids = sandbox.add_records("Contacts", 450)
        sandbox.advance(900)
        sandbox.switch(bulk_read_seconds=300)
        changed: list[int] = []

        def wait(seconds: float) -> None:
            sandbox.advance(max(int(seconds), 1))
            changed.append(1)
            sandbox.edit_records("Contacts", [{"id": ids[len(changed)], "Title": "edited"}])
            sandbox.add_records("Contacts", 1)
            sandbox.delete_records("Contacts", [ids[-len(changed)]])

        monkeypatch.setattr("time.sleep", wait)
        sync(connection, "Contacts")
        assert len(changed) > 3
        assert_equal(sandbox, "Contacts")

    def test_what_it_left_out_is_found_by_the_count_and_fetched(
        self, sandbox: Any, connection: Connection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sandbox.add_records("Contacts", 450)
        sandbox.advance(900)
        whole = cells.rows
        monkeypatch.setattr(cells, "rows", lambda *args: (row for n, row in enumerate(whole(*args)) if n % 50))
        result = sync(connection, "Contacts")
        assert (result.created, result.incomplete) == (450, "")
        assert set(Record.objects.filter(source="single").values_list("module", flat=True)) == {"Contacts"}
        assert_equal(sandbox, "Contacts")


class TestShapes:
    @pytest.mark.parametrize(
        "switches",
        [
            {"bulk_rows_per_page": 200, "bulk_paging": "token"},
            {"bulk_rows_per_page": 200, "bulk_paging": "page"},
            {"bulk_id_column": "Id", "bulk_byte_order_mark": True},
            {"gzip": True, "chunked": True},
        ],
        ids=["pages by token", "pages by number", "another id and a mark", "packed and in chunks"],
    )
    def test_each_ends_with_the_same_mirror(self, switches: Any, sandbox: Any, connection: Connection) -> None:
        sandbox.switch(**switches)
        sandbox.add_records("Contacts", 450)
        sandbox.advance(900)
        result = sync(connection, "Contacts")
        assert (result.created, result.incomplete) == (450, "")
        assert jobs_of(sandbox) == (3 if "bulk_rows_per_page" in switches else 1)
        assert_equal(sandbox, "Contacts")

    def test_texts_keep_their_lines_quotes_and_commas(self, sandbox: Any, connection: Connection) -> None:
        ids = sandbox.add_records("Contacts", 3)
        text = 'One, "two"\nthree\r\n\u00e4\U0001f600 ;'
        sandbox.edit_records("Contacts", [{"id": ids[0], "Description": text, "Tag": [{"name": "a"}, {"name": "b"}]}])
        sandbox.advance(900)
        sync(connection, "Contacts")
        assert Record.objects.get(record_id=ids[0])["Description"] == text
        assert_equal(sandbox, "Contacts")


class TestTrouble:
    def test_a_job_that_fails_leaves_the_module_to_its_pages(self, sandbox: Any, connection: Connection) -> None:
        sandbox.switch(bulk_read_ends="FAILURE")
        sandbox.add_records("Contacts", 450)
        sandbox.advance(900)
        result = sync(connection, "Contacts")
        assert (result.created, result.incomplete) == (450, "")
        assert set(Record.objects.values_list("source", flat=True)) == {"list"}
        assert_equal(sandbox, "Contacts")

    def test_a_job_that_is_refused_leaves_the_module_to_its_pages(self, sandbox: Any, connection: Connection) -> None:
        sandbox.fail(CREATE, status=400, body={"code": "FIELD_NOT_SUPPORTED", "status": "error"}, times=1)
        sandbox.add_records("Contacts", 450)
        sync(connection, "Contacts")
        assert module_sync("Contacts").bulk_job["refused"] == "FIELD_NOT_SUPPORTED"
        assert_equal(sandbox, "Contacts")

    def test_a_grant_without_its_scope_is_not_asked_for_it(self, sandbox: Any, connection: Connection) -> None:
        Connection.objects.update(scopes=[scope for scope in connection.scopes if "bulk" not in scope])
        connection.refresh_from_db()
        sandbox.add_records("Contacts", 450)
        sync(connection, "Contacts")
        assert jobs_of(sandbox) == 0
        assert_equal(sandbox, "Contacts")

    @pytest.mark.parametrize("call", ["GET /bigin/bulk/v2/read/*/result", "GET /bigin/bulk/v2/read/*"])
    def test_an_answer_that_failed_is_asked_for_again(self, call: str, sandbox: Any, connection: Connection) -> None:
        sandbox.add_records("Contacts", 450)
        sandbox.advance(900)
        sandbox.fail(call, status=500, times=1)
        assert "failed to answer" in failed(connection, "Contacts")
        assert module_sync("Contacts").phase == ModuleSync.Phase.BULK
        sync(connection, "Contacts")
        assert jobs_of(sandbox) == 1
        assert_equal(sandbox, "Contacts")

    def test_a_file_that_is_unreadable_leaves_the_module_to_its_pages(
        self, sandbox: Any, connection: Connection
    ) -> None:
        sandbox.add_records("Contacts", 450)
        sandbox.advance(900)
        sandbox.fail("GET /bigin/bulk/v2/read/*/result", status=200, body="no zip", content_type="application/zip")
        sync(connection, "Contacts")
        assert module_sync("Contacts").bulk_job["refused"] == "unreadable file"
        assert_equal(sandbox, "Contacts")

    def test_a_scope_that_is_lacking_after_all_does_not_switch_the_module_off(
        self, sandbox: Any, connection: Connection
    ) -> None:
        sandbox.fail(CREATE, status=401, body={"code": "OAUTH_SCOPE_MISMATCH", "status": "error"}, times=1)
        sandbox.add_records("Contacts", 450)
        sync(connection, "Contacts")
        assert (module_sync("Contacts").unavailable_reason, jobs_of(sandbox)) == ("", 1)
        assert_equal(sandbox, "Contacts")


def test_unless_the_site_says_so_nothing_is_read_in_bulk(sandbox: Any, connection: Connection, settings: Any) -> None:
    del settings.BIGIN_BULK_READ
    sandbox.add_records("Contacts", 450)
    sandbox.clear_calls()
    sync(connection, "Contacts")
    assert (jobs_of(sandbox), sandbox.count_calls("GET /bigin/v2/Contacts/actions/count")) == (0, 1)


def test_a_small_module_is_read_by_pages(sandbox: Any, connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    sandbox.add_records("Contacts", 450)
    sync(connection, "Contacts")
    assert jobs_of(sandbox) == 0


class TestPastTheCeilingOfPages:
    @pytest.fixture(autouse=True)
    def low_ceiling(self, sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        sandbox.switch(page_token_ceiling=400)
        limits = replace(BIGIN.limits, reachable=400)
        monkeypatch.setitem(vars(BIGIN), "limits", limits)

    def test_a_full_sync_goes_in_bulk_as_well_and_the_module_stays_complete(
        self, sandbox: Any, connection: Connection
    ) -> None:
        ids = sandbox.add_records("Contacts", 450)
        sandbox.advance(900)
        sync(connection, "Contacts")
        sandbox.advance(900)
        sandbox.edit_records("Contacts", [{"id": ids[0], "Title": "untouched"}], touch=False)
        result = sync(connection, "Contacts", full=True)
        assert (result.updated, result.incomplete) == (1, "")
        assert jobs_of(sandbox) == 2
        assert_equal(sandbox, "Contacts")

    def test_where_it_is_not_granted_the_module_is_incomplete_and_says_why(
        self, sandbox: Any, connection: Connection
    ) -> None:
        Connection.objects.update(scopes=[scope for scope in connection.scopes if "bulk" not in scope])
        connection.refresh_from_db()
        sandbox.add_records("Contacts", 450)
        assert "the others come by bulk read alone" in failed(connection, "Contacts")
        assert Record.objects.filter(module="Contacts").count() == 400

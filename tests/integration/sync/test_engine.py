"""Modules are worked on one by one, and what goes wrong with one is told and stops no other."""

from typing import Any

import pytest
from django.test import Client

from django_bigin import clock
from django_bigin.connections import connect_self_client
from django_bigin.exceptions import AuthorizationError, ConnectionNotReadyError, RequestError
from django_bigin.models import Connection, CreditUse, Job, ModuleSync, Record, Tenant
from django_bigin.signals import records_changed
from django_bigin.sync import Options, Progress, engine, sync_connection, sync_slice
from django_bigin.sync.plan import Strategy
from django_bigin.work import jobs
from tests.support.admin_pages import press
from tests.support.factories import make_superuser
from tests.support.mirror import assert_equal, failed, module_sync, sync

pytestmark = pytest.mark.django_db(transaction=True)


def test_html_in_place_of_json_is_one_clear_sentence(sandbox: Any, connection: Connection) -> None:
    sandbox.fail("GET /bigin/v2/Contacts", status=200, body="<html>login</html>", content_type="text/html", times=2)
    assert "something other than JSON" in failed(connection, "Contacts")


def test_listeners_hear_what_changed_after_it_is_committed(sandbox: Any, connection: Connection) -> None:
    heard = []

    def listen(module: str, created: list[int], updated: list[int], deleted: list[int], **_: Any) -> None:
        heard.append((module, len(created), len(updated), len(deleted), Record.objects.filter(module=module).count()))

    records_changed.connect(listen)
    try:
        ids = sandbox.add_records("Contacts", 3)
        sync(connection, "Contacts")
        sandbox.advance(300)
        sandbox.edit_records("Contacts", [{"id": ids[0], "Title": "x"}])
        sandbox.delete_records("Contacts", ids[1:2])
        sync(connection, "Contacts")
    finally:
        records_changed.disconnect(listen)
    assert heard == [("Contacts", 3, 0, 0, 3), ("Contacts", 0, 1, 0, 3), ("Contacts", 0, 0, 1, 3)]


def test_two_organizations_never_see_each_other(sandbox: Any, connection: Connection) -> None:
    other = sandbox.add_organization(data_center="us", records={"Contacts": 4})
    second = connect_self_client(
        Tenant.objects.create(name="Other", slug="other"),
        client_id=other["client_id"],
        client_secret=other["client_secret"],
        grant_token=other["grant_token"],
        data_center="us",
    ).connection
    sandbox.add_records("Contacts", 3)
    sync(connection, "Contacts")
    sync(second, "Contacts")
    mine = set(Record.objects.filter(connection=connection).values_list("record_id", flat=True))
    theirs = set(Record.objects.filter(connection=second).values_list("record_id", flat=True))
    assert (len(mine), len(theirs)) == (3, 4)
    assert not mine & theirs


def test_a_refused_token_is_replaced_and_the_call_made_again(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Contacts", 2)
    sandbox.fail("GET /bigin/v2/Contacts", status=401, times=1)
    sync(connection, "Contacts")
    assert_equal(sandbox, "Contacts")


def test_a_grant_that_was_revoked_stops_the_sync_and_keeps_the_data(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Contacts", 2)
    sync(connection)
    sandbox.revoke_grant()
    sandbox.advance(4_000)
    with pytest.raises(AuthorizationError, match="authorize again"):
        sync_connection(connection)
    connection.refresh_from_db()
    assert connection.status == Connection.Status.NEEDS_AUTHORIZATION
    assert Record.objects.filter(module="Contacts").count() == 2


def test_an_unknown_module_is_named_with_those_that_are_known(sandbox: Any, connection: Connection) -> None:
    with pytest.raises(RequestError, match=r"add it to BIGIN_MODULES, or choose from Users, Acc"):
        sync_connection(connection, modules=["Deals"])


def test_a_module_that_another_process_syncs_is_left_to_it(sandbox: Any, connection: Connection) -> None:
    sync(connection, "Contacts")
    ModuleSync.objects.filter(module="Contacts").update(lease_id="another", lease_until=clock.database_in(60))
    [result] = sync_connection(connection, modules=["Contacts"])
    assert "Another process" in result.skipped


def test_an_unforeseen_failure_of_one_module_stops_no_other(
    sandbox: Any, connection: Connection, monkeypatch: Any
) -> None:
    sandbox.add_records("Contacts", 2)
    real = engine.STRATEGIES[Strategy.FULL]

    def read(run: Any) -> Any:
        if run.module == "Accounts":
            raise KeyError("something nobody thought of")
        return real(run)

    monkeypatch.setitem(engine.STRATEGIES, Strategy.FULL, read)
    results = {result.module: result for result in sync_connection(connection)}
    assert "KeyError" in results["Accounts"].error
    assert results["Contacts"].finished
    failed = ModuleSync.objects.get(module="Accounts")
    assert (failed.failure_count, failed.lease_id) == (1, "")


def test_calls_and_credits_are_in_the_ledger_and_agree_with_bigin(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Contacts", 500)
    before = sandbox.credits()["used"]
    sync(connection, on_result=lambda result: jobs.record_job(connection, result, full=False, actor="a test"))
    used = sum(CreditUse.objects.values_list("credits", flat=True))
    assert used == sandbox.credits()["used"] - before
    job = Job.objects.get(module="Contacts")
    assert (job.state, job.created, job.requested_by_name) == (Job.State.DONE, 500, "a test")
    assert job.result == "500 new, 0 changed, 0 deleted."


def test_a_delta_of_more_than_pages_can_tell_becomes_a_full_sync_in_the_same_run(
    sandbox: Any, connection: Connection
) -> None:
    ids = sandbox.add_records("Contacts", 900)
    sync(connection, "Contacts")
    sandbox.advance(900)
    sandbox.edit_records("Contacts", [{"id": record_id, "Title": "all"} for record_id in ids])
    sandbox.advance(300)
    before = module_sync("Contacts").last_full_at
    refused = {"code": "PAGINATION_LIMIT_EXCEEDED", "details": {}, "message": "no more", "status": "error"}
    sandbox.fail("GET /bigin/v2/Contacts", status=400, body=refused, after=2, times=1)
    phases: list[str] = []
    sync(connection, "Contacts", on_progress=lambda step: phases.append(step.phase))
    assert_equal(sandbox, "Contacts")
    assert phases[:3] == ["delta", "delta", "full"]
    assert module_sync("Contacts").last_full_at > before


def test_results_are_told_one_by_one_as_they_come(sandbox: Any, connection: Connection) -> None:
    told: list[str] = []
    results = sync(connection, "Contacts", "Accounts", on_result=lambda result: told.append(result.module))
    assert told == [result.module for result in results] == ["Accounts", "Contacts"]


@pytest.mark.parametrize("door", ["connection", "slice"])
def test_a_pause_during_a_sync_is_no_failure_of_a_module(
    door: str, sandbox: Any, connection: Connection, client: Client
) -> None:
    client.force_login(make_superuser())
    sandbox.add_records("Contacts", 450)
    sync(connection, "Users")

    def pause(progress: Progress) -> None:
        press(client, connection, "pause")

    options, contacts = Options(on_progress=pause), module_sync("Contacts")
    with pytest.raises(ConnectionNotReadyError, match="is paused"):
        if door == "slice":
            sync_slice(contacts.pk, options)
        else:
            sync_connection(connection, modules=["Contacts", "Notes"], options=options)
    contacts.refresh_from_db()
    assert (contacts.last_error, contacts.failure_count, contacts.lease_id) == ("", 0, "")
    assert contacts.phase == ModuleSync.Phase.FULL
    press(client, connection, "resume")
    sync(connection, "Contacts")
    assert_equal(sandbox, "Contacts")

"""Scheduled syncs that kill their worker are counted, and are not tried for ever."""

from typing import Any

import pytest

from django_bigin.models import Connection, Job, ModuleSync
from django_bigin.sync.engine import TRIES_AT_MOST
from django_bigin.sync.pipeline import SECONDS_AT_ONCE
from django_bigin.work.kinds import SYNC
from tests.support.killing import killing
from tests.support.mirror import sync
from tests.support.ticking import tick, work_off

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

CONTACTS = "GET /bigin/v2/Contacts"
STUCK_SECONDS = 60  # longer than the test: what the dead asked for is never answered, nor counted


@pytest.fixture
def contacts(sandbox: Any, connection: Connection) -> ModuleSync:
    """The contacts of a connection whose every other module is done."""
    work_off(tick())
    work_off([entry for entry in tick() if entry[1] != ModuleSync.objects.get(module="Contacts").pk])
    ModuleSync.objects.filter(module="Contacts").update(queued_until=None)
    return ModuleSync.objects.get(module="Contacts")


def test_a_module_that_kills_its_worker_again_and_again_is_tried_once_a_day(
    sandbox: Any, connection: Connection, contacts: ModuleSync
) -> None:
    sandbox.clear_calls()
    rows = ModuleSync.objects.filter(pk=contacts.pk)
    with killing(SYNC, contacts.pk, sandbox) as kill:
        for tries in range(1, TRIES_AT_MOST + 1):
            assert tick(SYNC) == [(SYNC, contacts.pk)]
            sandbox.fail(CONTACTS, delay_seconds=STUCK_SECONDS)
            kill(lambda: sandbox.faults() == [])
            assert rows.get().tries == tries
            rows.update(queued_until=None)
        sandbox.clear_calls()
        work_off(tick(SYNC))
        contacts.refresh_from_db()
        assert sandbox.count_calls(CONTACTS) == 0
        assert f"{TRIES_AT_MOST} runs in a row ended without a result" in contacts.last_error
        assert Job.objects.get(module="Contacts").error == contacts.last_error
        sandbox.advance(23 * 3600)
        assert (SYNC, contacts.pk) not in tick(SYNC)

        # A day later there is one try, and where that kills its worker as well it rests again.
        sandbox.advance(3700)
        assert (SYNC, contacts.pk) in tick(SYNC)
        sandbox.fail(CONTACTS, delay_seconds=STUCK_SECONDS)
        kill(lambda: sandbox.faults() == [])
    rows.update(queued_until=None)
    work_off([entry for entry in tick(SYNC) if entry[1] == contacts.pk])
    assert sandbox.count_calls(CONTACTS) == 0
    assert tick(SYNC) == []


def test_a_sync_that_ends_well_lifts_it(sandbox: Any, connection: Connection, contacts: ModuleSync) -> None:
    ModuleSync.objects.filter(pk=contacts.pk).update(tries=TRIES_AT_MOST)
    work_off(tick(SYNC))
    contacts.refresh_from_db()
    assert "ended without a result" in contacts.last_error
    sync(connection, "Contacts")
    contacts.refresh_from_db()
    assert (contacts.tries, contacts.last_error) == (0, "")


def test_a_run_that_gets_on_by_a_page_is_no_try(sandbox: Any, connection: Connection, contacts: ModuleSync) -> None:
    sandbox.add_records("Contacts", 450)
    sandbox.fail(CONTACTS, delay_seconds=SECONDS_AT_ONCE, after=1, times=1)  # so two pages are stored with it
    sandbox.fail(CONTACTS, delay_seconds=STUCK_SECONDS, after=1, times=1)
    ModuleSync.objects.filter(pk=contacts.pk).update(tries=TRIES_AT_MOST - 1)
    with killing(SYNC, contacts.pk, sandbox) as kill:
        kill(lambda: connection.records.filter(module="Contacts").count() == 400)
    contacts.refresh_from_db()
    assert contacts.tries == 0


def test_without_a_token_nothing_was_tried(sandbox: Any, connection: Connection, contacts: ModuleSync) -> None:
    sandbox.fail("POST /oauth/v2/token", status=500, body="<html></html>", times=None)
    sandbox.advance(4_000)
    for _ in range(2):
        ModuleSync.objects.update(queued_until=None)
        work_off([(SYNC, contacts.pk)])
    contacts.refresh_from_db()
    assert contacts.tries == 0

"""A 404 that is not the product's own is tried again before it is believed: any proxy may answer it."""

from typing import Any

import pytest

from django_bigin.models import Connection, ModuleSync, Record
from django_bigin.sync import sync_connection
from tests.support.mirror import failed, sync

pytestmark = pytest.mark.django_db(transaction=True)

HTML = {"status": 404, "body": "<html>Not Found</html>", "content_type": "text/html"}
CONTACTS, FIELDS = "GET /bigin/v2/Contacts", "GET /bigin/v2/settings/fields"


def test_one_page_of_a_proxy_leaves_the_module_available(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Contacts", 3)
    sandbox.fail(CONTACTS, times=1, **HTML)
    assert "a proxy may stand in between" in failed(connection, "Contacts")
    row = ModuleSync.objects.get(module="Contacts")
    assert (row.unavailable_reason, row.failure_count) == ("", 1)
    sandbox.advance(120)
    sync(connection, "Contacts")
    assert Record.objects.filter(module="Contacts").count() == 3
    row.refresh_from_db()
    assert (row.last_error, row.failure_count) == ("", 0)


def test_one_that_stays_is_believed(sandbox: Any, connection: Connection) -> None:
    sandbox.fail(CONTACTS, times=None, **HTML)
    for _ in range(3):
        failed(connection, "Contacts")
    [result] = sync_connection(connection, modules=["Contacts"])
    assert result.skipped
    assert ModuleSync.objects.get(module="Contacts").unavailable_reason == result.skipped


def test_the_products_own_word_is_believed_at_once(sandbox: Any, connection: Connection) -> None:
    body = '{"code": "INVALID_MODULE", "details": {}, "message": "no", "status": "error"}'
    sandbox.fail(CONTACTS, status=400, body=body, content_type="application/json", times=None)
    [result] = sync_connection(connection, modules=["Contacts"])
    assert result.skipped
    assert ModuleSync.objects.get(module="Contacts").unavailable_reason


def test_one_page_of_a_proxy_for_the_fields_is_asked_for_again(sandbox: Any, connection: Connection) -> None:
    sandbox.fail(FIELDS, times=1, **HTML)
    sync_connection(connection)
    assert set(ModuleSync.objects.values_list("unavailable_reason", flat=True)) == {""}


def test_fields_that_were_read_before_serve_meanwhile(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Contacts", 3)
    sync_connection(connection)
    sandbox.add_records("Contacts", 1)
    sandbox.fail(FIELDS, times=None, **HTML)
    sandbox.advance(25 * 3600)
    sync_connection(connection)
    assert set(ModuleSync.objects.values_list("unavailable_reason", flat=True)) == {""}
    assert Record.objects.filter(module="Contacts").count() == 4

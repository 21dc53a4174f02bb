"""The mirror works against the least that a server must have: see `tests/least_server.py`."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F

from django_bigin.connections import connect_self_client
from django_bigin.models import Connection, ModuleSync, Record, Tenant
from django_bigin.sync import Options, sync_connection
from tests.least_server import LeastServer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def least(settings: Any) -> Iterator[LeastServer]:
    with LeastServer() as server:
        settings.BIGIN_SANDBOX_URL = server.url
        settings.BIGIN_CLOCK = "django.utils.timezone.now"
        yield server


@pytest.fixture
def connection(least: LeastServer, tenant: Any) -> Connection:
    connected = connect_self_client(
        tenant,
        client_id=least.client_id,
        client_secret=least.client_secret,
        grant_token=least.grant_token,
        data_center="us",
    )
    return connected.connection


def contact(number: int, *, modified: str = "2026-11-01T10:00:00+01:00", **more: Any) -> dict[str, Any]:
    identity = str(5725767000000500000 + number)
    moments = {"Created_Time": "2026-10-01T10:00:00+01:00", "Modified_Time": modified}
    return {"id": identity, "Last_Name": f"Contact {number}", "Email": f"c{number}@example.org", **moments, **more}


def mirrored(module: str = "Contacts") -> dict[str, str]:
    rows = Record.objects.live().filter(module=module)
    return {str(row.record_id): row["Last_Name"] for row in rows}


def a_minute_passes() -> None:
    """The server tells seconds, and the two syncs of a test often begin in the same one."""
    Record.objects.update(seen_at=F("seen_at") - timedelta(minutes=1))


def errors(results: Any) -> list[str]:
    return [result.error for result in results if result.error]


def test_connecting_needs_no_users_endpoint(connection: Connection) -> None:
    assert connection.status == Connection.Status.HEALTHY
    assert connection.zoho_user_id == ""


def test_a_full_sync_past_the_page_wall_mirrors_every_record(connection: Connection, least: LeastServer) -> None:
    least.records["Contacts"] = [contact(number) for number in range(2450)]
    results = sync_connection(connection)
    assert errors(results) == []
    assert mirrored() == {row["id"]: row["Last_Name"] for row in least.records["Contacts"]}


def test_modules_and_users_that_the_server_lacks_are_marked_with_the_reason(
    connection: Connection, least: LeastServer
) -> None:
    sync_connection(connection)
    reasons = dict(ModuleSync.objects.filter(connection=connection).values_list("module", "unavailable_reason"))
    assert reasons["Contacts"] == ""
    assert reasons["Pipelines"]
    assert reasons["Users"]


def test_changes_are_found_although_sorting_is_ignored(connection: Connection, least: LeastServer) -> None:
    rows = [contact(number) for number in range(450)]
    least.records["Contacts"] = rows
    sync_connection(connection)
    rows[3] |= {"Last_Name": "Renamed", "Modified_Time": "2099-11-21T10:00:00+01:00"}
    rows.append(contact(999, modified="2099-11-21T10:00:01+01:00"))
    results = sync_connection(connection)
    assert errors(results) == []
    assert mirrored()[rows[3]["id"]] == "Renamed"
    assert rows[-1]["id"] in mirrored()


def test_what_is_gone_is_found_by_the_next_full_sync(connection: Connection, least: LeastServer) -> None:
    rows = [contact(number) for number in range(450)]
    least.records["Contacts"] = rows
    sync_connection(connection)
    gone = rows.pop(7)
    a_minute_passes()
    sync_connection(connection, options=Options(full=True))
    assert gone["id"] not in mirrored()
    assert len(mirrored()) == 449
    assert Record.objects.get(record_id=gone["id"]).deleted_at is not None


def test_an_empty_answer_does_not_empty_the_mirror(connection: Connection, least: LeastServer) -> None:
    least.records["Contacts"] = [contact(number) for number in range(5)]
    sync_connection(connection)
    least.records["Contacts"] = []
    results = sync_connection(connection, options=Options(full=True))
    assert "--accept-missing" in " ".join(errors(results))
    assert len(mirrored()) == 5
    sync_connection(connection, options=Options(full=True, accept_missing=True))
    assert mirrored() == {}


def test_a_token_that_is_refused_is_replaced_once(connection: Connection, least: LeastServer) -> None:
    least.records["Contacts"] = [contact(1)]
    least.access_tokens.clear()
    least.requests.clear()
    assert errors(sync_connection(connection)) == []
    assert least.requests.count("POST /oauth/v2/token") == 1


@pytest.fixture
def tenant() -> Any:
    return Tenant.objects.create(name="Acme", slug="acme")

"""The page of findings in the admin."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from django_bigin.models import Connection, ModuleSync, QuarantinedRow
from tests.support.admin import text_of
from tests.support.factories import make_connection, make_staff, make_tenant

pytestmark = pytest.mark.django_db

PAGE = "admin:django_bigin_connection_health"


def test_is_linked_above_the_list_of_connections(root: Client) -> None:
    page = text_of(root.get(reverse("admin:django_bigin_connection_changelist")))
    assert f'href="{reverse(PAGE)}"' in page


def test_says_that_nothing_is_wrong(root: Client) -> None:
    make_connection()
    assert "Nothing is wrong with 1 connection." in text_of(root.get(reverse(PAGE)))


def test_shows_what_is_wrong_the_cause_first_and_what_to_do(root: Client, settings: Any) -> None:
    row = make_connection(make_tenant("acme"))
    ModuleSync.objects.create(connection=row, module="Contacts", last_error="<b>No.</b>")
    settings.BIGIN_ENCRYPTION_KEYS = []
    page = text_of(root.get(reverse(PAGE)))
    assert page.index("key.missing") < page.index("module.failed")
    assert "Put the key back into BIGIN_ENCRYPTION_KEYS" in page
    assert f'<a href="{reverse("admin:django_bigin_connection_change", args=[row.pk])}">acme: Contacts</a>' in page
    assert "&lt;b&gt;No.&lt;/b&gt;" in page


def test_quarantined_rows_are_counted_on_every_page_of_modules(root: Client) -> None:
    row = make_connection(make_tenant("acme"))
    module = ModuleSync.objects.create(connection=row, module="Contacts", records_watermark=row.created_at)
    for name in ("Contacts", "Contacts", "Notes"):
        quarantine(row, name)
    pages = (
        reverse("admin:django_bigin_connection_change", args=[row.pk]),
        reverse("admin:django_bigin_modulesync_changelist"),
        reverse(PAGE),
    )
    for page in pages:
        shown = text_of(root.get(page))
        assert "Incomplete" in shown, page
        assert "2 rows are quarantined." in shown, page
    page = text_of(root.get(reverse("admin:django_bigin_modulesync_change", args=[module.pk])))
    assert '<span class="bigin-badge bigin-warning">Incomplete</span>' in page
    assert "2 rows could not be stored" in text_of(root.get(reverse(PAGE)))


def quarantine(row: Connection, module: str) -> None:
    number = str(QuarantinedRow.objects.count())
    at = row.created_at
    QuarantinedRow.objects.create(
        connection=row, module=module, raw="{}", raw_hash=number, reason="NUL", seen_at=at, first_at=at, last_at=at
    )


def test_who_is_limited_sees_their_own_tenants_alone(client: Client, settings: Any) -> None:
    settings.BIGIN_ACCESS_POLICY = "tests.support.policies.OwnTenant"
    needs = Connection.Status.NEEDS_AUTHORIZATION
    for slug in ("mine", "others"):
        make_connection(make_tenant(slug), status=needs, org_name=f"Org of {slug}")
    settings.BIGIN_ENCRYPTION_KEYS = []
    client.force_login(make_staff("mine"))
    page = text_of(client.get(reverse(PAGE)))
    assert "Org of mine" in page
    assert "Org of others" not in page
    assert "key.missing" not in page


def test_who_may_not_view_connections_is_refused(client: Client) -> None:
    client.force_login(make_staff("clerk", "view_job"))
    assert client.get(reverse(PAGE)).status_code == 403

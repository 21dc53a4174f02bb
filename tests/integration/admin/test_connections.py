"""Connections: their state, what may be deleted, how they are found."""

import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse

from django_bigin.models import (
    AuditEvent,
    AuthorizationAttempt,
    Connection,
    Record,
    Tenant,
)
from tests.support.admin import text_of, url
from tests.support.factories import (
    make_connection,
    make_record,
    make_staff,
    make_tenant,
)

pytestmark = pytest.mark.django_db


def test_status_is_a_word_on_a_colour(root):
    make_connection(status=Connection.Status.NEEDS_AUTHORIZATION, status_reason="Zoho revoked <it>.")
    page = text_of(root.get(url(Connection, "changelist")))
    assert '<span class="bigin-badge bigin-error">Needs authorization</span>' in page
    assert "Zoho revoked &lt;it&gt;." in page


def test_page_tells_of_tokens_without_showing_them_and_of_each_module(root, rows):
    page = text_of(root.get(url(Connection, "change", rows[Connection].pk)))
    assert "stored, expires" in page
    assert "Contacts" in page
    assert "acme error" in page
    assert "ZohoBigin.modules.ALL" in page


def test_cannot_be_deleted_while_zoho_may_still_honour_its_grant(root, rows):
    connection = rows[Connection]
    for status in Connection.Status.values:
        Connection.objects.update(status=status)
        assert root.post(url(Connection, "delete", connection.pk), {"post": "yes"}).status_code == 403


def test_can_be_deleted_once_disconnected_and_the_page_counts_what_goes_along(root, rows):
    connection = rows[Connection]
    make_record(connection)
    Connection.objects.update(status=Connection.Status.DISCONNECTED, refresh_token="", access_token="")
    page = text_of(root.get(url(Connection, "delete", connection.pk)))
    assert "2 records" in page
    assert root.post(url(Connection, "delete", connection.pk), {"post": "yes"}).status_code == 302
    assert not Connection.objects.exists()
    assert not Record.objects.exists()
    assert AuditEvent.objects.filter(action="delete", actor="root", tenant="acme tenant").exists()


def test_is_found_by_organization_and_tenant(root, rows):
    make_connection(make_tenant("globex"))
    for term in ("acme organization", rows[Connection].org_id, "acme tenant"):
        page = text_of(root.get(url(Connection, "changelist"), {"q": term}))
        assert "acme organization" in page
        assert "Globex Ltd" not in page


def test_filters_by_tenant_and_data_center(root, rows):
    make_connection(make_tenant("globex"), data_center="eu")
    page = text_of(root.get(url(Connection, "changelist"), {"tenant": rows[Tenant].pk}))
    assert "Globex Ltd" not in page
    page = text_of(root.get(url(Connection, "changelist"), {"data_center": "eu"}))
    assert "Globex Ltd" in page
    assert "acme organization" not in page
    assert "0 connections" in text_of(root.get(url(Connection, "changelist"), {"tenant": "nonsense"}))


def test_a_user_who_has_just_pressed_connect_can_be_deleted(root, rows):
    person = make_staff("leaver")
    AuthorizationAttempt.objects.update(user=person)
    root.post(reverse("admin:auth_user_delete", args=(person.pk,)), {"post": "yes"})
    assert not get_user_model().objects.filter(username="leaver").exists()

"""A tenant deleted in the admin: disconnected at Zoho first, after a question, and only by those who may."""

from typing import Any

import pytest
from django.contrib.admin.models import DELETION, LogEntry
from django.contrib.auth.models import Permission
from django.db import connections as databases
from django.test import Client
from django.urls import resolve

from django_bigin.models import AuditEvent, ClientRegistration, Connection, Record, Tenant
from tests.support.admin import url
from tests.support.admin_pages import said
from tests.support.factories import make_registration, make_staff, make_superuser, make_tenant
from tests.support.grants import REVOKE
from tests.support.mirror import connect, sync

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def root(client: Client) -> Client:
    client.force_login(make_superuser())
    return client


@pytest.fixture
def tenant(sandbox: Any, connection: Connection) -> Tenant:
    sandbox.add_records("Contacts", 3)
    sync(connection, "Contacts")
    return connection.tenant


def page_of(tenant: Tenant) -> str:
    return url(Tenant, "delete", tenant.pk)


def confirm(client: Client, tenant: Tenant, **more: str) -> Any:
    return client.post(page_of(tenant), {"confirmed": "yes", **more})


def test_the_page_says_what_goes_and_nothing_goes_yet(root: Client, tenant: Tenant) -> None:
    assert f'href="{page_of(tenant)}"' in root.get(url(Tenant, "change", tenant.pk)).content.decode()
    for answer in (root.get(page_of(tenant)), root.post(page_of(tenant), {"post": "yes"})):
        text = answer.content.decode()
        assert str(tenant) in text
        assert "1 connections, 3 records, 1 client registrations" in text
        assert 'value="Yes, delete it"' in text
        assert "even_unrevoked" not in text
    assert Connection.objects.get().status == Connection.Status.HEALTHY


def test_it_is_disconnected_deleted_and_written_down(root: Client, sandbox: Any, tenant: Tenant) -> None:
    answer = confirm(root, tenant)
    assert answer.status_code == 302
    assert answer.url == url(Tenant, "changelist")
    assert "Zoho has revoked the grant." in said(answer)
    assert sandbox.count_calls(REVOKE) == 1
    assert [model.objects.count() for model in (Tenant, Connection, Record, ClientRegistration)] == [0] * 4
    events = AuditEvent.objects.filter(actor="root", tenant=str(tenant))
    assert set(events.values_list("action", flat=True)) == {"disconnect", "delete"}
    assert LogEntry.objects.get(action_flag=DELETION).object_repr == str(tenant)


def test_a_tenant_that_was_never_connected(root: Client) -> None:
    row = make_tenant("acme")
    assert "Deleted here for good" not in root.get(page_of(row)).content.decode()
    assert confirm(root, row).status_code == 302
    assert not Tenant.objects.exists()


def test_where_zoho_cannot_be_reached_it_stays_until_a_person_says_so(
    root: Client, sandbox: Any, tenant: Tenant
) -> None:
    sandbox.fail(REVOKE, status=503, times=None)
    answer = confirm(root, tenant)
    assert "stays, since a grant was not revoked at Zoho" in said(answer)
    assert Connection.objects.get().status == Connection.Status.DISCONNECTED
    assert "The grant lives on" in root.get(answer.url).content.decode()
    assert confirm(root, tenant, even_unrevoked="on").status_code == 302
    assert not Tenant.objects.exists()


def test_what_another_tenant_needs_keeps_it(root: Client, sandbox: Any, tenant: Tenant) -> None:
    other = connect(sandbox.add_organization(), tenant=make_tenant("other"))
    Connection.objects.filter(pk=other.pk).update(registration=ClientRegistration.objects.get(tenant=tenant))
    answer = confirm(root, tenant)
    assert answer.url == url(Tenant, "change", tenant.pk)
    assert "connections point to it" in said(answer)
    assert Tenant.objects.count() == 2


NEEDED = ("view_connection", "disconnect_connection", "delete_connection", "delete_clientregistration", "delete_tenant")


def test_by_those_alone_who_may_delete_everything_that_goes(sandbox: Any, tenant: Tenant) -> None:
    client, person = Client(), make_staff("half", *NEEDED)
    client.force_login(person)
    for codename in NEEDED:
        permission = Permission.objects.get(codename=codename)
        person.user_permissions.remove(permission)
        assert confirm(client, tenant).status_code in (302, 403)  # 302: nothing that they see has this key
        assert Connection.objects.get().status == Connection.Status.HEALTHY, codename
        person.user_permissions.add(permission)
    person.user_permissions.remove(Permission.objects.get(codename="delete_clientregistration"))
    assert (
        "You may not delete what belongs to it: client registrations." in client.get(page_of(tenant)).content.decode()
    )
    person.user_permissions.add(Permission.objects.get(codename="delete_clientregistration"))
    assert confirm(client, tenant).status_code == 302
    assert not Tenant.objects.exists()


def test_a_limited_person_deletes_their_own_tenants_alone(sandbox: Any, tenant: Tenant, settings: Any) -> None:
    settings.BIGIN_ACCESS_POLICY = "tests.support.policies.OwnTenant"
    other = make_tenant("other")
    make_registration(other)
    client = Client()
    client.force_login(make_staff(tenant.slug))
    confirm(client, other)
    assert Tenant.objects.filter(pk=other.pk).exists()
    confirm(client, tenant)
    assert list(Tenant.objects.all()) == [other]


def test_no_transaction_is_around_it(tenant: Tenant) -> None:
    assert set(databases) <= resolve(page_of(tenant)).func._non_atomic_requests

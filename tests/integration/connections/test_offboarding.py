"""A tenant's end: disconnected, forgotten and deleted, or nothing of it is lost."""

from typing import Any

import pytest

from django_bigin.connections import delete_tenant
from django_bigin.models import (
    AuditEvent,
    AuthorizationAttempt,
    ClientRegistration,
    ClientSecret,
    Connection,
    Job,
    ModuleSync,
    Record,
    Tenant,
)
from tests.support.commands import Ran
from tests.support.factories import make_registration, make_row_of_each_model, make_tenant
from tests.support.grants import REVOKE
from tests.support.mirror import connect, sync

pytestmark = pytest.mark.django_db(transaction=True)

OF_A_TENANT = (Connection, ClientRegistration, ClientSecret, AuthorizationAttempt, Record, ModuleSync, Job)


def rows_of(tenant: Tenant) -> int:
    paths = {Connection: "tenant", ClientRegistration: "tenant", AuthorizationAttempt: "tenant"}
    paths |= {ClientSecret: "registration__tenant"}
    return sum(
        model.objects.filter(**{paths.get(model, "connection__tenant"): tenant.pk}).count() for model in OF_A_TENANT
    )


def test_everything_of_it_is_deleted_and_nothing_of_another(sandbox: Any, connection: Connection) -> None:
    sandbox.add_records("Contacts", 3)
    sync(connection, "Contacts")
    tenant = connection.tenant
    make_row_of_each_model("neighbour")
    other = Tenant.objects.get(slug="neighbour")
    before = rows_of(other)
    outcome = delete_tenant(tenant, actor="root")
    assert (outcome.deleted, outcome.records) == (True, 3)
    assert [each.revoked for each in outcome.revocations.values()] == [True]
    assert sandbox.count_calls(REVOKE) == 1
    assert rows_of(tenant) == 0
    assert list(Tenant.objects.all()) == [other]
    assert rows_of(other) == before
    assert set(AuditEvent.objects.filter(actor="root").values_list("action", flat=True)) == {"disconnect", "delete"}


def test_a_tenant_that_was_never_connected_is_deleted(sandbox: Any) -> None:
    tenant = Tenant.objects.create(slug="acme", name="Acme")
    make_registration(tenant, secret="s")
    assert delete_tenant(tenant).deleted
    assert rows_of(tenant) == Tenant.objects.count() == 0


def test_the_row_can_be_left_to_the_site(sandbox: Any, connection: Connection) -> None:
    assert delete_tenant(connection.tenant, keep_row=True).deleted
    assert Tenant.objects.filter(pk=connection.tenant_id).exists()
    assert rows_of(connection.tenant) == 0


def test_a_grant_that_cannot_be_revoked_keeps_the_tenant(sandbox: Any, connection: Connection) -> None:
    sandbox.fail(REVOKE, status=503, times=None)
    assert not delete_tenant(connection.tenant).deleted
    stored = Connection.objects.get()
    assert stored.status == Connection.Status.DISCONNECTED
    assert stored.refresh_token
    sandbox.clear_faults()
    assert delete_tenant(connection.tenant).deleted


def test_it_can_be_deleted_all_the_same(sandbox: Any, connection: Connection) -> None:
    sandbox.fail(REVOKE, status=503, times=None)
    assert delete_tenant(connection.tenant, even_unrevoked=True).deleted
    assert not Tenant.objects.exists()


def test_another_tenants_connection_through_its_client_keeps_it(
    sandbox: Any, organization: dict[str, str], connection: Connection
) -> None:
    other = connect(sandbox.add_organization(), tenant=make_tenant("other"))
    Connection.objects.filter(pk=other.pk).update(registration=connection.registration)
    ran = Ran("bigin_delete_tenant", "--tenant", connection.tenant.slug, "--yes")
    assert ran.code == 1
    assert "connections point to it" in ran.error
    assert Tenant.objects.count() == 2


def test_the_command_asks_and_tells(sandbox: Any, connection: Connection) -> None:
    slug = connection.tenant.slug
    assert Ran("bigin_delete_tenant", "--tenant", slug).code == 2
    assert Tenant.objects.exists()
    sandbox.fail(REVOKE, status=503, times=None)
    assert Ran("bigin_delete_tenant", "--tenant", slug, "--yes").code == 75
    sandbox.clear_faults()
    ran = Ran("bigin_delete_tenant", "--tenant", slug, "--yes", "--json")
    assert (ran.code, ran.document["deleted"]) == (0, True)
    assert not Tenant.objects.exists()

"""Tenants and connections that the kit makes, and tokens in the transaction around a test."""

import pytest
from django.db import connection as database
from django.db import transaction

from django_bigin.connections import tokens
from django_bigin.exceptions import BiginError
from django_bigin.models import Connection
from django_bigin.sandbox import Sandbox
from django_bigin.testing import (
    connect,
    connected,
    make_tenant,
    refresh_in_transaction,
)


@pytest.mark.django_db
def test_a_tenant_can_be_connected_again_and_to_a_second_organization(bigin_sandbox: Sandbox) -> None:
    tenant = make_tenant("acme")
    first = connect(tenant)
    assert connect(tenant).pk == first.pk
    second = connect(tenant, organization=bigin_sandbox.add_organization(data_center="eu"))
    assert (second.tenant, second.data_center) == (tenant, "eu")


@pytest.mark.django_db
def test_what_is_granted_can_be_chosen(bigin_sandbox: Sandbox) -> None:
    connection = connect(scopes="ZohoBigin.org.READ,ZohoBigin.users.READ")
    assert sorted(connection.scopes) == ["ZohoBigin.org.READ", "ZohoBigin.users.READ"]


@pytest.mark.django_db
def test_whoever_was_connected_is_disconnected_at_the_end(bigin_sandbox: Sandbox) -> None:
    with connected() as connection:
        assert connection.status == Connection.Status.HEALTHY
    connection.refresh_from_db()
    assert connection.status == Connection.Status.DISCONNECTED
    with connected(connection.tenant) as connection:
        connection.delete()


def test_tokens_are_refreshed_in_the_transaction_around_a_test(
    bigin_sandbox: Sandbox, bigin_connection: Connection
) -> None:
    assert database.in_atomic_block
    old = bigin_connection.access_token.reveal()
    bigin_sandbox.advance(3700)
    new = tokens.ensure_fresh_token(bigin_connection.pk).value
    bigin_connection.refresh_from_db()
    assert new == bigin_connection.access_token.reveal() != old


def test_a_grant_that_is_lost_is_known_in_the_transaction_around_a_test(
    bigin_sandbox: Sandbox, bigin_connection: Connection
) -> None:
    bigin_sandbox.advance(3700)
    bigin_sandbox.revoke_grant()
    with pytest.raises(BiginError):
        tokens.ensure_fresh_token(bigin_connection.pk)
    bigin_connection.refresh_from_db()
    assert bigin_connection.status == Connection.Status.NEEDS_AUTHORIZATION


@pytest.mark.django_db(transaction=True)
def test_without_a_transaction_around_the_test_tokens_are_refreshed_as_in_production(
    bigin_sandbox: Sandbox, bigin_connection: Connection
) -> None:
    bigin_sandbox.advance(3700)
    assert not tokens.in_callers_transaction.get()
    with refresh_in_transaction(), pytest.raises(KeyError), transaction.atomic():
        tokens.ensure_fresh_token(bigin_connection.pk)
        raise KeyError
    stored = Connection.objects.get(pk=bigin_connection.pk)
    assert stored.access_token.reveal() == bigin_connection.access_token.reveal()

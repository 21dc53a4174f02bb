"""What type checkers know of the package, written as a site would write it.

Nothing here runs: `dev.py types` has mypy read it, `dev.py tox run -e pyright` pyright. A call that must be refused
stands beside the comment that a checker calls needless once it is accepted.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, assert_type

from django_bigin.api import Client, Page
from django_bigin.connections import AccessToken, State, ensure_fresh_token, open_client, state_of
from django_bigin.encryption.secret import Secret
from django_bigin.models import AuditEvent, ClientRegistration, ClientSecret, Connection, Record, Tenant
from django_bigin.models.fields import HeldSecret
from django_bigin.models.record import RecordQuerySet
from django_bigin.sync import ModuleResult, Options, sync_connection


def records(tenant: Tenant) -> None:
    contacts = Record.objects.of(tenant, "Contacts")
    assert_type(contacts, RecordQuerySet)
    assert_type(Record.objects.live().named("wen"), RecordQuerySet)
    assert_type(Record.objects.filter(module="Contacts").named("wen"), RecordQuerySet)
    assert_type(contacts.exclude(email="").order_by("name_key").named("wen"), RecordQuerySet)
    assert_type(contacts.first(), Record | None)
    assert_type(contacts[0]["Email"], Any)
    assert_type([record for record in contacts], list[Record])  # noqa: C416  # a loop is what is asked about
    Record.objects.called("wen")  # type: ignore[attr-defined]  # a mistake that the checker must see
    Record.objects.of(tenant)  # type: ignore[call-arg]  # likewise


def secrets(registration: ClientRegistration, connection: Connection) -> None:
    assert_type(connection.access_token, HeldSecret)
    assert_type(connection.access_token.reveal(), Secret)
    for secret in ClientSecret.objects.filter(registration=registration):
        secret.secret = secret.secret.reveal()
    connection.refresh_token = "plain text"
    connection.refresh_token = 3  # type: ignore[assignment]  # likewise
    connection.access_token.decrypt()  # type: ignore[attr-defined]  # likewise


def rows(before: datetime, at: datetime) -> None:
    assert_type(Connection.objects.get(pk=1), Connection)
    assert_type(Tenant.objects.get(slug="acme"), Tenant)
    assert_type(ClientRegistration.objects.first(), ClientRegistration | None)
    assert_type(AuditEvent.objects.trim(before, at=at), int)


def work(connection: Connection) -> None:
    assert_type(ensure_fresh_token(connection.pk), AccessToken)
    assert_type(state_of(connection), State)
    assert_type(sync_connection(connection, options=Options(full=True)), list[ModuleResult])
    with open_client(connection) as client:
        assert_type(client, Client)
        assert_type(client.records.fetch_page("Contacts", fields=["Last_Name"]), Page)

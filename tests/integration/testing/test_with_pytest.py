"""What docs/testing.md shows for pytest: what stands from mark to mark, word for word."""

# ruff: noqa: E402  # each part has the imports that a reader needs for it

import pytest

# [example]
from django_bigin.models import Record
from django_bigin.sync import sync_connection


def test_a_new_phone_number_arrives(bigin_sandbox, bigin_connection):
    [contact] = bigin_sandbox.add_records("Contacts", [{"Last_Name": "Okafor", "Phone": "1"}])
    sync_connection(bigin_connection, modules=["Contacts"])
    bigin_sandbox.advance(3600)
    bigin_sandbox.edit_records("Contacts", [{"id": contact, "Phone": "2"}])
    sync_connection(bigin_connection, modules=["Contacts"])
    assert Record.objects.get(record_id=contact).data["Phone"] == "2"


# [/example]


# [tenants]
from django_bigin.testing import connect, make_tenant


@pytest.mark.django_db
def test_two_tenants_do_not_mix(bigin_sandbox):
    other = bigin_sandbox.add_organization(data_center="eu", company_name="Other Ltd", records={"Contacts": 3})
    ours, theirs = connect(make_tenant("ours")), connect(make_tenant("theirs"), organization=other)
    for connection in (ours, theirs):
        sync_connection(connection, modules=["Contacts"])
    assert Record.objects.filter(connection=ours).count() == 0
    assert Record.objects.filter(connection=theirs).count() == 3


# [/tenants]


# [signals]
from django_bigin.signals import records_changed


def test_who_listens_hears_of_a_new_contact(bigin_sandbox, bigin_connection, django_capture_on_commit_callbacks):
    heard = []

    def listen(created, **about):
        heard.extend(created)

    records_changed.connect(listen)
    [contact] = bigin_sandbox.add_records("Contacts", 1)
    with django_capture_on_commit_callbacks(execute=True):
        sync_connection(bigin_connection, modules=["Contacts"])
    records_changed.disconnect(listen)
    assert heard == [int(contact)]


# [/signals]


# [secrets]
@pytest.mark.usefixtures("bigin_no_secrets_logged")
def test_a_sync_logs_no_secret(bigin_sandbox, bigin_connection):
    bigin_sandbox.advance(3600)
    sync_connection(bigin_connection, modules=["Contacts"])


# [/secrets]


# [faults]
def test_an_outage_loses_nothing(bigin_sandbox, bigin_connection):
    bigin_sandbox.add_records("Contacts", 450)
    bigin_sandbox.fail("GET /bigin/v2/Contacts", status=502, after=1)
    [broken] = sync_connection(bigin_connection, modules=["Contacts"])
    assert "Bigin failed to answer" in broken.error
    sync_connection(bigin_connection, modules=["Contacts"])
    assert Record.objects.count() == 450


# [/faults]

"""What docs/testing.md shows for Django's test case: what stands from mark to mark, word for word."""

# ruff: noqa: E402, I001, PT009  # each part as a reader would write it: with its imports, and Django's assertions

# [example]
from django_bigin.models import Record
from django_bigin.sync import sync_connection
from django_bigin.testing import BiginTestCase


class PhoneNumbers(BiginTestCase):
    def test_a_new_phone_number_arrives(self):
        connection = self.connect()
        [contact] = self.sandbox.add_records("Contacts", [{"Last_Name": "Okafor", "Phone": "1"}])
        sync_connection(connection, modules=["Contacts"])
        self.sandbox.advance(3600)
        self.sandbox.edit_records("Contacts", [{"id": contact, "Phone": "2"}])
        sync_connection(connection, modules=["Contacts"])
        self.assertEqual(Record.objects.get(record_id=contact).data["Phone"], "2")


# [/example]


# [more]
from django_bigin.signals import records_changed


class WhoListens(BiginTestCase):
    sandbox_options = {"records": {"Contacts": 3}}

    def setUp(self):
        super().setUp()
        self.heard = []
        records_changed.connect(self.listen)
        self.addCleanup(records_changed.disconnect, self.listen)

    def listen(self, created, **about):
        self.heard.extend(created)

    def test_hears_of_every_contact(self):
        connection = self.connect()
        with self.captureOnCommitCallbacks(execute=True), self.no_secrets_logged():
            sync_connection(connection, modules=["Contacts"])
        self.assertEqual(len(self.heard), 3)


# [/more]


# [plain]
from django.test import TransactionTestCase
from django_bigin.testing import connected, no_secrets_logged, running_sandbox


class Plain(TransactionTestCase):
    def test_without_any_base_class(self):
        with running_sandbox(records={"Contacts": 3}) as sandbox, no_secrets_logged(sandbox), connected() as connection:
            sync_connection(connection, modules=["Contacts"])
        self.assertEqual(Record.objects.count(), 3)


# [/plain]

"""Records are read as Python types, with the present names of what they link to, and without a query for each."""

import copy
import pickle
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from django_bigin.models import Connection, Link, ModuleSchema, Record, Tenant
from tests.support.factories import make_connection, make_superuser

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 11, 3, 9, tzinfo=UTC)
TYPES = {
    "Amount": "currency", "Rate": "percent", "Score": "integer", "Big": "bigint", "Closing_Date": "date",
    "Created_Time": "datetime", "Account_Name": "lookup", "Owner": "ownerlookup", "Is_New": "boolean",
    "Colors": "multiselectpicklist", "Title": "text",
}  # fmt: skip


@pytest.fixture
def connection() -> Connection:
    return make_connection()


def make_schema(connection: Connection, module: str = "Contacts") -> None:
    fields = [{"name": name, "label": name, "data_type": data_type} for name, data_type in TYPES.items()]
    ModuleSchema.objects.create(connection=connection, module=module, fields=fields)


def make_record(
    connection: Connection, record_id: int, *, module: str = "Contacts", name: str = "", **data: Any
) -> Any:
    record = {"connection": connection, "module": module, "record_id": record_id, "name": name, "seen_at": NOW}
    return Record.objects.create(**record, content_hash="x", data={"id": str(record_id), **data})


def link_to(record_id: int, name: str) -> dict[str, str]:
    return {"id": str(record_id), "name": name}


@pytest.mark.parametrize(
    ("field", "sent", "read"),
    [
        ("Amount", 19.99, Decimal("19.99")),
        ("Amount", 20, Decimal("20")),
        ("Amount", "1.500,00", "1.500,00"),  # has been seen; nobody knows what it means
        ("Amount", True, True),
        ("Rate", 10.5, Decimal("10.5")),
        ("Score", 30, 30),
        ("Score", 30.5, 30.5),
        ("Big", "9007199254740993", 9007199254740993),
        ("Big", {"id": "7"}, Link(7, "")),
        ("Closing_Date", "2026-12-15", date(2026, 12, 15)),
        ("Closing_Date", "soon", "soon"),
        ("Created_Time", "2026-10-09T22:11:33+03:00", datetime(2026, 10, 9, 19, 11, 33, tzinfo=UTC)),
        ("Created_Time", "2026-10-09T22:11:33", "2026-10-09T22:11:33"),
        ("Is_New", False, False),
        ("Colors", ["red", "blue"], ["red", "blue"]),
        ("Title", "2026-12-15", "2026-12-15"),
        ("Unlisted", "2026-12-15", "2026-12-15"),
        ("Amount", None, None),
    ],
)
def test_a_value_has_the_type_of_its_field(field: str, sent: Any, read: Any, connection: Connection) -> None:
    make_schema(connection)
    make_record(connection, 1, **{field: sent})
    value = Record.objects.get().value(field)
    assert value == read
    assert type(value) is type(read)


def test_a_field_that_is_not_there_is_none(connection: Connection) -> None:
    make_record(connection, 1)
    assert Record.objects.get().value("Amount") is None


def test_a_link_has_the_present_name_and_leads_to_the_record(connection: Connection) -> None:
    make_record(connection, 10, module="Accounts", name="New & Co")
    make_record(connection, 20, module="Users", name="Ada Now")
    make_record(connection, 1, Account_Name=link_to(10, "Old & Co"), Owner=link_to(20, "Ada Then"))
    contact = Record.objects.get(record_id=1)
    assert (contact.value("Account_Name"), str(contact.value("Owner"))) == (Link(10, "New & Co"), "Ada Now")
    company = contact.linked("Account_Name")
    assert company is not None
    assert (company.module, company.name) == ("Accounts", "New & Co")
    assert contact.linked("Title") is None


def test_what_the_mirror_has_not_keeps_the_name_that_came(connection: Connection) -> None:
    make_record(connection, 1, Account_Name=link_to(10, "Far & Co"))
    gone = make_record(connection, 11, module="Accounts", name="Gone & Co")
    Record.objects.filter(pk=gone.pk).update(deleted_at=NOW)
    make_record(connection, 2, Account_Name=link_to(11, "Once & Co"))
    first, second = Record.objects.filter(module="Contacts").order_by("record_id")
    assert (first.value("Account_Name").name, second.value("Account_Name").name) == ("Far & Co", "Once & Co")
    assert (first.linked("Account_Name"), second.linked("Account_Name")) == (None, None)


def test_a_link_never_leads_into_another_connection(connection: Connection) -> None:
    other = make_connection()
    make_record(other, 10, module="Accounts", name="Theirs")
    make_record(connection, 1, Account_Name=link_to(10, "Ours"))
    make_record(other, 2, Account_Name=link_to(10, "Old"))
    mine, theirs = Record.objects.filter(module="Contacts").order_by("record_id")  # peers all the same
    assert (mine.value("Account_Name").name, theirs.value("Account_Name").name) == ("Ours", "Theirs")
    assert mine.linked("Account_Name") is None
    assert theirs.linked("Account_Name") is not None


@pytest.mark.parametrize("number", [3, 60])
def test_any_number_of_records_costs_the_same_few_queries(
    number: int, connection: Connection, django_assert_num_queries: Any
) -> None:
    make_schema(connection)
    make_schema(connection, "Accounts")
    for each in range(number):
        make_record(connection, 1_000 + each, module="Accounts", name=f"Company {each}", Amount=each)
        make_record(connection, each + 1, Amount=each, Account_Name=link_to(1_000 + each, "old"))
    tenant = Tenant.objects.get()
    with django_assert_num_queries(5):  # contacts; their schema; names; companies; their schema
        for contact in Record.objects.of(tenant, "Contacts"):
            assert contact.value("Amount") == contact.record_id - 1
            assert contact.value("Account_Name").name == f"Company {contact.record_id - 1}"
            company = contact.linked("Account_Name")
            assert company is not None
            assert company.value("Amount") == contact.record_id - 1
    with django_assert_num_queries(2):
        names = [str(each.value("Account_Name")) for each in Record.objects.of(tenant, "Contacts").iterator()]
    assert sorted(names) == sorted(f"Company {each}" for each in range(number))


def test_an_iterator_asks_once_a_chunk(connection: Connection, django_assert_num_queries: Any) -> None:
    for each in range(6):
        make_record(connection, each + 1, Account_Name=link_to(99, "old"))
    make_record(connection, 99, module="Accounts", name="Present")
    contacts = Record.objects.filter(module="Contacts")
    with django_assert_num_queries(1 + 3):
        assert {str(each.value("Account_Name")) for each in contacts.iterator(chunk_size=2)} == {"Present"}


def test_a_record_is_pickled_and_copied_without_its_peers(connection: Connection) -> None:
    make_record(connection, 10, module="Accounts", name="Present")
    make_record(connection, 1, Account_Name=link_to(10, "old"))
    record = Record.objects.get(record_id=1)
    assert record.value("Account_Name").name == "Present"
    for same in (pickle.loads(pickle.dumps(record)), copy.copy(record), copy.deepcopy(record)):
        assert same == record
        assert same.value("Account_Name").name == "Present"


def test_values_and_deferred_data_are_as_djangos(connection: Connection, django_assert_num_queries: Any) -> None:
    make_record(connection, 1, Account_Name=link_to(10, "Far"))
    assert list(Record.objects.values_list("record_id", flat=True)) == [1]
    assert list(Record.objects.values_list("record_id", flat=True).iterator()) == [1]
    with django_assert_num_queries(1):
        [record] = list(Record.objects.defer("data"))
    assert record.value("Account_Name").name == "Far"


def test_a_records_page_in_the_admin_shows_present_names(connection: Connection, client: Client) -> None:
    client.force_login(make_superuser())
    make_record(connection, 10, module="Accounts", name="New & Co")
    record = make_record(connection, 1, Account_Name=link_to(10, "Old & Co"))
    page = client.get(reverse("admin:django_bigin_record_change", args=[record.pk])).content.decode()
    assert "New &amp; Co (10)" in page
    assert "Old &amp; Co" not in page

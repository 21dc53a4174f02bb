"""Modules, records and quarantined rows."""

import pytest
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_bigin.admin import mirror
from django_bigin.models import (
    Connection,
    ModuleSchema,
    ModuleSync,
    QuarantinedRow,
    Record,
)
from tests.support.admin import text_of, url
from tests.support.databases import database
from tests.support.factories import (
    make_connection,
    make_record,
    make_staff,
)

pytestmark = pytest.mark.django_db


def test_a_person_says_whether_which_fields_and_how_often(root, rows):
    module = rows[ModuleSync]
    form = {"enabled": "", "fields": "Email\nLast_Name", "interval_seconds": "60", "last_error": "forged"}
    assert root.post(url(ModuleSync, "change", module.pk), form).status_code == 302
    module.refresh_from_db()
    assert (module.enabled, module.fields, module.interval_seconds) == (False, ["Email", "Last_Name"], 60)
    assert module.last_error == "acme error"
    assert module.full_requested  # no delta shows another field in records that nobody touches


def test_what_a_worker_writes_meanwhile_stays(root, rows, monkeypatch):
    module = rows[ModuleSync]
    ModuleSync.objects.update(full_requested=False, lease_id="before")
    valid = mirror.ModuleForm.is_valid

    def work_and_validate(form):
        ModuleSync.objects.update(lease_id="worker")
        return valid(form)

    monkeypatch.setattr(mirror.ModuleForm, "is_valid", work_and_validate)
    form = {"enabled": "on", "fields": "\n".join(module.fields), "interval_seconds": "60"}
    assert root.post(url(ModuleSync, "change", module.pk), form).status_code == 302
    module.refresh_from_db()
    assert (module.lease_id, module.interval_seconds, module.full_requested) == ("worker", 60, False)


def test_a_field_that_bigin_does_not_list_is_named(root, rows):
    ModuleSchema.objects.update(fields=[{"name": "Email", "label": "E-mail"}])
    answer = root.post(url(ModuleSync, "change", rows[ModuleSync].pk), {"fields": "Email Emial"})
    assert "Bigin lists no field Emial in Contacts." in text_of(answer)


def test_state_is_a_word(root):
    connection = make_connection()
    now = timezone.now()
    for module, values in {
        "Contacts": {"records_watermark": now},
        "Accounts": {"last_error": "No."},
        "Notes": {"unavailable_reason": "Not in this plan."},
        "Tasks": {"incomplete_reason": "The count differs."},
        "Calls": {"enabled": False},
        "Events": {},
    }.items():
        ModuleSync.objects.create(connection=connection, module=module, **values)
    page = text_of(root.get(url(ModuleSync, "changelist")))
    for word in ("Complete", "Failed", "Not available", "Incomplete", "Switched off", "Not read yet"):
        assert f">{word}</span>" in page


def test_fields_are_shown_with_their_labels_and_escaped(root, rows):
    record = rows[Record]
    ModuleSchema.objects.update(fields=[{"name": "Email", "label": "E-mail <b>"}])
    record.data = {
        "id": "1",
        "Last_Name": "<script>alert(1)</script>",
        "Email": "a@example.com",
        "Owner": {"id": "77", "name": "Ann <i>"},
        "Tag": [{"name": "hot", "id": "5"}],
        "Address": {"City": "<u>Paris"},
        "Empty": None,
        "Opted_Out": False,
    }
    record.save()
    page = text_of(root.get(url(Record, "change", record.pk)))
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert 'E-mail &lt;b&gt; <span class="bigin-api-name">Email</span>' in page
    assert "Ann &lt;i&gt; (77)" in page
    assert "hot (5)" in page
    assert "&quot;City&quot;: &quot;&lt;u&gt;Paris&quot;" in page
    assert "<td>no</td>" in page
    assert "Empty" not in page


def test_contents_need_a_permission_of_their_own(client, rows):
    client.force_login(make_staff("clerk", "view_connection", "view_record"))
    page = text_of(client.get(url(Record, "change", rows[Record].pk)))
    assert "acme person" in page
    assert "bigin-fields" not in page
    client.force_login(make_staff("reader", "view_connection", "view_record", "view_record_data"))
    assert "bigin-fields" in text_of(client.get(url(Record, "change", rows[Record].pk)))


def test_list_neither_reads_the_data_nor_counts_the_table(root, rows, monkeypatch):
    monkeypatch.setattr(mirror, "COUNTED_AT_MOST", 3)
    for _ in range(5):
        make_record(rows[Connection])
    with CaptureQueriesContext(database) as queries:
        page = text_of(root.get(url(Record, "changelist")))
    of_records = [each["sql"] for each in queries if "django_bigin_record" in each["sql"]]
    assert len(of_records) == 2
    assert "LIMIT 3" in of_records[0]
    assert not any('"data"' in sql or "`data`" in sql for sql in of_records)
    assert "(the first 3; filter or search for the others)" in page


@pytest.mark.parametrize("term", ["ångst", "ANGSTROM", "anders@", "5000000000000000077"])
def test_are_found_by_the_beginning_of_name_or_address_or_by_id(root, rows, term):
    make_record(rows[Connection], name="Ångström", email="Anders@example.com", record_id=5_000_000_000_000_000_077)
    page = text_of(root.get(url(Record, "changelist"), {"q": term}))
    assert "1 record" in page
    assert "Ångström" in page


def test_filter_by_module_and_tombstone(root, rows):
    make_record(rows[Connection], "Accounts", name="A company", deleted_at=timezone.now())
    page = text_of(root.get(url(Record, "changelist"), {"module": "Accounts"}))
    assert "A company" in page
    assert "acme person" not in page
    assert "A company" not in text_of(root.get(url(Record, "changelist"), {"live": "yes"}))
    assert "acme person" not in text_of(root.get(url(Record, "changelist"), {"live": "no"}))


def test_a_row_set_aside_is_shown_as_it_came(root, rows):
    QuarantinedRow.objects.update(raw='{"id": "<b>"}')
    assert "{&quot;id&quot;: &quot;&lt;b&gt;&quot;}" in text_of(
        root.get(url(QuarantinedRow, "change", rows[QuarantinedRow].pk))
    )

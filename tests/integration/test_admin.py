"""The admin, as somebody sees it who may see all."""

from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin.sites import site
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from django_bigin.admin import mirror
from django_bigin.models import (
    AuditEvent,
    AuthorizationAttempt,
    ClientRegistration,
    ClientSecret,
    Connection,
    Heartbeat,
    Installation,
    Job,
    ModuleSchema,
    ModuleSync,
    QuarantinedRow,
    Record,
    RegistrationState,
    Tenant,
)
from tests.support.factories import (
    make_connection,
    make_record,
    make_registration,
    make_row_of_each_model,
    make_staff,
    make_superuser,
    make_tenant,
)

pytestmark = pytest.mark.django_db

MODELS = sorted(apps.get_app_config("django_bigin").get_models(), key=lambda model: model.__name__)
WRITABLE = {Tenant, ClientRegistration, ClientSecret}
READ_ONLY = [model for model in MODELS if model not in {*WRITABLE, ModuleSync}]
OF_TENANTS = [model for model in MODELS if model not in {Heartbeat, Installation}]
by_name = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)


def url(model: Any, page: str, *arguments: Any) -> str:
    return reverse(f"admin:django_bigin_{model._meta.model_name}_{page}", args=arguments)


def text_of(response: Any) -> str:
    assert response.status_code == 200, response
    return response.content.decode()


@pytest.fixture
def root(client: Client) -> Client:
    client.force_login(make_superuser())
    return client


@pytest.fixture
def rows() -> dict[Any, Any]:
    """A row of every model."""
    now = timezone.now()
    return make_row_of_each_model("acme") | {
        Heartbeat: Heartbeat.objects.create(name="worker", kind="sync", seen_at=now),
        Installation: Installation.objects.create(identifier="here", adopted_at=now),
    }


class TestEveryModel:
    @by_name
    def test_has_a_list_and_a_page(self, root, rows, model):
        assert model in site._registry
        assert "1 " in text_of(root.get(url(model, "changelist")))
        assert text_of(root.get(url(model, "change", rows[model].pk)))
        assert text_of(root.get(url(model, "history", rows[model].pk)))

    @pytest.mark.parametrize("model", OF_TENANTS, ids=lambda model: model.__name__)
    def test_list_takes_as_many_queries_for_twenty_rows_as_for_two(self, root, model):
        for number in range(2):
            make_row_of_each_model(f"few{number}")
        few = count_queries(root, url(model, "changelist"))
        for number in range(18):
            make_row_of_each_model(f"many{number}")
        assert count_queries(root, url(model, "changelist")) == few <= 9

    @pytest.mark.parametrize("model", READ_ONLY, ids=lambda model: model.__name__)
    def test_what_the_engine_writes_cannot_be_added_or_changed(self, root, rows, model):
        assert root.get(url(model, "add")).status_code == 403
        assert root.post(url(model, "add"), {}).status_code == 403
        assert root.post(url(model, "change", rows[model].pk), {}).status_code == 403

    @pytest.mark.parametrize(
        "model",
        [model for model in [*READ_ONLY, ModuleSync] if model is not AuthorizationAttempt],
        ids=lambda model: model.__name__,
    )
    def test_what_the_engine_writes_cannot_be_deleted(self, root, rows, model):
        root.post(url(model, "delete", rows[model].pk), {"post": "yes"})
        root.post(
            url(model, "changelist"),
            {"action": "delete_selected", "_selected_action": [rows[model].pk], "post": "yes"},
        )
        assert model._default_manager.filter(pk=rows[model].pk).exists()

    @by_name
    def test_no_page_shows_a_secret_or_its_ciphertext(self, root, rows, model):
        row = rows[model]
        said = text_of(root.get(url(model, "changelist"))) + text_of(root.get(url(model, "change", row.pk)))
        connection, secret = rows[Connection], rows[ClientSecret]
        for hidden in (
            connection.refresh_token,
            connection.access_token,
            secret.secret,
            ciphertext(connection, "refresh_token"),
            ciphertext(connection, "access_token"),
            ciphertext(secret, "secret"),
        ):
            assert hidden
            assert hidden not in said

    @pytest.mark.parametrize(
        ("model", "lookup"),
        [
            (Connection, "refresh_token__startswith=v"),
            (Connection, "access_token__regex=."),
            (ClientSecret, "secret__contains=v"),
            (AuthorizationAttempt, "state_hash__startswith=a"),
            (Record, "data__Email__startswith=a"),
            (QuarantinedRow, "raw__contains=a"),
        ],
    )
    def test_no_query_string_can_ask_what_a_hidden_field_holds(self, root, rows, model, lookup):
        assert root.get(f"{url(model, 'changelist')}?{lookup}").status_code == 400


def count_queries(client: Client, address: str) -> int:
    from django.db import connection as database
    from django.test.utils import CaptureQueriesContext

    client.get(address)  # content types and the like are read once
    with CaptureQueriesContext(database) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


def ciphertext(row: Any, field: str) -> str:
    return type(row)._default_manager.get(pk=row.pk).__dict__[field].ciphertext


class TestSecrets:
    def registration_form(self, **changes: Any) -> dict[str, Any]:
        return {
            "name": "Ours",
            "kind": "server",
            "client_id": "1000.NEW",
            "home_data_center": "eu",
            "data_centers": ["eu", "us"],
            "redirect_uri": "https://site.example/bigin/callback/",
            "scopes": "ZohoBigin.modules.ALL, ZohoBigin.org.READ\nZohoBigin.org.READ",
            "secrets-TOTAL_FORMS": "1",
            "secrets-INITIAL_FORMS": "0",
            "secrets-0-data_center": "",
            "secrets-0-new_secret": "s3cret",
        } | changes

    def test_a_registration_is_entered_with_its_secret_on_one_page(self, root):
        tenant = make_tenant()
        answer = root.post(url(ClientRegistration, "add"), self.registration_form(tenant=str(tenant.pk)))
        assert answer.status_code == 302, answer.context["errors"]
        registration = ClientRegistration.objects.get()
        assert registration.tenant == tenant
        assert set(registration.data_centers) == {"us", "eu"}
        assert registration.scopes == ["ZohoBigin.modules.ALL", "ZohoBigin.org.READ"]
        assert ClientSecret.objects.get().secret == "s3cret"

    def test_an_empty_secret_leaves_the_stored_one_byte_for_byte(self, root):
        secret = ClientSecret.objects.get(registration=make_registration(make_tenant(), secret="the old one"))
        before = ciphertext(secret, "secret")
        answer = root.post(url(ClientSecret, "change", secret.pk), {"data_center": "eu", "new_secret": ""})
        assert answer.status_code == 302
        assert ClientSecret.objects.get().data_center == "eu"
        assert ciphertext(secret, "secret") == before

    def test_a_new_secret_replaces_the_old_one_and_is_never_shown(self, root):
        secret = ClientSecret.objects.get(registration=make_registration(secret="theoldone"))
        root.post(url(ClientSecret, "change", secret.pk), {"data_center": "", "new_secret": "thenewone"})
        assert ClientSecret.objects.get().secret == "thenewone"
        page = text_of(root.get(url(ClientSecret, "change", secret.pk)))
        assert "stored, changed" in page
        assert "thenewone" not in page
        assert 'type="password"' in page

    def test_a_refused_form_does_not_send_the_secret_back(self, root):
        answer = root.post(url(ClientRegistration, "add"), self.registration_form(client_id=""))
        assert "s3cret" not in text_of(answer)

    @pytest.mark.parametrize("wrong", ["", "two words", "sécret"])
    def test_a_secret_must_be_one_word(self, root, wrong):
        registration = make_registration()
        form = {"registration": registration.pk, "data_center": "", "new_secret": wrong}
        assert "new_secret" in root.post(url(ClientSecret, "add"), form).context["adminform"].form.errors

    def test_without_a_key_the_form_says_so(self, root, settings):
        settings.BIGIN_ENCRYPTION_KEYS = []
        form = {"registration": make_registration().pk, "data_center": "", "new_secret": "s3cret"}
        errors = root.post(url(ClientSecret, "add"), form).context["adminform"].form.errors
        assert "No secret can be stored" in str(errors)

    def test_a_lost_key_does_not_break_the_pages(self, root, rows, settings):
        settings.BIGIN_ENCRYPTION_KEYS = ["ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="]
        for model in (Connection, ClientSecret, ClientRegistration, AuthorizationAttempt):
            assert text_of(root.get(url(model, "changelist")))
            assert text_of(root.get(url(model, "change", rows[model].pk)))

    def test_a_crash_does_not_mail_the_secret(self, root, monkeypatch, caplog, rf):
        from django.views.debug import SafeExceptionReporterFilter

        seen = {}

        def crash(self: Any, request: Any, *arguments: Any) -> None:
            seen.update(SafeExceptionReporterFilter().get_post_parameters(request))
            raise RuntimeError

        monkeypatch.setattr("django_bigin.admin.registrations.ClientRegistrationAdmin.save_model", crash)
        root.raise_request_exception = False
        root.post(url(ClientRegistration, "add"), self.registration_form())
        assert seen
        assert "s3cret" not in str(seen)

    def test_one_client_id_is_shared_once(self, root):
        make_registration(client_id="1000.NEW")
        errors = root.post(url(ClientRegistration, "add"), self.registration_form()).context["adminform"].form.errors
        assert "client_id" in errors

    def test_one_secret_for_a_data_center(self, root):
        registration = make_registration(secret="one")
        second = ClientSecret.objects.create(registration=registration, data_center="eu", secret="two")
        answer = root.post(url(ClientSecret, "change", second.pk), {"data_center": "", "new_secret": ""})
        assert "data_center" in answer.context["adminform"].form.errors

    def test_a_registration_keeps_its_tenant_since_its_secrets_are_bound_to_it(self, root):
        registration = make_registration(make_tenant(), secret="bound")
        form = self.registration_form(tenant=str(make_tenant().pk)) | {"secrets-TOTAL_FORMS": "0"}
        root.post(url(ClientRegistration, "change", registration.pk), form)
        registration.refresh_from_db()
        assert registration.name == "Ours"
        assert ClientSecret.objects.get().secret == "bound"

    def test_a_registration_that_is_not_used_can_be_deleted_with_what_is_known_of_it(self, root, rows):
        registration = make_registration(make_tenant(), secret="gone")
        RegistrationState.objects.create(registration=registration, data_center="us")
        root.post(url(ClientRegistration, "delete", registration.pk), {"post": "yes"})
        assert not ClientRegistration.objects.filter(pk=registration.pk).exists()

        used = rows[ClientRegistration]
        root.post(url(ClientRegistration, "delete", used.pk), {"post": "yes"})
        assert ClientRegistration.objects.filter(pk=used.pk).exists()


class TestConnections:
    def test_status_is_a_word_on_a_colour(self, root):
        make_connection(status=Connection.Status.NEEDS_AUTHORIZATION, status_reason="Zoho revoked <it>.")
        page = text_of(root.get(url(Connection, "changelist")))
        assert '<span class="bigin-badge bigin-error">Needs authorization</span>' in page
        assert "Zoho revoked &lt;it&gt;." in page

    def test_page_tells_of_tokens_without_showing_them_and_of_each_module(self, root, rows):
        page = text_of(root.get(url(Connection, "change", rows[Connection].pk)))
        assert "stored, expires" in page
        assert "Contacts" in page
        assert "acme error" in page
        assert "ZohoBigin.modules.ALL" in page

    def test_cannot_be_deleted_while_zoho_may_still_honour_its_grant(self, root, rows):
        connection = rows[Connection]
        for status in Connection.Status.values:
            Connection.objects.update(status=status)
            assert root.post(url(Connection, "delete", connection.pk), {"post": "yes"}).status_code == 403

    def test_can_be_deleted_once_disconnected_and_the_page_counts_what_goes_along(self, root, rows):
        connection = rows[Connection]
        make_record(connection)
        Connection.objects.update(status=Connection.Status.DISCONNECTED, refresh_token="", access_token="")
        page = text_of(root.get(url(Connection, "delete", connection.pk)))
        assert "2 records" in page
        assert root.post(url(Connection, "delete", connection.pk), {"post": "yes"}).status_code == 302
        assert not Connection.objects.exists()
        assert not Record.objects.exists()
        assert AuditEvent.objects.filter(action="delete", actor="root", tenant="acme tenant").exists()

    def test_is_found_by_organization_and_tenant(self, root, rows):
        make_connection(make_tenant("globex"))
        for term in ("acme organization", rows[Connection].org_id, "acme tenant"):
            page = text_of(root.get(url(Connection, "changelist"), {"q": term}))
            assert "acme organization" in page
            assert "Globex Ltd" not in page

    def test_filters_by_tenant_and_data_center(self, root, rows):
        make_connection(make_tenant("globex"), data_center="eu")
        page = text_of(root.get(url(Connection, "changelist"), {"tenant": rows[Tenant].pk}))
        assert "Globex Ltd" not in page
        page = text_of(root.get(url(Connection, "changelist"), {"data_center": "eu"}))
        assert "Globex Ltd" in page
        assert "acme organization" not in page
        assert "0 connections" in text_of(root.get(url(Connection, "changelist"), {"tenant": "nonsense"}))

    def test_a_user_who_has_just_pressed_connect_can_be_deleted(self, root, rows):
        person = make_staff("leaver")
        AuthorizationAttempt.objects.update(user=person)
        root.post(reverse("admin:auth_user_delete", args=(person.pk,)), {"post": "yes"})
        assert not get_user_model().objects.filter(username="leaver").exists()


class TestModules:
    def test_a_person_says_whether_which_fields_and_how_often(self, root, rows):
        module = rows[ModuleSync]
        form = {"enabled": "", "fields": "Email\nLast_Name", "interval_seconds": "60", "last_error": "forged"}
        assert root.post(url(ModuleSync, "change", module.pk), form).status_code == 302
        module.refresh_from_db()
        assert (module.enabled, module.fields, module.interval_seconds) == (False, ["Email", "Last_Name"], 60)
        assert module.last_error == "acme error"

    def test_a_field_that_bigin_does_not_list_is_named(self, root, rows):
        ModuleSchema.objects.update(fields=[{"name": "Email", "label": "E-mail"}])
        answer = root.post(url(ModuleSync, "change", rows[ModuleSync].pk), {"fields": "Email Emial"})
        assert "Bigin lists no field Emial in Contacts." in text_of(answer)

    def test_state_is_a_word(self, root):
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


class TestRecords:
    def test_fields_are_shown_with_their_labels_and_escaped(self, root, rows):
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

    def test_contents_need_a_permission_of_their_own(self, client, rows):
        client.force_login(make_staff("clerk", "view_connection", "view_record"))
        page = text_of(client.get(url(Record, "change", rows[Record].pk)))
        assert "acme person" in page
        assert "bigin-fields" not in page
        client.force_login(make_staff("reader", "view_connection", "view_record", "view_record_data"))
        assert "bigin-fields" in text_of(client.get(url(Record, "change", rows[Record].pk)))

    def test_list_neither_reads_the_data_nor_counts_the_table(self, root, rows, monkeypatch):
        from django.db import connection as database
        from django.test.utils import CaptureQueriesContext

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
    def test_are_found_by_the_beginning_of_name_or_address_or_by_id(self, root, rows, term):
        make_record(rows[Connection], name="Ångström", email="Anders@example.com", record_id=5_000_000_000_000_000_077)
        page = text_of(root.get(url(Record, "changelist"), {"q": term}))
        assert "1 record" in page
        assert "Ångström" in page

    def test_filter_by_module_and_tombstone(self, root, rows):
        make_record(rows[Connection], "Accounts", name="A company", deleted_at=timezone.now())
        page = text_of(root.get(url(Record, "changelist"), {"module": "Accounts"}))
        assert "A company" in page
        assert "acme person" not in page
        assert "A company" not in text_of(root.get(url(Record, "changelist"), {"live": "yes"}))
        assert "acme person" not in text_of(root.get(url(Record, "changelist"), {"live": "no"}))

    def test_a_row_set_aside_is_shown_as_it_came(self, root, rows):
        QuarantinedRow.objects.update(raw='{"id": "<b>"}')
        assert "{&quot;id&quot;: &quot;&lt;b&gt;&quot;}" in text_of(
            root.get(url(QuarantinedRow, "change", rows[QuarantinedRow].pk))
        )


class TestWork:
    def test_jobs_show_their_outcome(self, root, rows):
        Job.objects.update(state="failed", error="Bigin said <no>.")
        page = text_of(root.get(url(Job, "changelist")))
        assert ">Failed</span>" in page
        assert "Bigin said &lt;no&gt;." in page

    def test_audit_is_filtered_by_action(self, root, rows):
        AuditEvent.objects.create(action="pause", at=timezone.now() - timedelta(days=1), detail="seen")
        page = text_of(root.get(url(AuditEvent, "changelist"), {"action": "pause"}))
        assert "seen" in page
        assert "acme organization" not in page

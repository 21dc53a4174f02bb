"""Connecting from the admin: in the browser, and with a self client's grant token."""

from typing import Any

import pytest
from django.contrib.admin.sites import site
from django.urls import path, reverse
from django.views.debug import SafeExceptionReporterFilter

from django_bigin.admin import connecting
from django_bigin.models import AuditEvent, ClientRegistration, ClientSecret, Connection
from tests.support.admin_pages import LIST, page_of, said
from tests.support.factories import make_connection, make_registration, make_staff, make_tenant

urlpatterns = [path("admin/", site.urls)]  # of a site that has not included our pages

Status = Connection.Status

pytestmark = pytest.mark.django_db(transaction=True)


class TestConnectingInTheBrowser:
    def links(self, response: Any) -> dict[str, str]:
        return {label: address for address, label in response.context["bigin_tools"].links}

    def test_tenant_registration_and_connection_lead_to_the_page_that_goes_to_zoho(self, root):
        tenant = make_tenant()
        registration = make_registration(tenant, kind="server", redirect_uri="https://site.example/bigin/callback/")
        connection = make_connection(tenant, registration=registration)
        of_tenant = reverse("admin:django_bigin_tenant_change", args=[tenant.pk])
        of_registration = reverse("admin:django_bigin_clientregistration_change", args=[registration.pk])
        for page, label, query in (
            (of_tenant, "Connect", f"tenant={tenant.pk}"),
            (of_registration, "Connect", f"tenant={tenant.pk}"),
            (page_of(connection), "Reconnect", f"connection={connection.pk}"),
        ):
            address = self.links(root.get(page))[label]
            assert address.startswith(f"{reverse('django_bigin:connect')}?{query}&next=%2Fadmin%2F")
            assert root.get(address).status_code == 200

    def test_a_pending_connection_leads_to_its_confirmation(self, root):
        connection = make_connection(status=Status.PENDING)
        assert self.links(root.get(page_of(connection))) == {
            "Confirm": reverse("django_bigin:confirm", args=[connection.pk])
        }

    def test_without_the_sites_pages_a_hint_says_what_to_do(self, root, settings):
        settings.ROOT_URLCONF = __name__
        registration = make_registration(make_tenant(), kind="server", redirect_uri="https://site.example/callback/")
        connection = make_connection(registration.tenant, registration=registration)
        for page in (
            reverse("admin:django_bigin_tenant_change", args=[registration.tenant.pk]),
            reverse("admin:django_bigin_clientregistration_change", args=[registration.pk]),
            page_of(connection),
            reverse("admin:django_bigin_connection_connect"),
        ):
            answer = root.get(page).content.decode()
            assert "include django_bigin.urls" in answer
            assert ">Connect</a>" not in answer
            assert ">Reconnect</a>" not in answer

    def test_only_those_who_may_are_offered_it(self, client, settings):
        tenant = make_tenant("mine")
        client.force_login(make_staff("clerk", "view_tenant", "change_tenant", "view_connection", "change_connection"))
        page = reverse("admin:django_bigin_tenant_change", args=[tenant.pk])
        assert not client.get(page).context["bigin_tools"]
        assert client.get(reverse("admin:django_bigin_connection_connect")).status_code == 403
        assert "Connect a tenant" not in client.get(reverse(LIST)).content.decode()

    def test_a_shared_registration_leads_to_a_choice_of_ones_own_tenants(self, client, settings):
        settings.BIGIN_ACCESS_POLICY = "tests.support.policies.OwnTenantAndShared"
        mine, theirs = make_tenant("mine"), make_tenant("theirs")
        shared = make_registration(
            kind="server", redirect_uri="https://site.example/bigin/callback/", name="Shared one"
        )
        client.force_login(make_staff("mine"))
        page = client.get(reverse("admin:django_bigin_clientregistration_change", args=[shared.pk]))
        choice = client.get(self.links(page)["Connect a tenant"])
        assert f'<option value="{mine.pk}">' in choice.content.decode()
        assert f'<option value="{theirs.pk}">' not in choice.content.decode()
        answer = client.get(choice.context["connect_address"], {"tenant": mine.pk})
        assert "Shared one" in answer.content.decode()


class TestConnectingWithASelfClient:
    address = "admin:django_bigin_connection_connect_self_client"

    @pytest.fixture
    def entered(self, organization: dict[str, str]) -> dict[str, str]:
        names = ("client_id", "client_secret", "data_center", "grant_token")
        return {"tenant": str(make_tenant("acme").pk), **{name: organization[name] for name in names}}

    def test_a_grant_token_connects_and_the_message_names_the_organization(self, root, entered, sandbox):
        answer = root.post(reverse(self.address), entered)
        connection = Connection.objects.get()
        assert answer.url == page_of(connection)
        assert connection.org_name in said(answer)
        assert connection.status == Status.HEALTHY
        assert connection.tenant.slug == "acme"
        assert ClientSecret.objects.get().secret.reveal() == entered["client_secret"]
        assert AuditEvent.objects.get(action="connect").actor == "root"

    @pytest.mark.parametrize(
        ("name", "wrong", "words"),
        [
            ("grant_token", "1000.wrong", "grant token"),
            ("client_secret", "wrong", "secret"),
            ("client_id", "1000.NOBODY", "client"),
            ("data_center", "eu", ""),
            ("tenant", "", "required"),
            ("tenant", "999999", "valid choice"),
            ("data_center", "mars", "valid choice"),
            ("grant_token", "two words", "without spaces"),
            ("client_secret", "sécret", "without spaces"),
        ],
    )
    def test_what_is_wrong_is_said_at_the_form_and_nothing_is_stored(self, root, entered, name, wrong, words):
        answer = root.post(reverse(self.address), {**entered, name: wrong})
        errors = answer.context["form"].errors
        assert errors
        assert words.lower() in str(errors).lower()
        assert not Connection.objects.exists()
        assert not ClientRegistration.objects.exists()

    def test_neither_secret_nor_grant_token_is_sent_back(self, root, entered):
        page = root.post(reverse(self.address), {**entered, "tenant": ""}).content.decode()
        assert entered["client_id"] in page
        assert entered["client_secret"] not in page
        assert entered["grant_token"] not in page

    def test_a_crash_does_not_mail_them(self, root, entered, monkeypatch):
        def crash(*arguments: Any, **more: Any) -> None:
            raise RuntimeError

        monkeypatch.setattr(connecting, "connect_self_client", crash)
        root.raise_request_exception = False
        answer = root.post(reverse(self.address), entered)
        mailed = str(SafeExceptionReporterFilter().get_post_parameters(answer.wsgi_request))
        assert entered["client_secret"] not in mailed
        assert entered["grant_token"] not in mailed

    def test_while_nothing_can_be_stored_the_grant_token_is_not_spent(self, root, entered, settings, sandbox):
        settings.BIGIN_ENCRYPTION_KEYS = []
        assert "No secret can be stored" in root.post(reverse(self.address), entered).content.decode()
        assert sandbox.count_calls("POST /oauth/v2/token") == 0

    def test_what_the_address_names_is_filled_in(self, root):
        tenant = make_tenant()
        registration = make_registration(tenant, client_id="1000.KNOWN", home_data_center="eu")
        connection = make_connection(tenant, registration=registration, data_center="in")
        for query, data_center in ((f"registration={registration.pk}", "eu"), (f"connection={connection.pk}", "in")):
            page = root.get(f"{reverse(self.address)}?{query}")
            initial = page.context["form"].initial
            assert (initial["tenant"], initial["client_id"]) == (tenant, "1000.KNOWN")
            assert initial["data_center"] == data_center
        assert root.get(f"{reverse(self.address)}?tenant=nonsense&registration=x&connection=-").status_code == 200

    def test_self_client_registrations_and_connections_lead_to_the_form(self, root):
        registration = make_registration(make_tenant())
        connection = make_connection(registration.tenant, registration=registration)
        for page, query in (
            (reverse("admin:django_bigin_clientregistration_change", args=[registration.pk]), "registration"),
            (page_of(connection), "connection"),
            (reverse("admin:django_bigin_tenant_change", args=[registration.tenant.pk]), "tenant"),
        ):
            assert f"{reverse(self.address)}?{query}=" in root.get(page).content.decode()

    def test_needs_the_permission_and_the_policys_word_for_the_tenant(self, client, entered, settings):
        client.force_login(make_staff("clerk", "view_connection", "change_connection"))
        assert client.get(reverse(self.address)).status_code == 403
        assert client.post(reverse(self.address), entered).status_code == 403

        settings.BIGIN_ACCESS_POLICY = "tests.support.policies.ActsOnOwnTenant"
        neighbour = make_tenant("neighbour")
        client.force_login(make_staff("acme"))
        answer = client.post(reverse(self.address), {**entered, "tenant": neighbour.pk})
        assert "You may not connect this tenant." in answer.content.decode()
        assert not Connection.objects.exists()
        assert client.post(reverse(self.address), entered).status_code == 302

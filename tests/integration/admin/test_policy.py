"""A limited member of staff tries every admin page: nothing of another tenant is shown or changed."""

import re
from typing import Any

import pytest
from django.contrib.admin.sites import site
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from django_bigin.models import (
    AuditEvent,
    ClientRegistration,
    ClientSecret,
    Connection,
    Heartbeat,
    Installation,
    ModuleSync,
    Record,
    Tenant,
)
from tests.support.admin import text_of, url
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

OURS = sorted(
    (model for model in site._registry if model.__module__.startswith("django_bigin")), key=lambda m: m.__name__
)
OF_TENANTS = [model for model in OURS if model not in {Heartbeat, Installation}]
EDITABLE = [Tenant, ClientRegistration, ClientSecret, ModuleSync]

QUERIES = (
    "q=foreign",
    "all=",
    "tenant={tenant}",
    "tenant__id__exact={tenant}",
    "connection__id__exact={connection}",
    "connection__tenant__id__exact={tenant}",
    "registration__id__exact={registration}",
    "registration__tenant__id__exact={tenant}",
    "id__in={row}",
    "_facets=True",
    "p=2",
)

of_tenants = pytest.mark.parametrize("model", OF_TENANTS, ids=lambda model: model.__name__)


def gives_nothing(response: Any) -> bool:
    """Refused, not there, or sent away to the admin's front page."""
    return response.status_code in (403, 404) or (
        response.status_code == 302 and response.url == reverse("admin:index")
    )


@pytest.fixture(autouse=True)
def policy(settings: Any) -> None:
    settings.BIGIN_ACCESS_POLICY = "tests.support.policies.OwnTenant"


@pytest.fixture
def mine() -> dict[Any, Any]:
    return make_row_of_each_model("mine")


@pytest.fixture
def theirs() -> dict[Any, Any]:
    return make_row_of_each_model("foreign")


@pytest.fixture
def limited(client: Client, mine: Any, theirs: Any) -> Client:
    """Somebody with every Django permission, whom the policy shows the tenant `mine` alone."""
    client.force_login(make_staff("mine"))
    return client


class TestOtherTenants:
    @of_tenants
    def test_list_shows_ones_own_alone(self, limited, mine, theirs, model):
        response = limited.get(url(model, "changelist"))
        assert "foreign" not in text_of(response)
        assert [row.pk for row in response.context["cl"].result_list] == [mine[model].pk]

    @of_tenants
    @pytest.mark.parametrize("page", ["change", "delete", "history"])
    def test_no_page_of_theirs_opens_by_its_address(self, limited, theirs, model, page):
        assert gives_nothing(limited.get(url(model, page, theirs[model].pk)))
        assert gives_nothing(limited.post(url(model, page, theirs[model].pk), {"post": "yes"}))
        assert model._default_manager.filter(pk=theirs[model].pk).exists()

    @of_tenants
    def test_ones_own_pages_open_and_name_no_other(self, limited, mine, model):
        assert "foreign" not in text_of(limited.get(url(model, "change", mine[model].pk)))
        assert "foreign" not in text_of(limited.get(url(model, "history", mine[model].pk)))

    @of_tenants
    def test_an_action_does_not_reach_theirs(self, limited, theirs, model):
        limited.post(
            url(model, "changelist"),
            {"action": "delete_selected", "_selected_action": [theirs[model].pk], "select_across": "1", "post": "yes"},
        )
        assert model._default_manager.filter(pk=theirs[model].pk).exists()

    @of_tenants
    def test_no_query_string_brings_theirs_up(self, limited, theirs, model):
        keys = {
            "tenant": theirs[Tenant].pk,
            "connection": theirs[Connection].pk,
            "registration": theirs[ClientRegistration].pk,
            "row": theirs[model].pk,
        }
        for query in QUERIES:
            response = limited.get(f"{url(model, 'changelist')}?{query.format(**keys)}")
            if response.status_code != 200:
                assert response.status_code in (302, 400), query
                continue
            assert theirs[model] not in list(response.context["cl"].result_list), query
            # What was typed is written back into the search box and the links; nothing else may hold it.
            page = re.sub(r'value="foreign"|q(=|%3D)foreign', "", response.content.decode())
            assert "foreign" not in page, query

    @of_tenants
    def test_sidebar_offers_ones_own_tenant_alone(self, limited, theirs, model):
        cl = limited.get(url(model, "changelist")).context["cl"]
        offered = [choice["display"] for spec in cl.filter_specs for choice in spec.choices(cl)]
        assert not any("foreign" in str(name) for name in offered)

    def test_recent_actions_and_front_page_name_nobody(self, limited):
        assert "foreign" not in text_of(limited.get(reverse("admin:index")))
        assert "foreign" not in text_of(limited.get(reverse("admin:app_list", args=("django_bigin",))))

    @pytest.mark.parametrize("model", [Heartbeat, Installation], ids=lambda model: model.__name__)
    def test_what_concerns_the_whole_installation_is_not_shown(self, limited, model):
        now = timezone.now()
        row = (
            Heartbeat.objects.create(name="worker", kind="sync", seen_at=now)
            if model is Heartbeat
            else Installation.objects.create(identifier="here", adopted_at=now)
        )
        assert not limited.get(url(model, "changelist")).context["cl"].result_list
        assert gives_nothing(limited.get(url(model, "change", row.pk)))

    def test_audit_of_a_tenant_that_is_gone_is_for_the_unlimited(self, limited, client):
        AuditEvent.objects.create(action="connect", at=timezone.now(), tenant="foreign", tenant_key="999999")
        assert "foreign" not in text_of(limited.get(url(AuditEvent, "changelist")))
        client.force_login(make_superuser())
        assert "foreign" in text_of(client.get(url(AuditEvent, "changelist")))


class TestChoices:
    def autocomplete(self, client: Client, model: type, field: str, term: str = "") -> Any:
        query = {"app_label": "django_bigin", "model_name": model._meta.model_name, "field_name": field, "term": term}
        return client.get(reverse("admin:autocomplete"), query)

    @pytest.mark.parametrize("term", ["", "foreign", "1000."])
    def test_autocomplete_offers_ones_own_alone(self, limited, mine, theirs, term):
        make_registration(name="shared client")
        answer = self.autocomplete(limited, ClientSecret, "registration", term).json()
        assert {each["id"] for each in answer["results"]} <= {str(mine[ClientRegistration].pk)}
        assert "foreign" not in str(answer)
        assert "shared" not in str(answer)

    @of_tenants
    def test_no_relation_of_ours_can_be_completed_with_theirs(self, limited, theirs, model):
        for field in model._meta.get_fields():
            if field.many_to_one:
                response = self.autocomplete(limited, model, field.name, "foreign")
                assert "foreign" not in response.content.decode()
                assert response.status_code in (200, 403, 404)

    def test_a_form_offers_ones_own_tenant_alone_and_needs_one(self, limited, mine):
        form = limited.get(url(ClientRegistration, "add")).context["adminform"].form
        assert list(form.fields["tenant"].queryset) == [mine[Tenant]]
        assert form.fields["tenant"].required

    @pytest.mark.parametrize("tenant", ["foreign", "none"])
    def test_a_registration_cannot_be_added_for_another_tenant_or_for_all(self, limited, theirs, tenant):
        form = {
            "tenant": str(theirs[Tenant].pk) if tenant == "foreign" else "",
            "name": "sneaky",
            "kind": "server",
            "client_id": "1000.SNEAKY",
            "home_data_center": "us",
            "secrets-TOTAL_FORMS": "0",
            "secrets-INITIAL_FORMS": "0",
        }
        response = limited.post(url(ClientRegistration, "add"), form)
        assert "tenant" in response.context["adminform"].form.errors
        assert "foreign" not in text_of(response)

    def test_a_secret_cannot_be_added_to_their_registration(self, limited, theirs):
        form = {"registration": str(theirs[ClientRegistration].pk), "data_center": "eu", "new_secret": "sneaky"}
        response = limited.post(url(ClientSecret, "add"), form)
        assert "registration" in response.context["adminform"].form.errors
        assert "foreign" not in text_of(response)
        assert not ClientSecret.objects.filter(data_center="eu").exists()

    def test_ones_own_can_be_added_and_changed(self, limited, mine):
        form = {
            "tenant": str(mine[Tenant].pk),
            "name": "another",
            "kind": "self_client",
            "client_id": "1000.ANOTHER",
            "home_data_center": "us",
            "secrets-TOTAL_FORMS": "0",
            "secrets-INITIAL_FORMS": "0",
        }
        assert limited.post(url(ClientRegistration, "add"), form).status_code == 302
        registration = ClientRegistration.objects.get(client_id="1000.ANOTHER")
        assert registration.tenant == mine[Tenant]
        answer = limited.post(
            url(ModuleSync, "change", mine[ModuleSync].pk), {"enabled": "on", "interval_seconds": "77"}
        )
        assert answer.status_code == 302
        assert ModuleSync.objects.get(pk=mine[ModuleSync].pk).interval_seconds == 77

    def test_a_limited_person_makes_no_tenants(self, limited):
        assert limited.get(url(Tenant, "add")).status_code == 403
        assert limited.post(url(Tenant, "add"), {"name": "New", "slug": "new"}).status_code == 403


class TestShared:
    """Registrations without a tenant serve everybody, so only those who see everybody change them."""

    @pytest.fixture
    def shared(self) -> ClientRegistration:
        return make_registration(name="shared client", secret="sharedsecret")

    def test_a_limited_person_does_not_see_them_unless_the_policy_says_so(self, limited, shared, settings):
        assert "shared client" not in text_of(limited.get(url(ClientRegistration, "changelist")))
        assert gives_nothing(limited.get(url(ClientRegistration, "change", shared.pk)))

        settings.BIGIN_ACCESS_POLICY = "tests.support.policies.OwnTenantAndShared"
        assert "shared client" in text_of(limited.get(url(ClientRegistration, "changelist")))
        assert "shared client" in text_of(limited.get(url(ClientRegistration, "change", shared.pk)))

    @pytest.mark.parametrize("policy_name", ["OwnTenant", "OwnTenantAndShared"])
    def test_a_limited_person_changes_nothing_of_them(self, limited, shared, settings, policy_name):
        settings.BIGIN_ACCESS_POLICY = f"tests.support.policies.{policy_name}"
        secret = shared.secrets.get()
        form = {
            "name": "taken over",
            "kind": "server",
            "client_id": "1000.TAKEN",
            "home_data_center": "us",
            "secrets-TOTAL_FORMS": "1",
            "secrets-INITIAL_FORMS": "1",
            "secrets-0-id": str(secret.pk),
            "secrets-0-registration": str(shared.pk),
            "secrets-0-data_center": "",
            "secrets-0-new_secret": "taken",
            "secrets-0-DELETE": "on",
        }
        assert gives_nothing(limited.post(url(ClientRegistration, "change", shared.pk), form))
        assert gives_nothing(limited.post(url(ClientRegistration, "delete", shared.pk), {"post": "yes"}))
        assert gives_nothing(limited.post(url(ClientSecret, "change", secret.pk), {"new_secret": "taken"}))
        assert gives_nothing(limited.post(url(ClientSecret, "delete", secret.pk), {"post": "yes"}))
        limited.post(
            url(ClientRegistration, "changelist"),
            {"action": "delete_selected", "_selected_action": [shared.pk], "post": "yes"},
        )
        limited.post(url(ClientSecret, "add"), {"registration": shared.pk, "data_center": "eu", "new_secret": "taken"})
        shared.refresh_from_db()
        assert shared.name == "shared client"
        assert shared.secrets.get().secret.reveal() == "sharedsecret"

    def test_ones_own_connection_through_a_shared_client_is_seen(self, limited, mine, shared):
        connection = make_connection(mine[Tenant], registration=shared, org_name="through shared")
        assert "through shared" in text_of(limited.get(url(Connection, "change", connection.pk)))

    def test_the_unlimited_change_them(self, client, shared):
        client.force_login(make_superuser())
        form = {
            "name": "renamed",
            "kind": "server",
            "client_id": "1000.RENAMED",
            "home_data_center": "us",
            "secrets-TOTAL_FORMS": "0",
            "secrets-INITIAL_FORMS": "0",
        }
        assert client.post(url(ClientRegistration, "change", shared.pk), form).status_code == 302
        shared.refresh_from_db()
        assert shared.name == "renamed"


class TestDefaultPolicy:
    @pytest.fixture(autouse=True)
    def policy(self, settings: Any) -> None:
        del settings.BIGIN_ACCESS_POLICY

    @of_tenants
    def test_staff_with_the_permission_see_all_tenants(self, client, mine, theirs, model):
        client.force_login(make_staff("anybody"))
        assert len(client.get(url(model, "changelist")).context["cl"].result_list) == 2
        assert text_of(client.get(url(model, "change", theirs[model].pk)))

    @of_tenants
    def test_staff_without_the_permission_on_connections_see_none(self, client, mine, model):
        client.force_login(make_staff("clerk", f"view_{model._meta.model_name}", "view_record"))
        if model is not Connection:
            assert not client.get(url(model, "changelist")).context["cl"].result_list
            assert gives_nothing(client.get(url(model, "change", mine[model].pk)))

    @of_tenants
    def test_others_do_not_come_in(self, client, mine, model):
        person = make_staff("former")
        person.is_staff = False
        person.save()
        client.force_login(person)
        response = client.get(url(model, "changelist"))
        assert response.status_code == 302
        assert response.url.startswith(reverse("admin:login"))

    @pytest.mark.parametrize("model", EDITABLE, ids=lambda model: model.__name__)
    def test_looking_is_not_changing(self, client, mine, model):
        client.force_login(make_staff("viewer", f"view_{model._meta.model_name}", "view_connection"))
        assert text_of(client.get(url(model, "change", mine[model].pk)))
        assert client.post(url(model, "change", mine[model].pk), {"name": "x"}).status_code == 403

    @pytest.mark.parametrize("model", EDITABLE, ids=lambda model: model.__name__)
    def test_changing_needs_the_right_on_connections_as_well(self, client, mine, model):
        name = model._meta.model_name
        client.force_login(make_staff("half", f"view_{name}", f"change_{name}", f"delete_{name}", "view_connection"))
        assert client.post(url(model, "change", mine[model].pk), {"name": "x"}).status_code == 403

    def test_deleting_a_connection_needs_the_right_to_disconnect(self, client):
        connection = make_connection(status=Connection.Status.DISCONNECTED, refresh_token="", access_token="")
        client.force_login(make_staff("half", "view_connection", "delete_connection"))
        assert client.post(url(Connection, "delete", connection.pk), {"post": "yes"}).status_code == 403
        client.force_login(make_staff("whole", "view_connection", "delete_connection", "disconnect_connection"))
        assert client.post(url(Connection, "delete", connection.pk), {"post": "yes"}).status_code == 302
        assert not Connection.objects.exists()


def test_a_limited_person_searches_records_of_their_own_tenant_alone(limited, mine, theirs):
    make_record(theirs[Connection], name="Findme there")
    make_record(mine[Connection], name="Findme here")
    page = text_of(limited.get(url(Record, "changelist"), {"q": "findme"}))
    assert "Findme here" in page
    assert "Findme there" not in page


def test_with_many_tenants_the_sidebar_shows_some(client, monkeypatch):
    monkeypatch.setattr("django_bigin.admin.access.TENANTS_IN_SIDEBAR", 3)
    for number in range(5):
        make_connection(make_tenant(f"tenant{number}"))
    client.force_login(make_superuser())
    cl = client.get(url(Connection, "changelist")).context["cl"]
    tenants = next(spec for spec in cl.filter_specs if spec.title == "tenant")
    assert len(list(tenants.choices(cl))) == 4  # and "All"

"""A project with several admin sites: buttons, links and redirects stay on the site that a person is on."""

from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client
from django.urls import include, path, reverse

from django_bigin.models import ClientRegistration, Connection, Job, Tenant
from tests.support.admin_pages import said
from tests.support.factories import make_registration, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)

MODELS = sorted(apps.get_app_config("django_bigin").get_models(), key=lambda model: model.__name__)

office = admin.AdminSite(name="office")
for each in MODELS:
    office.register(each, type(admin.site.get_model_admin(each)))
counter = admin.AdminSite(name="counter")  # with neither connections nor jobs
for each in (Tenant, ClientRegistration):
    counter.register(each, type(admin.site.get_model_admin(each)))

urlpatterns = [
    path("admin/", admin.site.urls),
    path("office/", office.urls),
    path("counter/", counter.urls),
    path("bigin/", include("django_bigin.urls")),
]


@pytest.fixture(autouse=True)
def several_sites(settings: Any) -> None:
    settings.ROOT_URLCONF = __name__


def at(site: str, model: Any, page: str, *arguments: Any) -> str:
    return reverse(f"admin:django_bigin_{model._meta.model_name}_{page}", args=arguments, current_app=site)


def own_page(site: str, page: str) -> str:
    return reverse(f"admin:django_bigin_connection_{page}", current_app=site)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_no_page_of_a_site_leads_to_another_site(root: Client, rows: dict[Any, Any], model: Any) -> None:
    for page in (at("office", model, "changelist"), at("office", model, "change", rows[model].pk)):
        answer = root.get(page)
        assert answer.status_code == 200
        assert '"/admin/' not in answer.content.decode()
        assert "=%2Fadmin%2F" not in answer.content.decode()


@pytest.mark.parametrize("page", ["connect", "connect_self_client", "health"])
def test_neither_do_the_pages_of_ours(root: Client, rows: dict[Any, Any], page: str) -> None:
    text = root.get(own_page("office", page)).content.decode()
    assert "/office/" in text
    assert '"/admin/' not in text


def test_neither_does_the_question_before_a_tenant_is_deleted(root: Client, rows: dict[Any, Any]) -> None:
    answer = root.get(at("office", Tenant, "delete", rows[Tenant].pk))
    assert answer.context["back_to"] == at("office", Tenant, "change", rows[Tenant].pk)
    assert '"/admin/' not in answer.content.decode()


def test_a_deleted_tenant_leads_to_the_list_on_its_site(root: Client) -> None:
    tenant = make_tenant("acme")
    answer = root.post(at("office", Tenant, "delete", tenant.pk), {"confirmed": "yes"})
    assert answer["Location"] == at("office", Tenant, "changelist")
    assert not Tenant.objects.exists()


def test_a_registration_for_all_tenants_leads_to_the_choice_on_its_site(root: Client) -> None:
    registration = make_registration(kind="server", redirect_uri="https://site.example/bigin/callback/")
    tools = root.get(at("office", ClientRegistration, "change", registration.pk)).context["bigin_tools"]
    assert tools.links == [(own_page("office", "connect"), "Connect a tenant")]


def test_a_button_does_its_work_and_stays(root: Client, rows: dict[Any, Any], sent: list[Any]) -> None:
    page = at("office", Connection, "change", rows[Connection].pk)
    tools = root.get(page).context["bigin_tools"]
    answer = root.post(tools.post_to, {"action": "sync_now"})
    job = Job.objects.latest("pk")
    assert (answer.status_code, answer["Location"]) == (302, page)
    assert at("office", Job, "change", job.pk) in said(answer)


def test_the_confirmation_of_a_disconnect_stays(root: Client, rows: dict[Any, Any]) -> None:
    page = at("office", Connection, "change", rows[Connection].pk)
    answer = root.post(root.get(page).context["bigin_tools"].post_to, {"action": "disconnect"})
    assert answer.context["back_to"] == page
    assert '"/admin/' not in answer.content.decode()


def test_a_self_client_leads_to_its_connection_on_the_site(root: Client, organization: dict[str, str]) -> None:
    tenant = root.get(own_page("office", "connect_self_client")).context["form"].fields["tenant"].queryset
    entered = {name: organization[name] for name in ("client_id", "client_secret", "data_center", "grant_token")}
    answer = root.post(own_page("office", "connect_self_client"), {"tenant": tenant.create(slug="acme").pk, **entered})
    assert answer["Location"] == at("office", Connection, "change", Connection.objects.get().pk)


@pytest.mark.parametrize("kind", ["server", "self_client"])
def test_a_site_without_connections_offers_no_page_that_it_has_not(
    root: Client, rows: dict[Any, Any], kind: str
) -> None:
    registration = make_registration(kind=kind, redirect_uri="https://site.example/" if kind == "server" else "")
    for model, row in ((Tenant, rows[Tenant]), (ClientRegistration, registration)):
        answer = root.get(at("counter", model, "change", row.pk))
        assert answer.status_code == 200
        assert '"/admin/' not in answer.content.decode()

"""What people may type into the admin's addresses and forms: 400, 404, a redirect or an empty list, never an error."""

from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from django_bigin.models import ClientRegistration, ClientSecret, Connection, Tenant
from tests.support.admin import url

pytestmark = pytest.mark.django_db

MODELS = sorted(apps.get_app_config("django_bigin").get_models(), key=lambda model: model.__name__)
HUGE = "9" * 20
VALUES = ["a%00b", HUGE, "%ED%A0%80"]
OF_LISTS = ["q", "o", "p", "_facets", "_to_field", "tenant", "module", "data_center", "live", "status__exact"]


@pytest.fixture(autouse=True)
def errors_are_answers(root: Client) -> None:
    root.raise_request_exception = False


def questions(model: Any) -> list[str]:
    """What a list may be asked: by its filters, and by the columns of the model."""
    related = [f"{field.name}__in" for field in model._meta.fields if field.remote_field]
    documents = [f"{field.name}__contains" for field in model._meta.fields if field.get_internal_type() == "JSONField"]
    columns = [*(field.attname for field in model._meta.concrete_fields), *related, *documents, "pk__regex"]
    return [f"{name}={value}" for name in OF_LISTS for value in VALUES] + [f"{name}={HUGE}" for name in columns]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_lists(root: Client, rows: dict[Any, Any], model: Any) -> None:
    failed = []
    for question in questions(model):
        answer = root.get(f"{url(model, 'changelist')}?{question}")
        if answer.status_code not in (200, 302, 400, 404):
            failed.append((question, answer.status_code, repr(answer.exc_info[1])))
    assert failed == []


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
@pytest.mark.parametrize("page", ["change", "delete", "history"])
def test_pages_of_rows(root: Client, rows: dict[Any, Any], model: Any, page: str) -> None:
    for value in ("a\x00b", HUGE, "-" + HUGE, "_ED_A0_80"):
        assert root.get(url(model, page, value)).status_code in (302, 403, 404)


@pytest.mark.parametrize("value", ["\x00", "9" * 20, "x", ""])
@pytest.mark.parametrize("action", ["sync_now", "disconnect", "delete_selected", "\x00"])
def test_actions_on_rows_that_cannot_exist(root: Client, rows: dict[Any, Any], action: str, value: str) -> None:
    for model in (Connection, Tenant):
        answer = root.post(url(model, "changelist"), {"action": action, "_selected_action": [value], "index": "0"})
        assert answer.status_code == 400


@pytest.mark.parametrize("value", ["\x00", "9" * 20, "x", "\ud800"])
def test_buttons(root: Client, rows: dict[Any, Any], value: str) -> None:
    act = "admin:django_bigin_connection_act"
    name = value.encode("utf-8", "surrogatepass")
    assert root.post(reverse(act, args=[rows[Connection].pk]), {"action": name}).status_code == 403
    if value.isprintable():
        assert root.post(reverse(act, args=[value]), {"action": "sync_now"}).status_code == 302


@pytest.mark.parametrize("value", VALUES)
def test_the_form_for_a_self_client(root: Client, rows: dict[Any, Any], value: str) -> None:
    page = reverse("admin:django_bigin_connection_connect_self_client")
    for name in ("tenant", "registration", "connection"):
        assert root.get(f"{page}?{name}={value}").status_code == 200
    names = ("tenant", "client_id", "client_secret", "grant_token", "data_center")
    body = "&".join(f"{name}={value}" for name in names)
    answer = root.post(page, body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 200
    assert answer.context["form"].errors["tenant"]


@pytest.mark.parametrize("field", ["name", "client_id", "redirect_uri", "scopes", "tenant", "data_centers", "kind"])
@pytest.mark.parametrize("value", ["a\x00b", "9" * 20, "😀" * 600])
def test_the_form_of_a_registration(root: Client, rows: dict[Any, Any], field: str, value: str) -> None:
    good = {"kind": "server", "client_id": "1000.NEW", "home_data_center": "us", "scopes": "ZohoBigin.modules.ALL"}
    management = {"secrets-TOTAL_FORMS": "1", "secrets-INITIAL_FORMS": "0"}
    answer = root.post(url(ClientRegistration, "add"), {**good, **management, field: value})
    assert answer.status_code == 302 or (answer.status_code == 200 and answer.context["errors"])


def test_the_form_of_a_secret_and_of_a_tenant(root: Client, rows: dict[Any, Any]) -> None:
    for value in ("a\x00b", "9" * 20):
        good = {"registration": rows[ClientRegistration].pk, "data_center": "eu", "new_secret": "word"}
        assert root.post(url(ClientSecret, "add"), {**good, "registration": value}).status_code == 400
        assert root.post(url(ClientSecret, "add"), {**good, "data_center": value}).status_code == 200
        assert root.post(url(Tenant, "add"), {"name": "a\x00b", "slug": value}).status_code == 200


@pytest.mark.parametrize("value", VALUES)
def test_the_choice_of_a_registration(root: Client, rows: dict[Any, Any], value: str) -> None:
    asked = f"app_label=django_bigin&model_name=clientsecret&field_name=registration&term={value}"
    assert admin.site.is_registered(ClientSecret)
    assert root.get(f"{reverse('admin:autocomplete')}?{asked}").status_code == 200

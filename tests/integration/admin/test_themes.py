"""Every page of the admin under the theme that BIGIN_TEST_THEME names; Django's own without one.

`dev.py tox run -e themes` runs it under each theme that tests.settings.themes lists.
"""

from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.test import Client
from django.urls import reverse

from django_bigin.admin.actions import ACTIONS
from django_bigin.models import ClientRegistration, ClientSecret, Connection, ModuleSync, Tenant
from django_bigin.work.jobs import makes_sense
from tests.support.admin import url
from tests.support.factories import make_connection, make_registration

pytestmark = pytest.mark.django_db

MODELS = sorted(apps.get_app_config("django_bigin").get_models(), key=lambda model: model.__name__)
WRITABLE = (Tenant, ClientRegistration, ClientSecret)
by_name = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)


def page(client: Client, address: str, **posted: Any) -> str:
    answer = client.post(address, posted) if posted else client.get(address)
    assert answer.status_code == 200, (settings.THEME, address, answer.status_code)
    text = str(answer.content.decode())
    assert "</html>" in text
    return text


@by_name
def test_the_list_a_row_and_its_history(root: Client, rows: dict[Any, Any], model: Any) -> None:
    for name in ("change", "history"):
        page(root, url(model, name, rows[model].pk))
    page(root, url(model, "changelist"))
    page(root, f"{url(model, 'changelist')}?q=nobody")


@by_name
def test_adding_and_deleting_where_it_is_possible(root: Client, rows: dict[Any, Any], model: Any) -> None:
    may_add = model in WRITABLE
    assert root.get(url(model, "add")).status_code == (200 if may_add else 403)
    assert root.get(url(model, "delete", rows[model].pk)).status_code in ((200,) if may_add else (200, 403))
    if may_add:  # the same form with its errors
        page(root, url(model, "add"), **{"secrets-TOTAL_FORMS": "0", "secrets-INITIAL_FORMS": "0"})


def test_deleting_an_ended_connection(root: Client) -> None:
    ended = make_connection(status=Connection.Status.DISCONNECTED, refresh_token="", access_token="")
    page(root, url(Connection, "delete", ended.pk))


@pytest.mark.parametrize("status", Connection.Status.values)
def test_a_connection_offers_its_buttons_in_each_state(root: Client, status: str) -> None:
    connection = make_connection(status=status)
    text = page(root, url(Connection, "change", connection.pk))
    for spec in ACTIONS.values():
        assert (f'value="{spec.name}"' in text) == makes_sense(spec.kind, connection)
    # A button belongs to its form by this id, wherever a theme draws the two.
    assert ('form="bigin_act"' in text) == ('id="bigin_act"' in text)


def test_the_pages_of_ours(root: Client, rows: dict[Any, Any]) -> None:
    names = ("connect", "connect_self_client")
    connect, paste = (reverse(f"admin:django_bigin_connection_{name}") for name in names)
    assert 'value="Continue to Zoho"' in page(root, connect)
    assert 'name="grant_token"' in page(root, paste)
    assert 'name="grant_token"' in page(root, paste, client_id="1000.X")
    assert f'href="{connect}"' in page(root, url(Connection, "changelist"))


def test_the_confirmation_of_a_disconnect(root: Client, rows: dict[Any, Any]) -> None:
    key = rows[Connection].pk
    act = reverse("admin:django_bigin_connection_act", args=[key])
    for text in (
        page(root, url(Connection, "changelist"), action="disconnect", _selected_action=[key], index="0"),
        page(root, act, action="disconnect"),
    ):
        assert 'value="Yes, disconnect"' in text


def test_the_question_before_a_tenant_is_deleted(root: Client, rows: dict[Any, Any]) -> None:
    address = url(Tenant, "delete", rows[Tenant].pk)
    assert 'value="Yes, delete it"' in page(root, address)
    assert 'name="even_unrevoked"' in page(root, f"{address}?unrevoked")
    assert 'name="_popup"' in page(root, f"{address}?_popup=1")


def test_the_page_of_health(root: Client, rows: dict[Any, Any]) -> None:
    assert "Health" in page(root, reverse("admin:django_bigin_connection_health"))


def test_tenants_and_registrations_lead_to_connecting(root: Client, rows: dict[Any, Any]) -> None:
    registration = make_registration(rows[Tenant], kind="server", redirect_uri="https://site.example/callback/")
    for model, row in ((Tenant, rows[Tenant]), (ClientRegistration, registration)):
        assert ">Connect</a>" in page(root, url(model, "change", row.pk))


def test_a_module_is_changed(root: Client, rows: dict[Any, Any]) -> None:
    posted = {"enabled": "on", "fields": "", "interval_seconds": "600"}
    assert root.post(url(ModuleSync, "change", rows[ModuleSync].pk), posted).status_code == 302
    assert ModuleSync.objects.get().interval_seconds == 600

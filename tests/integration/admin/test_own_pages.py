"""Pages of our own in the admin, drawn by whatever theme stands in for the templates of Django."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

import tests.support
from django_bigin.models import Connection
from tests.support.factories import make_connection, make_superuser

pytestmark = pytest.mark.django_db

THEME = Path(tests.support.__file__).parent / "theme"


@pytest.fixture
def root(client: Client) -> Client:
    client.force_login(make_superuser())
    return client


@pytest.fixture
def connection() -> Connection:
    return make_connection()


def connect(root: Client, connection: Connection) -> Any:
    return root.get(reverse("admin:django_bigin_connection_connect"))


def paste_a_grant_token(root: Client, connection: Connection) -> Any:
    return root.get(reverse("admin:django_bigin_connection_connect_self_client"))


def paste_nothing(root: Client, connection: Connection) -> Any:
    return root.post(reverse("admin:django_bigin_connection_connect_self_client"))


def disconnect(root: Client, connection: Connection) -> Any:
    chosen = {"action": "disconnect", "_selected_action": [connection.pk]}
    return root.post(reverse("admin:django_bigin_connection_changelist"), chosen)


def delete_its_tenant(root: Client, connection: Connection) -> Any:
    return root.get(reverse("admin:django_bigin_tenant_delete", args=[connection.tenant_id]))


def health(root: Client, connection: Connection) -> Any:
    return root.get(reverse("admin:django_bigin_connection_health"))


PAGES = [health, connect, paste_a_grant_token, paste_nothing, disconnect, delete_its_tenant]
NOT_THEIRS = {
    "bigin_tools",  # the buttons above a row's form
    "action_form", "action_checkbox_name",  # since Django 6.1 a row's form offers actions
    "source_model", "source_model_var",  # and knows which form it pops up from
}  # fmt: skip
every_page = pytest.mark.parametrize("page", PAGES)
Page = Callable[[Client, Connection], Any]


@every_page
def test_knows_all_that_a_change_form_of_django_knows(root: Client, connection: Connection, page: Page) -> None:
    form = root.get(reverse("admin:django_bigin_connection_change", args=[connection.pk]))

    assert set(form.context_data) - NOT_THEIRS <= set(page(root, connection).context_data)


@every_page
def test_is_drawn_by_a_theme_that_puts_the_buttons_elsewhere(
    root: Client, connection: Connection, page: Page, settings: Any
) -> None:
    templates = copy.deepcopy(settings.TEMPLATES)
    templates[0]["DIRS"] = [str(THEME)]
    settings.TEMPLATES = templates

    answer = page(root, connection)

    assert answer.status_code == 200
    text = answer.content.decode()
    assert "theme-footer" in text
    assert 'name="_save"' not in text  # nothing of Django's is saved there
    assert 'class="deletelink"' not in text

"""Adding a client registration in the admin: what the empty form offers is what a person who changes nothing saves."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from django_bigin.conf import settings
from django_bigin.models import ClientRegistration, Connection
from tests.support.browsing import address_at_zoho
from tests.support.factories import make_superuser, make_tenant
from tests.support.forms import read_form

pytestmark = pytest.mark.django_db(transaction=True)

CALLBACK = "http://localhost/bigin/callback/"


@pytest.fixture
def root(client: Client) -> Client:
    client.force_login(make_superuser())
    return client


def add_registration(root: Client, client_id: str, secret: str, **typed: Any) -> ClientRegistration:
    """Fill in no more than what the console shows, and leave all else as the page has it."""
    address = reverse("admin:django_bigin_clientregistration_add")
    offered = read_form(root.get(address).content.decode(), "clientregistration_form")
    entered = {"client_id": client_id, "redirect_uri": CALLBACK, "secrets-0-new_secret": secret} | typed
    answer = root.post(address, offered | entered)
    assert answer.status_code == 302, answer.context["errors"]
    return ClientRegistration.objects.get(client_id=client_id)


def press_connect(root: Client, tenant: Any, registration: ClientRegistration) -> Any:
    return root.post("/bigin/connect/", {"tenant": tenant.pk, "registration": registration.pk})


def test_scopes_left_as_they_are_offered_are_those_of_the_site(root: Client, sandbox: Any) -> None:
    tenant, given = make_tenant(), sandbox.add_client(redirect_uri=CALLBACK, home_data_center="us")
    registration = add_registration(root, given["client_id"], given["secrets"]["us"])

    assert registration.scopes == list(settings.BIGIN_SCOPES)
    address = address_at_zoho(press_connect(root, tenant, registration))
    assert parse_qs(urlsplit(address).query)["scope"] == [",".join(settings.BIGIN_SCOPES)]
    user = next(user["email"] for user in sandbox.users() if user["data_center"] == "us")
    root.get(sandbox.consent(address, user=user))
    assert Connection.objects.get().registration == registration


def test_a_registration_that_asks_for_nothing_is_refused_before_zoho_is_asked(root: Client) -> None:
    registration = add_registration(root, "1000.NOTHING", "word", scopes="")

    assert registration.scopes == []
    answer = press_connect(root, make_tenant(), registration)
    assert answer.status_code == 400
    assert "asks for no scopes, which Zoho refuses. Enter them in the client registration." in answer.content.decode()

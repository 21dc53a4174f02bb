"""A world with one client in two data centers, and a person's browser."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from django_bigin.models import ClientRegistration, ClientSecret, Tenant
from tests.support.browsing import CALLBACK, Trap


@pytest.fixture
def trap() -> Iterator[Trap]:
    trap = Trap()
    yield trap
    trap.stop()


@pytest.fixture
def world(sandbox: Any) -> Any:
    """A sandbox with one server-based client in us and ca, a user in each, and that client registered here."""
    sandbox.add_organization(data_center="ca")
    client = sandbox.add_client(redirect_uri=CALLBACK, home_data_center="us", data_centers=["us", "ca"])
    registration = ClientRegistration.objects.create(
        name="Ours", client_id=client["client_id"], home_data_center="us", redirect_uri=CALLBACK
    )
    for data_center, secret in client["secrets"].items():
        ClientSecret.objects.create(registration=registration, data_center=data_center, secret=secret)
    Tenant.objects.create(name="Acme", slug="acme")
    sandbox.clear_calls()
    return sandbox


@pytest.fixture
def person() -> Any:
    return get_user_model().objects.create_superuser("ada", "ada@example.org", "pw")


@pytest.fixture
def browser(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client

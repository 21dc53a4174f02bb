"""A world with one client in two data centers, and a person's browser."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from django_bigin.models import Tenant
from tests.support.browsing import Trap, register_client


@pytest.fixture
def trap() -> Iterator[Trap]:
    trap = Trap()
    yield trap
    trap.stop()


@pytest.fixture
def world(sandbox: Any) -> Any:
    """A sandbox with one server-based client in us and ca, a user in each, and that client registered here."""
    register_client(sandbox)
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

"""Whoever works in the admin, and what would go to the broker from there."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from django_bigin.models import Heartbeat, Installation
from django_bigin.work.scheduler import BrokerDown
from tests.support.factories import make_row_of_each_model, make_superuser
from tests.support.wakers import woken_by


@pytest.fixture
def root(client: Client) -> Client:
    client.force_login(make_superuser())
    return client


@pytest.fixture
def rows(db: None) -> dict[Any, Any]:
    """A row of every model."""
    now = timezone.now()
    return make_row_of_each_model("acme") | {
        Heartbeat: Heartbeat.objects.create(name="worker", kind="sync", seen_at=now),
        Installation: Installation.objects.create(identifier="here", adopted_at=now),
    }


@pytest.fixture
def sent() -> Iterator[list[tuple[str, int]]]:
    """What would have gone to the broker."""
    messages: list[tuple[str, int]] = []
    with woken_by(lambda kind, row_id: messages.append((kind, row_id))):
        yield messages


@pytest.fixture
def broker_down() -> Iterator[list[int]]:
    """The rows for which a worker was to be woken, in vain."""
    tried: list[int] = []

    def refuse(kind: str, row_id: int) -> None:
        tried.append(row_id)
        raise BrokerDown("nobody answers")

    with woken_by(refuse):
        yield tried

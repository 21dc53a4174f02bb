"""Whoever works in the admin, and what would go to the broker from there."""

from collections.abc import Iterator

import pytest
from django.test import Client

from django_bigin.work.scheduler import BrokerDown
from tests.support.factories import make_superuser
from tests.support.wakers import woken_by


@pytest.fixture
def root(client: Client) -> Client:
    client.force_login(make_superuser())
    return client


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

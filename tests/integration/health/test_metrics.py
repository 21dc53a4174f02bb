"""Health as Prometheus reads it."""

from __future__ import annotations

from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from django_bigin.health.kinds import CODES
from django_bigin.health.metrics import HealthCollector
from django_bigin.models import Connection
from tests.support.commands import Ran
from tests.support.factories import make_connection

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(HealthCollector())
    return registry


def scrape(registry: CollectorRegistry) -> dict[tuple[str, str], float]:
    """Every value by its name and its one label."""
    families = text_string_to_metric_families(generate_latest(registry).decode())
    samples = [sample for family in families for sample in family.samples]
    return {(sample.name, next(iter(sample.labels.values()), "")): sample.value for sample in samples}


def test_a_clean_site_works(sandbox: Any, connection: Connection, registry: CollectorRegistry) -> None:
    Ran("bigin_tick")
    found = scrape(registry)
    assert found["django_bigin_working", ""] == 1
    assert found["django_bigin_connections", "healthy"] == 1
    assert found["django_bigin_seen_seconds_ago", "tick"] < 60
    assert {found["django_bigin_findings", code.text] for code in CODES.values()} == {0}


def test_what_is_wrong_is_counted_by_its_code(registry: CollectorRegistry, settings: Any) -> None:
    for status in (Connection.Status.NEEDS_AUTHORIZATION, Connection.Status.NEEDS_AUTHORIZATION, "healthy"):
        make_connection(status=status)
    settings.BIGIN_ENCRYPTION_KEYS = []
    found = scrape(registry)
    assert found["django_bigin_working", ""] == 0
    assert found["django_bigin_findings", "key.missing"] == 1
    assert found["django_bigin_findings", "grant.revoked"] == 2
    assert found["django_bigin_connections", "needs_authorization"] == 2


@pytest.mark.parametrize("number", [1, 20])
def test_takes_the_same_few_queries_for_any_number(
    number: int, registry: CollectorRegistry, django_assert_num_queries: Any
) -> None:
    for _ in range(number):
        make_connection()
    with django_assert_num_queries(10):
        generate_latest(registry)


def test_registering_asks_no_database(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        CollectorRegistry().register(HealthCollector())

"""A tenant whose primary key is long: connected, and its audit found by it."""

from types import SimpleNamespace
from typing import Any

import pytest

from django_bigin import audit
from django_bigin.models import AuditEvent

pytestmark = pytest.mark.django_db

LONG = [65, 255, 256, 2000]


@pytest.mark.parametrize("length", LONG)
def test_the_audit_takes_any_primary_key(length: int) -> None:
    key = "k" * length
    tenant = SimpleNamespace(pk=key)
    connection: Any = SimpleNamespace(tenant=tenant, tenant_id=key, pk=7)
    audit.record("connect", connection, actor="a" * 200)
    event = AuditEvent.objects.get(tenant_key=audit.key_of(key))
    assert (event.tenant_key == key) == (length <= 255)


def test_two_long_keys_are_two() -> None:
    keys = {audit.key_of("k" * 300 + end) for end in ("a", "b")}
    assert len(keys) == 2

"""The policy for what a browser may load, as Django 6 sends it: no page needs an exception."""

import re
from typing import Any

import django
import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse

from django_bigin.models import Connection, Tenant
from tests.support.admin import url

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(django.VERSION < (6,), reason="the middleware comes with Django 6"),
]

INLINE = re.compile(
    r"<style|\sstyle=|\son[a-z]+=|javascript:|<script(?![^>]*\ssrc=)(?![^>]*application/json)", re.IGNORECASE
)
MODELS = sorted(apps.get_app_config("django_bigin").get_models(), key=lambda model: model.__name__)


@pytest.fixture(autouse=True)
def policy(settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.middleware.csp.ContentSecurityPolicyMiddleware"]
    settings.SECURE_CSP = {"default-src": ["'self'"], "form-action": ["'self'"]}


def assert_obeys(client: Client, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 200, address
    assert answer["Content-Security-Policy"] == "default-src 'self'; form-action 'self'"
    assert not INLINE.findall(answer.content.decode()), address


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_lists_and_rows_obey(root: Client, rows: dict[Any, Any], model: Any) -> None:
    for address in (url(model, "changelist"), url(model, "change", rows[model].pk)):
        assert_obeys(root, address)


def test_the_pages_of_ours_obey(root: Client, rows: dict[Any, Any]) -> None:
    for name in ("connect", "connect_self_client", "health"):
        assert_obeys(root, reverse(f"admin:django_bigin_connection_{name}"))
    assert_obeys(root, url(Tenant, "delete", rows[Tenant].pk))
    assert_obeys(root, url(Connection, "history", rows[Connection].pk))
    assert_obeys(root, f"/bigin/connect/?tenant={rows[Tenant].pk}")
    assert_obeys(root, "/bigin/health/")

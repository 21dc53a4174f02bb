"""`/bigin/health/`: 200 or 503 for everybody, findings for those whom the policy lets see them."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from django_bigin.models import Connection
from django_bigin.views import health
from tests.support.broken import without_database
from tests.support.commands import Ran
from tests.support.databases import database
from tests.support.factories import make_connection, make_staff, make_superuser, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "/bigin/health/"


@pytest.fixture(autouse=True)
def answers_are_new(monkeypatch: Any) -> None:
    monkeypatch.setattr(health, "ANSWER_KEPT_SECONDS", 0)


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_a_clean_site_is_ok(client: Client) -> None:
    make_connection()
    answer = client.get(PAGE)
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert "no-store" in answer["Cache-Control"]
    assert reverse("django_bigin:health") == PAGE


def test_head_is_enough_and_post_is_refused(client: Client) -> None:
    assert client.head(PAGE).status_code == 200
    assert client.post(PAGE).status_code == 405


def test_a_silent_tick_is_503_and_no_reason_to_take_the_server_out(sandbox: Any, connection: Connection) -> None:
    Ran("bigin_tick")
    assert Client().get(PAGE).status_code == 200
    sandbox.advance(1_200)
    answer = Client().get(PAGE)
    assert (answer.status_code, answer.json()) == (503, {"status": "failing"})
    assert Client().get(f"{PAGE}?ready").status_code == 200


def test_a_lost_key_takes_the_server_out(client: Client, settings: Any) -> None:
    make_connection()
    settings.BIGIN_ENCRYPTION_KEYS = []
    assert client.get(PAGE).status_code == client.get(f"{PAGE}?ready").status_code == 503


def test_a_tenant_that_must_reconnect_is_no_fault_of_the_installation(client: Client) -> None:
    make_connection(status=Connection.Status.NEEDS_AUTHORIZATION)
    assert client.get(PAGE).status_code == 200


def test_who_is_unlimited_sees_every_finding_and_no_secret(settings: Any) -> None:
    row = make_connection(status=Connection.Status.NEEDS_AUTHORIZATION, status_reason="Revoked at Zoho.")
    settings.BIGIN_ENCRYPTION_KEYS = ["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="]
    row.__class__.objects.update(status=Connection.Status.HEALTHY)
    answer = signed_in(make_superuser()).get(PAGE)
    assert answer.status_code == 503
    document = answer.json()
    assert [each["code"] for each in document["findings"]] == ["key.unknown"]
    assert document["connections"][0]["connection"] == row.pk
    for secret in ("1000.refresh", "1000.access", row.__dict__["refresh_token"].ciphertext[12:]):
        assert secret not in answer.content.decode()


def test_who_is_limited_sees_their_own_tenants_alone(settings: Any) -> None:
    settings.BIGIN_ACCESS_POLICY = "tests.support.policies.OwnTenant"
    mine = make_connection(make_tenant("mine"), status=Connection.Status.NEEDS_AUTHORIZATION)
    make_connection(make_tenant("others"), org_name="Somebody else")
    settings.BIGIN_ENCRYPTION_KEYS = []
    answer = signed_in(make_staff("mine")).get(PAGE)
    document = answer.json()
    assert answer.status_code == 503
    assert [each["connection"] for each in document["connections"]] == [mine.pk]
    assert [each["code"] for each in document["connections"][0]["findings"]] == ["grant.revoked"]
    assert document["findings"] == []
    assert "Somebody else" not in answer.content.decode()


@pytest.mark.parametrize("permission", ["view_job"])
def test_who_may_not_view_connections_sees_no_more_than_anybody(permission: str) -> None:
    make_connection()
    assert signed_in(make_staff("clerk", permission)).get(PAGE).json() == {"status": "ok"}


def test_needs_no_login_where_every_page_does(client: Client, settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"]
    assert client.get(PAGE).status_code == 200


ASKING = """
import django; django.setup()
from django.test import Client
client = Client()
for cookie in ("", "a-session"):
    client.cookies["sessionid"] = cookie
    for page in ("/bigin/health/", "/bigin/health/?ready"):
        answer = client.get(page)
        print(answer.status_code, answer.json())
"""


def test_a_database_that_is_gone_is_503_for_everybody() -> None:
    ran = without_database("-c", ASKING)
    assert ran.stdout.splitlines() == ["503 {'status': 'failing'}"] * 4, ran.stderr


@pytest.mark.parametrize("number", [1, 20])
def test_takes_the_same_few_queries_for_any_number(number: int, django_assert_num_queries: Any) -> None:
    for _ in range(number):
        make_connection()
    with django_assert_num_queries(10, connection=database):
        assert Client().get(PAGE).status_code == 200


def test_the_answer_for_anybody_is_kept_for_a_moment(
    client: Client, monkeypatch: Any, django_assert_num_queries: Any
) -> None:
    make_connection()
    client.get(PAGE)
    monkeypatch.setattr(health, "ANSWER_KEPT_SECONDS", 60)
    client.get(PAGE)
    with django_assert_num_queries(0, connection=database):
        assert client.get(PAGE).status_code == 200

"""Errors forced at every door, and the reports of them: none holds what the sandbox gave, in any spelling."""

import http.client
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from django_bigin import audit
from django_bigin.admin import connecting, registrations
from django_bigin.connections import disconnect, open_client, tokens
from django_bigin.encryption.keyring import new_key
from django_bigin.models import ClientRegistration, ClientSecret, Connection, Tenant
from django_bigin.testing.leaks import find_secrets
from django_bigin.work import scheduler
from django_bigin.work.kinds import METADATA, REFRESH
from tests.support.browsing import CALLBACK, come_back, press_connect, user_in
from tests.support.commands import connect_arguments, private_file
from tests.support.factories import make_registration, make_tenant
from tests.support.grants import let_token_expire
from tests.support.reports import reported

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=[False, True], ids=["", "DEBUG"], autouse=True)
def debug(request: Any, settings: Any) -> None:
    settings.DEBUG = request.param


@pytest.fixture
def browser() -> Client:
    browser = Client(raise_request_exception=False)
    browser.force_login(get_user_model().objects.create_superuser("ada", "ada@example.org", "pw"))
    return browser


@pytest.fixture
def time_is_up(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Celery's soft time limit, while an answer is waited for."""

    def expire(self: Any) -> None:
        raise SoftTimeLimitExceeded

    with monkeypatch.context() as patch:
        patch.setattr(http.client.HTTPConnection, "getresponse", expire)
        yield


def fail(*args: Any, **kwargs: Any) -> None:
    raise RuntimeError("forced")


def require_clean(reports: list[str], sandbox: Any, *others: str) -> None:
    """Look for everything that was secret, and for what the site itself made up."""
    secrets = [*sandbox.secrets(), *({"kind": f"other {at}", "value": value} for at, value in enumerate(others))]
    assert len(sandbox.secrets()) > 1
    assert find_secrets("\n".join(reports), secrets) == []


def test_the_callback(sandbox: Any, browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    client = sandbox.add_client(redirect_uri=CALLBACK, home_data_center="us", data_centers=["us"])
    registration = ClientRegistration.objects.create(
        name="Ours", client_id=client["client_id"], home_data_center="us", redirect_uri=CALLBACK
    )
    ClientSecret.objects.create(registration=registration, data_center="us", secret=client["secrets"]["us"])
    Tenant.objects.create(name="Acme", slug="acme")
    location = sandbox.consent(press_connect(browser), user=user_in(sandbox, "us"))
    given = dict(parse_qsl(urlsplit(location).query))
    monkeypatch.setattr(audit, "record", fail)
    with reported() as reports:
        assert come_back(browser, location).status_code == 500
    require_clean(reports, sandbox, given["state"], given["code"])


def test_the_form_of_a_self_client_after_the_exchange(
    sandbox: Any, organization: dict[str, str], browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("client_id", "client_secret", "data_center", "grant_token")
    entered = {"tenant": make_tenant("acme").pk, **{name: organization[name] for name in names}}
    monkeypatch.setattr(connecting, "retry_after_secret_change", fail)
    with reported() as reports:
        answer = browser.post(reverse("admin:django_bigin_connection_connect_self_client"), entered)
        assert answer.status_code == 500
    assert Connection.objects.exists()
    require_clean(reports, sandbox, entered["grant_token"])


def test_the_form_of_a_registration(
    sandbox: Any, organization: dict[str, str], browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    registration = make_registration(make_tenant("acme"))
    page = reverse("admin:django_bigin_clientregistration_change", args=[registration.pk])
    posted = {
        "name": "n",
        "kind": "self_client",
        "client_id": "1000.A",
        "home_data_center": "us",
        "scopes": "ZohoBigin.modules.ALL",
        "secrets-TOTAL_FORMS": "1",
        "secrets-INITIAL_FORMS": "0",
        "secrets-0-registration": registration.pk,
        "secrets-0-new_secret": organization["client_secret"],
    }
    monkeypatch.setattr(registrations, "retry_after_secret_change", fail)
    with reported() as reports:
        assert browser.post(page, posted).status_code == 500
    require_clean(reports, sandbox)


def test_the_form_of_a_secret(
    sandbox: Any, organization: dict[str, str], browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    registration = make_registration(make_tenant("acme"))
    posted = {"registration": registration.pk, "data_center": "", "new_secret": organization["client_secret"]}
    monkeypatch.setattr(registrations, "retry_after_secret_change", fail)
    with reported() as reports:
        assert browser.post(reverse("admin:django_bigin_clientsecret_add"), posted).status_code == 500
    require_clean(reports, sandbox)


def test_the_command_that_connects(
    sandbox: Any, organization: dict[str, str], tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("client_secret", "grant_token")
    files = tuple(private_file(tmp_path / name, organization[name]) for name in names)
    monkeypatch.setattr(audit, "record", fail)
    with reported() as reports:
        call_command("bigin_connect", *connect_arguments(organization, files))
    require_clean(reports, sandbox)


def test_a_file_that_holds_more_than_a_secret(sandbox: Any, organization: dict[str, str], tmp_path: Any) -> None:
    files = (
        private_file(tmp_path / "secret", f"{organization['client_secret']} and more"),
        private_file(tmp_path / "grant", organization["grant_token"]),
    )
    with reported() as reports:
        call_command("bigin_connect", *connect_arguments(organization, files))
    require_clean(reports, sandbox)


@pytest.mark.parametrize("name", [REFRESH, METADATA])
def test_a_task_whose_time_is_up(sandbox: Any, connection: Connection, name: str, time_is_up: None) -> None:
    if name == REFRESH:
        let_token_expire(sandbox)
    with reported() as reports:
        scheduler.run_slice(name, connection.pk)
    require_clean(reports, sandbox)


@pytest.mark.parametrize(
    "call",
    [
        lambda connection: tokens.refresh_now(connection.pk),
        lambda connection: open_client(connection).records.fetch_page("Contacts", fields=["Last_Name"]),
        disconnect,
    ],
    ids=["refresh", "records", "revoke"],
)
def test_a_call_within_which_time_is_up(sandbox: Any, connection: Connection, call: Any, time_is_up: None) -> None:
    with reported() as reports:
        call(connection)
    require_clean(reports, sandbox)


def test_a_network_that_fails(sandbox: Any, connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    let_token_expire(sandbox)
    sandbox.fail("POST /oauth/v2/token", drop="after", times=9)
    with reported() as reports:
        tokens.ensure_fresh_token(connection.pk)
    require_clean(reports, sandbox)


def test_a_key_that_cannot_be_read(sandbox: Any, connection: Connection, settings: Any) -> None:
    [first], mistyped = settings.BIGIN_ENCRYPTION_KEYS, new_key()[:-5]
    settings.BIGIN_ENCRYPTION_KEYS = [first, mistyped]
    with reported() as reports:
        connection.access_token.reveal()
    require_clean(reports, sandbox, first, mistyped)

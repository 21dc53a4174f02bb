"""What can be wrong in a site's settings is said, with what to do."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.checks import run_checks
from django.db import connections, router

from django_bigin.checks import check_redirect_uris, check_settings
from django_bigin.models import ClientRegistration, Connection


def found() -> dict[str, str]:
    return {message.id: f"{message.msg} {message.hint}" for message in check_settings()}


@pytest.fixture(autouse=True)
def well_configured(settings: Any) -> None:
    settings.BIGIN_INSTALLATION_ID = "tests"


def test_good_settings_have_nothing_to_say() -> None:
    assert found() == {}


def test_without_a_key_the_command_that_makes_one_is_named(settings: Any) -> None:
    settings.BIGIN_ENCRYPTION_KEYS = []
    assert "python -m django_bigin.encryption" in found()["django_bigin.E001"]


def test_a_key_that_is_none_is_an_error_that_does_not_show_it(settings: Any) -> None:
    settings.BIGIN_ENCRYPTION_KEYS = ["not-a-key-at-all"]
    message = found()["django_bigin.E002"]
    assert "not-a-key-at-all" not in message
    assert message.count("BIGIN_ENCRYPTION_KEYS") == 2  # in the message, and in the hint


@pytest.mark.parametrize("url", ["http://sandbox.example:8400", "https://accounts.zoho.com.evil.test"])
def test_a_sandbox_elsewhere_must_be_named(url: str, settings: Any) -> None:
    settings.BIGIN_SANDBOX_URL = url
    assert "BIGIN_SANDBOX_HOSTS" in found()["django_bigin.E003"]


def test_a_sandbox_in_production_is_warned_about(settings: Any) -> None:
    settings.BIGIN_SANDBOX_URL = "http://127.0.0.1:8400"
    assert "django_bigin.W001" in found()
    settings.DEBUG = True
    assert found() == {}


def test_without_an_installation_id_a_copy_would_act(settings: Any) -> None:
    settings.BIGIN_INSTALLATION_ID = ""
    assert "django_bigin.W002" in found()


def test_a_strict_session_cookie_is_warned_about(settings: Any) -> None:
    settings.SESSION_COOKIE_SAMESITE = "Strict"
    assert "Lax" in found()["django_bigin.W003"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BIGIN_READ_TIMEOUT_SECONDS", "soon"),
        ("BIGIN_CLOCK", "nowhere.now"),
        ("BIGIN_ACCESS_POLICY", "nowhere.Policy"),
        ("BIGIN_EXTRA_DATA_CENTERS", ["mars"]),
        ("BIGIN_RECONCILE_INTERVAL_SECONDS", 1),
        ("BIGIN_SITE_URL", "crm.example.org"),
        ("BIGIN_SYNC_QUEUE", ""),
        ("BIGIN_CELERY", "no"),
        ("BIGIN_MODULES", None),
        ("BIGIN_SCOPES", [1]),
        ("BIGIN_ALERT_RECIPIENTS", None),
    ],
)
def test_a_value_that_cannot_be_is_an_error(name: str, value: Any, settings: Any) -> None:
    setattr(settings, name, value)
    assert "django_bigin.E005" in found()


def test_a_module_that_no_product_has_is_named(settings: Any) -> None:
    settings.BIGIN_MODULES = ["Contacts", "Nope", "contacts"]
    message = found()["django_bigin.W007"]
    assert "BIGIN_MODULES names 'Nope', 'contacts'" in message
    assert "custom module" in message
    assert "Contacts, Accounts" in message
    settings.BIGIN_MODULES = ["Contacts", "Associated_Products"]
    assert found() == {}


def test_a_lookup_that_the_tenant_model_lacks_is_an_error(settings: Any) -> None:
    settings.BIGIN_TENANT_LOOKUP = "nickname"
    assert "nickname" in found()["django_bigin.E004"]


@pytest.mark.django_db
def test_a_redirect_uri_of_another_host_is_warned_about(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["site.example"]
    for host in ("site.example", "elsewhere.example"):
        ClientRegistration.objects.create(client_id=host, redirect_uri=f"https://{host}/bigin/callback/")
    [warning] = check_redirect_uris(databases=["default"])
    assert "elsewhere.example" in warning.msg
    assert check_redirect_uris(databases=None) == []
    assert "django_bigin.W004" in {message.id for message in run_checks(databases=["default"])}


@pytest.mark.django_db
def test_a_session_that_does_not_reach_the_host_of_the_redirect_uri_is_warned_about(settings: Any) -> None:
    settings.ALLOWED_HOSTS = [".site.example", "other.example"]
    for host in ("hub.site.example", "other.example"):
        ClientRegistration.objects.create(client_id=host, redirect_uri=f"https://{host}/bigin/callback/")
    [warning] = check_redirect_uris(databases=["default"])
    assert (warning.id, "hub.site.example" in warning.msg) == ("django_bigin.W005", True)
    assert "SESSION_COOKIE_DOMAIN = '.site.example'" in warning.hint
    settings.SESSION_COOKIE_DOMAIN = ".site.example"
    assert check_redirect_uris(databases=["default"]) == []


def test_without_time_zones_nothing_can_be_judged(settings: Any) -> None:
    settings.USE_TZ = False
    assert "USE_TZ = True" in found()["django_bigin.E006"]


class Sends:
    """A router that sends one app or one model elsewhere."""

    def __init__(self, what: str) -> None:
        self.what = what

    def db_for_write(self, model: Any, **hints: Any) -> str | None:
        return "elsewhere" if self.what in (model._meta.app_label, model._meta.label) else None


@pytest.mark.parametrize(
    ("what", "named"),
    [
        ("auth", "auth.User to 'elsewhere'"),
        ("django_bigin", "auth.User to 'default'"),
        ("django_bigin.Tenant", "django_bigin.Tenant to 'elsewhere'"),
        ("django_bigin.Record", "django_bigin.Record to 'elsewhere'"),
    ],
)
def test_tables_that_point_to_each_other_are_in_one_database(what: str, named: str, settings: Any) -> None:
    settings.DATABASE_ROUTERS = [Sends(what)]
    assert named in found()["django_bigin.E007"]


def test_other_apps_may_be_elsewhere(settings: Any) -> None:
    settings.DATABASE_ROUTERS = [Sends("sessions")]
    assert found() == {}


def test_a_driver_that_waits_for_ever_for_its_server_is_warned_about(monkeypatch: Any) -> None:
    database = connections[router.db_for_write(Connection)]
    monkeypatch.setattr(database, "vendor", "mysql")
    monkeypatch.setitem(database.settings_dict, "OPTIONS", {"charset": "utf8mb4"})
    assert '["OPTIONS"]["connect_timeout"] = 5' in found()["django_bigin.W006"]
    for enough in ({"connect_timeout": 3}, {"read_default_file": "/etc/my.cnf"}):
        monkeypatch.setitem(database.settings_dict, "OPTIONS", enough)
        assert found() == {}
    monkeypatch.setattr(database, "vendor", "postgresql")
    monkeypatch.setitem(database.settings_dict, "OPTIONS", {})
    assert found() == {}


@pytest.mark.parametrize("entry", ["django_bigin", "django_bigin.apps.BiginConfig"])
def test_under_django_tenants_the_tables_are_shared(entry: str, settings: Any) -> None:
    settings.SHARED_APPS = ["django_tenants", "django.contrib.auth"]
    settings.TENANT_APPS = [entry]
    assert "SHARED_APPS" in found()["django_bigin.E008"]
    settings.SHARED_APPS.append(entry)
    assert "django_bigin.E008" in found()
    settings.SHARED_APPS, settings.TENANT_APPS = ["django_bigin"], ["django.contrib.auth"]
    assert found() == {}


def test_under_django_tenants_so_is_the_tenant_model(settings: Any, monkeypatch: Any) -> None:
    settings.SHARED_APPS, settings.TENANT_APPS = ["django_bigin"], ["django.contrib.auth"]
    monkeypatch.setattr("django_bigin.checks.TENANT_MODEL", "auth.User")
    monkeypatch.setattr("django_bigin.checks.tenant_model", get_user_model)
    assert set(found()) == {"django_bigin.E004", "django_bigin.E009"}

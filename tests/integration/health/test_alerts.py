"""One mail for each change that needs a person."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.management import CommandError, call_command
from django.urls import reverse

from django_bigin.connections import states
from django_bigin.health import alerts
from django_bigin.models import Connection
from django_bigin.work import scheduler
from tests.support.factories import make_connection

pytestmark = pytest.mark.django_db(transaction=True)

Status = Connection.Status


@pytest.fixture(autouse=True)
def recipients(settings: Any) -> None:
    settings.BIGIN_ALERT_RECIPIENTS = ["ops@example.org"]


@pytest.mark.parametrize("status", [Status.MISCONFIGURED, Status.NEEDS_AUTHORIZATION])
def test_what_needs_a_person_is_mailed_at_once_and_once(status: str, connection: Connection) -> None:
    states.set_status(connection, status, reason="Compare the client secret.")
    assert [alerts.send_due() for _ in range(3)] == [1, 0, 0]
    [message] = mail.outbox
    assert message.to == ["ops@example.org"]
    assert "Compare the client secret." in message.body
    assert message.subject.startswith(f"Bigin: {connection} of {connection.tenant}: ")
    assert states.STATES[status].person_does in message.body


def test_a_mail_says_what_happened_what_the_app_does_and_what_to_do(connection: Connection) -> None:
    connection.org_name = "Acme\nLtd"
    connection.save()
    states.set_status(connection, Status.MISCONFIGURED, reason="The secret is refused.")
    alerts.send_due()
    [message] = mail.outbox
    state = states.STATES[Status.MISCONFIGURED]
    assert message.subject == f"Bigin: Acme Ltd (us) of {connection.tenant}: misconfigured"
    tenant, _, status, reason, _, happened, to_do = message.body.split("\n")
    assert tenant == f"Tenant: {connection.tenant}"
    assert status.startswith("Status: Misconfigured since ")
    assert reason == "Reason: The secret is refused."
    assert happened == f"{state.happened} {state.app_does}"
    assert to_do == state.person_does


def test_a_second_failure_is_a_second_mail(connection: Connection) -> None:
    for _ in range(2):
        states.set_status(connection, Status.NEEDS_AUTHORIZATION)
        alerts.send_due()
        states.set_status(connection, Status.HEALTHY)
        alerts.send_due()
    assert len(mail.outbox) == 2


def test_degraded_is_mailed_after_six_hours(connection: Connection, sandbox: Any) -> None:
    states.set_status(connection, Status.DEGRADED)
    sandbox.advance(5 * 3600)
    assert alerts.send_due() == 0
    sandbox.advance(3601)
    assert alerts.send_due() == 1


def test_a_mail_server_that_is_down_gets_the_mail_later(connection: Connection, sandbox: Any, settings: Any) -> None:
    works = settings.EMAIL_BACKEND
    states.set_status(connection, Status.NEEDS_AUTHORIZATION)
    sandbox.advance(60)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1  # nobody listens there
    assert alerts.send_due() == 0
    settings.EMAIL_BACKEND = works
    assert alerts.send_due() == 0
    sandbox.advance(301)
    assert alerts.send_due() == 1


def test_without_recipients_the_admins_are_told(connection: Connection, settings: Any) -> None:
    del settings.BIGIN_ALERT_RECIPIENTS
    settings.ADMINS = [("Ada", "ada@example.org")]
    states.set_status(connection, Status.MISCONFIGURED)
    alerts.send_due()
    assert mail.outbox[0].to == ["ada@example.org"]


def test_a_command_that_finds_it_sends_the_mail(connection: Connection) -> None:
    states.set_status(connection, Status.NEEDS_AUTHORIZATION)
    with pytest.raises(CommandError):
        call_command("bigin_sync", connection=connection.pk)
    assert len(mail.outbox) == 1


class NoOSError(Exception):
    """As the clients of mail services raise it."""


class BrokenBackend:
    """A mail backend that raises what is no OSError; `works` says since when it does not."""

    raises: BaseException | None = NoOSError("quota")

    def __init__(self, *args: Any, **options: Any) -> None:
        if self.raises is not None:
            raise self.raises

    def send_messages(self, messages: list[Any]) -> int:
        mail.outbox.extend(messages)
        return len(messages)


@pytest.mark.parametrize("error", [NoOSError("quota"), ImportError("no module"), TypeError("no such option")])
def test_a_mail_backend_may_raise_anything(
    connection: Connection, sandbox: Any, settings: Any, monkeypatch: Any, caplog: Any, error: Exception
) -> None:
    states.set_status(connection, Status.NEEDS_AUTHORIZATION)
    settings.EMAIL_BACKEND = f"{__name__}.BrokenBackend"
    monkeypatch.setattr(BrokenBackend, "raises", error)
    report = scheduler.tick(lambda kind, row_id: None)
    assert report.broker_down == ""
    assert "A mail about connection" in caplog.text
    assert "The chore" not in caplog.text
    connection.refresh_from_db()
    assert connection.last_alert_status == ""
    sandbox.advance(301)
    monkeypatch.setattr(BrokenBackend, "raises", None)
    scheduler.tick(lambda kind, row_id: None)
    scheduler.tick(lambda kind, row_id: None)
    assert len(mail.outbox) == 1


def test_one_mail_that_fails_stops_no_other(connection: Connection, sandbox: Any, monkeypatch: Any) -> None:
    other = make_connection(status=Status.MISCONFIGURED)
    states.set_status(connection, Status.NEEDS_AUTHORIZATION)
    name_of = type(connection.tenant).__str__

    def name(tenant: Any) -> str:
        if tenant.pk == connection.tenant_id:
            raise RuntimeError("a bug of the site's own model")
        return name_of(tenant)

    monkeypatch.setattr(type(connection.tenant), "__str__", name)
    assert alerts.send_due() == 1
    assert str(other.tenant) in mail.outbox[0].body


def test_a_process_that_is_stopped_while_it_mails_leaves_the_mail_to_the_next(
    connection: Connection, sandbox: Any, settings: Any, monkeypatch: Any
) -> None:
    states.set_status(connection, Status.NEEDS_AUTHORIZATION)
    settings.EMAIL_BACKEND = f"{__name__}.BrokenBackend"
    monkeypatch.setattr(BrokenBackend, "raises", SystemExit())
    with pytest.raises(SystemExit):
        alerts.send_due()
    sandbox.advance(301)
    monkeypatch.setattr(BrokenBackend, "raises", None)
    assert alerts.send_due() == 1


def test_a_mail_names_the_connections_page(connection: Connection, client: Any, settings: Any) -> None:
    path = reverse("admin:django_bigin_connection_change", args=[connection.pk])
    registration = connection.registration
    registration.redirect_uri = "https://crm.example.org:8443/somewhere/bigin/callback/"
    registration.save()
    connection.refresh_from_db()
    assert alerts.page_of(connection) == f"https://crm.example.org:8443{path}"
    settings.BIGIN_SITE_URL = "https://admin.example.org/"
    assert alerts.page_of(connection) == f"https://admin.example.org{path}"
    states.set_status(connection, Status.NEEDS_AUTHORIZATION)
    alerts.send_due()
    assert f"https://admin.example.org{path}" in mail.outbox[0].body.splitlines()[-1]
    client.force_login(User.objects.create_superuser("ada"))
    assert client.get(path).status_code == 200


def test_a_mail_about_a_self_client_has_no_address_unless_the_site_says_it(connection: Connection) -> None:
    type(connection.registration).objects.update(redirect_uri="")
    states.set_status(connection, Status.NEEDS_AUTHORIZATION)
    alerts.send_due()
    assert "Its page" not in mail.outbox[0].body


def test_a_site_without_the_admin_gets_its_mails_too(connection: Connection, settings: Any) -> None:
    settings.ROOT_URLCONF = "django_bigin.urls"
    settings.BIGIN_SITE_URL = "https://admin.example.org"
    states.set_status(connection, Status.NEEDS_AUTHORIZATION)
    assert alerts.send_due() == 1
    assert "Its page" not in mail.outbox[0].body

"""One mail for each change that needs a person."""

import time
from datetime import timedelta
from threading import Thread
from typing import Any, ClassVar

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.mail.backends.smtp import EmailBackend
from django.core.management import CommandError, call_command
from django.db import connections as databases
from django.urls import reverse

from django_bigin import clock
from django_bigin.connections import states
from django_bigin.health import alerts
from django_bigin.models import Connection
from django_bigin.work import scheduler
from tests.support.broken import silent_port
from tests.support.factories import make_connection
from tests.support.killing import started

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


MAIL_BY_A_SERVER_THAT_HANGS = """
import django
from django.conf import settings
django.setup()
settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", {port}, 600
settings.BIGIN_ALERT_RECIPIENTS = ["ops@example.org"]
from django_bigin.health import alerts
alerts.send_due()
"""


def test_a_process_that_is_killed_while_it_mails_loses_no_mail(connection: Connection, sandbox: Any) -> None:
    states.set_status(connection, Status.NEEDS_AUTHORIZATION)
    reserved = Connection.objects.exclude(alert_queued_until=None)
    with silent_port() as port, started("-c", MAIL_BY_A_SERVER_THAT_HANGS.format(port=port)) as mailing:
        give_up_at = time.monotonic() + 60
        while not reserved.exists():
            assert time.monotonic() < give_up_at
            time.sleep(0.05)
        assert alerts.send_due() == 0  # it is that one's to send
        mailing.kill()
        mailing.wait()
    assert alerts.send_due() == 0
    Connection.objects.update(alert_queued_until=clock.database_in(-1))
    assert [alerts.send_due() for _ in range(2)] == [1, 0]


def test_a_mail_server_that_hangs_holds_a_tick_up_no_longer_than_is_allowed(
    connection: Connection, sandbox: Any, settings: Any, monkeypatch: Any, caplog: Any
) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_TIMEOUT = "django.core.mail.backends.smtp.EmailBackend", None
    monkeypatch.setattr(alerts, "MAIL_SECONDS", 0.5)
    monkeypatch.setattr(alerts, "MAILING_SECONDS", 0.1)
    states.set_status(connection, Status.NEEDS_AUTHORIZATION)
    other = make_connection(status=Status.MISCONFIGURED, status_since=clock.now() + timedelta(seconds=1))
    with silent_port() as port:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        ticking = Thread(target=tick_apart, daemon=True)
        ticking.start()
        ticking.join(60)
        assert not ticking.is_alive()
    assert "the mail server takes long" in caplog.text
    connection.refresh_from_db()
    other.refresh_from_db()
    assert (connection.last_alert_status, connection.last_alert_at is None) == ("", False)
    assert other.last_alert_at is None
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    monkeypatch.setattr(alerts, "MAILING_SECONDS", 60)
    sandbox.advance(301)
    assert alerts.send_due() == 2


def tick_apart() -> None:
    try:
        scheduler.tick(lambda kind, row_id: None)
    finally:
        databases.close_all()


def test_a_sites_own_timeout_for_mails_is_left_as_it_is(connection: Connection, settings: Any) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.Mailer"
    states.set_status(connection, Status.NEEDS_AUTHORIZATION)
    Mailer.made.clear()
    for timeout in (None, 3):
        settings.EMAIL_TIMEOUT = timeout
        Connection.objects.update(last_alert_status="", last_alert_at=None)
        assert alerts.send_due() == 1
    assert [mailer.timeout for mailer in Mailer.made] == [alerts.MAIL_SECONDS, 3]


class Mailer(EmailBackend):
    """Django's own, which sends nothing here."""

    made: ClassVar[list[EmailBackend]] = []

    def send_messages(self, messages: Any) -> int:
        self.made.append(self)
        return len(messages)


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

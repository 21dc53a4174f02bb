"""One mail for each change that needs a person."""

from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command

from django_bigin.connections import states
from django_bigin.health import alerts
from django_bigin.models import Connection

pytestmark = pytest.mark.django_db

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
    tenant, _, _, status, reason, _, happened, to_do = message.body.split("\n")
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

"""Names with control characters: cleaned wherever they are shown, since a log and a terminal obey them."""

import io
import json
import logging
import unicodedata
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command

from django_bigin.connections import pause
from django_bigin.exceptions import BiginError, RateLimitError
from django_bigin.health import alerts
from django_bigin.models import Connection
from django_bigin.work import slices
from tests.support.factories import make_connection, make_row_of_each_model, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)

CONTROLS = "\r\n\x1b[31m\x9b2J\x85\x7f\u2028\u202e"
HOSTILE = f"Acme{CONTROLS}ERROR forged"


def controls_in(text: str) -> list[str]:
    return [f"{char!a}" for char in text if unicodedata.category(char) in ("Cc", "Zl", "Zp") or char == "\u202e"]


@pytest.fixture
def connection() -> Connection:
    connection: Connection = make_connection(make_tenant("acme", name=HOSTILE), org_name=HOSTILE)
    return connection


def test_no_row_of_ours_writes_its_name_with_them() -> None:
    rows = make_row_of_each_model(HOSTILE[:30])
    for row in rows.values():
        for name in ("module", "org_id", "name", "identifier"):
            if isinstance(getattr(row, name, None), str):
                setattr(row, name, HOSTILE)
        assert controls_in(str(row)) == [], type(row)


def test_no_error_of_ours_says_it_with_them() -> None:
    error = RateLimitError(f"{HOSTILE} rests.", code=HOSTILE, endpoint=f"GET /{HOSTILE}")
    assert controls_in(str(error)) == controls_in(error.message) == []
    assert issubclass(RateLimitError, BiginError)


def test_joiners_stay_in_names_that_need_them() -> None:
    assert str(BiginError("می\u200cخواهم")) == "می\u200cخواهم"


def test_a_log_has_no_line_that_a_name_made(connection: Connection, caplog: Any) -> None:
    pause(connection)
    with caplog.at_level(logging.DEBUG, logger="django_bigin"):
        slices.refresh(connection.pk)
        logging.getLogger("django_bigin.any").warning("%s: %s", connection, BiginError(f"of {connection.tenant.name}"))
    assert caplog.records
    assert all(controls_in(record.getMessage()) == [] for record in caplog.records)


def test_a_mail_is_sent_in_spite_of_them(connection: Connection, settings: Any) -> None:
    settings.BIGIN_ALERT_RECIPIENTS = ["ops@site.example"]
    Connection.objects.update(status=Connection.Status.NEEDS_AUTHORIZATION, status_reason=HOSTILE)
    alerts.send_due()
    [message] = mail.outbox
    assert controls_in(message.subject) == []
    assert controls_in(message.body.replace("\n", "")) == []
    assert not any(line.startswith("ERROR forged") for line in message.body.splitlines())


@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_a_terminal_gets_none_of_them(connection: Connection, arguments: tuple[str, ...]) -> None:
    out = io.StringIO()
    try:
        call_command("bigin_status", *arguments, stdout=out, stderr=out)
    except CommandError as error:
        out.write(str(error))
    assert "Acme" in out.getvalue()
    assert controls_in(out.getvalue().replace("\n", "")) == []
    assert not any(line.startswith("ERROR forged") for line in out.getvalue().splitlines())


def test_json_holds_the_name_as_it_is(connection: Connection) -> None:
    out = io.StringIO()
    call_command("bigin_status", "--json", stdout=out)
    assert HOSTILE in [value for value in walk(json.loads(out.getvalue())) if isinstance(value, str)]


def walk(value: Any) -> list[Any]:
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [value, *(each for child in children for each in walk(child))]

"""Secrets in the database: what Django can do with a row must neither show them nor lose them."""

import io
import json
import logging
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from django_bigin.encryption.keyring import new_key
from django_bigin.exceptions import EncryptionError
from django_bigin.models import Connection
from django_bigin.models.fields import seal
from tests.support.factories import make_connection

pytestmark = pytest.mark.django_db(transaction=True)

SECRET = "1000.plain.secret-7f3a"


@pytest.fixture
def connection() -> Connection:
    return Connection.objects.get(pk=make_connection(access_token=SECRET, refresh_token="1000.r").pk)


def ciphertext(connection: Connection, name: str = "access_token") -> str:
    return str(Connection.objects.values_list(name, flat=True).get(pk=connection.pk).ciphertext)


def test_a_dump_can_be_loaded_again(connection: Connection, tmp_path: Path) -> None:
    out = io.StringIO()
    call_command("dumpdata", "django_bigin", stdout=out)
    assert SECRET not in out.getvalue()
    file = tmp_path / "dump.json"
    file.write_text(out.getvalue())
    Connection.objects.update(access_token="", refresh_token="")
    call_command("loaddata", str(file), verbosity=0)
    assert Connection.objects.get().access_token.reveal() == SECRET


def test_a_dump_made_without_the_key_keeps_every_secret(connection: Connection, tmp_path: Path, settings: Any) -> None:
    keys, out = settings.BIGIN_ENCRYPTION_KEYS, io.StringIO()
    settings.BIGIN_ENCRYPTION_KEYS = [new_key()]
    call_command("dumpdata", "django_bigin.connection", stdout=out)
    settings.BIGIN_ENCRYPTION_KEYS = keys
    [entry] = json.loads(out.getvalue())
    assert entry["fields"]["access_token"] == f"sealed:{ciphertext(connection)}"


def test_a_fixture_with_a_plain_secret_is_refused(connection: Connection, tmp_path: Path) -> None:
    out = io.StringIO()
    call_command("dumpdata", "django_bigin.connection", stdout=out)
    [entry] = json.loads(out.getvalue())
    entry["fields"]["access_token"] = SECRET
    (tmp_path / "plain.json").write_text(json.dumps([entry]))
    with pytest.raises(Exception, match="is encrypted") as refused:
        call_command("loaddata", str(tmp_path / "plain.json"), verbosity=0)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("fields", [["access_token"], ["access_token", "status"]])
def test_bulk_update_takes_what_was_sealed(connection: Connection, fields: list[str]) -> None:
    connection.access_token = seal(connection.uuid, connection.tenant_id, "connection.access_token", "new")
    Connection.objects.bulk_update([connection], fields)
    assert Connection.objects.get().access_token.reveal() == "new"


def test_bulk_update_refuses_a_plain_secret(connection: Connection) -> None:
    connection.access_token = "new"
    with pytest.raises(TypeError, match="is encrypted"):
        Connection.objects.bulk_update([connection], ["access_token"])


def test_bulk_update_writes_an_untouched_secret_back_as_it_was(connection: Connection, settings: Any) -> None:
    before, keys = ciphertext(connection), settings.BIGIN_ENCRYPTION_KEYS
    settings.BIGIN_ENCRYPTION_KEYS = []
    connection.status_reason = "x"
    Connection.objects.bulk_update([connection], ["access_token", "status_reason"])
    settings.BIGIN_ENCRYPTION_KEYS = keys
    assert ciphertext(connection) == before


def test_bulk_create_does_not_write_over_a_row_whose_secret_is_bound_to_it(connection: Connection) -> None:
    other = make_connection().__dict__ | {"access_token": "theirs"}
    row = Connection(**{name: other[name] for name in ("tenant_id", "registration_id", "data_center", "org_id")})
    row.access_token = "theirs"
    with pytest.raises(TypeError, match="bound to its row"):
        Connection.objects.bulk_create(
            [row],
            update_conflicts=True,
            update_fields=["access_token"],
            unique_fields=["tenant", "data_center", "org_id"],
        )


def test_an_update_refuses_a_plain_secret(connection: Connection) -> None:
    with pytest.raises(TypeError, match="is encrypted"):
        Connection.objects.update(access_token=SECRET)


def test_a_secret_that_does_not_decrypt_is_never_saved_over(connection: Connection, settings: Any) -> None:
    before = ciphertext(connection)
    settings.BIGIN_ENCRYPTION_KEYS = [new_key()]
    row = Connection.objects.get()
    with pytest.raises(EncryptionError):
        row.access_token.reveal()
    row.status_reason = "saved"
    row.save()
    row.refresh_from_db()
    Connection.objects.defer("access_token").get().save()
    Connection.objects.only("status").get().save()
    assert ciphertext(connection) == before


def test_deferred_secrets_decrypt_when_they_are_asked_for(connection: Connection) -> None:
    assert Connection.objects.defer("access_token").get().access_token.reveal() == SECRET
    assert Connection.objects.only("access_token").get().access_token.reveal() == SECRET
    row = Connection.objects.only("status").get()
    row.refresh_from_db(fields=["access_token"])
    assert row.access_token.reveal() == SECRET


def test_values_give_ciphertext_that_shows_nothing(connection: Connection) -> None:
    shown = str(list(Connection.objects.values())) + str(list(Connection.objects.values_list()))
    assert SECRET not in shown
    assert ciphertext(connection) not in shown


def test_logging_a_row_shows_no_secret(connection: Connection, caplog: Any) -> None:
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("any").debug("%s %r %s", connection, connection, connection.__dict__)
    assert SECRET not in caplog.text
    assert ciphertext(connection) not in caplog.text

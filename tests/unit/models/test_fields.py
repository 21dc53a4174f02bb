"""The encrypted attribute, without a database."""

import copy
import json
import pickle
import pprint
import traceback
from typing import Any

import pytest
from django.core import serializers
from django.core.exceptions import FieldError

from django_bigin.exceptions import EncryptionError
from django_bigin.models import Connection
from django_bigin.models.fields import Sealed, seal, unseal

SECRET = "1000.plain.secret-7f3a"


def a_connection(**values: Any) -> Connection:
    return Connection(tenant_id=1, registration_id=1, data_center="us", org_id="1", **values)


def stored(connection: Connection, name: str = "access_token") -> Connection:
    """The row as it comes from the database: with ciphertext in place of what was assigned."""
    purpose = f"connection.{name}"
    setattr(connection, name, seal(connection.uuid, connection.tenant_id, purpose, getattr(connection, name)))
    return connection


def test_a_secret_is_read_as_it_was_assigned() -> None:
    assert a_connection(access_token=SECRET).access_token.reveal() == SECRET
    assert stored(a_connection(access_token=SECRET)).access_token.reveal() == SECRET


@pytest.mark.parametrize("show", [repr, str, pprint.pformat, lambda row: str(vars(row)), lambda row: str(row.__dict__)])
def test_no_way_of_showing_a_row_shows_its_secret(show: Any) -> None:
    assert SECRET not in show(a_connection(access_token=SECRET))
    assert SECRET not in show(stored(a_connection(access_token=SECRET)))


def test_a_secret_that_was_read_hides_in_the_local_variables_of_a_traceback() -> None:
    def fail(row: Connection) -> None:
        token = row.access_token.reveal()
        raise ValueError(f"a token of {len(token)} characters")

    for row in (a_connection(access_token=SECRET), stored(a_connection(access_token=SECRET))):
        try:
            fail(row)
        except ValueError as error:
            shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
        assert "token = " in shown
        assert SECRET not in shown


def test_a_secret_is_a_string_to_whoever_sends_it() -> None:
    token = stored(a_connection(access_token=SECRET)).access_token.reveal()
    assert f"Zoho-oauthtoken {token}" == f"Zoho-oauthtoken {SECRET}"
    assert json.loads(json.dumps({"token": token})) == {"token": SECRET}
    assert token.encode() == SECRET.encode()


def test_a_row_with_an_unsaved_secret_is_not_pickled() -> None:
    with pytest.raises(TypeError, match="save the row first"):
        pickle.dumps(a_connection(access_token=SECRET))


def test_a_stored_row_is_pickled_without_its_secret() -> None:
    pickled = pickle.dumps(stored(a_connection(access_token=SECRET)))
    assert SECRET.encode() not in pickled
    assert pickle.loads(pickled).access_token.reveal() == SECRET


def test_a_row_with_an_unsaved_secret_is_copied() -> None:
    assert copy.deepcopy(a_connection(access_token=SECRET)).access_token.reveal() == SECRET


@pytest.mark.parametrize("wrong", [b"bytes", 7, ["list"], {"a": 1}])
def test_only_text_is_a_secret(wrong: Any) -> None:
    with pytest.raises(TypeError, match="takes text"):
        a_connection(access_token=wrong)


@pytest.mark.parametrize("nothing", [None, ""])
def test_nothing_is_no_secret(nothing: Any) -> None:
    assert a_connection(access_token=nothing).access_token.reveal() == ""


def test_a_secret_of_another_row_tenant_or_purpose_does_not_decrypt() -> None:
    one, other = stored(a_connection(access_token=SECRET)), a_connection()
    held = one.__dict__["access_token"]
    for row_uuid, tenant, purpose in (
        (other.uuid, 1, "connection.access_token"),
        (one.uuid, 2, "connection.access_token"),
        (one.uuid, 1, "connection.refresh_token"),
    ):
        with pytest.raises(EncryptionError):
            unseal(row_uuid, tenant, purpose, held)


def test_an_attribute_copied_to_another_row_is_encrypted_for_that_row() -> None:
    one, other = stored(a_connection(access_token=SECRET)), a_connection()
    other.access_token = one.access_token
    assert stored(other).__dict__["access_token"] != one.__dict__["access_token"]
    assert other.access_token.reveal() == SECRET


@pytest.mark.parametrize("lookup", ["", "__exact", "__iexact", "__contains", "__startswith", "__regex", "__gt", "__in"])
def test_no_lookup_takes_a_plain_secret(lookup: str) -> None:
    value: Any = [SECRET] if lookup == "__in" else SECRET
    with pytest.raises((TypeError, FieldError)) as refused:
        str(Connection.objects.filter(**{f"access_token{lookup}": value}).query)
    assert SECRET not in str(refused.value)


def test_whether_there_is_a_secret_can_be_looked_up() -> None:
    assert "access_token" in str(Connection.objects.exclude(access_token="").query)


def test_a_row_is_written_down_with_its_ciphertext_even_without_the_key(settings: Any) -> None:
    row = stored(a_connection(access_token=SECRET))
    held = row.__dict__["access_token"].ciphertext
    settings.BIGIN_ENCRYPTION_KEYS = []
    for form in ("json", "python"):
        assert held in str(serializers.serialize(form, [row]))


def test_an_unsaved_secret_is_not_written_down() -> None:
    assert SECRET not in serializers.serialize("json", [a_connection(access_token=SECRET)])


def test_validating_a_row_leaves_its_ciphertext_as_it_is(settings: Any) -> None:
    row = stored(a_connection(access_token=SECRET))
    held = row.__dict__["access_token"]
    settings.BIGIN_ENCRYPTION_KEYS = []
    row.clean_fields(exclude=["tenant", "registration"])
    assert row.__dict__["access_token"] is held


def test_what_is_sealed_shows_nothing() -> None:
    assert (repr(Sealed("v1.x")), str(Sealed("v1.x"))) == ("<Sealed>", "<secret>")
    assert json.dumps({"token": Sealed("v1.x")}) == '{"token": "<secret>"}'


def ways_of_writing_a_value(value: Any) -> list[str]:
    return [
        str(value),
        repr(value),
        f"{value}",
        f"{value:>20}",
        "{}".format(value),  # noqa: UP032  # the way is what is tested
        "%s" % value,  # noqa: UP031  # likewise
        value + "",
        "".join([value]),
        value.encode().decode(),
        json.dumps(value),
        pprint.pformat({"value": value}),
        str(copy.copy(value)),
        str(copy.deepcopy(value)),
        str(pickle.loads(pickle.dumps(value))),
    ]


@pytest.mark.parametrize("save", [lambda row: row, stored])
def test_every_way_of_writing_the_attribute_writes_a_placeholder(save: Any) -> None:
    row = save(a_connection(access_token=SECRET))
    for written in ways_of_writing_a_value(row.access_token):
        assert written.strip(' "') == "<secret>" or written == "{'value': <secret>}"


def test_a_row_without_a_secret_writes_nothing_and_reveals_nothing() -> None:
    token = a_connection().access_token
    assert (str(token), bool(token), token.reveal(), json.dumps(token)) == ("", False, "", '""')


def test_the_placeholder_is_not_taken_for_a_secret() -> None:
    row = stored(a_connection(access_token=SECRET))
    with pytest.raises(ValueError, match="assign the secret itself"):
        row.access_token = str(row.access_token)
    assert row.access_token.reveal() == SECRET


def test_an_attribute_assigned_to_its_own_row_stays_as_it_is_without_the_key(settings: Any) -> None:
    row = stored(a_connection(access_token=SECRET))
    held = row.__dict__["access_token"]
    settings.BIGIN_ENCRYPTION_KEYS = []
    row.access_token = row.access_token
    assert row.__dict__["access_token"] is held

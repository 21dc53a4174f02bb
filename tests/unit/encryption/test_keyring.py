import base64
import copy
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_bigin.encryption.keyring import Keyring, new_key
from django_bigin.exceptions import EncryptionError

OLD, NEW = new_key(), new_key()
HERE = ("refresh-token", "6c1ef2c4-6f4b-4d0c-9a55-0f7a1c3b2d10", "tenant-1")
contexts = st.lists(st.text(max_size=12), max_size=4)


@given(st.text(), contexts)
def test_what_is_encrypted_is_decrypted_under_the_same_context(plaintext, context):
    ring = Keyring([NEW])

    assert ring.decrypt(ring.encrypt(plaintext, context=context), context=context) == plaintext


@given(contexts, contexts)
def test_under_any_other_context_it_is_not(here, there):
    ring = Keyring([NEW])
    value = ring.encrypt("secret", context=here)

    if here == there:
        assert ring.decrypt(value, context=there) == "secret"
    else:
        with pytest.raises(EncryptionError, match="moved"):
            ring.decrypt(value, context=there)


def test_the_parts_of_a_context_cannot_run_into_each_other():
    value = Keyring([NEW]).encrypt("secret", context=("ab", "c"))

    with pytest.raises(EncryptionError):
        Keyring([NEW]).decrypt(value, context=("a", "bc"))


def test_one_string_is_no_context():
    with pytest.raises(TypeError):
        Keyring([NEW]).encrypt("secret", context="abc")


def test_the_value_says_version_and_key_and_nothing_else():
    ring = Keyring([NEW])
    value = ring.encrypt("secret", context=HERE)
    version, key_id, sealed = value.split(".")

    assert (version, key_id) == ("v1", ring.key_ids[0])
    assert len(base64.urlsafe_b64decode(sealed)) == 12 + len("secret") + 16
    assert ring.encrypt("secret", context=HERE) != value


def test_the_first_key_writes_and_all_read():
    old_value = Keyring([OLD]).encrypt("secret", context=HERE)
    ring = Keyring([NEW, OLD])
    new_value = ring.encrypt("secret", context=HERE)

    assert ring.decrypt(old_value, context=HERE) == "secret"
    assert ring.key_ids == (new_value.split(".")[1], old_value.split(".")[1])


@pytest.mark.parametrize("keys", [[f" {NEW}\n"], [NEW.rstrip("=")], f"{NEW},{OLD}", f"{NEW},", ["", NEW]])
def test_keys_are_read_as_people_paste_them(keys):
    value = Keyring([NEW]).encrypt("secret", context=HERE)

    assert Keyring(keys).decrypt(value, context=HERE) == "secret"


@pytest.mark.parametrize("keys", [[], "", [""]])
def test_without_a_key_the_error_names_the_command_that_makes_one(keys):
    value = Keyring([NEW]).encrypt("secret", context=HERE)

    for attempt in (
        lambda ring: ring.encrypt("secret", context=HERE),
        lambda ring: ring.decrypt(value, context=HERE),
    ):
        with pytest.raises(EncryptionError, match=r"python -m django_bigin\.encryption"):
            attempt(Keyring(keys))


@pytest.mark.parametrize(
    "bad",
    ["too-short", NEW[:-6], NEW + "AAAA", "!" * 44, NEW.replace(NEW[5], "*"), base64.b64encode(b"x" * 16).decode()],
)
def test_a_bad_key_is_refused_by_its_place_and_never_shown(bad):
    with pytest.raises(EncryptionError, match="key 2 is not 32 bytes") as caught:
        Keyring([NEW, bad])
    assert bad not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_missing_key_is_named_by_its_id():
    value = Keyring([OLD]).encrypt("secret", context=HERE)

    with pytest.raises(EncryptionError) as caught:
        Keyring([NEW]).decrypt(value, context=HERE)
    assert Keyring([OLD]).key_ids[0] in str(caught.value)
    assert value.split(".")[2] not in str(caught.value)


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "secret in plain text",
        "v1.half",
        "v1.abcdef12.",
        "v1.abcdef12.***",
        "v2.abcdef12." + "A" * 60,
        "v1.abc." + "A" * 60,
    ],
)
def test_what_was_never_encrypted_is_refused_and_not_repeated(bad):
    with pytest.raises(EncryptionError, match="not in the form") as caught:
        Keyring([NEW]).decrypt(bad, context=HERE)
    assert not bad or bad not in str(caught.value)


@given(st.integers(min_value=0, max_value=8 * 33 - 1))
def test_one_flipped_bit_anywhere_is_noticed(position):
    ring = Keyring([NEW])
    head, _, sealed = ring.encrypt("12345", context=HERE).rpartition(".")
    raw = bytearray(base64.urlsafe_b64decode(sealed))
    raw[position // 8] ^= 1 << position % 8

    with pytest.raises(EncryptionError, match="was changed"):
        ring.decrypt(f"{head}.{base64.urlsafe_b64encode(raw).decode()}", context=HERE)


def test_neither_repr_nor_a_copy_shows_a_key():
    ring = Keyring([NEW, OLD])

    for text in (repr(ring), str(ring), repr(vars(ring)), repr(copy.copy(ring))):
        assert NEW not in text
        assert OLD not in text


def test_two_keys_with_one_id_are_both_tried(monkeypatch):
    class SameId:
        def hexdigest(self):
            return "0" * 64

    monkeypatch.setattr("django_bigin.encryption.keyring.hashlib.sha256", lambda raw: SameId())
    value = Keyring([OLD]).encrypt("secret", context=HERE)

    assert Keyring([NEW, OLD]).decrypt(value, context=HERE) == "secret"


def test_the_help_of_the_command_holds_no_key():
    done = subprocess.run(
        [sys.executable, "-m", "django_bigin.encryption", "--help"], capture_output=True, text=True, check=True
    )
    assert "Print a new key" in done.stdout
    assert "=" not in done.stdout


def test_the_command_prints_a_key_that_works():
    printed = subprocess.run(
        [sys.executable, "-m", "django_bigin.encryption"], capture_output=True, text=True, check=True
    ).stdout.strip()

    ring = Keyring([printed])
    assert ring.decrypt(ring.encrypt("secret", context=HERE), context=HERE) == "secret"

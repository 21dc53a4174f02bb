"""Encrypt and decrypt secrets with a list of keys; `python -m django_bigin.encryption` prints a new one."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ..exceptions import DamagedSecretError, EncryptionError
from ..text import sentence as _
from .secret import Secret

_VERSION = "v1"
_KEY_BYTES = 32
_NONCE_BYTES = 12
_TAG_BYTES = 16
_COMMAND = "python -m django_bigin.encryption"


def new_key() -> str:
    """Make a key: 32 random bytes in urlsafe base64."""
    return base64.urlsafe_b64encode(os.urandom(_KEY_BYTES)).decode()


class Keyring:
    """A list of keys: the first encrypts, all decrypt.

    An encrypted value is "v1.<key id>.<urlsafe base64 of nonce and ciphertext>" (AES-256-GCM); the key id is the first
    8 hex digits of the key's SHA-256. The context is bound to the value without being stored in it: a value that was
    moved to another row or another tenant does not decrypt there.

    Args:
        keys: each 32 random bytes in urlsafe base64; one comma-separated string will do as well.

    Raises:
        EncryptionError: a key is not one. None at all is fine until something must be encrypted or decrypted.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self._ciphers: list[tuple[str, AESGCM]] = []  # for the repr in the report of an error below
        # Wrapped, since one that cannot be read may be the real one, mistyped: error reports show local variables.
        keys = texts = [Secret(text) for text in (keys.split(",") if isinstance(keys, str) else keys)]
        self._ciphers = [_read_key(text, position) for position, text in enumerate(texts, 1) if text.strip()]

    def __repr__(self) -> str:
        return f"<Keyring: {', '.join(self.key_ids) or 'empty'}>"

    @property
    def key_ids(self) -> tuple[str, ...]:
        """Return the id of each key, the one that encrypts first."""
        return tuple(key_id for key_id, _ in self._ciphers)

    def encrypt(self, plaintext: str, *, context: Sequence[str]) -> str:
        """Encrypt with the first key.

        Args:
            context: what the value belongs to, such as (purpose, uuid of the row, key of the tenant); decrypting
                needs the same again.

        Raises:
            EncryptionError: no key is configured.
        """
        key_id, cipher = self._first()
        nonce = os.urandom(_NONCE_BYTES)
        sealed = nonce + cipher.encrypt(nonce, plaintext.encode(), _associated_data(context))
        return f"{_VERSION}.{key_id}.{base64.urlsafe_b64encode(sealed).decode()}"

    def decrypt(self, value: str, *, context: Sequence[str]) -> Secret:
        """Return what was encrypted under this context.

        Raises:
            EncryptionError: no key is configured, the key is not among them, the value is damaged, or it belongs to
                another row. The message names the key id that is needed, never the value.
        """
        key_id, sealed = _read_value(value)
        self._first()
        candidates = [cipher for each_id, cipher in self._ciphers if each_id == key_id]
        if not candidates:
            reason = _(
                "A secret was encrypted with the key %(key)s, which is not among the configured keys (%(known)s)",
                key=key_id,
                known=", ".join(self.key_ids),
            )
            raise EncryptionError(
                _("%(reason)s; put that key back at the end of BIGIN_ENCRYPTION_KEYS.", reason=reason)
            )
        nonce, ciphertext = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        for cipher in candidates:
            try:
                return Secret(cipher.decrypt(nonce, ciphertext, _associated_data(context)).decode())
            except InvalidTag:
                continue
        raise _damaged(
            _(
                "A secret encrypted with the key %(key)s was changed, or was moved here from another row or tenant",
                key=key_id,
            )
        )

    def _first(self) -> tuple[str, AESGCM]:
        if not self._ciphers:
            raise EncryptionError(
                _(
                    "No encryption key is configured, so no secret can be stored or read; `%(command)s` prints "
                    "a new key for BIGIN_ENCRYPTION_KEYS.",
                    command=_COMMAND,
                )
            )
        return self._ciphers[0]


def _read_key(text: Secret, position: int) -> tuple[str, AESGCM]:
    """Return a key's id and its cipher."""
    cipher = _cipher_of(text)
    if cipher is None:
        raise EncryptionError(
            _(
                "key %(position)s is not 32 bytes in urlsafe base64; `%(command)s` prints a new one.",
                position=position,
                command=_COMMAND,
            )
        )
    return cipher


def _cipher_of(text: Secret) -> tuple[str, AESGCM] | None:
    bare = text.strip().rstrip("=")
    try:
        raw = base64.b64decode(bare + "=" * (-len(bare) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return (hashlib.sha256(raw).hexdigest()[:8], AESGCM(raw)) if len(raw) == _KEY_BYTES else None


def _read_value(value: str) -> tuple[str, bytes]:
    version, key_id, encoded = (*value.split(".", 2), "", "")[:3]
    try:
        sealed = base64.b64decode(encoded, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        sealed = b""
    if version != _VERSION or len(key_id) != 8 or len(sealed) < _NONCE_BYTES + _TAG_BYTES:
        raise _damaged(_("A stored secret is not in the form that this version writes (v1.<key id>.<base64>)"))
    return key_id, sealed


def _damaged(reason: str) -> DamagedSecretError:
    return DamagedSecretError(_("%(reason)s; restore it from a backup, or enter the secret again.", reason=reason))


def _associated_data(context: Sequence[str]) -> bytes:
    """Join version and context, each part behind its length, so that two contexts never give the same bytes."""
    if isinstance(context, str):
        raise TypeError("context takes several strings, not one")
    parts = [part.encode() for part in (_VERSION, *context)]
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)

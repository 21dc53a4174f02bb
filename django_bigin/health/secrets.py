"""Stored secrets that do not decrypt, told without showing any: each is opened, and what was read is dropped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from ..conf import settings
from ..exceptions import EncryptionError
from ..models import ClientSecret, Connection
from ..models.fields import Sealed
from ..text import sentence as _
from .kinds import Fault

Status = Connection.Status
_KEY_ID = re.compile(r"v1\.([0-9a-f]{8})\.")


@dataclass(frozen=True)
class Unreadable:
    """A stored secret that does not decrypt.

    Attributes:
        subject: whose it is, in words.
        fault: whether its key is not configured, or the secret itself is damaged.
        reason: the error, which names keys by their ids alone.
    """

    subject: str
    fault: Fault
    reason: str


def find_unreadable(
    connections: Iterable[Connection], client_secrets: Iterable[ClientSecret], now: datetime
) -> Iterator[Unreadable]:
    """Find the secrets that are needed and do not decrypt; none where no key can be read at all."""
    try:
        key_ids = settings.BIGIN_ENCRYPTION_KEYS.key_ids
    except ImproperlyConfigured:
        return
    if not key_ids:
        return
    needed: list[tuple[Any, str]] = []
    for row in connections:
        if row.status != Status.NEEDS_AUTHORIZATION:  # there the grant is gone whatever its token reads
            needed.append((row, "refresh_token"))
        if row.expires_at is not None and row.expires_at > now:
            needed.append((row, "access_token"))
    needed += [(row, "secret") for row in client_secrets]
    for row, name in needed:
        try:
            getattr(row, name).reveal()
        except EncryptionError as error:
            held = row.__dict__.get(name)
            yield Unreadable(_subject(row, name), _fault(held, key_ids), str(error))


def _subject(row: Connection | ClientSecret, name: str) -> str:
    if isinstance(row, Connection):
        refresh = name == "refresh_token"
        of_row = _("refresh token of %(connection)s") if refresh else _("access token of %(connection)s")
        return of_row % {"connection": row}
    if not row.data_center:
        return _("secret of %(registration)s in every data center", registration=row.registration)
    return _("secret of %(registration)s in %(place)s", registration=row.registration, place=row.data_center)


def _fault(held: Any, key_ids: Iterable[str]) -> Fault:
    found = _KEY_ID.match(held.ciphertext) if isinstance(held, Sealed) else None
    return Fault.UNKNOWN_KEY if found and found[1] not in key_ids else Fault.DAMAGED_SECRET

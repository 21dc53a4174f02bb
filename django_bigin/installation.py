"""A copy of a production database must not act: it would spend the original's tokens and revoke its grants."""

from __future__ import annotations

from django.db import transaction

from . import clock
from .conf import settings
from .exceptions import BiginError
from .models import Installation


class ForeignDatabaseError(BiginError):
    """The database belongs to another installation, so nothing may be sent to Zoho from here."""


def require_ownership() -> None:
    """Refuse to act on another installation's database. Without `BIGIN_INSTALLATION_ID` there is no check.

    The first installation to act on a database becomes its owner.

    Raises:
        ForeignDatabaseError: it says how to adopt the database on purpose.
    """
    mine = settings.BIGIN_INSTALLATION_ID
    if not mine:
        return
    owner = Installation.objects.order_by("pk").first()
    if owner is None:
        owner, _ = Installation.objects.get_or_create(pk=1, defaults={"identifier": mine, "adopted_at": clock.now()})
    if owner.identifier != mine:
        raise ForeignDatabaseError(
            f"This database belongs to installation {owner.identifier!r}, and this is {mine!r}: nothing is sent to "
            "Zoho. If the database is meant to move here, run `manage.py bigin_adopt`."
        )


def adopt(*, actor: str = "") -> Installation:
    """Make this installation the database's owner, on purpose.

    Raises:
        ForeignDatabaseError: `BIGIN_INSTALLATION_ID` is not set, so there is nothing to adopt it as.
    """
    mine = settings.BIGIN_INSTALLATION_ID
    if not mine:
        raise ForeignDatabaseError("Set BIGIN_INSTALLATION_ID first: it names who adopts the database.")
    with transaction.atomic():
        Installation.objects.exclude(pk=1).delete()
        owner, _ = Installation.objects.update_or_create(
            pk=1, defaults={"identifier": mine, "adopted_at": clock.now(), "adopted_by": actor[:150]}
        )
    return owner

"""The installation that owns the database.

A copy of a production database must not act: it would spend the original's tokens and revoke its grants.
"""

from __future__ import annotations

from django.db.models import Exists, Q

from . import clock
from .conf import settings
from .db.aliases import atomic, written
from .exceptions import ForeignDatabaseError
from .models import Installation
from .text import sentence as _


def require_ownership() -> None:
    """Refuse to act on another installation's database. Without `BIGIN_INSTALLATION_ID` there is no check.

    The first installation to act on a database becomes its owner.

    Raises:
        ForeignDatabaseError: it says how to adopt the database on purpose.
    """
    mine = settings.BIGIN_INSTALLATION_ID
    if not mine:
        return
    owner = written(Installation).order_by("pk").first()
    if owner is None:
        owner, _made = written(Installation).get_or_create(
            pk=1, defaults={"identifier": mine, "adopted_at": clock.now()}
        )
    if owner.identifier != mine:
        raise ForeignDatabaseError(
            _(
                "This database belongs to installation %(owner)s, and this is %(mine)s: nothing is sent "
                "to Zoho. If the database is meant to move here, run `manage.py bigin_adopt`.",
                owner=repr(owner.identifier),
                mine=repr(mine),
            )
        )


def not_foreign() -> Q:
    """Match any row, unless the database belongs to another installation: for a claim that asks in one statement."""
    mine = settings.BIGIN_INSTALLATION_ID
    return ~Q(Exists(Installation.objects.exclude(identifier=mine))) if mine else Q()


def adopt(*, actor: str = "") -> Installation:
    """Make this installation the database's owner, on purpose.

    Raises:
        ForeignDatabaseError: `BIGIN_INSTALLATION_ID` is not set, so there is nothing to adopt it as.
    """
    mine = settings.BIGIN_INSTALLATION_ID
    if not mine:
        raise ForeignDatabaseError(_("Set BIGIN_INSTALLATION_ID first: it names who adopts the database."))
    with atomic(Installation):
        written(Installation).exclude(pk=1).delete()
        owner: Installation
        owner, _made = written(Installation).update_or_create(
            pk=1, defaults={"identifier": mine, "adopted_at": clock.now(), "adopted_by": actor[:150]}
        )
    return owner

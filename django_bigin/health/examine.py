"""The one question of every door: is this installation working?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.db.models import QuerySet

from .. import clock
from ..models import Connection
from ..policy import is_unlimited, visible
from .facts import Facts, LastSeen, read_facts
from .findings import Health, judge
from .probes import ask_the_site


def examine(connections: QuerySet[Connection], *, count_records: bool = True) -> Health:
    """Judge the installation and these connections. Of a database that cannot be read no more than that is said."""
    site = ask_the_site()
    if not site.can_be_read:
        return judge(Facts(clock.now(), LastSeen(None, None), (), site))
    return judge(read_facts(connections, site, count_records=count_records))


def examine_all(*, count_records: bool = True) -> Health:
    """Judge the installation and all of its connections."""
    return examine(_all(), count_records=count_records)


def examine_for(user: Any) -> Health | None:
    """Judge what a person may see; None where that is nothing.

    Who is limited to some tenants sees their connections, and nothing about the installation, which others share.
    """
    if not user.has_perm("django_bigin.view_connection"):
        return None
    if is_unlimited(user):
        return examine_all()
    seen = visible(_all(), user, path="tenant")
    if not seen.exists():
        return None
    health = judge(read_facts(seen))
    facts = replace(health.facts, last_seen=LastSeen(None, None), unreadable=())
    return replace(health, facts=facts, installation=())


def _all() -> QuerySet[Connection]:
    return Connection.objects.select_related("tenant", "registration").order_by("pk")

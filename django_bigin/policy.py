"""The access policy: which tenants a person may see, and what they may do with each."""

from __future__ import annotations

from enum import Enum
from typing import Any, Final, Literal

from django.db.models import Model, QuerySet

from .conf import settings
from .tenants import tenant_model

__all__ = ("ACTIONS", "ALL", "AccessPolicy", "Action", "access_policy", "is_unlimited", "visible")

Action = Literal["view", "connect", "refresh", "sync", "pause", "disconnect", "change"]
ACTIONS: Final[tuple[Action, ...]] = ("view", "connect", "refresh", "sync", "pause", "disconnect", "change")


class _All(Enum):
    ALL = "ALL"

    def __repr__(self) -> str:
        return "ALL"


ALL: Final = _All.ALL
"""The answer of `tenants_for` for a person who is unlimited: every tenant, and what belongs to none."""


class AccessPolicy:
    """Active superusers, and active staff with Django's permission on connections, see all tenants; others none.

    A site that knows better subclasses it and names the subclass in `BIGIN_ACCESS_POLICY`.
    """

    def tenants_for(self, user: Any) -> QuerySet[Any] | Literal[_All.ALL]:
        """Return the tenants that a person may see: a queryset of the tenant model, or `ALL`."""
        if self._is_trusted(user) and user.has_perm("django_bigin.view_connection"):
            return ALL
        return tenant_model()._default_manager.none()

    def may(self, user: Any, action: Action, tenant: Model | None) -> bool:
        """Tell whether a person may do this with that tenant; None stands for what belongs to no tenant."""
        tenants = self.tenants_for(user)
        if tenants is ALL:
            return self._has_permission(user, action)
        if tenant is None:
            return False
        return tenants.filter(pk=tenant.pk).exists() and self._has_permission(user, action)

    @staticmethod
    def _is_trusted(user: Any) -> bool:
        return bool(user.is_active and (user.is_superuser or user.is_staff))

    def _has_permission(self, user: Any, action: Action) -> bool:
        return bool(user.has_perm(f"django_bigin.{action}_connection"))


def access_policy() -> AccessPolicy:
    """Return the site's policy."""
    return settings.BIGIN_ACCESS_POLICY  # type: ignore[no-any-return]  # a dotted path: only the site knows its type


def is_unlimited(user: Any) -> bool:
    """Tell whether a person sees all tenants, and so may change what several share."""
    return access_policy().tenants_for(user) is ALL


def visible(queryset: QuerySet[Any], user: Any, *, path: str) -> QuerySet[Any]:
    """Narrow rows to those whose tenant the person may see; `path` leads to it, such as "connection__tenant".

    Rows without a tenant, such as shared registrations, are for the unlimited alone.
    """
    tenants = access_policy().tenants_for(user)
    return queryset if tenants is ALL else queryset.filter(**{f"{path}__in": tenants})

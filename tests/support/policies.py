"""Access policies for tests, to be named in `BIGIN_ACCESS_POLICY`."""

from typing import Any

from django_bigin.models import Tenant
from django_bigin.policy import AccessPolicy


class OwnTenant(AccessPolicy):
    """Superusers see all; a member of staff sees the tenant whose slug is their user name."""

    def tenants_for(self, user: Any) -> Any:
        if user.is_superuser:
            return super().tenants_for(user)
        return Tenant.objects.filter(slug=user.get_username()) if self._is_trusted(user) else Tenant.objects.none()


class OwnTenantAndShared(OwnTenant):
    """The same, and whoever is trusted may look at and use what is shared."""

    def may(self, user: Any, action: Any, tenant: Any) -> bool:
        if tenant is None and action in ("view", "connect"):
            return self._is_trusted(user)
        return super().may(user, action, tenant)


class ActsOnOwnTenant(AccessPolicy):
    """Members of staff see their own tenant and the one called neighbour, and act on their own alone."""

    def tenants_for(self, user: Any) -> Any:
        return Tenant.objects.filter(slug__in=(user.get_username(), "neighbour"))

    def may(self, user: Any, action: Any, tenant: Any) -> bool:
        return super().may(user, action, tenant) and (action == "view" or tenant.slug == user.get_username())

"""Zoho users, who sign in at an accounts server. Each lives in one data center, and belongs to organizations there."""

from __future__ import annotations

from dataclasses import dataclass, field

from .organization import Organization, User

# A separate installation: nobody gets from it to the others, or from them to it. Source: oauth section 3.
APART = "cn"


@dataclass(slots=True)
class ZohoUser:
    """One Zoho account; `members` tells which user of each organization that is."""

    zuid: str
    email: str
    full_name: str
    data_center: str
    members: dict[str, int] = field(default_factory=dict)  # org_id -> id of the organization's user

    def is_reachable_from(self, data_center: str) -> bool:
        """Tell whether an authorization that begins in that data center can find the user."""
        return (self.data_center == APART) == (data_center == APART)

    def as_dict(self) -> dict[str, object]:
        """Return the details that a program may know."""
        return {
            "email": self.email,
            "name": self.full_name,
            "zuid": self.zuid,
            "data_center": self.data_center,
            "org_ids": list(self.members),
        }


class People:
    """Every Zoho user, in order of appearance."""

    def __init__(self) -> None:
        self._by_zuid: dict[str, ZohoUser] = {}
        self._by_member: dict[tuple[str, int], ZohoUser] = {}

    def all(self) -> list[ZohoUser]:
        """Return everybody."""
        return list(self._by_zuid.values())

    def by_zuid(self, zuid: str) -> ZohoUser | None:
        """Find one by Zoho's number."""
        return self._by_zuid.get(zuid)

    def by_member(self, org_id: str, user_id: int) -> ZohoUser | None:
        """Find the Zoho user of an organization's user; None for one who never signs in."""
        return self._by_member.get((org_id, user_id))

    def named(self, name: str) -> list[ZohoUser]:
        """Find those with that e-mail address or Zoho's number."""
        wanted = name.strip().lower()
        return [user for user in self._by_zuid.values() if wanted in {user.email.lower(), user.zuid}]

    def welcome(self, email: str, full_name: str, *, data_center: str, zuid: str) -> ZohoUser:
        """Return the user with that address in that data center; a new one if there is none."""
        known = next((user for user in self.named(email) if user.data_center == data_center), None)
        if known is None:
            known = self._by_zuid[zuid] = ZohoUser(zuid, email, full_name, data_center)
        return known

    def join(self, user: ZohoUser, organization: Organization, member: User) -> None:
        """Note that the Zoho user is that one of an organization's own."""
        if organization.data_center != user.data_center:
            raise ValueError(
                f"{user.email} lives in {user.data_center}, organization {organization.org_id} in"
                f" {organization.data_center}"
            )
        if member.zuid != user.zuid:
            member.zuid = user.zuid
            organization.touch_users()
        user.members[organization.org_id] = member.id
        self._by_member[organization.org_id, member.id] = user

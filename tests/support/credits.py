"""Shares of an organization's daily credits."""

from django_bigin.models import Connection


def share_of(connection: Connection, credits: int) -> float:
    """Return the share that is so many credits of the organization's day."""
    return credits / connection.description.credits.of_day(paid=connection.org_paid, users=connection.org_licences)

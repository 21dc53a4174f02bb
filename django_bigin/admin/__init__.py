"""The Django admin: one file a subject. Importing it registers them."""

from . import connections, mirror, registrations, tenants, work

__all__ = ["connections", "mirror", "registrations", "tenants", "work"]

"""The Django admin: one file a subject. Importing it registers them."""

from . import connections, mirror, registrations, work

__all__ = ["connections", "mirror", "registrations", "work"]

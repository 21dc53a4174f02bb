"""Database routers of sites that have more than one database."""

from typing import Any


class ReadsFromReplica:
    """Sends every read that names no alias to a replica, which does not exist: it fails."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        instance = hints.get("instance")
        return instance._state.db if instance is not None and instance._state.db else "replica"

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return "default"

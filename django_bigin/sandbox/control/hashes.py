"""The methods that give the canonical hash of records, for a comparison with a mirror."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..records.canonical import content_hash, module_hash
from ..world.rendering import Renderer, listed_names
from ..world.store import ModuleStore
from .records import RecordsControl
from .stores import USERS, named_store

HASH_STEP, HASH_TRIES = 1_000, 3


class HashesControl(RecordsControl):
    """Canonical hashes of modules and of single records."""

    def hash(self, module: str, org_id: str | None = None) -> dict[str, Any]:
        """Return the canonical hash of a module, over `records()`."""
        if module == USERS:
            shown = self.records(module, org_id)
            return {"module": module, "count": len(shown), "hash": module_hash(shown)}
        for _ in range(HASH_TRIES):
            # The state is free in between, so that a large module's hash stops nobody; unless it never comes to rest.
            with self._lock:
                organization = self._state.organization(org_id)
                store, renderer = named_store(organization, module), self._state.renderers[organization.org_id]
                version, count = store.version, len(store.records)
            found = module_hash(self._each(store, renderer))
            if store.version == version:
                return {"module": module, "count": count, "hash": found}
        with self._lock:
            return {"module": module, "count": len(store.records), "hash": module_hash(self._each(store, renderer))}

    def _each(self, store: ModuleStore, renderer: Renderer) -> Iterator[dict[str, Any]]:
        """Yield a module's records in ascending order of ids, the lock taken for some at a time."""
        ids = list(store.sorted_by("id"))
        for start in range(0, len(ids), HASH_STEP):
            with self._lock:
                live = [record_id for record_id in ids[start : start + HASH_STEP] if record_id in store.records]
                rows = renderer.rows(store, live, listed_names(store))
            yield from rows

    def record_hash(self, module: str, record_id: str | int, org_id: str | None = None) -> str:
        """Return the canonical hash of one live record, to find which one differs."""
        found = (record for record in self.records(module, org_id) if record["id"] == str(record_id))
        record = next(found, None)
        if record is None:
            raise ValueError(f"{module} has no live record {record_id}")
        return content_hash(record)

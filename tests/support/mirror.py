"""Connecting to the sandbox, syncing, and looking at the mirror as a whole."""

import hashlib
from typing import Any

from django_bigin.api.canonical import content_hash
from django_bigin.connections import connect_self_client
from django_bigin.models import Connection, Record
from django_bigin.sync import Options, sync_connection
from tests.support.factories import make_tenant


def connect(organization: dict[str, str], **values: Any) -> Connection:
    """Connect a new tenant, or another as `tenant`, to an organization of the sandbox by its self client."""
    given = {name: organization[name] for name in ("client_id", "client_secret", "grant_token", "data_center")}
    return connect_self_client(values.pop("tenant", None) or make_tenant(), **given | values).connection


def sync(connection: Connection, *modules: str, **how: Any) -> Any:
    """Sync, and expect no error; one module gives its result."""
    results = sync_connection(connection, modules=modules or None, options=Options(**how))
    assert [result.error for result in results if result.error] == []
    return results[0] if len(modules) == 1 else results


def mirror_hash(module: str) -> tuple[int, str]:
    """Number and hash of a mirrored module, from the stored data itself; to be compared with the sandbox's."""
    return _hash(Record.objects.live().filter(module=module))


def mirror_hash_of(connection: Connection, module: str) -> tuple[int, str]:
    """The same where several organizations are mirrored."""
    return _hash(Record.objects.live().filter(connection=connection, module=module))


def _hash(records: Any) -> tuple[int, str]:
    digest, count = hashlib.sha256(), 0
    for record_id, data in records.order_by("record_id").values_list("record_id", "data").iterator(chunk_size=500):
        digest.update(f"{record_id}:{content_hash(data)}\n".encode())
        count += 1
    return count, digest.hexdigest()

"""Connecting to the sandbox, syncing, and looking at the mirror as a whole."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from django_bigin.api.canonical import content_hash
from django_bigin.connections import connect_self_client
from django_bigin.models import Connection, ModuleSync, Record
from django_bigin.sync import Options, Progress, sync_connection
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


def failed(connection: Connection, module: str, **how: Any) -> str:
    """Sync one module, and expect an error: its sentence."""
    [result] = sync_connection(connection, modules=[module], options=Options(**how))
    assert result.error
    return str(result.error)


def on_page(number: int, act: Callable[[], Any]) -> Callable[[Progress], None]:
    """Act once, when the first page numbered so is stored: to be told of progress."""
    done: list[int] = []

    def watch(step: Progress) -> None:
        if step.page == number and not done:
            done.append(1)
            act()

    return watch


def answer(
    sandbox: Any, rows: list[Any], call: str = "GET /bigin/v2/Contacts", *, key: str = "data", **how: Any
) -> None:
    """Let the next call be answered with these rows."""
    body = json.dumps({key: rows, "info": {"more_records": False}})
    sandbox.fail(call, status=200, body=body, content_type="application/json", **how)


def module_sync(module: str) -> ModuleSync:
    return ModuleSync.objects.get(module=module)


def assert_equal(sandbox: Any, *modules: str) -> None:
    """Expect the mirror to hold what the sandbox does."""
    for module in modules:
        source = sandbox.hash(module)
        assert (module, *mirror_hash(module)) == (module, source["count"], source["hash"])


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

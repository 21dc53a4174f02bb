"""The mirror beside the sandbox's records, module by module, by hash."""

from collections.abc import Sequence
from dataclasses import dataclass

from demo.sandbox_control import SandboxControl
from demo.scene import MODULES, TENANTS
from django_bigin.api.canonical import content_hash, module_hash
from django_bigin.models import Connection, ModuleSync, Record

HEADERS = ("tenant", "dc", "module", "in Bigin", "in the mirror", "calls", "credits", "seconds", "by hash")


@dataclass(frozen=True)
class Comparison:
    """One module of one tenant, in Bigin and in the mirror."""

    connection: Connection
    module: str
    in_bigin: int
    in_mirror: int
    equal: bool


def compare(control: SandboxControl) -> list[Comparison]:
    """Compare each module of each tenant with the sandbox's."""
    rows = []
    for connection in Connection.objects.select_related("tenant").order_by("pk"):
        for module in MODULES:
            source = control.get("hash", module=module, org_id=connection.org_id)
            count, mirrored = mirror_hash(connection, module)
            rows.append(Comparison(connection, module, source["count"], count, mirrored == source["hash"]))
    return rows


def mirror_hash(connection: Connection, module: str) -> tuple[int, str]:
    """Count and hash a mirrored module, from the stored data itself."""
    records = Record.objects.live().filter(connection=connection, module=module).values_list("record_id", "data")
    hashes = [(record_id, content_hash(data)) for record_id, data in records.iterator(chunk_size=500)]
    return len(hashes), module_hash(hashes)


def show(rows: Sequence[Comparison]) -> bool:
    """Print the comparison and what it cost, and return whether everything is equal."""
    lines: list[tuple[object, ...]] = []
    for row in rows:
        sync = ModuleSync.objects.get(connection=row.connection, module=row.module)
        if problem := sync.last_error or sync.incomplete_reason:
            print(f"  {row.connection} {row.module}: {problem}")
        place = (row.connection.tenant.slug, row.connection.data_center, row.module)
        cost = (sync.total_calls, sync.total_credits, round(sync.total_seconds, 1))
        lines.append((*place, row.in_bigin, row.in_mirror, *cost, "equal" if row.equal else "DIFFERENT"))
    print_table(HEADERS, lines)
    print()
    refreshes = Connection.objects.order_by("pk").values_list(
        "tenant__slug", "data_center", "org_name", "refresh_count"
    )
    print_table(("tenant", "dc", "organization", "token refreshes"), list(refreshes))
    equal = all(row.equal for row in rows) and len(rows) == len(TENANTS) * len(MODULES)
    print("\nThe mirror equals Bigin." if equal else "\nTHE MIRROR DIFFERS.", flush=True)
    return equal


def print_table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table with its numbers to the right."""
    texts = [list(headers), *([f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    numeric = [isinstance(cell, int | float) for cell in rows[0]] if rows else [False] * len(headers)
    texts.insert(1, ["-" * width for width in widths])
    for row in texts:
        cells = zip(row, widths, numeric, strict=True)
        print("  ".join(text.rjust(width) if right else text.ljust(width) for text, width, right in cells).rstrip())

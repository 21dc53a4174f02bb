"""The plan of a sync: which modules of a connection are mirrored, and in which order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..api.products import Product
from ..conf import settings
from ..exceptions import RequestError
from ..models import Connection, ModuleSync


@dataclass(frozen=True)
class Plan:
    """The modules of a connection that a sync works on.

    Attributes:
        rows: all that are mirrored, in the order in which they are synced.
        chosen: those of them that this sync is for.
    """

    connection: Connection
    rows: Sequence[ModuleSync]
    chosen: Sequence[ModuleSync]


def prepare(connection: Connection, names: Sequence[str] | None) -> Plan:
    """Plan a sync of the named modules, of all where none is named.

    Raises:
        RequestError: a name is not a mirrored module; the message lists those that are.
    """
    rows = ensure_modules(connection)
    return Plan(connection, rows, choose(rows, names))


def ensure_modules(connection: Connection) -> list[ModuleSync]:
    """The connection's modules, in the order in which they are synced; rows are made for those that have none.

    A module comes after those that its description names.
    """
    wanted = in_order(connection.description, settings.BIGIN_MODULES)
    rows = {row.module: row for row in ModuleSync.objects.filter(connection=connection)}
    missing = [ModuleSync(connection=connection, module=name) for name in wanted if name not in rows]
    if missing:
        ModuleSync.objects.bulk_create(missing, ignore_conflicts=True)
        rows = {row.module: row for row in ModuleSync.objects.filter(connection=connection)}
    for row in rows.values():
        row.connection = connection
    return [rows[name] for name in wanted]


def in_order(product: Product, names: Sequence[str]) -> list[str]:
    """Put modules in the order to sync them in: each after those that its description names, else as they came."""
    ordered: dict[str, None] = {}

    def put(name: str) -> None:
        for before in product.module(name).after:
            if before in names:
                put(before)
        ordered.setdefault(name)

    for name in names:
        put(name)
    return list(ordered)


def choose(rows: Sequence[ModuleSync], names: Sequence[str] | None) -> list[ModuleSync]:
    """The rows of the named modules, all of them where none is named.

    Raises:
        RequestError: a name is not a mirrored module; the message lists those that are.
    """
    if not names:
        return list(rows)
    known = {row.module: row for row in rows}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise RequestError(
            f"There is no mirrored module {', '.join(unknown)}; the modules are {', '.join(known)} (see BIGIN_MODULES)."
        )
    return [row for row in rows if row.module in names]

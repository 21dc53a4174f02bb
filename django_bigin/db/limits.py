"""What a database server takes at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any, TypeVar

VALUES_IN_A_LIST = 1_000  # fewer than any server's limit of values in a statement
ROOM = 20_000  # bytes of a statement besides its rows

T = TypeVar("T")


def parts_of(values: Collection[T]) -> Iterator[Sequence[T]]:
    """Share values out to lists that fit into one statement each."""
    listed = values if isinstance(values, list | tuple) else list(values)
    return (listed[start : start + VALUES_IN_A_LIST] for start in range(0, len(listed), VALUES_IN_A_LIST))


def largest_statement(database: Any) -> int | None:
    """Return how many bytes a statement may have; None where nothing near our statements is refused."""
    if database.vendor != "mysql":
        return None
    database.ensure_connection()
    known: tuple[Any, int] | None = getattr(database, "_bigin_packet", None)
    if known is None or known[0] is not database.connection:
        with database.cursor() as cursor:
            cursor.execute("SELECT @@SESSION.max_allowed_packet")
            known = database._bigin_packet = (database.connection, int(cursor.fetchone()[0]))
    return max(known[1] - ROOM, 1)


def size_in_statement(text: str) -> int:
    """Return the bytes that a text takes in a statement that holds its values, quotes and backslashes escaped."""
    return len(text.encode(errors="replace")) + text.count('"') + text.count("\\") + text.count("'")

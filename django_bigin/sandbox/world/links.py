"""Links between records that no field holds, such as those of contacts and products."""

from __future__ import annotations


class Links:
    """The linked pairs of records of one organization."""

    def __init__(self) -> None:
        # (module, module) in alphabetical order -> pairs of ids
        self._pairs: dict[tuple[str, str], set[tuple[int, int]]] = {}

    def of(self, module: str, record_id: int) -> set[int]:
        """Return the ids, in whichever module, that are linked to a record."""
        found = set()
        for modules, pairs in self._pairs.items():
            if module in modules:
                place = modules.index(module)
                found |= {pair[1 - place] for pair in pairs if pair[place] == record_id}
        return found

    def add(self, module: str, record_id: int, other: str, other_id: int) -> None:
        """Link two records."""
        modules, pair = _in_order((module, record_id), (other, other_id))
        self._pairs.setdefault(modules, set()).add(pair)

    def remove(self, module: str, record_id: int, other: str, other_id: int) -> bool:
        """Undo a link; tells whether there was one."""
        modules, pair = _in_order((module, record_id), (other, other_id))
        there = pair in self._pairs.get(modules, set())
        self._pairs.get(modules, set()).discard(pair)
        return there


def _in_order(one: tuple[str, int], other: tuple[str, int]) -> tuple[tuple[str, str], tuple[int, int]]:
    first, last = sorted((one, other))
    return (first[0], last[0]), (first[1], last[1])

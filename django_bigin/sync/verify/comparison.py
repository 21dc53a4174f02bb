"""The comparison of rows that were just read with what is stored, and the repair of just what differs."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from ...api.values import read_id
from ..copies import BEGINNING, Batch, Copy
from ..run import Run
from . import lookup
from .differences import Difference, Kind, StoredRow, difference, is_later, to_be_replaced
from .result import Remainder, Verification


class Comparison:
    """The comparison of one module, under the lease of a run.

    Attributes:
        of: takes the result, and says where an earlier slice was cut off.
        repair: mend what differs, through the run, as a sync stores.
    """

    def __init__(self, run: Run, of: Verification, *, repair: bool) -> None:
        self.run = run
        self.of = of
        self.repair = repair

    @property
    def rest(self) -> Remainder:
        """What is still to be done."""
        return self.of.remainder

    @property
    def opening(self) -> datetime:
        """The product's clock at the first page."""
        return BEGINNING if self.rest.position is None else self.rest.position.opening

    def compare(self, batch: Batch, stored: lookup.Rows) -> None:
        """Compare rows that the product has with what is stored, and mend what differs."""
        found: dict[int, Difference] = {}
        for copy in batch.copies:
            row = stored.get(copy.record_id)
            differing = difference(row, copy)
            if differing is not None and self._came_later(row, copy):
                self.rest.changed[copy.record_id] = copy.content_hash
            elif differing is not None:
                found[copy.record_id] = differing
        unstorable = {int(read_id(each.row["id"]) or 0): each for each in batch.unstorable if _has_id(each.row)}
        for record_id in unstorable:
            kind = Kind.DIFFERENT if record_id in stored and not stored[record_id].deleted_at else Kind.MISSING
            found[record_id] = Difference(record_id, kind)
        known = lookup.quarantined_ids(self.run, found)
        self.of.quarantined += len(known) + len(batch.unstorable) - len(unstorable)
        found = {record_id: each for record_id, each in found.items() if record_id not in known}
        if found and self.repair:
            copies = [copy for copy in batch.copies if copy.record_id in found]
            rows = [each for record_id, each in unstorable.items() if record_id in found]
            replaced = {each: to_be_replaced(stored[each]) for each in found if each in stored}
            self.run.save_page(Batch(copies, rows), stored=replaced)
        self.of.note(each._replace(repaired=self.repair) for each in found.values())

    def note_gone(self, ids: Collection[int]) -> None:
        """Take note of records that the product has no more, and let them follow."""
        if ids and self.repair:
            self.run.save_deletions(dict.fromkeys(ids, self.opening), anyway=True)
        self.of.note(Difference(each, Kind.GONE, repaired=self.repair) for each in ids)

    def _came_later(self, stored: StoredRow | None, copy: Copy) -> bool:
        """Tell whether a copy shows what no sync has read yet."""
        # Once that is settled, only what changed while this was verified can still be later.
        until = self.opening if self.rest.settled else self.run.row.records_watermark
        return is_later(stored, copy, known_until=until or BEGINNING)


def _has_id(row: object) -> bool:
    return isinstance(row, dict) and read_id(row.get("id")) is not None

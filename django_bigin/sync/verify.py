"""Verifying: compare one module of the mirror with the product, name what differs and, where asked to, mend just that.

Nothing that the sync has noted is believed: what is compared is what is stored. The records are read by rising id, as a
full sync reads them. What changed since the last sync is no difference: at the end a delta stores it. What no page
showed is asked for by itself, and is gone only where the product says so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from ..api import records
from ..api.values import read_id
from ..api.walks import Position, Step, Walk
from ..conf import settings
from ..db.aliases import written
from ..db.limits import parts_of
from ..exceptions import ModuleNotAvailableError, PageTokenError, PaginationLimitError
from ..models import ModuleSync, QuarantinedRow, Record
from ..text import sentence as _
from . import deletions, delta, missing, pipeline, scan, single, store, whole
from .copies import BEGINNING, Batch, Copy
from .differences import Difference, Kind, StoredRow, difference, has_contents, is_later, to_be_replaced
from .run import Run
from .verification import Remainder, Verification

PHASE = "verify"

Stored = dict[int, StoredRow]


class Verifier:
    """The comparison of one module, under the lease of a run; it may be cut off, and goes on where it was.

    Args:
        verification: takes the result, and says where an earlier slice was cut off.
        repair: mend what differs, through the run, as a sync stores.
    """

    def __init__(self, run: Run, verification: Verification, *, repair: bool) -> None:
        self._run = run
        self._of = verification
        self._repair = repair

    def work(self) -> bool:
        """Compare as far as the time allows; return whether all is done. Raises as a sync does."""
        self._of.skipped = self._why_not_yet()
        if self._of.skipped:
            self._of.later = True
            return True
        if not (self._read() and self._settle() and self._ask()):
            return False
        self._count()
        return True

    def _why_not_yet(self) -> str:
        """Say why it cannot be compared yet; "" where it can."""
        run, row = self._run, self._run.row
        if row.phase != ModuleSync.Phase.IDLE:
            # What that has noted of its pages must stay as it is.
            return _("A sync of %(module)s has begun and is not finished: verify it afterwards.", module=run.module)
        if row.last_full_at is None or row.records_watermark is None:
            return _("%(module)s has not been read in whole yet: sync it first.", module=run.module)
        if run.wanted.differs_from(row.read_fields):
            return _("Other fields of %(module)s are to be read: sync it first.", module=run.module)
        return ""

    # Reading every record

    @property
    def _rest(self) -> Remainder:
        return self._of.remainder

    def _read(self) -> bool:
        """Compare every page; return whether that is done."""
        run = self._run
        walk = self._walk()
        position = self._rest.position
        if position is None or not walk.fits(position):
            position = self._begin(walk, ordered=not run.spec.read_whole)
        while not position.finished:
            try:
                pages = pipeline.pages(walk, position, self._read_page)
                for group in pipeline.groups(pages, size=_size, is_over=run.is_over):
                    rose = position.ordered if position.pages else group[0].position.ordered
                    if rose and not group[-1].position.ordered:
                        # What was not shown cannot be told from the gaps any more.
                        position = self._begin(walk, ordered=False)
                        break
                    self._compare_pages(group, position)
                    position = self._rest.position = group[-1].position
                    run.note_page(PHASE, position.pages)
                    if run.is_over() and not position.finished:
                        return False
            except PageTokenError:
                run.restart()
                position = self._begin(walk, ordered=position.ordered)
            except PaginationLimitError:
                self._of.doubt = _("%(module)s has more records than pages can reach.", module=run.module)
                return True
        if not position.ordered:
            self._find_unseen_by_their_ids(position)
        return True

    def _walk(self) -> Walk:
        run = self._run
        return whole.walk(run) if run.spec.read_whole else scan.by_id(run, run.parts)

    def _begin(self, walk: Walk, *, ordered: bool) -> Position:
        self._of.compared = self._of.quarantined = 0
        self._of.remainder = Remainder(walk.start(ordered=ordered))
        return walk.start(ordered=ordered)

    def _read_page(self, step: Step) -> scan.ScannedPage:
        batch = self._run.reader.page(step, self._run.reader.rows(step), source=Record.Source.LIST)
        return scan.ScannedPage(step.ids, (), batch, step.position)

    def _compare_pages(self, group: Sequence[scan.ScannedPage], before: Position) -> None:
        position = group[-1].position
        ids = {record_id for page in group for record_id in page.ids}
        batch = Batch.of(page.batch for page in group)
        if position.ordered:
            stored = self._stored_between(before.last_id, None if position.finished else position.last_id)
            self._rest.unseen += sorted(each for each, row in stored.items() if not row.deleted_at and each not in ids)
        else:
            stored = self._stored(ids)
            self._rest.seen += ids
        self._of.compared += len(batch.copies)
        self._run.result.unchanged += len(batch.copies)
        self._compare(batch, stored)

    def _compare(self, batch: Batch, stored: Stored) -> None:
        """Compare rows that the product has with what is stored, and mend what differs."""
        found: dict[int, Difference] = {}
        for copy in batch.copies:
            row = stored.get(copy.record_id)
            differing = difference(row, copy)
            if differing is None:
                continue
            if self._came_later(row, copy):
                self._rest.changed[copy.record_id] = copy.content_hash
            else:
                found[copy.record_id] = differing
        unstorable = {int(read_id(each.row["id"]) or 0): each for each in batch.unstorable if _has_id(each.row)}
        known = self._quarantined({*found, *unstorable})
        self._of.quarantined += len(known) + len(batch.unstorable) - len(unstorable)
        for record_id in unstorable:
            row = stored.get(record_id)
            kind = Kind.MISSING if row is None or row.deleted_at else Kind.DIFFERENT
            found[record_id] = Difference(record_id, kind)
        found = {record_id: each for record_id, each in found.items() if record_id not in known}
        if found and self._repair:
            copies = [copy for copy in batch.copies if copy.record_id in found]
            rows = [each for record_id, each in unstorable.items() if record_id in found]
            replaced = {each: to_be_replaced(stored[each]) for each in found if each in stored}
            self._run.save_page(Batch(copies, rows), stored=replaced)
        self._of.note(each._replace(repaired=self._repair) for each in found.values())

    def _came_later(self, stored: StoredRow | None, copy: Copy) -> bool:
        """Tell whether a copy shows what no sync has read yet."""
        # Once that is settled, only what changed while this was verified can still be later.
        until = self._opening if self._rest.settled else self._run.row.records_watermark
        return is_later(stored, copy, known_until=until or BEGINNING)

    @property
    def _opening(self) -> datetime:
        position = self._rest.position
        return BEGINNING if position is None else position.opening

    def _find_unseen_by_their_ids(self, position: Position) -> None:
        if self._rest.settled:
            return
        seen = set(self._rest.seen)
        live = store.live_records_of(self._run.row).values_list("record_id", flat=True)
        self._rest.unseen = sorted(set(live) - seen)
        if position.malformed and self._rest.unseen:
            self._rest.unseen = []
            self._of.doubt = _("Records of %(module)s came without a usable id.", module=self._run.module)

    # What changed since the last sync, and what no page has shown

    def _settle(self) -> bool:
        """Read what changed since the last sync, so that only what differs all the same is left to be asked for."""
        rest, run = self._rest, self._run
        if rest.settled:
            return True
        if run.spec.read_whole:
            self._settle_whole()
        else:
            if rest.changed:
                delta.look(run)
            if rest.unseen or (rest.position and rest.position.pages > 1):
                deletions.apply(run)  # what was deleted meanwhile has moved the pages, and is counted no more
            asked = self._still_live(rest.unseen)
            stored = self._stored(rest.changed)
            for record_id, digest in rest.changed.items():
                row = stored.get(record_id)
                if row is None or (row.deleted_at is None and not has_contents(row, digest)):
                    asked.append(record_id)
            self._of.changed += len(rest.changed) + len(rest.unseen) - len(asked)
            rest.asked = self._guarded(asked)
        rest.settled, rest.changed, rest.unseen, rest.seen = True, {}, [], []
        return not run.is_over() or not rest.asked

    def _settle_whole(self) -> None:
        """Believe a list that holds everything, and comes in one piece; the next sync reads what changed."""
        rest = self._rest
        self._of.changed += len(rest.changed)
        gone = self._guarded(rest.unseen)
        if gone and self._repair:
            self._run.save_deletions(dict.fromkeys(gone, self._opening), anyway=True)
        self._of.note(Difference(each, Kind.GONE, repaired=self._repair) for each in gone)

    def _guarded(self, absent: list[int]) -> list[int]:
        """Return records to be taken for gone, or asked for; none where they are suspiciously many."""
        live = store.live_records_of(self._run.row).count()
        if len(absent) <= max(missing.MISSING_FLOOR, settings.BIGIN_MISSING_SHARE * live):
            return absent
        self._of.doubt = _(
            "%(number)s of %(total)s records of %(module)s did not come, which is suspicious: if they are really gone, "
            "run `manage.py bigin_sync --full --accept-missing --module %(module)s`.",
            number=f"{len(absent):,}",
            total=f"{live:,}",
            module=self._run.module,
        )
        return []

    def _ask(self) -> bool:
        """Ask for each record that is left by itself; return whether that is done."""
        rest, run = self._rest, self._run
        while rest.asked:
            record_id = rest.asked[0]
            try:
                batch = single.read(run, record_id)
            except ModuleNotAvailableError:
                self._of.doubt = _("%(module)s gives no single records to prove what is gone.", module=run.module)
                rest.asked = []
                return True
            if batch:
                self._compare(batch, self._stored([record_id]))
            elif self._still_live([record_id]):
                self._note_gone(record_id)
            del rest.asked[0]
            if run.is_over() and rest.asked:
                return False
        return True

    def _note_gone(self, record_id: int) -> None:
        if self._repair:
            self._run.save_deletions({record_id: self._opening}, anyway=True)
        self._of.note([Difference(record_id, Kind.GONE, repaired=self._repair)])

    def _count(self) -> None:
        """Compare the numbers: a page that moved may have hidden a record that is missing here."""
        run, of = self._run, self._of
        live = store.live_records_of(run.row)
        of.here = live.count()
        if run.spec.read_whole:
            return  # its list is all that there is, and nothing counts it
        of.there = run.send(records.count(run.product, run.module))
        left = [each.kind for each in of.differences if not each.repaired]
        expected = of.here + run.quarantine.unmirrored(live) + left.count(Kind.MISSING) - left.count(Kind.GONE)
        told = of.there is not None and not run.row.incomplete_reason and len(of.differences) == of.found
        if told and of.there != expected and not of.doubt:
            of.doubt = _(
                "%(product)s counts %(there)s records of %(module)s, and %(number)s were found: its pages moved "
                "meanwhile. Verify it again.",
                product=run.product.name,
                there=f"{of.there:,}",
                module=run.module,
                number=f"{expected:,}",
            )

    # What is stored

    def _stored(self, ids: Collection[int]) -> Stored:
        rows = (store.records_of(self._run.row).filter(record_id__in=some) for some in parts_of(ids))
        return {row.record_id: row for part in rows for row in _rows(part.values_list(*StoredRow._fields))}

    def _stored_between(self, after: int, upto: int | None) -> Stored:
        found = store.records_of(self._run.row).filter(record_id__gt=after)
        found = found if upto is None else found.filter(record_id__lte=upto)
        return {row.record_id: row for row in _rows(found.values_list(*StoredRow._fields))}

    def _still_live(self, ids: Sequence[int]) -> list[int]:
        live = store.live_records_of(self._run.row)
        parts = (live.filter(record_id__in=some).values_list("record_id", flat=True) for some in parts_of(ids))
        return [record_id for part in parts for record_id in part]

    def _quarantined(self, ids: Collection[int]) -> set[int]:
        """Return those of which it is known that they cannot be stored."""
        if not ids or not self._run.quarantine.number:
            return set()
        of = {"connection_id": self._run.row.connection_id, "module": self._run.module}
        rows = written(QuarantinedRow).filter(**of)
        parts = (rows.filter(record_id__in=some) for some in parts_of([str(each) for each in ids]))
        return {int(record_id) for part in parts for record_id in part.values_list("record_id", flat=True)}


def _rows(values: Iterable[tuple[object, ...]]) -> Iterable[StoredRow]:
    return (StoredRow(*row) for row in values)  # type: ignore[arg-type]  # the columns are its fields


def _has_id(row: object) -> bool:
    return isinstance(row, dict) and read_id(row.get("id")) is not None


def _size(page: scan.ScannedPage) -> tuple[int, int]:
    return len(page.ids), sum(len(copy.text) for copy in page.batch.copies)

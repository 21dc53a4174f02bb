"""Copies of records: reading them from a page, and which of two wins. Pure: no network, no database.

A page of the API is read here, once, into plain tuples; whoever works with them never sees the product's rows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from ..api.canonical import content_hash
from ..api.products import ModuleSpec
from ..api.values import Json, read_id, read_moment
from ..api.walks import Step
from ..text import sentence as _

BEGINNING = datetime.min.replace(tzinfo=UTC)
LARGEST_ROW = 8_000_000  # characters; MariaDB takes 16 MB at once by default, and Zoho's fields are far from it
# An escaped NUL; behind an even number of backslashes only, since text may well speak of "\\u0000".
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


class UnreadableRow(ValueError):
    """A row that cannot be stored; the message says why. It is quarantined, never dropped."""


class Row(NamedTuple):
    """A row of a page, with what decides read from it.

    Attributes:
        modified_at: cut to the moment of the answer, which no record can have been modified after.
        raw: the row itself, for `RowReader` alone.
    """

    record_id: int
    modified_at: datetime | None
    raw: Json


class StoredCopy(NamedTuple):
    """The part of a stored record that decides whether another copy wins."""

    record_id: int
    modified_at: datetime | None
    seen_at: datetime
    content_hash: str
    deleted_at: datetime | None

    def is_behind(self, row: Row, opened_at: datetime) -> bool:
        """Tell whether a row of a walk shows something newer: the record's return, or another state of it."""
        if self.deleted_at is not None:
            return self.deleted_at <= opened_at
        shown, known = row.modified_at or BEGINNING, self.modified_at or BEGINNING
        return shown != known if opened_at > self.seen_at else shown > known


class Copy(NamedTuple):
    """One record as one answer gave it, as it is stored.

    Attributes:
        text: the record as JSON, made once: for the look at what can be stored, and for storing it.
        seen_at: the product's clock: of the answer that opened the walk, or of a single read's own answer.
    """

    record_id: int
    text: str
    name: str
    email: str
    owner_record_id: int | None
    created_at: datetime | None
    modified_at: datetime | None
    seen_at: datetime
    content_hash: str
    source: str

    def beats(self, stored: StoredCopy | None) -> bool:
        """Tell whether this copy is to be written over the stored one.

        What was seen later wins, whatever the moments of modification say: the clocks of the product's servers differ,
        and a moment far ahead is corrected some day. Seen in the same second or in one walk, the greater modified_at
        wins, and of two equal ones the later stored. A tombstone is lifted by a copy that was not seen before the
        deletion: within one second the later stored counts, since the deleted log is read again after every full sync.
        A copy equal in content has nothing to write.
        """
        if stored is None:
            return True
        if stored.deleted_at is not None:
            return self.seen_at >= stored.deleted_at
        if self.content_hash == stored.content_hash:
            return False
        return self.follows(stored)

    def follows(self, other: Copy | StoredCopy) -> bool:
        """Tell whether this copy counts rather than another of the same record, by when both were seen and modified."""
        if self.seen_at > other.seen_at or self.modified_at is None or other.modified_at is None:
            return self.seen_at >= other.seen_at
        return (self.modified_at, self.seen_at) >= (other.modified_at, other.seen_at)


class Unstorable(NamedTuple):
    """A row that cannot be stored, why, and when it was seen, as `Copy.seen_at`."""

    row: Any
    reason: str
    seen_at: datetime


REFUSED_ROW = _("The database cannot store this row.")


class Batch(NamedTuple):
    """Rows to be stored at once: copies, and the rows that could not be read into one."""

    copies: Sequence[Copy] = ()
    unstorable: Sequence[Unstorable] = ()

    def __bool__(self) -> bool:
        return bool(self.copies or self.unstorable)

    @classmethod
    def of(cls, batches: Iterable[Batch]) -> Batch:
        """Return several as one; of a record that came twice, the copy that would win in the mirror."""
        copies: dict[int, Copy] = {}
        unstorable: list[Unstorable] = []
        for batch in batches:
            unstorable += batch.unstorable
            for copy in batch.copies:
                before = copies.get(copy.record_id)
                if before is None or copy.follows(before):
                    copies[copy.record_id] = copy
        return cls(list(copies.values()), unstorable)

    def joined(self, other: Batch) -> Batch:
        """Return both together."""
        return Batch.of((self, other))

    def without(self, refused: Sequence[Copy], reason: str = REFUSED_ROW) -> Batch:
        """Return it without the copies that the database refused: they are unstorable as well."""
        if not refused:
            return self
        ids = {copy.record_id for copy in refused}
        taken = [copy for copy in self.copies if copy.record_id not in ids]
        more = [Unstorable(json.loads(copy.text), reason, copy.seen_at) for copy in refused]
        return Batch(taken, [*self.unstorable, *more])


class Deletion(NamedTuple):
    """One entry of a deleted log."""

    record_id: int
    deleted_at: datetime


@dataclass(frozen=True)
class RowReader:
    """Reads the rows of one module into copies that hold `id` and the wanted fields, and nothing else."""

    spec: ModuleSpec
    fields: Sequence[str]

    def rows(self, step: Step) -> list[Row]:
        """Read the rows of a page as far as decides what is to be done with them."""
        modified, latest = self.spec.modified_field, step.page.answered_at
        records = zip(step.ids, step.page.records, strict=True)
        return [Row(each, not_after(latest, read_moment(raw.get(modified))), raw) for each, raw in records]

    def page(self, step: Step, rows: Iterable[Row], *, source: str) -> Batch:
        """Read rows of a page into copies, and take its rows without a usable id for what they are: unstorable."""
        seen_at = step.position.opening
        malformed = Batch(unstorable=[Unstorable(row.raw, row.reason, seen_at) for row in step.page.malformed])
        return malformed.joined(self.copies(rows, seen_at=seen_at, source=source))

    def copies(self, rows: Iterable[Row], *, seen_at: datetime, source: str) -> Batch:
        """Read rows into copies; what cannot be read comes apart. Of a row that comes twice, the last counts."""
        copies: dict[int, Copy] = {}
        unstorable = []
        for row in rows:
            try:
                copies[row.record_id] = self._copy(row, seen_at, source)
            except UnreadableRow as error:
                unstorable.append(Unstorable(row.raw, str(error), seen_at))
        return Batch(list(copies.values()), unstorable)

    def single(self, raw: Json, *, seen_at: datetime, source: str) -> Batch:
        """Read a record that was read by itself."""
        row = Row(int(raw["id"]), not_after(seen_at, read_moment(raw.get(self.spec.modified_field))), raw)
        return self.copies([row], seen_at=seen_at, source=source)

    def _copy(self, row: Row, seen_at: datetime, source: str) -> Copy:
        raw = row.raw
        data = {"id": raw["id"], **{name: raw[name] for name in self.fields if name in raw and name != "id"}}
        try:
            text, digest = _text(data), content_hash(data)
        except RecursionError:
            raise UnreadableRow(_("The row is nested too deeply to be stored.")) from None
        owner = raw.get(self.spec.owner_field)
        owner_id = read_id(owner.get("id")) if isinstance(owner, dict) else None
        return Copy(
            record_id=row.record_id,
            text=text,
            name=_first_text(data, self.spec.name_fields),
            email=_first_text(data, self.spec.email_fields),
            owner_record_id=int(owner_id) if owner_id else None,
            created_at=_shown(read_moment(raw.get(self.spec.created_field))),
            modified_at=_shown(row.modified_at),
            seen_at=seen_at,
            content_hash=digest,
            source=source,
        )


def not_after(answered_at: datetime, moment: datetime | None) -> datetime | None:
    """Cut a moment of an answer to that of the answer itself."""
    return moment if moment is None or moment <= answered_at else answered_at


def _shown(moment: datetime | None) -> datetime | None:
    """Return a moment that every database stores and every time zone can show; None for any other."""
    return moment if moment is not None and 1000 < moment.year < 9999 else None


def _text(data: Mapping[str, Any]) -> str:
    """Return the row as JSON; refuse what no database takes."""
    try:
        text = json.dumps(data, ensure_ascii=False, allow_nan=False)
    except ValueError:
        raise UnreadableRow(_("The row holds a number without end, which JSON does not know.")) from None
    if len(text) > LARGEST_ROW:
        raise UnreadableRow(_("The row is larger than %(number)s characters.", number=f"{LARGEST_ROW:,}"))
    if "\\u0000" in text and _NUL.search(text):  # `in` first: the expression is far slower
        raise UnreadableRow(_("The row holds a NUL character, which a database cannot store."))
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UnreadableRow(_("The row holds half a character (a lone surrogate); no database stores that.")) from None
    return text


def _first_text(data: Mapping[str, Any], names: Collection[str]) -> str:
    return next((data[name] for name in names if isinstance(data.get(name), str) and data[name]), "")

"""Walks: follow a list from page to page, keep the place in it, and notice where it goes round in circles.

A walk makes no calls by itself: it is handed what sends one. A `Place` is one page's number or token, as a call takes
it; a `Position` is all that a walk must know to go on, its places among it, and can be stored with every page, so that
another process goes on there. Where a module has more fields than a call takes, a page comes in several
parts, which are held together by `id` and the modified field.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple, Protocol, TypeVar

from ..exceptions import PageTokenError, PaginationLimitError, RecordNotFoundError, SyncError
from ..text import sentence as _
from . import records
from .answers import Page, Place
from .calls import Call
from .products import Product
from .values import Json, read_moment

VERSION = 1
EMPTY_PAGES_AT_MOST = 500  # in a row. 100,000 records / 200 a page: a frozen list, all of it deleted since

T = TypeVar("T")

NO_FIELDS: Sequence[Sequence[str]] = ((),)
"""The fields of a list that is not asked for any."""


class Send(Protocol):
    """Whatever makes a call, such as `Client.send`."""

    def __call__(self, call: Call[T], /) -> T:
        """Make a call and return what its answer holds."""


@dataclass(frozen=True)
class Position:
    """A position in a walk, from which it can go on.

    Attributes:
        request: a digest of the fields that are asked for; another walk has no use for the position.
        places: where each part goes on; None where that part has come to its end.
        opened_at: the product's clock at the first answer; None before it.
        pages, rows: how many have been read.
        last_id: of the last row.
        ordered: the ids have been rising so far.
        malformed: a row came without a usable id.
        finished: there are no more pages.
        walled: there are more, and no way to them.
        rounds: repeats so far: walks like this one that came before it, because the pages had moved.
        before: the opening of the previous round, where changes are read again; None otherwise.
        late: this round found a change older than `before`, which the previous one should have shown.
    """

    request: str
    places: tuple[Place | None, ...]
    opened_at: datetime | None = None
    pages: int = 0
    rows: int = 0
    last_id: int = 0
    ordered: bool = True
    malformed: bool = False
    finished: bool = False
    walled: bool = False
    rounds: int = 0
    before: datetime | None = None
    late: bool = False

    @property
    def opening(self) -> datetime:
        """The product's clock at the first answer.

        Raises:
            ValueError: there was none yet.
        """
        if self.opened_at is None:
            raise ValueError("No page of the walk has been read.")
        return self.opened_at

    @property
    def tokens(self) -> set[str]:
        """The page tokens that it holds."""
        return {place.token for place in self.places if place is not None and place.token is not None}

    def to_json(self) -> Json:
        """Return it as plain JSON, with the version of this form."""
        places = [place and [place.number, place.token, _text_of(place.expires_at)] for place in self.places]
        plain = {name: getattr(self, name) for name in _PLAIN}
        moments = {name: _text_of(getattr(self, name)) for name in _MOMENTS}
        return {"version": VERSION, "places": places, **plain, **moments}

    @classmethod
    def from_json(cls, stored: Any) -> Position | None:
        """Read a stored position; None where it is none, or of another version: the walk is to start anew."""
        if not isinstance(stored, dict) or stored.get("version") != VERSION:
            return None
        values: dict[str, Any]
        try:
            values = {name: _of_type(stored[name], kind) for name, kind in _PLAIN.items()}
            values |= {name: _read_moment(stored[name]) for name in _MOMENTS}
            position = cls(places=tuple(_read_place(each) for each in stored["places"]), **values)
        except (KeyError, TypeError, ValueError):
            return None
        return position if position._is_whole() else None

    def _is_whole(self) -> bool:
        """Tell whether a walk can be there: it goes on or is at an end, and was opened if it has read a page."""
        goes_on = bool(self.places) and self.places[0] is not None
        return (goes_on or self.finished or self.walled) and (self.opened_at is not None or not self.pages)


_PLAIN = {
    "request": str,
    "pages": int,
    "rows": int,
    "last_id": int,
    "ordered": bool,
    "malformed": bool,
    "finished": bool,
    "walled": bool,
    "rounds": int,
    "late": bool,
}
_MOMENTS = ("opened_at", "before")


class Step(NamedTuple):
    """One page of a walk.

    Attributes:
        page: with whole records, all parts of them joined.
        ids: of its records, in the order in which they came.
        position: after it.
    """

    page: Page
    ids: list[int]
    position: Position


class Walk:
    """Reads a list page by page.

    Args:
        build: builds the call for one place and the fields of one part.
        parts: the fields of each part of a page.
        send: makes a call.
        now: the clock that says whether a page token has expired.
    """

    def __init__(
        self,
        product: Product,
        module: str,
        build: Callable[[Place, Sequence[str]], Call[Page]],
        *,
        parts: Sequence[Sequence[str]] = NO_FIELDS,
        send: Send,
        now: Callable[[], datetime],
    ) -> None:
        self._product = product
        self._module = module
        self._build = build
        self._parts = parts
        self._request = _digest(parts)
        self._send = send
        self._now = now
        self._ahead: tuple[Position, Step] | None = None
        self._reset()

    def start(self, place: Place | None = None, *, ordered: bool = True, rounds: int = 0) -> Position:
        """Return the position before the first page, or at a place in the list."""
        places = (place or self._product.lists.first,) * len(self._parts)
        return Position(self._request, places, ordered=ordered, rounds=rounds)

    def fits(self, position: Position) -> bool:
        """Tell whether a position is one of this walk: the fields may have changed since it was stored."""
        return position.request == self._request and len(position.places) == len(self._parts)

    def steps(self, position: Position) -> Iterator[Step]:
        """Read page after page, each when it is asked for. Raises as `read`."""
        while not position.finished:
            step = self.read(position)
            yield step
            position = step.position

    def read_ahead(self, position: Position) -> Step:
        """Read the page at a position, which `read` gives without a call when it comes there. Raises as `read`."""
        step = self.read(position)
        self._ahead = (position, step)
        return step

    def read(self, position: Position) -> Step:
        """Read the page at a position.

        Raises:
            PageTokenError: the position's token has expired, or is not taken: start again.
            PaginationLimitError: there are more pages, and no way to them.
            SyncError: the list goes round in circles.
        """
        if self._ahead is not None and self._ahead[0] == position:
            step, self._ahead = self._ahead[1], None
            return step
        self._refuse_the_wall(position)
        if position.pages == 0:
            # It starts again, after a token that was not taken for one: what it saw before is no circle now.
            self._reset()
        self._tokens |= position.tokens
        parts = [self._read_part(place, fields) for place, fields in zip(position.places, self._parts, strict=True)]
        page = self._join(parts)
        ids = [int(record["id"]) for record in page.records]
        self._refuse_circles(ids)
        moved = replace(
            position,
            places=tuple(part.next_place if part else None for part in parts),
            opened_at=position.opened_at or page.answered_at,
            pages=position.pages + 1,
            rows=position.rows + len(ids),
            last_id=ids[-1] if ids else position.last_id,
            ordered=position.ordered and all(a < b for a, b in pairwise([position.last_id, *ids])),
            malformed=position.malformed or bool(page.malformed),
            finished=not page.more_records,
            walled=any(part.more_records and part.next_place is None for part in parts if part),
        )
        self._refuse_repeated_tokens(moved)
        return Step(page, ids, moved)

    def _reset(self) -> None:
        self._tokens: set[str] = set()
        self._ids_before: list[int] = []
        self._repeated = self._empty = 0

    def _read_part(self, place: Place | None, fields: Sequence[str]) -> Page | None:
        if place is None:
            return None
        if place.token and place.expires_at and place.expires_at <= self._now():
            raise PageTokenError(
                _(
                    "The page token of %(module)s expired at %(expires_at)s: start again.",
                    module=self._module,
                    expires_at=place.expires_at,
                )
            )
        return self._send(self._build(place, fields))

    def _refuse_the_wall(self, position: Position) -> None:
        if position.walled:
            raise PaginationLimitError(
                _(
                    "%(product)s says there is more of %(module)s, but gives no page token to go on with: start "
                    "again, or read the rest by bulk read.",
                    product=self._product.name,
                    module=self._module,
                )
            )

    def _refuse_circles(self, ids: list[int]) -> None:
        # Once can happen (newest first only): a page full of new records pushes the page just read to the next place.
        self._repeated = self._repeated + 1 if ids and ids == self._ids_before else 0
        self._empty = 0 if ids else self._empty + 1
        self._ids_before = ids
        if self._repeated > 1:
            raise SyncError(
                _(
                    "%(product)s gives the same page of %(module)s again and again: given up.",
                    product=self._product.name,
                    module=self._module,
                )
            )
        if self._empty > EMPTY_PAGES_AT_MOST:
            raise SyncError(
                _(
                    "%(product)s gives nothing but empty pages of %(module)s: given up.",
                    product=self._product.name,
                    module=self._module,
                )
            )

    def _refuse_repeated_tokens(self, moved: Position) -> None:
        if moved.tokens & self._tokens:
            raise SyncError(
                _(
                    "%(product)s gave the same page token of %(module)s twice, so the list would never end: "
                    "given up; start again.",
                    product=self._product.name,
                    module=self._module,
                )
            )

    def _join(self, parts: Sequence[Page | None]) -> Page:
        """Join the parts of each record; what changed or moved between the calls is read again by itself."""
        first = parts[0]
        if first is None:
            raise ValueError("The walk is at its end.")
        if len(parts) == 1:
            return first
        modified = self._product.module(self._module).modified_field
        others = [{record["id"]: record for record in part.records} if part else {} for part in parts[1:]]
        whole = []
        for record in first.records:
            pieces = [other.get(record["id"]) for other in others]
            if all(piece and piece.get(modified) == record.get(modified) for piece in pieces):
                for piece in pieces:
                    record = {**record, **(piece or {})}
                whole.append(record)
                continue
            try:
                whole.append(self._send(records.record(self._product, self._module, record["id"]))[0])
            except RecordNotFoundError:
                continue  # deleted meanwhile: the deleted log tells
        malformed = tuple(row for part in parts if part for row in part.malformed)
        return replace(first, records=whole, malformed=malformed)


def _digest(parts: Sequence[Sequence[str]]) -> str:
    return hashlib.sha256(json.dumps([list(fields) for fields in parts]).encode()).hexdigest()[:16]


def _text_of(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _read_moment(value: Any) -> datetime | None:
    moment = read_moment(value)
    if moment is None and value is not None:
        raise ValueError("not a moment")
    return moment


def _read_place(value: Any) -> Place | None:
    if value is None:
        return None
    number, token, expires_at = value
    return Place(_of_type(number, int), None if token is None else _of_type(token, str), _read_moment(expires_at))


def _of_type(value: Any, kind: type[T]) -> T:
    if type(value) is not kind:
        raise TypeError(f"not {kind.__name__}")
    return value

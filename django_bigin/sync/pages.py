"""Reading a module page by page: the network side of the mirror.

A walk's position is plain JSON, stored with every page, so that another process can go on with it. A module with more
than 50 fields takes several calls a page; their parts are held together by `id` and Modified_Time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

from .. import clock
from ..api.answers import MalformedRow, Order, Page, Place
from ..api.client import Client
from ..api.values import read_moment
from ..exceptions import PageTokenError, PaginationLimitError, RecordNotFoundError, SyncError

Position = dict[str, Any]

EMPTY_PAGES_AT_MOST = 500  # in a row: a frozen walk of 100,000 records, all of them deleted since


def start_position(chunks: Sequence[Sequence[str]], **more: Any) -> Position:
    """The position before the first page.

    Keys: `chunks` (page number, token and its expiry of each chunk of fields), `fields` (a digest of those chunks),
    `pages` and `rows` read so far, `last_id`, `ordered` (ids have been rising so far), `malformed` (a row came without
    a usable id), `finished`.
    """
    start = {
        "chunks": [{"page": 1, "token": None, "expires_at": None} for _ in chunks],
        "fields": _digest(chunks),
        "pages": 0,
        "rows": 0,
        "last_id": 0,
        "ordered": True,
        "malformed": False,
        "finished": False,
    }
    return {**start, **more}


def is_of(position: Position, chunks: Sequence[Sequence[str]]) -> bool:
    """Whether a stored position belongs to a walk with these fields: they may have changed since it was stored."""
    return position.get("fields") == _digest(chunks)


def _digest(chunks: Sequence[Sequence[str]]) -> str:
    return hashlib.sha256(json.dumps(chunks).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class MergedPage:
    """One page of whole records."""

    rows: list[dict[str, Any]]
    malformed: tuple[MalformedRow, ...]
    answered_at: datetime
    order: Order | None
    position: Position = field(repr=False)

    @property
    def ids(self) -> list[int]:
        """The rows' ids, in the order in which they came."""
        return [int(row["id"]) for row in self.rows]


class PageReader:
    """Reads the pages of one walk, one after the other.

    Args:
        before_call: called before every call, so that the lease can be prolonged: a page can take hundreds.
    """

    def __init__(
        self,
        client: Client,
        module: str,
        chunks: Sequence[Sequence[str]],
        *,
        order: Order,
        before_call: Callable[[], None],
    ) -> None:
        self._client = client
        self._module = module
        self._chunks = chunks
        self._order = order
        self._before_call = before_call
        self._tokens_seen: set[str] = set()
        self._ids_before: list[int] = []
        self._repeated = self._empty = 0

    def read(self, position: Position) -> MergedPage:
        """Read the page at a position.

        Raises:
            PageTokenError: the position's token has expired, or Bigin does not take it: start again.
            PaginationLimitError: Bigin gives no more pages of this walk, although there is more.
            SyncError: Bigin goes round in circles.
        """
        parts = [self._read_part(index, where) for index, where in enumerate(position["chunks"])]
        first = parts[0]
        if first is None:
            raise SyncError(f"The stored position in {self._module} is not one; run a full sync.")
        rows = first.records if len(parts) == 1 else self._merge(parts)
        ids = [int(row["id"]) for row in rows]
        self._look_for_circles(ids)
        moved: Position = {
            **position,
            "chunks": [_advance(where, part) for where, part in zip(position["chunks"], parts, strict=True)],
            "pages": position["pages"] + 1,
            "rows": position["rows"] + len(rows),
            "last_id": ids[-1] if ids else position["last_id"],
            "malformed": position["malformed"] or any(part.malformed for part in parts if part),
            "finished": not first.more_records,
        }
        self._look_at_tokens(moved)
        malformed = tuple(row for part in parts if part for row in part.malformed)
        return MergedPage(rows, malformed, first.answered_at, first.order, moved)

    def _read_part(self, index: int, where: Position) -> Page | None:
        if where.get("ended"):
            return None
        expires_at = read_moment(where["expires_at"])
        if where["token"] and expires_at and expires_at <= clock.now():
            raise PageTokenError(f"The page token of the walk through {self._module} expired at {expires_at}.")
        self._before_call()
        place = Place(where["page"], where["token"], expires_at)
        page = self._client.records.fetch_page(
            self._module, place, fields=self._chunks[index], order=self._order
        )
        if page.more_records and page.next_place is None:
            raise PaginationLimitError(
                f"Bigin says there is more of {self._module}, but gives no page token to go on with."
            )
        return page

    def _look_for_circles(self, ids: list[int]) -> None:
        # Once can happen: a page full of new changes pushes the page just read to the next place.
        self._repeated = self._repeated + 1 if ids and ids == self._ids_before else 0
        self._empty = 0 if ids else self._empty + 1
        self._ids_before = ids
        if self._repeated > 1:
            raise SyncError(f"Bigin gives the same page of {self._module} again and again: the walk is given up.")
        if self._empty > EMPTY_PAGES_AT_MOST:
            raise SyncError(f"Bigin gives nothing but empty pages of {self._module}: the walk is given up.")

    def _look_at_tokens(self, position: Position) -> None:
        tokens = {where["token"] for where in position["chunks"] if where["token"]}
        if tokens & self._tokens_seen:
            raise SyncError(
                f"Bigin gave the same page token of {self._module} twice, so the walk would never end; it is given up "
                "and starts again with the next run."
            )
        self._tokens_seen |= tokens

    def _merge(self, parts: Sequence[Page | None]) -> list[dict[str, Any]]:
        """Join the parts of each record; what changed or moved between the calls is read again by itself."""
        others = [{row["id"]: row for row in part.records} if part else {} for part in parts[1:]]
        whole = []
        for row in parts[0].records if parts[0] else []:
            pieces = [other.get(row["id"]) for other in others]
            if all(piece and piece.get("Modified_Time") == row.get("Modified_Time") for piece in pieces):
                for piece in pieces:
                    row = {**row, **(piece or {})}
                whole.append(row)
                continue
            self._before_call()
            try:
                whole.append(self._client.records.fetch_record(self._module, row["id"])[0])
            except RecordNotFoundError:
                continue  # deleted meanwhile: the deleted log tells
        return whole


def _advance(where: Position, page: Page | None) -> Position:
    place = page.next_place if page else None
    if place is None:
        return {**where, "ended": True, "token": None}
    expires_at = place.expires_at
    return {
        "page": place.number,
        "token": place.token,
        "expires_at": expires_at.isoformat() if expires_at else None,
    }


def is_newest_first(page: MergedPage) -> bool:
    """Whether Bigin sorted a page as it was asked to for a delta; a server may take the parameters and ignore them."""
    if page.order != Order("Modified_Time", descending=True):
        return False
    moments = [read_moment(row.get("Modified_Time")) for row in page.rows]
    known = [moment for moment in moments if moment]
    return len(known) == len(moments) and all(a >= b for a, b in pairwise(known))


def continues_rising(page: MergedPage, last_id: int) -> bool:
    """Whether the ids of a page rise, from above the last one of the page before."""
    ids = [last_id, *page.ids]
    return all(a < b for a, b in pairwise(ids))

"""One run over one module: a full walk, a comparison of ids, or a delta, and the deletions.

The order of things carries the promise. A walk is opened by one answer, whose `Date` is the watermark that is set once
every page is stored. Deletions shift pages, so a walk during which the deleted log moved, or whose number of records
is not Bigin's, is followed by a pass over the ids until a pass is quiet. Only then is what the walk missed taken for
deleted, and only below the guard.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.db import reset_queries

from .. import clock
from ..api.client import BiginClient
from ..api.product import BIGIN
from ..api.responses import Page, read_id, read_moment
from ..conf import settings
from ..exceptions import (
    ModuleNotAvailableError,
    PageTokenError,
    PaginationLimitError,
    RecordNotFoundError,
    SyncError,
)
from ..models import ModuleSync, Record
from . import lease, plan, store
from .copies import BEGINNING, Copy, StoredCopy
from .ledger import Meter
from .pages import MergedPage, PageReader, Position, continues_rising, is_newest_first, start_position
from .results import ModuleResult, OnProgress, Progress

Phase = ModuleSync.Phase

DELTAS_BETWEEN_DELETION_PASSES = 3  # the deleted log is read with every fourth delta
QUIET_PASSES_AT_MOST = 3
MISSING_FLOOR = 50  # fewer absences than this pass the guard, whatever their share
AGREE_FIELDS = [["Modified_Time"]]  # `id` comes by itself, and cannot be asked for alone


class SliceEnded(Exception):
    """The time of this run is up; the progress says where to go on."""


class ModuleRun:
    """Works on one module under a lease that the caller has claimed."""

    def __init__(
        self,
        progress: ModuleSync,
        client: BiginClient,
        lease_id: str,
        *,
        meter: Meter,
        result: ModuleResult,
        full: bool = False,
        with_deletions: bool = True,
        accept_missing: bool = False,
        give_up_at: float | None = None,
        on_progress: OnProgress | None = None,
    ) -> None:
        self.progress = progress
        self.module = progress.module
        self.client = client
        self.lease_id = lease_id
        self.meter = meter
        self.result = result
        self.full = full
        self.with_deletions = with_deletions
        self.accept_missing = accept_missing
        self.give_up_at = give_up_at
        self.on_progress = on_progress
        self.fields = plan.fields_to_mirror(progress)
        self.restarted = False
        self.incomplete_reason = ""
        self.closing: dict[str, Any] = {}
        """Columns to write together with the end of the run."""
        self._began = (time.monotonic(), meter.calls, meter.credits)

    def run(self) -> None:
        """Bring the module up to date, or as far as the time allows.

        Raises:
            SliceEnded: the time is up.
            BiginError: it could not be done; what was stored stays.
        """
        if self.module == plan.USERS:
            self._read_users()
        elif self.progress.phase in (Phase.WALK, Phase.AGREE):
            self._go_on_with_walk()
        elif self._full_is_due():
            self._walk_whole()
        else:
            self._read_changes()

    def add_up(self) -> None:
        """Fill in what the run has cost so far."""
        seconds, calls, credits = self._began
        self.result.seconds = round(time.monotonic() - seconds, 3)
        self.result.calls = self.meter.calls - calls
        self.result.credits = self.meter.credits - credits

    # Full walks

    def _full_is_due(self) -> bool:
        progress = self.progress
        if self.full or progress.full_requested or progress.records_watermark is None:
            return True
        return progress.last_full_at is None or progress.last_full_at <= clock.now() - settings.reconcile_interval

    def _walk_whole(self) -> None:
        if self.progress.records_watermark is not None:
            # First, so that a record deleted and restored since the last pass is lifted again by the walk.
            self._apply_deletions()
        self._begin(Phase.WALK, plan.chunks(self.fields))
        self._go_on_with_walk()

    def _begin(self, phase: str, chunks: Sequence[Sequence[str]], **position: Any) -> None:
        self._move(
            phase=phase,
            page_tokens=start_position(len(chunks), **position),
            opened_at=None,
            missing_ids=[],
        )

    def _go_on_with_walk(self) -> None:
        """Walk, then compare ids for as long as the walk was not quiet, then settle what is missing."""
        while True:
            agreeing = self.progress.phase == Phase.AGREE
            chunks = AGREE_FIELDS if agreeing else plan.chunks(self.fields)
            try:
                self._walk_pages(chunks, agreeing=agreeing)
            except PaginationLimitError as error:
                self._end_walk_at_the_wall(error)
                return
            if self._is_settled(agreeing=agreeing):
                return

    def _walk_pages(self, chunks: Sequence[Sequence[str]], *, agreeing: bool) -> None:
        reader = PageReader(self.client, self.module, chunks, sort_by="id", sort_order="asc")
        while not self.progress.page_tokens.get("finished"):
            position = self.progress.page_tokens
            try:
                page = reader.read(position)
            except PageTokenError:
                self._restart(chunks)
                continue
            if position["ordered"] and not continues_rising(page, position["last_id"]):
                if position["pages"]:
                    # The ids rose so far and no longer do: what was missed cannot be told from the gaps any more.
                    self._begin(self.progress.phase, chunks, ordered=False, rounds=position.get("rounds", 0))
                    continue
                page.position["ordered"] = False
            self._store_walk_page(page, position, agreeing=agreeing)

    def _restart(self, chunks: Sequence[Sequence[str]]) -> None:
        if self.restarted:
            raise SyncError(f"Bigin refuses the page tokens of {self.module} again and again; it is tried again later.")
        self.restarted = True
        self._begin(self.progress.phase, chunks, rounds=self.progress.page_tokens.get("rounds", 0))

    def _store_walk_page(self, page: MergedPage, before: Position, *, agreeing: bool) -> None:
        opened_at = self.progress.opened_at or page.answered_at
        ordered = page.position["ordered"]
        if ordered:
            upto = None if page.position["finished"] else page.position["last_id"]
            stored = store.stored_between(self.progress, before["last_id"], upto)
        else:
            stored = store.stored_copies(self.progress, page.ids)
        copies, asides = self._copies_of(page, stored, opened_at, agreeing=agreeing)
        moves: dict[str, Any] = {"page_tokens": page.position, "opened_at": opened_at}
        if ordered and (missing := _live(stored) - set(page.ids)):
            moves["missing_ids"] = [*self.progress.missing_ids, *sorted(missing)]
        changes = store.save_page(
            self.progress,
            self.lease_id,
            copies,
            asides=asides,
            stored=stored,
            touched=None if ordered else page.ids,
            touched_at=opened_at,
            **moves,
        )
        self._count(changes)
        store.gather_statistics(page.position["pages"])
        self._after_page("compare" if agreeing else "walk", page.position["pages"])

    def _copies_of(
        self, page: MergedPage, stored: dict[int, StoredCopy], opened_at: datetime, *, agreeing: bool
    ) -> tuple[list[Copy], list[store.Aside]]:
        malformed = [store.Aside(row.raw, row.reason) for row in page.malformed]
        if not agreeing:
            copies, asides = self._read_copies(page.rows, opened_at)
            return copies, [*malformed, *asides]
        copies, asides = [], []
        for row in page.rows:
            if _is_behind(stored.get(int(row["id"])), row, opened_at):
                copy, aside = self._read_single(row["id"])
                copies += copy
                asides += aside
        return copies, [*malformed, *asides]

    def _read_copies(self, rows: Iterable[Any], seen_at: datetime) -> tuple[list[Copy], list[store.Aside]]:
        return store.read_copies(rows, fields=self.fields, seen_at=seen_at, source=Record.Source.LIST)

    def _read_single(self, bigin_id: str) -> tuple[list[Copy], list[store.Aside]]:
        try:
            row, seen_at = self.client.fetch_record(self.module, bigin_id)
        except RecordNotFoundError:
            return [], []  # deleted meanwhile: the deleted log tells
        return store.read_copies([row], fields=self.fields, seen_at=seen_at, source=Record.Source.SINGLE)

    def _is_settled(self, *, agreeing: bool) -> bool:
        """After the last page: True when the walk was quiet and is closed, False when the ids are to be compared."""
        position = self.progress.page_tokens
        opened_at = self.progress.opened_at or clock.now()
        watermark = self.progress.records_watermark if agreeing else opened_at
        many_pages = position["pages"] > 1
        if many_pages and not agreeing:
            self._read_pages_since(opened_at, resumable=False)
        moved = self._apply_deletions(since=opened_at)
        differs = many_pages and not agreeing and self._count_differs()
        quiet = not (many_pages and (moved or differs))
        rounds = position.get("rounds", 0)
        if not quiet and rounds < QUIET_PASSES_AT_MOST:
            self._move(records_watermark=watermark)
            self._begin(Phase.AGREE, AGREE_FIELDS, rounds=rounds + 1, ordered=position["ordered"])
            return False
        if quiet:
            self._settle_missing(opened_at)
        else:
            self.incomplete_reason = (
                f"Records of {self.module} were deleted all the while it was read, so what it lacks could not be told; "
                "the next full walk looks again."
            )
        self._close_walk(watermark)
        return True

    def _close_walk(self, watermark: datetime | None) -> None:
        self._move(
            phase=Phase.IDLE,
            page_tokens={},
            missing_ids=[],
            opened_at=None,
            records_watermark=watermark,
            last_full_at=clock.now(),
            full_requested=False,
            incomplete_reason=self.incomplete_reason,
        )

    def _end_walk_at_the_wall(self, error: PaginationLimitError) -> None:
        """Beyond 100,000 records there are no pages: keep what was read, follow what changes, say what is missing."""
        read = self.progress.page_tokens["rows"]
        self.incomplete_reason = (
            f"{self.module} has more records than a walk by pages can reach: the {read:,} with the lowest ids and all "
            "that change from now on are mirrored; the others need bulk read, which this version does not have."
        )
        opened_at = self.progress.opened_at
        self._apply_deletions(since=opened_at)
        self._close_walk(opened_at)
        self.result.error = self.incomplete_reason

    def _count_differs(self) -> bool:
        theirs = self.client.count(self.module)
        return theirs is not None and theirs != self._live_records().count()

    def _settle_missing(self, opened_at: datetime) -> None:
        """Turn what a quiet walk missed into tombstones, unless it is suspiciously much."""
        if self.progress.page_tokens["ordered"]:
            # Found as gaps between rising ids. What was read after the walk opened is not missing, of course.
            unseen = self._live_records().filter(bigin_id__in=self.progress.missing_ids, seen_at__lte=opened_at)
        else:
            unseen = self._live_records().filter(seen_at__lt=opened_at)
        missing = list(unseen.values_list("bigin_id", flat=True))
        if not missing:
            return
        if self.progress.page_tokens["malformed"]:
            self.incomplete_reason = (
                f"Bigin sent records of {self.module} without a usable id (see Set aside rows), so it cannot be told "
                f"whether the {len(missing):,} that did not come are deleted or among them; none was marked as deleted."
            )
            return
        live = self._live_records().count()
        came_back_empty = self.progress.page_tokens["rows"] == 0 and self.client.count(self.module) != 0
        too_many = len(missing) > max(MISSING_FLOOR, settings.BIGIN_MISSING_SHARE * live)
        if (too_many or came_back_empty) and not self.accept_missing:
            self.incomplete_reason = (
                f"A walk through {self.module} missed {len(missing):,} of {live:,} records, which is suspicious, so "
                "none was marked as deleted. If they are really gone from Bigin, run "
                f"`manage.py bigin_sync --full --accept-missing --module {self.module}`."
            )
            self.result.error = self.incomplete_reason
            return
        for start in range(0, len(missing), 500):
            batch = dict.fromkeys(missing[start : start + 500], opened_at)
            self._count(store.save_deletions(self.progress, self.lease_id, batch, anyway=True))

    # Deltas

    def _read_changes(self) -> None:
        watermark = self.progress.records_watermark
        assert watermark is not None  # noqa: S101  # a module without one is walked whole
        since = watermark - settings.delta_overlap
        try:
            opened_at = self._read_quietly_since(since)
        except PaginationLimitError:
            self._walk_whole()  # more has changed than pages can tell
            return
        due = self.with_deletions or self.progress.deletions_requested
        if due or self.progress.deltas_since_deletions >= DELTAS_BETWEEN_DELETION_PASSES:
            self._apply_deletions()
            if self.module not in BIGIN.deleted_log_modules and self._count_differs():
                self._move(records_watermark=opened_at)
                self._walk_whole()
                return
            deltas = 0
        else:
            deltas = self.progress.deltas_since_deletions + 1
        self.closing = {"records_watermark": opened_at, "deltas_since_deletions": deltas}

    def _read_quietly_since(self, since: datetime) -> datetime:
        """Read what changed, again where deletions moved the pages meanwhile; gives the last opening's `Date`."""
        for _ in range(QUIET_PASSES_AT_MOST):
            pages, opened_at = self._read_pages_since(since, resumable=True)
            if pages == 1 or not self._apply_deletions(since=opened_at):
                break
        return opened_at

    def _read_pages_since(self, since: datetime, *, resumable: bool) -> tuple[int, datetime]:
        """Read what changed since a moment, newest first; gives the number of pages and the opening answer's `Date`.

        Args:
            resumable: store the position with every page. Not inside a walk, whose position stands there.
        """
        chunks = plan.chunks(self.fields)
        reader = PageReader(self.client, self.module, chunks, sort_by="Modified_Time", sort_order="desc")
        position, opened_at = start_position(len(chunks)), None
        if resumable and self.progress.phase == Phase.DELTA:
            position, opened_at = self.progress.page_tokens, self.progress.opened_at
        while True:
            try:
                page = reader.read(position)
            except PageTokenError:
                if self.restarted:
                    raise
                self.restarted = True
                position, opened_at = start_position(len(chunks)), None
                continue
            position, opened_at = page.position, opened_at or page.answered_at
            rows, reached = self._newer_rows(page, since)
            over = position["finished"] or reached
            copies, asides = self._read_copies(rows, opened_at)
            asides += [store.Aside(row.raw, row.reason) for row in page.malformed]
            moves: dict[str, Any] = {}
            if resumable and not over:
                moves = {"phase": Phase.DELTA, "page_tokens": position, "opened_at": opened_at}
            elif resumable and self.progress.phase == Phase.DELTA:
                moves = {"phase": Phase.IDLE, "page_tokens": {}, "opened_at": None}
            if copies or asides or moves:
                self._count(store.save_page(self.progress, self.lease_id, copies, asides=asides, **moves))
            if over:
                return position["pages"], opened_at
            self._after_page("changes", position["pages"], may_end=resumable)

    def _newer_rows(self, page: MergedPage, since: datetime) -> tuple[list[dict[str, Any]], bool]:
        """The rows that may have changed, and whether the pages after this one hold none."""
        if not is_newest_first(page):
            return page.rows, False
        newer = [row for row in page.rows if (read_moment(row.get("Modified_Time")) or BEGINNING) >= since]
        return newer, len(newer) < len(page.rows)

    # Deletions

    def _apply_deletions(self, *, since: datetime | None = None) -> int:
        """Tombstone what the deleted log names; gives how many of its entries are at or after `since`.

        The order of the log is not documented, so it is read to its end unless it is seen to be newest first.
        """
        if self.module not in BIGIN.deleted_log_modules:
            return 0
        from_moment = self.progress.deletions_watermark or since or self.progress.records_watermark or BEGINNING
        if from_moment > BEGINNING:
            from_moment -= settings.delta_overlap
        moved, read_from, last = 0, None, None
        newest_first = True
        try:
            for page in self.client.iter_deleted_pages(self.module):
                read_from = read_from or page.answered_at
                moments = _deletions_of(page)
                order = [last, *moments.values()] if last else list(moments.values())
                newest_first = newest_first and all(a >= b for a, b in pairwise(order))
                last = order[-1] if order else last
                moved += sum(1 for moment in moments.values() if since and moment >= since)
                recent = {bigin_id: moment for bigin_id, moment in moments.items() if moment >= from_moment}
                self._tombstone(recent)
                if newest_first and last and last < from_moment:
                    break
        except PaginationLimitError:
            # The log is longer than its pages reach. What they did not show, a full walk finds.
            self._move(full_requested=True)
        except ModuleNotAvailableError as error:
            if error.status != 404:
                raise
            return 0  # this Bigin has no deleted log: the walks find what is gone
        if read_from is not None:
            self._move(deletions_watermark=read_from, deletions_requested=False)
        return moved

    def _tombstone(self, deleted: dict[int, datetime]) -> None:
        if not deleted:
            return
        changes = store.save_deletions(self.progress, self.lease_id, deleted)
        self._count(changes)
        if self.module == "Accounts" and changes.deleted:
            # Contacts go with their company, and are in the log of their own module.
            ModuleSync.objects.filter(connection_id=self.progress.connection_id, module="Contacts").update(
                deletions_requested=True, next_run_at=clock.now()
            )

    # Users

    def _read_users(self) -> None:
        """Read all users: they are few, and have neither deltas nor a deleted log."""
        opened_at, pages, rows, malformed = None, 0, 0, False
        for page in self.client.iter_user_pages():
            opened_at = opened_at or page.answered_at
            pages, rows, malformed = pages + 1, rows + len(page.records), malformed or bool(page.malformed)
            copies, asides = self._read_copies(page.records, opened_at)
            asides += [store.Aside(row.raw, row.reason) for row in page.malformed]
            ids = [copy.bigin_id for copy in copies]
            changes = store.save_page(
                self.progress, self.lease_id, copies, asides=asides, touched=ids, touched_at=opened_at
            )
            self._count(changes)
            self._after_page("walk", pages, may_end=False)
        if opened_at is not None:
            position = start_position(1, ordered=False, rows=rows, malformed=malformed)
            self._move(page_tokens=position, opened_at=opened_at)
            self._settle_missing(opened_at)
            self._close_walk(opened_at)

    # Small things

    def _live_records(self) -> Any:
        return store.records_of(self.progress).filter(deleted_at=None)

    def _move(self, **changes: Any) -> None:
        lease.move(self.progress, self.lease_id, **changes)

    def _count(self, changes: store.Changes) -> None:
        result = self.result
        result.created += len(changes.created)
        result.updated += len(changes.updated)
        result.deleted += len(changes.deleted)
        result.unchanged += changes.unchanged
        result.set_aside += changes.set_aside

    def _after_page(self, phase: str, page: int, *, may_end: bool = True) -> None:
        reset_queries()  # with DEBUG on, Django would keep the text of every page's statements
        self.meter.flush_if_due()
        if self.on_progress:
            stored = self.result.changed + self.result.unchanged
            self.on_progress(Progress(module=self.module, phase=phase, page=page, stored=stored))
        if may_end and self.give_up_at is not None and time.monotonic() >= self.give_up_at:
            raise SliceEnded


def interval(progress: ModuleSync) -> timedelta:
    """How long until the module is due again."""
    seconds = progress.interval_seconds or settings.BIGIN_SYNC_INTERVAL_SECONDS
    if progress.module == plan.USERS:
        return settings.metadata_interval
    return timedelta(seconds=seconds or (300 if progress.connection.org_paid else 900))


def _live(stored: dict[int, StoredCopy]) -> set[int]:
    return {copy.bigin_id for copy in stored.values() if copy.deleted_at is None}


def _is_behind(stored: StoredCopy | None, row: Any, opened_at: datetime) -> bool:
    """Whether Bigin has something that the mirror lacks: a record, its return, or a newer state of it."""
    if stored is None:
        return True
    if stored.deleted_at is not None:
        return stored.deleted_at < opened_at
    return (read_moment(row.get("Modified_Time")) or BEGINNING) > (stored.modified_at or BEGINNING)


def _deletions_of(page: Page) -> dict[int, datetime]:
    """The deletions on one page of the log; without a readable time, the answer's own stands in."""
    return {
        int(identity): read_moment(row.get("deleted_time")) or page.answered_at
        for row in page.records
        if (identity := read_id(row.get("id")))
    }

"""One run over one module: a full walk, a comparison of ids, or a delta, and the deletions.

The order of things carries the promise. A walk is opened by one answer, whose `Date` is the watermark that is set once
every page is stored. Deletions shift pages, so a walk during which the deleted log moved, or whose number of records
is not Bigin's, is followed by a pass over the ids until a pass is quiet. Only then is what the walk missed taken for
deleted, and only below the guard.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.db import reset_queries

from .. import clock
from ..api.answers import Order, Page
from ..api.client import Client
from ..api.values import read_moment
from ..conf import settings
from ..credits.ledger import Meter
from ..exceptions import (
    ModuleNotAvailableError,
    PageTokenError,
    PaginationLimitError,
    RecordNotFoundError,
    SyncError,
)
from ..models import ModuleSync, Record
from . import lease, schema, store
from .copies import BEGINNING, Copy, StoredCopy
from .options import Options
from .pages import MergedPage, PageReader, Position, continues_rising, is_newest_first, is_of, start_position
from .results import ModuleResult, Progress

Phase = ModuleSync.Phase

DELTAS_BETWEEN_DELETION_PASSES = 3  # the deleted log is read with every fourth delta
QUIET_PASSES_AT_MOST = 3
MISSING_FLOOR = 50  # fewer absences than this pass the guard, whatever their share
ASKED_ONE_BY_ONE = 100  # absences; where there are more, a second pass over the ids is cheaper
LEASE_KEPT_EVERY_SECONDS = 30.0
AGREE_FIELDS = [["Modified_Time"]]  # `id` comes by itself, and cannot be asked for alone


class SliceEnded(Exception):
    """The time of this run is up; the progress says where to go on."""


@dataclass
class DeltaPass:
    """One pass over what changed.

    Attributes:
        pages: how many it took.
        opened_at: Bigin's `Date` of its first answer.
        rounds: how many passes came before it.
        late: it found what a pass before should have found, so the pages had moved under that one.
    """

    pages: int
    opened_at: datetime
    rounds: int
    late: bool


class ModuleRun:
    """Works on one module under a lease that the caller has claimed."""

    def __init__(
        self,
        progress: ModuleSync,
        client: Client,
        lease_id: str,
        *,
        meter: Meter,
        result: ModuleResult,
        options: Options,
        give_up_at: float | None,
    ) -> None:
        self.progress = progress
        self.module = progress.module
        self.product = progress.connection.description
        self.spec = progress.connection.description.module(progress.module)
        self.client = client
        self.lease_id = lease_id
        self.meter = meter
        self.result = result
        self.options = options
        self.give_up_at = give_up_at
        self.fields = schema.fields_to_mirror(progress)
        self.restarted = False
        self.incomplete_reason = ""
        self.closing: dict[str, Any] = {}
        """Columns to write together with the end of the run."""
        self._lease_kept_at = time.monotonic()
        self._began = (time.monotonic(), meter.calls, meter.credits)

    def run(self) -> None:
        """Bring the module up to date, or as far as the time allows.

        Raises:
            SliceEnded: the time is up.
            BiginError: it could not be done; what was stored stays.
        """
        if self.spec.read_whole:
            self._read_users()
        elif self.progress.phase in (Phase.FULL, Phase.COMPARE):
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
        if self.options.full or progress.full_requested or progress.records_watermark is None:
            return True
        return progress.last_full_at is None or progress.last_full_at <= clock.now() - settings.reconcile_interval

    def _walk_whole(self) -> None:
        if self.progress.records_watermark is not None:
            # First, so that a record deleted and restored since the last pass is lifted again by the walk.
            self._apply_deletions()
        # Taken back now, not at the end: a walk that is asked for meanwhile comes after this one.
        self._begin(Phase.FULL, schema.chunks(self.fields, self.product, self.spec), moves={"full_requested": False})
        self._go_on_with_walk()

    def _begin(
        self, phase: str, chunks: Sequence[Sequence[str]], *, moves: dict[str, Any] | None = None, **position: Any
    ) -> None:
        self._move(
            phase=phase,
            position=start_position(chunks, **position),
            opened_at=None,
            missing_ids=[],
            **(moves or {}),
        )

    def _reader(self, chunks: Sequence[Sequence[str]], *, order: Order) -> PageReader:
        return PageReader(
            self.client,
            self.module,
            chunks,
            order=order,
            before_call=self._keep_lease,
        )

    def _go_on_with_walk(self) -> None:
        """Walk, then compare ids for as long as the walk was not quiet, then settle what is missing."""
        while True:
            agreeing = self.progress.phase == Phase.COMPARE
            chunks = AGREE_FIELDS if agreeing else schema.chunks(self.fields, self.product, self.spec)
            try:
                self._walk_pages(chunks, agreeing=agreeing)
            except PaginationLimitError as error:
                self._end_walk_at_the_wall(error)
                return
            if self._is_settled(agreeing=agreeing):
                return

    def _walk_pages(self, chunks: Sequence[Sequence[str]], *, agreeing: bool) -> None:
        reader = self._reader(chunks, order=Order("id"))
        if not is_of(self.progress.position, chunks):
            # The fields have changed since the walk was cut off; what it has read lacks the new ones.
            self._begin(self.progress.phase, chunks)
        while not self.progress.position.get("finished"):
            position = self.progress.position
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
        self._begin(self.progress.phase, chunks, rounds=self.progress.position.get("rounds", 0))

    def _store_walk_page(self, page: MergedPage, before: Position, *, agreeing: bool) -> None:
        opened_at = self.progress.opened_at or page.answered_at
        ordered = page.position["ordered"]
        if ordered:
            upto = None if page.position["finished"] else page.position["last_id"]
            stored = store.stored_between(self.progress, before["last_id"], upto)
        else:
            stored = store.stored_copies(self.progress, page.ids)
        copies, asides = self._copies_of(page, stored, opened_at, agreeing=agreeing)
        moves: dict[str, Any] = {"position": page.position, "opened_at": opened_at}
        if self.progress.deletions_watermark is None:
            # A first walk that has to start again must still apply what was deleted since it began.
            moves["deletions_watermark"] = opened_at
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
        return store.read_copies(rows, spec=self.spec, fields=self.fields, seen_at=seen_at, source=Record.Source.LIST)

    def _read_single(self, record_id: str) -> tuple[list[Copy], list[store.Aside]]:
        self._keep_lease()
        try:
            row, seen_at = self.client.records.fetch_record(self.module, record_id)
        except RecordNotFoundError:
            return [], []  # deleted meanwhile: the deleted log tells
        source = Record.Source.SINGLE
        return store.read_copies([row], spec=self.spec, fields=self.fields, seen_at=seen_at, source=source)

    def _is_settled(self, *, agreeing: bool) -> bool:
        """After the last page: True when the walk was quiet and is closed, False when the ids are to be compared."""
        position = self.progress.position
        opened_at = self.progress.opened_at or clock.now()
        watermark = self.progress.records_watermark if agreeing else opened_at
        quiet = True
        if position["pages"] > 1:
            quiet = self._pages_stood_still(opened_at, agreeing=agreeing)
        else:
            self._apply_deletions(since=opened_at)
        rounds = position.get("rounds", 0)
        if not quiet and rounds < QUIET_PASSES_AT_MOST:
            self._move(records_watermark=watermark)
            self._begin(Phase.COMPARE, AGREE_FIELDS, rounds=rounds + 1, ordered=position["ordered"])
            return False
        if quiet:
            self._settle_missing(opened_at)
            self._compare_count()
        else:
            self.incomplete_reason = (
                f"Records of {self.module} were deleted all the while it was read, so what it lacks could not be told; "
                "the next full walk looks again."
            )
        self._close_walk(watermark)
        return True

    def _compare_count(self) -> None:
        """Give up on the count where it never agrees: each delta would walk the whole module for nothing."""
        if not self.spec.has_deleted_log and not self.incomplete_reason and self._count_differs():
            self.incomplete_reason = (
                f"Bigin counts another number of {self.module} than it lists, so deletions are not seen by the count: "
                "the next full walk finds them."
            )

    def _tells_deletions_by_count(self) -> bool:
        return not self.spec.has_deleted_log and not self.progress.incomplete_reason

    def _pages_stood_still(self, opened_at: datetime, *, agreeing: bool) -> bool:
        """Whether nothing shifted the pages of a walk, so that what it did not show is not there."""
        moved_before = False
        if not agreeing:
            try:
                self._read_pages_since(self._known_until(opened_at), resumable=False)
            except PaginationLimitError:
                moved_before = True  # too much has changed to be told; the pass over the ids tells it
        moved = moved_before or bool(self._apply_deletions(since=opened_at))
        missing = self._missing(opened_at)
        if 0 < len(missing) <= ASKED_ONE_BY_ONE:
            there = self._ask_for_each(missing, opened_at)
            missing = [record_id for record_id in missing if record_id not in there]
            return not moved and not there and (agreeing or not self._count_differs(gone=len(missing)))
        return not moved and (agreeing or (not missing and not self._count_differs()))

    def _known_until(self, opened_at: datetime) -> datetime:
        """From when on a walk's delta reads: since the last run, so that no change waits for the walk after this."""
        watermark = self.progress.records_watermark
        return opened_at if watermark is None else min(opened_at, watermark - settings.delta_overlap)

    def _ask_for_each(self, missing: Sequence[int], opened_at: datetime) -> set[int]:
        """Ask for each record that a walk missed, and store those that are there: a page that shifted hid them."""
        copies: list[Copy] = []
        asides: list[store.Aside] = []
        there = set()
        for record_id in missing:
            try:
                copy, aside = self._read_single(str(record_id))
            except ModuleNotAvailableError:
                return set()  # this Bigin gives no single records; the pass over the ids decides
            if copy or aside:
                there.add(record_id)
                copies += copy
                asides += aside
        if there:
            rest = [record_id for record_id in self.progress.missing_ids if record_id not in there]
            changes = store.save_page(
                self.progress,
                self.lease_id,
                copies,
                asides=asides,
                touched=there,
                touched_at=opened_at,
                missing_ids=rest,
            )
            self._count(changes)
        return there

    def _close_walk(self, watermark: datetime | None) -> None:
        self._move(
            phase=Phase.IDLE,
            position={},
            missing_ids=[],
            opened_at=None,
            records_watermark=watermark,
            last_full_at=clock.now(),
            incomplete_reason=self.incomplete_reason,
        )

    def _end_walk_at_the_wall(self, error: PaginationLimitError) -> None:
        """Beyond 100,000 records there are no pages: keep what was read, follow what changes, say what is missing."""
        read = self.progress.position["rows"]
        self.incomplete_reason = (
            f"{self.module} has more records than a walk by pages can reach: the {read:,} with the lowest ids and all "
            "that change from now on are mirrored; the others need bulk read, which this version does not have."
        )
        agreeing = self.progress.phase == Phase.COMPARE
        opened_at = self.progress.opened_at
        self._apply_deletions(since=opened_at)
        self._close_walk(self.progress.records_watermark if agreeing else opened_at)
        self.result.error = self.incomplete_reason

    def _count_differs(self, *, gone: int = 0) -> bool:
        """Whether Bigin counts another number of records than the mirror has, less those that are `gone`."""
        theirs = self.client.records.count(self.module)
        return theirs is not None and theirs != self._live_records().count() - gone

    def _missing(self, opened_at: datetime) -> list[int]:
        """Which records of the mirror a walk that is over has not shown."""
        if self.progress.position["ordered"]:
            # Found as gaps between rising ids. What was read after the walk opened is not missing, of course.
            unseen = self._live_records().filter(record_id__in=self.progress.missing_ids, seen_at__lte=opened_at)
        else:
            unseen = self._live_records().filter(seen_at__lt=opened_at)
        return list(unseen.values_list("record_id", flat=True))

    def _settle_missing(self, opened_at: datetime) -> None:
        """Turn what a quiet walk missed into tombstones, unless it is suspiciously much."""
        missing = self._missing(opened_at)
        if not missing:
            return
        if self.progress.position["malformed"]:
            self.incomplete_reason = (
                f"Bigin sent records of {self.module} without a usable id (see Quarantined rows), so it cannot be told "
                f"whether the {len(missing):,} that did not come are deleted or among them; none was marked as deleted."
            )
            return
        live = self._live_records().count()
        came_back_empty = self.progress.position["rows"] == 0 and self.client.records.count(self.module) != 0
        too_many = len(missing) > max(MISSING_FLOOR, settings.BIGIN_MISSING_SHARE * live)
        if (too_many or came_back_empty) and not self.options.accept_missing:
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
            # Where the pages never stood still, the next run reads all of it again.
            opened_at = self._read_quietly_since(since) or watermark
        except PaginationLimitError:
            self._walk_whole()  # more has changed than pages can tell
            return
        due = self.options.with_deletions or self.progress.deletions_requested
        if due or self.progress.deltas_since_deletions >= DELTAS_BETWEEN_DELETION_PASSES:
            self._apply_deletions()
            if self._tells_deletions_by_count() and self._count_differs():
                self._move(records_watermark=opened_at)
                self._walk_whole()
                return
            deltas = 0
        else:
            deltas = self.progress.deltas_since_deletions + 1
        self.closing = {"records_watermark": opened_at, "deltas_since_deletions": deltas}

    def _read_quietly_since(self, since: datetime) -> datetime | None:
        """Read what changed, and again until a pass finds nothing that the one before it should have found.

        A deletion shifts the pages, and a record that was deleted and restored meanwhile leaves no trace of it.

        Returns:
            Bigin's `Date` at the opening of the last pass; None where none was quiet.
        """
        rounds, before = 0, None
        while rounds < QUIET_PASSES_AT_MOST:
            done = self._read_pages_since(since, resumable=True, rounds=rounds, before=before)
            if done.pages == 1:
                return done.opened_at
            if done.rounds and not done.late and not self._apply_deletions(since=done.opened_at):
                return done.opened_at
            rounds, before = done.rounds + 1, done.opened_at
        return None

    def _read_pages_since(
        self, since: datetime, *, resumable: bool, rounds: int = 0, before: datetime | None = None
    ) -> DeltaPass:
        """Read what changed since a moment, newest first.

        Args:
            resumable: store the position with every page. Not inside a walk, whose position stands there.
            rounds: how many passes came before this one.
            before: when the last of them opened.
        """
        chunks = schema.chunks(self.fields, self.product, self.spec)
        reader = self._reader(chunks, order=Order("Modified_Time", descending=True))
        start = start_position(chunks, rounds=rounds, before=before.isoformat() if before else None, late=False)
        position, opened_at = start, None
        stored = self.progress.position
        if resumable and self.progress.phase == Phase.DELTA and is_of(stored, chunks):
            position, opened_at = stored, self.progress.opened_at
        while True:
            try:
                page = reader.read(position)
            except PageTokenError:
                if self.restarted:
                    raise
                self.restarted = True
                position, opened_at = start, None
                continue
            position, opened_at = page.position, opened_at or page.answered_at
            rows, reached = self._newer_rows(page, since)
            over = position["finished"] or reached
            copies, asides = self._read_copies(rows, opened_at)
            asides += [store.Aside(row.raw, row.reason) for row in page.malformed]
            position["late"] = position["late"] or self._are_late(copies, read_moment(position["before"]))
            moves: dict[str, Any] = {}
            if resumable and not over:
                moves = {"phase": Phase.DELTA, "position": position, "opened_at": opened_at}
            elif resumable and self.progress.phase == Phase.DELTA:
                moves = {"phase": Phase.IDLE, "position": {}, "opened_at": None}
            if copies or asides or moves:
                self._count(store.save_page(self.progress, self.lease_id, copies, asides=asides, **moves))
            if over:
                return DeltaPass(position["pages"], opened_at, position["rounds"], position["late"])
            self._after_page("changes", position["pages"], may_end=resumable)

    def _are_late(self, copies: Sequence[Copy], before: datetime | None) -> bool:
        """Whether a pass that opened at `before` should have found one of these already."""
        older = [copy for copy in copies if before and copy.modified_at and copy.modified_at < before]
        stored = store.stored_copies(self.progress, [copy.record_id for copy in older])
        return any(copy.beats(stored.get(copy.record_id)) for copy in older)

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
        if not self.spec.has_deleted_log:
            return 0
        from_moment = self.progress.deletions_watermark or since or self.progress.records_watermark or BEGINNING
        if from_moment > BEGINNING:
            from_moment -= settings.delta_overlap
        moved, read_from, first, last = 0, None, None, None
        newest_first = True
        try:
            for page in self.client.records.iter_deleted_pages(self.module):
                read_from = read_from or page.answered_at
                self._keep_lease()
                moments = _deletions_of(page)
                order = _moments_of(page)
                first = first or (order[0] if order else None)
                newest_first = newest_first and all(a >= b for a, b in pairwise([*([last] if last else []), *order]))
                last = order[-1] if order else last
                moved += sum(1 for moment in moments.values() if since and moment >= since)
                recent = {record_id: moment for record_id, moment in moments.items() if moment >= from_moment}
                self._tombstone(recent)
                # Many deletions of one second are in no order at all, so that they do not show one.
                if newest_first and first and last and last < min(first, from_moment):
                    break
        except PaginationLimitError:
            # The log is longer than its pages reach. What they did not show, a full walk finds.
            self._ask_for_a_walk()
        except ModuleNotAvailableError:
            return 0  # this Bigin has no deleted log, or shows it to nobody: the walks find what is gone
        if read_from is not None:
            self._move(deletions_watermark=read_from, deletions_requested=False)
        return moved

    def _ask_for_a_walk(self) -> None:
        """Let the next run walk the module: hourly at most, and not where a walk is what asks."""
        last = self.progress.last_full_at
        walking = self.progress.phase in (Phase.FULL, Phase.COMPARE)
        if not walking and (last is None or last <= clock.now() - settings.metadata_interval):
            self._move(full_requested=True)

    def _tombstone(self, deleted: dict[int, datetime]) -> None:
        if not deleted:
            return
        changes = store.save_deletions(self.progress, self.lease_id, deleted)
        self._count(changes)
        if self.spec.cascades_to and changes.deleted:
            theirs = ModuleSync.objects.filter(connection_id=self.progress.connection_id)
            theirs.filter(module__in=self.spec.cascades_to).update(deletions_requested=True, next_run_at=clock.now())

    # Users

    def _read_users(self) -> None:
        """Read all users: they are few, and have neither deltas nor a deleted log."""
        opened_at, pages, rows, malformed = None, 0, 0, False
        for page in self.client.users.iter_pages():
            opened_at = opened_at or page.answered_at
            pages, rows, malformed = pages + 1, rows + len(page.records), malformed or bool(page.malformed)
            copies, asides = self._read_copies(page.records, opened_at)
            asides += [store.Aside(row.raw, row.reason) for row in page.malformed]
            ids = [int(row["id"]) for row in page.records]
            changes = store.save_page(
                self.progress, self.lease_id, copies, asides=asides, touched=ids, touched_at=opened_at
            )
            self._count(changes)
            self._after_page("walk", pages, may_end=False)
        if opened_at is not None:
            position = start_position([self.fields], ordered=False, rows=rows, malformed=malformed)
            self._move(position=position, opened_at=opened_at, full_requested=False)
            self._settle_missing(opened_at)
            self._close_walk(opened_at)

    # Small things

    def _live_records(self) -> Any:
        return store.records_of(self.progress).filter(deleted_at=None)

    def _move(self, **changes: Any) -> None:
        lease.move(self.progress, self.lease_id, **changes)

    def _keep_lease(self) -> None:
        """Prolong the lease while much is read between two pages that are stored."""
        if time.monotonic() - self._lease_kept_at >= LEASE_KEPT_EVERY_SECONDS:
            self._move()
            self._lease_kept_at = time.monotonic()

    def _count(self, changes: store.Changes) -> None:
        result = self.result
        result.created += len(changes.created)
        result.updated += len(changes.updated)
        result.deleted += len(changes.deleted)
        result.unchanged += changes.unchanged
        result.quarantined += changes.quarantined

    def _after_page(self, phase: str, page: int, *, may_end: bool = True) -> None:
        self._lease_kept_at = time.monotonic()
        reset_queries()  # with DEBUG on, Django would keep the text of every page's statements
        self.meter.flush_if_due()
        if self.options.on_progress:
            stored = self.result.changed + self.result.unchanged
            self.options.on_progress(Progress(module=self.module, phase=phase, page=page, stored=stored))
        if may_end and self.give_up_at is not None and time.monotonic() >= self.give_up_at:
            raise SliceEnded


def interval(progress: ModuleSync) -> timedelta:
    """How long until the module is due again."""
    seconds = progress.interval_seconds or settings.BIGIN_SYNC_INTERVAL_SECONDS
    if progress.connection.description.module(progress.module).metadata_paced:
        return settings.metadata_interval
    return timedelta(seconds=seconds or (300 if progress.connection.org_paid else 900))


def _live(stored: dict[int, StoredCopy]) -> set[int]:
    return {copy.record_id for copy in stored.values() if copy.deleted_at is None}


def _is_behind(stored: StoredCopy | None, row: Any, opened_at: datetime) -> bool:
    """Whether Bigin has something that the mirror lacks: a record, its return, or a newer state of it."""
    if stored is None:
        return True
    if stored.deleted_at is not None:
        return stored.deleted_at <= opened_at
    return (read_moment(row.get("Modified_Time")) or BEGINNING) > (stored.modified_at or BEGINNING)


def _moments_of(page: Page) -> list[datetime]:
    """When the records on one page of the log were deleted; without a readable time, the answer's own stands in."""
    return [read_moment(row.get("deleted_time")) or page.answered_at for row in page.records]


def _deletions_of(page: Page) -> dict[int, datetime]:
    """The last deletion of each record on one page of the log."""
    deletions: dict[int, datetime] = {}
    for row, moment in zip(page.records, _moments_of(page), strict=True):
        record_id = int(row["id"])
        deletions[record_id] = max(moment, deletions.get(record_id, moment))
    return deletions

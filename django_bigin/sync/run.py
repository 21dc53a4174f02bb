"""One run over one module: its row under a lease, its client, its meter and its deadline.

Each commit shows that the run still holds the lease, and that the connection is still at work: a pause or a disconnect
stops a sync between two commits. One transaction stores a page, or several of a scan, writes the progress and checks
the lease, so that a process killed anywhere leaves the mirror at a page's edge.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any, TypedDict, TypeVar, Unpack

from django.db import DataError, IntegrityError, reset_queries
from django.db.models import F, Q

from .. import clock
from ..api.calls import Call
from ..api.walks import Position
from ..connections import states
from ..db import leases
from ..db.aliases import atomic, written
from ..db.causes import tried_again
from ..exceptions import LeaseLostError, SyncError
from ..installation import not_foreign
from ..models import Connection, ModuleSync, Record
from ..text import sentence as _
from . import store, wanted
from .copies import Batch, RowReader, StoredCopy
from .quarantine import Quarantine
from .results import ModuleResult, Progress
from .session import Session

LEASE_SECONDS = 120  # longer than the calls and the storing of one page
LEASE_KEPT_EVERY_SECONDS = 30.0
TOO_LARGE = _("The row is larger than the database takes at once: raise its max_allowed_packet.")

T = TypeVar("T")


class Outcome(Enum):
    """The outcome of a strategy: it is done, the time was up, or another strategy is needed."""

    DONE = "done"
    TIME_UP = "time is up"
    FULL_NEEDED = "full sync needed"
    COMPARE_NEEDED = "comparison needed"
    BULK_NEEDED = "bulk read needed"
    WAITING = "waiting for a bulk read"


class Columns(TypedDict, total=False):
    """The columns of its `ModuleSync` that a run writes while it holds the lease."""

    phase: str
    position: Position | None
    missing_ids: list[int]
    bulk_job: dict[str, Any]
    read_fields: str
    records_watermark: datetime | None
    deletions_watermark: datetime
    full_requested: bool
    deletions_requested: bool
    deltas_since_deletions: int
    incomplete_reason: str
    last_full_at: datetime
    tries: int


class Ending(Columns, total=False):
    """The columns that are written together with the end of a run."""

    last_success_at: datetime
    last_error: str
    last_error_at: datetime
    failure_count: int
    next_run_at: datetime
    unavailable_reason: str


def claim(module_sync_id: int) -> str | None:
    """Claim the lease on a module; None where another process works on it."""
    return leases.claim(written(ModuleSync).filter(pk=module_sync_id), LEASE_SECONDS)


def claim_due(module_sync_id: int) -> str | None:
    """Claim the lease on a module if it is due, and may be worked on by this installation; in one statement, unread."""
    due = Q(next_run_at=None) | Q(next_run_at__lte=clock.now())
    syncable = Connection.objects.filter(status__in=states.SYNCABLE)
    row = written(ModuleSync).filter(due, not_foreign(), pk=module_sync_id, enabled=True, unavailable_reason="")
    # Counted with the claim: a run that kills its worker has no other chance to be counted.
    return leases.claim(row.filter(connection__in=syncable), LEASE_SECONDS, tries=F("tries") + 1)


class Run:
    """Work on one module under a lease that was claimed for it.

    Attributes:
        row: the module's `ModuleSync`; nobody else writes it.
        wanted: what is read of the module's records.
        position: where the walk goes on that an earlier run was in the midst of; None where there is none.
        resumed: an earlier run has begun what this one finishes.
        client: for what `send` does not do.
        has_end: it is to stop after some time, and is done again then.
        meter: counts its calls, and knows their priority.
        quarantine: the module's rows that could not be stored.
    """

    def __init__(self, row: ModuleSync, lease_id: str, session: Session) -> None:
        self.row = row
        self.module = row.module
        self.product = row.connection.description
        self.wanted = wanted.wanted_of(row)
        self.spec = self.wanted.spec
        self.options = session.options
        self.result = ModuleResult(row.module)
        self.reader = RowReader(self.spec, self.wanted.fields)
        self.parts = wanted.parts(self.reader.fields, self.product, self.spec)
        self.position = Position.from_json(row.position)
        self.resumed = row.phase != ModuleSync.Phase.IDLE
        self._at_end: Columns = {}
        self.client = session.client
        self.has_end = session.ends_at is not None
        self._lease_id = lease_id
        self.meter = session.meter
        self._ends_at = session.ends_at
        self.quarantine = Quarantine(row)
        self._restarted = False
        self._lease_kept_at = time.monotonic()
        self._began = (time.monotonic(), session.meter.calls, session.meter.credits)

    def send(self, call: Call[T], /) -> T:
        """Make a call; prolong the lease while much is read between two pages that are stored."""
        if time.monotonic() - self._lease_kept_at >= LEASE_KEPT_EVERY_SECONDS:
            self.save_progress()
            self._lease_kept_at = time.monotonic()
        return self.client.send(call)

    def save_progress(self, **columns: Unpack[Columns]) -> None:
        """Write progress and prolong the lease.

        Raises:
            LeaseLostError: another process works on the module.
            AuthorizationError: the connection was paused or disconnected meanwhile.
        """
        tried_again(ModuleSync, lambda: self._write(columns))
        self._take_over(columns)

    def save_page(
        self,
        batch: Batch,
        *,
        stored: Mapping[int, StoredCopy] | None = None,
        seen: store.Seen | None = None,
        **columns: Unpack[Columns],
    ) -> None:
        """Store the copies that win, and the progress with them.

        Args:
            stored: what is stored of them, where the caller has looked already.

        Raises: as `save_progress`, and nothing was stored then.
        """
        batch = batch.without(store.too_large_copies(batch.copies), TOO_LARGE)
        try:
            changes = tried_again(Record, lambda: self._save(batch, stored, seen, columns))
        except (DataError, IntegrityError):
            # One row that this database cannot take must not keep the others out.
            rest = batch.without(store.refused_copies(self.row, batch.copies))
            changes = tried_again(Record, lambda: self._save(rest, None, seen, columns))
        self._take_over(columns)
        changes.add_to(self.result)

    def save_deletions(self, deleted: Mapping[int, datetime], *, anyway: bool = False) -> store.Changes:
        """Turn records into tombstones; see `store.write_deletions`. Raises as `save_page`."""

        def save() -> store.Changes:
            with atomic(Record):
                self._write({})
                changes = store.write_deletions(self.row, deleted, anyway=anyway)
                self.quarantine.forget_deleted(deleted)
                store.announce(self.row, changes)
            return changes

        changes = tried_again(Record, save)
        changes.add_to(self.result)
        return changes

    def note_page(self, phase: str, page: int) -> None:
        """Tell that a page is stored, and look after what is done once a page."""
        self._lease_kept_at = time.monotonic()
        reset_queries()  # with DEBUG on, Django would keep the text of every page's statements
        if self.options.on_progress:
            stored = self.result.changed + self.result.unchanged
            self.options.on_progress(Progress(module=self.module, phase=phase, page=page, stored=stored))

    def is_over(self) -> bool:
        """Tell whether the time is up."""
        return self._ends_at is not None and time.monotonic() >= self._ends_at

    def restart(self) -> None:
        """Note that a walk starts again, since its page token was not taken; once a run it may.

        Raises:
            SyncError: the second time.
        """
        if self._restarted:
            raise SyncError(
                _(
                    "%(product)s refuses the page tokens of %(module)s again and again: tried again later.",
                    product=self.product.name,
                    module=self.module,
                )
            )
        self._restarted = True

    def write_at_end(self, **columns: Unpack[Columns]) -> None:
        """Note columns that are to be written together with the end of the run, if that is a good one."""
        self._at_end = {**self._at_end, **columns}

    def finish(self, **columns: Unpack[Ending]) -> None:
        """Release the lease at a good end. Raises as `release`."""
        ending: Ending = {**self._at_end, **columns}
        self.release(**ending)
        self.result.finished = True

    def release(self, **columns: Unpack[Ending]) -> None:
        """Give the lease back with what the run came to, and add its cost to the module's totals.

        Raises:
            LeaseLostError: another process works on the module.
        """
        self._add_up()
        totals: dict[str, Any] = {
            "tries": 0,  # it has come to an end, whichever
            "total_calls": F("total_calls") + self.result.calls,
            "total_credits": F("total_credits") + self.result.credits,
            "total_seconds": F("total_seconds") + self.result.seconds,
        }
        rows = written(ModuleSync).filter(pk=self.row.pk)
        if not leases.release(rows, self._lease_id, queued_until=None, **totals, **_values(columns)):
            raise _lost(self.module)

    def _write(self, columns: Columns) -> None:
        # In a page's transaction this comes first, so that two processes on one module queue up here instead of locking
        # each other's rows.
        kept = Connection.objects.filter(pk=self.row.connection_id, status__in=states.TOKEN_KEPT)
        rows = written(ModuleSync).filter(pk=self.row.pk, connection__in=kept)
        if not leases.extend(rows, self._lease_id, LEASE_SECONDS, **_values(columns)):
            states.require_connected(written(Connection).get(pk=self.row.connection_id))
            raise _lost(self.module)

    def _save(
        self,
        batch: Batch,
        stored: Mapping[int, StoredCopy] | None,
        seen: store.Seen | None,
        columns: Columns,
    ) -> store.Changes:
        with atomic(Record):
            self._write({**columns, "tries": 0})  # it gets on
            changes = store.write_copies(self.row, batch.copies, stored)
            if seen is not None:
                store.mark_seen(self.row, seen)
            self.quarantine.keep(batch.unstorable)
            self.quarantine.forget(copy.record_id for copy in batch.copies)
            store.announce(self.row, changes)
        changes.quarantined = len(batch.unstorable)
        return changes

    def _take_over(self, columns: Columns) -> None:
        """Let the row in memory follow what was written."""
        if "position" in columns:
            self.position = columns["position"]
        for name, value in _values(columns).items():
            setattr(self.row, name, value)

    def _add_up(self) -> None:
        seconds, calls, credits = self._began
        self.result.seconds = round(time.monotonic() - seconds, 3)
        self.result.calls = self.meter.calls - calls
        self.result.credits = self.meter.credits - credits


def _lost(module: str) -> LeaseLostError:
    return LeaseLostError(_("Another process took over the sync of %(module)s; nothing is lost.", module=module))


def _values(columns: Columns | Ending) -> dict[str, Any]:
    """Return the values of the model's columns: a position stands in two, the second for people to look at."""
    values: dict[str, Any] = dict(columns)
    if "position" in columns:
        position = columns["position"]
        values["position"] = position.to_json() if position else {}
        values["opened_at"] = position.opened_at if position else None
    return values

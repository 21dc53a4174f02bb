"""The one table of the kinds of work. Another kind is another line here, its due rows, and its slice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet

from ..conf import settings
from ..models import Connection, Job, ModuleSync
from . import due, slices

REFRESH, METADATA, SYNC, JOB = "bigin.refresh", "bigin.metadata", "bigin.sync", "bigin.job"
REVOKE = "bigin.revoke"


@dataclass(frozen=True)
class Kind:
    """A kind of work.

    Attributes:
        name: of its task and in its messages, which carry the id of a row and no more.
        label: for people, in the plural.
        model: what its rows are.
        due: gives the rows that are due, the most urgent first.
        column: until when a row is reserved: one for each kind of work, so that none waits for another.
        queue_setting: names the queue of the workers that do it. There are two: a refresh must not wait behind a load.
        slice: does a part of the work on a row, by its id.
        tries: the column that counts tries which were begun and not ended, as of a killed worker; "" where the slice
            counts them in its own claim.
        at_once: how many rows may be with workers at one time; None: any number.
    """

    name: str
    label: str
    model: type[Model]
    due: Callable[[], QuerySet[Any]]
    column: str
    queue_setting: str
    slice: Callable[[int], slices.Rest | None]
    tries: str = ""
    at_once: int | None = None

    @property
    def short_name(self) -> str:
        """The name without the app's, for heartbeats."""
        return self.name.removeprefix("bigin.")

    @property
    def queue(self) -> str:
        """The queue of the workers that do it, where the site's routes name no other."""
        return str(getattr(settings, self.queue_setting))


_REFRESH_QUEUE, _SYNC_QUEUE = "BIGIN_REFRESH_QUEUE", "BIGIN_SYNC_QUEUE"

_TABLE = (
    Kind(JOB, "jobs", Job, due.jobs, "queued_until", _SYNC_QUEUE, slices.job),
    Kind(
        REFRESH, "refreshes", Connection, due.refreshes, "refresh_queued_until", _REFRESH_QUEUE, slices.refresh,
        tries="refresh_tries",
    ),
    Kind(
        METADATA, "metadata", Connection, due.metadata, "metadata_queued_until", _SYNC_QUEUE, slices.metadata,
        tries="metadata_tries",
    ),
    Kind(SYNC, "modules", ModuleSync, due.modules, "queued_until", _SYNC_QUEUE, slices.sync),
    # Last, with the syncs and few at a time: an accounts server that does not answer must hold nothing else up.
    Kind(
        REVOKE, "revocations", Connection, due.revocations, "revoke_queued_until", _SYNC_QUEUE, slices.revoke,
        tries="revoke_tries", at_once=2,
    ),
)  # fmt: skip

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _TABLE}
"""Each kind of work by its name, in the order in which the tick hands it out."""

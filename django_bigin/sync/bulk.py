"""Bulk reads: a job at the product puts a whole module into one file, for far fewer credits than pages.

The job's id is stored before anything else, so whoever comes next looks at it; between two looks nobody waits. Its file
is stored row by row by the run, as pages are. What it left out, or has shown an older state of, is found afterwards:
by what changed since the job began, and by a comparison of the ids where the product counts another number.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from .. import clock
from ..api import records
from ..api.answers import BulkJob, BulkState
from ..api.products.product import BulkReads
from ..api.scopes import grants
from ..api.values import Json, read_moment
from ..conf import settings
from ..db.aliases import written
from ..db.limits import parts_of
from ..exceptions import PaginationLimitError, RequestError, ResponseError, ScopeError
from ..models import ModuleSchema, ModuleSync, Record
from . import cells, changes, deletions, missing, scan, store, wanted
from .copies import Row, not_after
from .run import Outcome, Run

Phase = ModuleSync.Phase

LOOKS_AFTER = (20, 60, 120)  # seconds; the last again and again, each look a credit
LOST_AFTER = timedelta(hours=1)
WAITS_SECONDS = 20.0  # at a time, well below the lease
REFUSED_FOR = timedelta(days=1)  # so long it is not asked for again
LOOKS = 4  # about, of a job that lasts five minutes
ROWS_AT_ONCE = 2_000
NAMES_AWAITED_SECONDS, NAMES_AWAITED_AT_MOST = 30, 60  # half an hour in all


def offered(row: ModuleSync) -> BulkReads | None:
    """Return the product's bulk reads, where a module can be loaded so; None where not."""
    product = row.connection.description
    spec = product.module(row.module)
    refused_at = read_moment(row.bulk_job.get("refused_at"))
    if (
        not settings.BIGIN_BULK_READ
        or product.bulk is None
        or (refused_at is not None and clock.now() - refused_at < REFUSED_FOR)
    ):
        return None
    granted = not row.connection.scopes or grants(row.connection.scopes, product.scope(product.bulk.scope_name))
    readable = cells.can_be_read(_fields(row))  # before its fields are known, nothing speaks against it
    return product.bulk if granted and readable and product.bulk.offers(spec) else None


def costs(row: ModuleSync, known: int) -> int | None:
    """Return the credits of reading so many records in bulk; None where that is not offered."""
    reads = offered(row)
    if reads is None:
        return None
    price = row.connection.description.credits.call
    return max(1, math.ceil(known / reads.rows_per_job)) * (reads.credits + (LOOKS + 1) * price)


def is_chosen(row: ModuleSync, known: int, *, parts: int) -> bool:
    """Tell whether so many records are read in bulk: a first load where that is cheaper, any where pages end before."""
    limits, price = row.connection.description.limits, row.connection.description.credits.call
    in_bulk = costs(row, known)
    if in_bulk is None:
        return False
    if limits.reachable is not None and known > limits.reachable:
        return True
    # A full sync by pages shows what is gone as well, so only a first load goes by the price.
    return row.last_full_at is None and in_bulk < math.ceil(known / limits.page_size) * parts * price


def is_needed(run: Run) -> bool:
    """Tell whether a full sync that begins now can go in bulk alone, since pages end before."""
    if run.row.last_full_at is None or offered(run.row) is None:
        return False
    return is_chosen(run.row, store.live_records_of(run.row).count(), parts=len(run.parts))


def may_load(run: Run) -> bool:
    """Tell whether a first load could go in bulk, if that is cheaper."""
    return run.row.last_full_at is None and offered(run.row) is not None


def is_cheaper(run: Run) -> bool:
    """Tell whether a first load in bulk takes fewer credits than one by pages; the product is asked for the number."""
    known = run.send(records.count(run.product, run.module)) or 0
    return is_chosen(run.row, known, parts=len(run.parts))


def looked_at_next(row: ModuleSync) -> datetime | None:
    """Return when the job in progress is looked at the next time."""
    return read_moment(row.bulk_job.get("next_look_at"))


def read(run: Run) -> Outcome:
    """Load a module in bulk, or go on with that."""
    reads = run.product.bulk
    if reads is None or not _fields(run.row):
        return _refused(run, "no schema")
    while True:
        job = run.row.bulk_job
        if not job.get("id") and run.has_end and _are_names_on_their_way(run):
            _await_names(run)
            return Outcome.WAITING
        if run.row.phase != Phase.BULK or not job.get("id"):
            if refused := _begin(run, reads, page=1):
                return _refused(run, refused)
            continue
        found = _look(run, reads)
        if found is None:
            if run.has_end:
                return Outcome.WAITING
            _wait(run)
        elif found.state is BulkState.FAILED:
            return _refused(run, found.state.value)
        elif (stored := _store_file(run, reads, found)) is None:
            return _refused(run, "unreadable file")
        elif not stored:
            return Outcome.TIME_UP
        elif found.more:
            if refused := _begin(run, reads, page=job["page"] + 1, token=found.token, opened_at=job["opened_at"]):
                return _refused(run, refused)
        else:
            return _close(run)


def _are_names_on_their_way(run: Run) -> bool:
    """Tell whether records that others link to are being loaded: links come without names, and ours stand in."""
    before = written(ModuleSync).filter(connection_id=run.row.connection_id, module__in=run.spec.after)
    unread = before.filter(enabled=True, unavailable_reason="", last_full_at=None, failure_count=0)
    return run.row.bulk_job.get("waited", 0) < NAMES_AWAITED_AT_MOST and unread.exists()


def _await_names(run: Run) -> None:
    next_look_at = clock.now() + timedelta(seconds=NAMES_AWAITED_SECONDS)
    waited = run.row.bulk_job.get("waited", 0) + 1
    run.save_progress(
        phase=Phase.BULK, position=None, bulk_job={"waited": waited, "next_look_at": next_look_at.isoformat()}
    )


def _begin(run: Run, reads: BulkReads, *, page: int, token: str | None = None, opened_at: str | None = None) -> str:
    """Start a job for a page, and note it; return why the product starts none, "" where it does."""
    try:
        begun = run.send(reads.create(run.product, run.spec, fields=run.reader.fields, page=page, token=token))
    except (RequestError, ScopeError) as error:
        return error.code or str(error)
    job: dict[str, Any] = {
        "id": begun.job_id,
        "page": page,
        "opened_at": opened_at or begun.answered_at.isoformat(),
        "begun_at": clock.now().isoformat(),
        "looks": 0,
        "rows_stored": 0,
    }
    opened = _moment(job["opened_at"])
    run.save_progress(
        phase=Phase.BULK,
        position=None,
        missing_ids=[],
        bulk_job=_with_next_look(job),
        full_requested=False,
        read_fields=run.wanted.digest,
        deletions_watermark=run.row.deletions_watermark or opened,
    )
    return ""


def _refused(run: Run, reason: str) -> Outcome:
    """Leave the module to its pages."""
    run.save_progress(phase=Phase.IDLE, bulk_job={"refused": reason, "refused_at": clock.now().isoformat()})
    return Outcome.FULL_NEEDED


def _look(run: Run, reads: BulkReads) -> BulkJob | None:
    """Look how far the job is; None where it is on its way, or it is not time yet."""
    job = run.row.bulk_job
    next_look_at = looked_at_next(run.row)
    if next_look_at is not None and clock.now() < next_look_at:
        return None
    try:
        found = run.send(reads.details(run.product, run.spec, job["id"]))
    except RequestError:  # its id is not known any more
        found = BulkJob(job["id"], BulkState.FAILED, clock.now())
    if found.state is not BulkState.WAITING:
        return found
    if clock.now() - _moment(job["begun_at"]) > LOST_AFTER:
        return BulkJob(job["id"], BulkState.FAILED, found.answered_at)
    run.save_progress(bulk_job=_with_next_look({**job, "looks": job["looks"] + 1}))
    return None


def _with_next_look(job: dict[str, Any]) -> dict[str, Any]:
    seconds = LOOKS_AFTER[min(job["looks"], len(LOOKS_AFTER) - 1)]
    return {**job, "next_look_at": (clock.now() + timedelta(seconds=seconds)).isoformat()}


def _wait(run: Run) -> None:
    """Wait for the next look, where nobody else comes back for it."""
    next_look_at = looked_at_next(run.row) or clock.now()
    run.note_page(Phase.BULK, 0)
    while (left := (next_look_at - clock.now()).total_seconds()) > 0:
        time.sleep(min(left, WAITS_SECONDS))
        run.save_progress()  # keeps the lease


def _store_file(run: Run, reads: BulkReads, job: BulkJob) -> bool | None:
    """Download a job's file and store its rows; return whether that is done, None where the file cannot be read.

    A file that could not be stored whole in one slice is downloaded again; what was stored is passed over.
    """
    opened = _moment(run.row.bulk_job["opened_at"])
    fields = _fields(run.row)
    linked, readers = cells.links(fields), cells.readers(fields, run.reader.fields)
    number = run.row.bulk_job["rows_stored"]
    with tempfile.TemporaryFile() as file, suppress(ResponseError):
        run.save_progress()  # the lease outlasts a download
        run.client.download(reads.result(run.product, run.spec, run.row.bulk_job["id"]), file)
        for raws in _groups(islice(cells.rows(file, readers), number, None)):
            _name_links(run, raws, linked)
            rows = [Row(int(raw["id"]), _modified(run, raw, job.answered_at), raw) for raw in raws]
            batch = run.reader.copies(rows, seen_at=opened, source=Record.Source.BULK)
            number += len(raws)
            run.save_page(batch, bulk_job={**run.row.bulk_job, "rows_stored": number})
            store.gather_statistics((number - len(raws)) // 200, number // 200)
            run.note_page(Phase.BULK, math.ceil(number / ROWS_AT_ONCE))
            if run.is_over() and number < (job.rows or 0):
                return False
        return True
    return None


def _groups(rows: Iterable[Json]) -> Iterator[tuple[Json, ...]]:
    rows = iter(rows)
    while group := tuple(islice(rows, ROWS_AT_ONCE)):
        yield group


def _modified(run: Run, raw: Mapping[str, Any], answered_at: datetime) -> datetime | None:
    return not_after(answered_at, read_moment(raw.get(run.spec.modified_field)))


def _name_links(run: Run, raws: Iterable[Json], linked: Mapping[str, bool]) -> None:
    """Give links the names that a list would show: those of our own records."""
    raws = list(raws)
    ids = {int(raw[name]["id"]) for raw in raws for name in linked if isinstance(raw.get(name), dict)}
    ours = written(Record).filter(connection_id=run.row.connection_id)
    known: dict[int, Json] = {}
    for some in parts_of(ids):
        for record_id, name, email in ours.filter(record_id__in=some).values_list("record_id", "name", "email"):
            known[record_id] = {"name": name, "email": email}
    for raw in raws:
        for name, is_person in linked.items():
            link = raw.get(name)
            if isinstance(link, dict) and (ours_of := known.get(int(link["id"]))):
                raw[name] = {**link, **ours_of} if is_person else {**link, "name": ours_of["name"]}


def _close(run: Run) -> Outcome:
    """Follow what changed since the job began, and compare the numbers."""
    opened = _moment(run.row.bulk_job["opened_at"])
    moved = False
    try:
        changes.read(run, opened - settings.delta_overlap, resumable=False)
    except PaginationLimitError:
        moved = True  # too much has changed to be told; the comparison of the ids tells it
    deletions.apply(run, since=opened)
    run.save_progress(phase=Phase.IDLE, bulk_job={}, records_watermark=opened)
    if moved or missing.count_differs(run):
        walk = scan.by_id(run, scan.compared_parts(run))
        scan.begin(run, Phase.COMPARE, walk.start(rounds=1))
        return Outcome.COMPARE_NEEDED
    scan.close(run, opened, "")
    return Outcome.DONE


def _fields(row: ModuleSync) -> list[dict[str, Any]]:
    """Return the schema of the fields that are read."""
    schema = written(ModuleSchema).filter(connection_id=row.connection_id, module=row.module).first()
    names = set(wanted.wanted_of(row).fields)
    return [each for each in schema.fields if each["name"] in names] if schema else []


def _moment(text: str) -> datetime:
    moment = read_moment(text)
    if moment is None:
        raise ValueError(f"{text[:40]!r} is no moment.")
    return moment

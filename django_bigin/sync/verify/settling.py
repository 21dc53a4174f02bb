"""The end of a verification: what changed since the last sync is settled, and what no page showed is asked for."""

from __future__ import annotations

from ...api import records
from ...conf import settings
from ...exceptions import ModuleNotAvailableError
from ...text import sentence as _
from .. import deletions, delta, missing, single, store
from . import lookup
from .comparison import Comparison
from .differences import Kind, has_contents


def settle(comparison: Comparison) -> bool:
    """Read what changed since the last sync, so that only what differs all the same is left to be asked for.

    Returns:
        Whether there is time to go on.
    """
    rest, run = comparison.rest, comparison.run
    if rest.settled:
        return True
    if run.spec.read_whole:
        # Its list holds everything and comes in one piece, so it is believed; the next sync reads what changed.
        comparison.of.changed += len(rest.changed)
        comparison.note_gone(_guarded(comparison, rest.unseen))
    else:
        _settle(comparison)
    rest.settled, rest.changed, rest.unseen, rest.seen = True, {}, [], []
    return not run.is_over() or not rest.asked


def _settle(comparison: Comparison) -> None:
    rest, run = comparison.rest, comparison.run
    if rest.changed:
        delta.look(run)
    if rest.unseen or (rest.position is not None and rest.position.pages > 1):
        deletions.apply(run)  # what was deleted meanwhile has moved the pages, and is counted no more
    asked = lookup.live_ids(run.row, rest.unseen)
    stored = lookup.rows(run.row, rest.changed)
    for record_id, digest in rest.changed.items():
        row = stored.get(record_id)
        if row is None or (row.deleted_at is None and not has_contents(row, digest)):
            asked.append(record_id)
    comparison.of.changed += len(rest.changed) + len(rest.unseen) - len(asked)
    rest.asked = _guarded(comparison, asked)


def _guarded(comparison: Comparison, absent: list[int]) -> list[int]:
    """Return records to be taken for gone, or asked for; none where they are suspiciously many."""
    module = comparison.run.module
    live = store.live_records_of(comparison.run.row).count()
    if len(absent) <= max(missing.MISSING_FLOOR, settings.BIGIN_MISSING_SHARE * live):
        return absent
    comparison.of.doubt = _(
        "%(number)s of %(total)s records of %(module)s did not come, which is suspicious: if they are really gone, "
        "run `manage.py bigin_sync --full --accept-missing --module %(module)s`.",
        number=f"{len(absent):,}",
        total=f"{live:,}",
        module=module,
    )
    return []


def ask(comparison: Comparison) -> bool:
    """Ask for each record that is left by itself; return whether that is done."""
    rest, run = comparison.rest, comparison.run
    while rest.asked:
        record_id = rest.asked[0]
        try:
            batch = single.read(run, record_id)
        except ModuleNotAvailableError:
            comparison.of.doubt = _("%(module)s gives no single records to prove what is gone.", module=run.module)
            rest.asked = []
            return True
        if batch:
            comparison.compare(batch, lookup.rows(run.row, [record_id]))
        else:
            comparison.note_gone(lookup.live_ids(run.row, [record_id]))
        del rest.asked[0]
        if run.is_over() and rest.asked:
            return False
    return True


def count(comparison: Comparison) -> None:
    """Compare the numbers: a page that moved may have hidden a record that is missing here."""
    run, of = comparison.run, comparison.of
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
            "%(product)s counts %(there)s records of %(module)s, and %(number)s were found: its pages moved meanwhile. "
            "Verify it again.",
            product=run.product.name,
            there=f"{of.there:,}",
            module=run.module,
            number=f"{expected:,}",
        )

"""Forecasts: what reading a module will cost, told before it is done. Nothing here is sent to the product."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..models import ModuleSync
from . import store, wanted
from .engine import why_not
from .quarantine import Quarantine


@dataclass(frozen=True)
class Price:
    """What a piece of work on one module will cost, about.

    Attributes:
        records: of the mirror, with the rows that it could not store.
        skipped: why nothing will be done; "" where something will.
    """

    module: str
    records: int
    calls: int
    credits: int
    skipped: str = ""


def of_verification(row: ModuleSync) -> Price:
    """Return what verifying a module costs: every page, the deleted log and the count; single records come on top."""
    known = records_known(row)
    skipped = why_not(row)
    pages, spec = pages_of(row, known), row.connection.description.module(row.module)
    beside = (not spec.read_whole) + (spec.has_deleted_log and pages > 1)
    calls = 0 if skipped else pages + beside
    return Price(row.module, known, calls, calls * row.connection.description.credits.call, skipped)


def records_known(row: ModuleSync) -> int:
    """Return how many records of a module the product has, as far as the mirror knows."""
    live = store.live_records_of(row)
    return live.count() + Quarantine(row).unmirrored(live)


def pages_of(row: ModuleSync, known: int) -> int:
    """Return how many calls list so many records, with all the fields that are wanted of them."""
    product = row.connection.description
    of = wanted.wanted_of(row)
    parts = 1 if of.spec.read_whole else len(wanted.parts(of.fields, product, of.spec))
    return max(1, math.ceil(known / product.limits.page_size)) * parts

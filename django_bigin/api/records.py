"""Calls about records: built here from a product's description, checked, and not made."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from .answers import Order, Page, Place, RowResult
from .calls import Call
from .products import ModuleSpec, Product
from .products.product import Changes, Deletions, Writes
from .values import Json, read_id


def list_page(
    product: Product,
    module: str,
    place: Place | None = None,
    *,
    fields: Sequence[str] = (),
    order: Order | None = None,
    per_page: int | None = None,
) -> Call[Page]:
    """Build the call for one page of a module; an empty module gives an empty page.

    Args:
        place: from the page before, with all else as it was; None is the first.
        fields: API names, as many as a call takes. Unknown ones are left out of the rows without an error.

    Raises (when it is sent):
        PageTokenError: the token expired or belongs to another request.
        PaginationLimitError: beyond what pages, or page tokens, can reach.
    """
    spec = spec_of(product, module)
    fields = _checked_fields(product, spec, fields)
    size = _checked_size(product, per_page)
    return product.lists.page(product, spec, place or product.lists.first, fields=fields, order=order, per_page=size)


def changed_page(
    product: Product,
    module: str,
    place: Place | None = None,
    *,
    fields: Sequence[str],
    since: datetime,
    per_page: int | None = None,
) -> Call[Page]:
    """Build the call for one page of what changed since a moment, as the product tells of changes.

    Raises:
        ValueError: it does not tell of them (`product.changes` is None).
    """
    spec = spec_of(product, module)
    changes: Changes = _having(product, product.changes, "tell which records changed")
    fields = _checked_fields(product, spec, fields)
    size = _checked_size(product, per_page)
    return changes.page(product, spec, place or product.lists.first, fields=fields, since=since, per_page=size)


def record(
    product: Product, module: str, record_id: str | int, *, fields: Sequence[str] = ()
) -> Call[tuple[Json, datetime]]:
    """Build the call for one record; its answer is the record and the moment of it.

    Raises (when it is sent):
        RecordNotFoundError: there is none with this id, or it was deleted.
    """
    return product.lists.record(product, spec_of(product, module), _record_id(record_id), fields=fields)


def deleted_page(product: Product, module: str, place: Place | None = None) -> Call[Page]:
    """Build the call for one page of a module's deleted records; `product.deletions` reads the moment of each row.

    Raises:
        ValueError: the product does not tell of them (`product.deletions` is None).
    """
    deletions: Deletions = _having(product, product.deletions, "tell which records were deleted")
    return deletions.page(product, spec_of(product, module), place or product.lists.first)


def count(product: Product, module: str) -> Call[int | None]:
    """Build the call for the number of a module's records; its answer is None where the product does not tell it."""
    return product.lists.count(product, spec_of(product, module))


def create(
    product: Product, module: str, rows: Sequence[Mapping[str, Any]], *, trigger: Sequence[str] | None = None
) -> list[Call[list[RowResult]]]:
    """Build the calls that insert rows; each gives a result for each of its rows, in their order.

    Args:
        trigger: None lets workflows run, [] keeps them still.
    """
    spec, writes = spec_of(product, module), _writes(product)
    return [writes.create(product, spec, batch, trigger=trigger) for batch in _batches(product, rows)]


def update(
    product: Product, module: str, rows: Sequence[Mapping[str, Any]], *, trigger: Sequence[str] | None = None
) -> list[Call[list[RowResult]]]:
    """Build the calls that update rows by their `id`. A None clears a field; what a row does not name stays."""
    spec, writes = spec_of(product, module), _writes(product)
    ready = [{**row, "id": _record_id(row.get("id"))} for row in rows]
    return [writes.update(product, spec, batch, trigger=trigger) for batch in _batches(product, ready)]


def upsert(
    product: Product,
    module: str,
    rows: Sequence[Mapping[str, Any]],
    *,
    duplicate_check_fields: Sequence[str] | None = None,
    trigger: Sequence[str] | None = None,
) -> list[Call[list[RowResult]]]:
    """Build the calls that update the records that match by a unique field, and insert the others.

    Args:
        duplicate_check_fields: the unique fields to match by; None takes those that the product has by itself.
    """
    spec, writes = spec_of(product, module), _writes(product)
    return [
        writes.upsert(product, spec, batch, trigger=trigger, duplicate_check_fields=duplicate_check_fields)
        for batch in _batches(product, rows)
    ]


def delete(
    product: Product, module: str, ids: Sequence[str | int], *, trigger: Sequence[str] | None = None
) -> list[Call[list[RowResult]]]:
    """Build the calls that move records to the recycle bin; what belongs to them may go with them."""
    spec, writes = spec_of(product, module), _writes(product)
    ready = [_record_id(each) for each in ids]
    return [writes.delete(product, spec, batch, trigger=trigger) for batch in _batches(product, ready)]


def spec_of(product: Product, module: str) -> ModuleSpec:
    """Return the description of a module.

    Raises:
        ValueError: it is not an API name, which becomes part of a path.
    """
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", module) is None:
        raise ValueError(f"{module[:40]!r} is not the API name of a module, such as {product.modules[0]}.")
    return product.module(module)


def _checked_fields(product: Product, spec: ModuleSpec, fields: Sequence[str]) -> Sequence[str]:
    if not spec.described:
        return ()
    most = product.limits.fields_per_call
    if not 1 <= len(fields) <= most:
        raise ValueError(f"A page takes 1 to {most} fields; {len(fields)} were given.")
    return fields


def _checked_size(product: Product, per_page: int | None) -> int:
    most = product.limits.page_size
    size = most if per_page is None else per_page
    if not 1 <= size <= most:
        raise ValueError(f"per_page goes from 1 to {most}; {size} was given.")
    return size


def _having(product: Product, ability: Any, doing: str) -> Any:
    if ability is None:
        raise ValueError(f"{product.name} does not {doing}.")
    return ability


def _writes(product: Product) -> Writes:
    writes: Writes = _having(product, product.writes, "take records; it is only read")
    return writes


def _record_id(value: Any) -> str:
    identity = read_id(value)
    if identity is None:
        raise ValueError(f"{str(value)[:40]!r} is not the id of a record: up to 19 digits.")
    return identity


def _batches(product: Product, rows: Sequence[Any]) -> Iterator[list[Any]]:
    size = product.limits.write_batch
    for start in range(0, len(rows), size):
        yield list(rows[start : start + size])

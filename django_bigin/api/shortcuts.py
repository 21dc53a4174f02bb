"""The calls of a client by subject, each built and sent at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

from ..exceptions import BiginError
from . import metadata, records, users
from .answers import Field, Module, Order, Organization, Page, Place, RowResult
from .calls import Call
from .products import Product
from .values import Json
from .walks import Walk

T = TypeVar("T")


class Sender(Protocol):
    """A client, as far as its calls need it."""

    product: Product
    now: Callable[[], datetime]

    def send(self, call: Call[T]) -> T:
        """Make a call and return what its answer holds."""


class Records:
    """The records of one organization."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._product = sender.product

    def fetch_page(
        self,
        module: str,
        place: Place | None = None,
        *,
        fields: Sequence[str] = (),
        order: Order | None = None,
        per_page: int | None = None,
    ) -> Page:
        """Fetch one page of a module; see `records.list_page`."""
        call = records.list_page(self._product, module, place, fields=fields, order=order, per_page=per_page)
        return self._sender.send(call)

    def iter_pages(
        self, module: str, place: Place | None = None, *, fields: Sequence[str] = (), order: Order | None = None
    ) -> Iterator[Page]:
        """Fetch a module page by page.

        Args:
            place: where to go on with a list that was cut off, with all else as it was.

        Raises:
            SyncError: a page token, or the same page, came twice.
        """

        def build(where: Place) -> Call[Page]:
            return records.list_page(self._product, module, where, fields=fields, order=order)

        return _pages(self._sender, module, build, place)

    def fetch_record(self, module: str, record_id: str | int, *, fields: Sequence[str] = ()) -> tuple[Json, datetime]:
        """Fetch one record, and the moment of the answer; see `records.record`."""
        return self._sender.send(records.record(self._product, module, record_id, fields=fields))

    def iter_deleted_pages(self, module: str) -> Iterator[Page]:
        """Fetch what tells of a module's deleted records, page by page."""
        return _pages(self._sender, module, lambda where: records.deleted_page(self._product, module, where))

    def count(self, module: str) -> int | None:
        """Fetch the number of a module's records; None where the product does not tell it."""
        return self._sender.send(records.count(self._product, module))

    def create(
        self, module: str, rows: Sequence[Mapping[str, Any]], *, trigger: Sequence[str] | None = None
    ) -> list[RowResult]:
        """Insert rows, and return a result for each in their order; see `records.create`.

        Raises:
            TransientError, ResponseError: it is not known whether the batch in question was written; inserting it again
                may double it. `completed` of the error holds the results of the batches before.
        """
        return self._send_all(records.create(self._product, module, rows, trigger=trigger))

    def update(
        self, module: str, rows: Sequence[Mapping[str, Any]], *, trigger: Sequence[str] | None = None
    ) -> list[RowResult]:
        """Update rows by their `id`, and return a result for each in their order. Raises as `create`."""
        return self._send_all(records.update(self._product, module, rows, trigger=trigger))

    def upsert(
        self,
        module: str,
        rows: Sequence[Mapping[str, Any]],
        *,
        duplicate_check_fields: Sequence[str] | None = None,
        trigger: Sequence[str] | None = None,
    ) -> list[RowResult]:
        """Update the records that match by a unique field and insert the others. Raises as `create`."""
        calls = records.upsert(
            self._product, module, rows, duplicate_check_fields=duplicate_check_fields, trigger=trigger
        )
        return self._send_all(calls)

    def delete(self, module: str, ids: Sequence[str | int], *, trigger: Sequence[str] | None = None) -> list[RowResult]:
        """Move records to the recycle bin, and return a result for each in their order. Raises as `create`."""
        return self._send_all(records.delete(self._product, module, ids, trigger=trigger))

    def _send_all(self, calls: Sequence[Call[list[RowResult]]]) -> list[RowResult]:
        results: list[RowResult] = []
        for call in calls:
            try:
                written = self._sender.send(call)
            except BiginError as error:
                raise error.with_completed(results) from None
            results += written
        return results


class Metadata:
    """The metadata of one organization."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    def fetch_modules(self) -> list[Module]:
        """Fetch every module of the organization, those that cannot be read as well."""
        return self._sender.send(metadata.modules(self._sender.product))

    def fetch_fields(self, module: str) -> list[Field]:
        """Fetch the fields of a module; `id` is not among them, and every record has it."""
        return self._sender.send(metadata.fields(self._sender.product, module))

    def fetch_organization(self) -> Organization:
        """Fetch the organization that the grant belongs to; see `metadata.organization`."""
        return self._sender.send(metadata.organization(self._sender.product))


class Users:
    """The users of one organization."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    def iter_pages(self, *, kind: str = "AllUsers") -> Iterator[Page]:
        """Fetch the users page by page; see `users.list_page`."""
        product = self._sender.product
        return _pages(self._sender, users.MODULE, lambda where: users.list_page(product, where, kind=kind))

    def iter_all(self, *, kind: str = "AllUsers") -> Iterator[Json]:
        """Fetch the users one by one."""
        for page in self.iter_pages(kind=kind):
            yield from page.records


def _pages(
    sender: Sender, module: str, build: Callable[[Place], Call[Page]], place: Place | None = None
) -> Iterator[Page]:
    walk = Walk(sender.product, module, lambda where, _: build(where), send=sender.send, now=sender.now)
    return (step.page for step in walk.steps(walk.start(place)))

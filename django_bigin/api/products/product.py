"""The description of one Zoho product: everything in which it differs from the others.

Whoever works above `api/` asks the description and never names a product.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Protocol, TypeVar

from ...exceptions import BiginError
from ..answers import BulkJob, Field, Module, Order, Organization, Page, Place, RowResult
from ..calls import Answer, Call, Errors
from ..datacenters import DataCenter
from ..values import Json

T = TypeVar("T")


@dataclass(frozen=True)
class ModuleSpec:
    """One module of a product, and how it is mirrored.

    Attributes:
        name: API name, such as "Contacts".
        name_fields: fields that may name a record; the first that holds text does.
        email_fields: likewise for its e-mail address.
        created_field, modified_field: the fields that hold those moments.
        owner_field: the field that holds the user it belongs to.
        read_whole: few rows without deltas and without a deleted log: all of them are read each time.
        metadata_paced: read as often as metadata, not as often as records.
        opt_in: mirrored only where the site names it, since it costs more than the others.
        after: modules that are synced first where they are mirrored too.
        cascades_to: modules whose records go with a deleted record of this one.
        has_deleted_log: deletions are told by a log; else by the count and by what a full sync no longer finds.
        described: its fields are listed by the product's metadata; else `fields` are all that is mirrored.
        fields: what is mirrored of a module that is not described.
        always_fields: read for every record, whether or not the metadata lists them.
        path: where its records are listed, below the product's base path; "" is the name.
        list_key: where the rows of its lists stand.
        list_params: sent with each of its lists.
    """

    name: str
    name_fields: tuple[str, ...] = ("Name",)
    email_fields: tuple[str, ...] = ("Email",)
    created_field: str = "Created_Time"
    modified_field: str = "Modified_Time"
    owner_field: str = "Owner"
    read_whole: bool = False
    metadata_paced: bool = False
    opt_in: bool = False
    after: tuple[str, ...] = ()
    cascades_to: tuple[str, ...] = ()
    has_deleted_log: bool = True
    described: bool = True
    fields: tuple[str, ...] = ()
    always_fields: tuple[str, ...] = ("Modified_Time",)
    path: str = ""
    list_key: str = "data"
    list_params: tuple[tuple[str, str], ...] = ()

    @property
    def list_path(self) -> str:
        """The path of its lists, below the product's base path."""
        return self.path or self.name


@dataclass(frozen=True)
class Limits:
    """Sizes that a product's API sets.

    Attributes:
        page_size: records a page.
        fields_per_call: fields a list call.
        write_batch: rows a write.
        reachable: records of a list that its pages reach; None where no end is known.
    """

    page_size: int
    fields_per_call: int
    write_batch: int
    reachable: int | None = None


@dataclass(frozen=True)
class Credits:
    """The prices of calls, and the credits that an organization may spend in any 24 hours.

    Attributes:
        call: one call that only reads.
        rows_per_write: rows of a write for one credit, a part of it counting as whole.
        free_day: of an organization that does not pay.
        paid_day, paid_day_per_user, paid_day_cap: of one that pays, more for each licence, and the most.
    """

    call: int
    rows_per_write: int
    free_day: int
    paid_day: int
    paid_day_per_user: int
    paid_day_cap: int

    def of_write(self, rows: int) -> int:
        """Return the credits of one insert, update or upsert call."""
        return max(self.call, math.ceil(rows / self.rows_per_write))

    def of_day(self, *, paid: bool, users: int) -> int:
        """Return the credits that an organization may spend in any 24 hours."""
        return min(self.paid_day_cap, self.paid_day + self.paid_day_per_user * users) if paid else self.free_day


class Lists(Protocol):
    """Lists of records, and records read one by one."""

    @property
    def first(self) -> Place:
        """The first page of any list."""

    def page(
        self,
        product: Product,
        spec: ModuleSpec,
        place: Place,
        *,
        fields: Sequence[str] = (),
        order: Order | None = None,
        per_page: int,
    ) -> Call[Page]:
        """Build the call for one page; the page it is read into says which place is the next."""

    def record(
        self, product: Product, spec: ModuleSpec, record_id: str, *, fields: Sequence[str]
    ) -> Call[tuple[Json, datetime]]:
        """Build the call for one record; its answer is the record and the moment of it."""

    def count(self, product: Product, spec: ModuleSpec) -> Call[int | None]:
        """Build the call for the number of a module's records; its answer is None where that is not told."""


class Changes(Protocol):
    """The way to records that changed."""

    @property
    def narrowed(self) -> bool:
        """Tell whether a page holds only what changed; else all records come, and what changed last comes first."""

    def page(
        self,
        product: Product,
        spec: ModuleSpec,
        place: Place,
        *,
        fields: Sequence[str],
        since: datetime,
        per_page: int,
    ) -> Call[Page]:
        """Build the call for one page of what changed since a moment."""


class Deletions(Protocol):
    """The way to deleted records."""

    @property
    def for_good(self) -> bool:
        """Tell whether records that are gone for good are told as well as those that can be restored."""

    def page(self, product: Product, spec: ModuleSpec, place: Place) -> Call[Page]:
        """Build the call for one page of a module's deleted records."""

    def deleted_at(self, row: Mapping[str, Any]) -> datetime | None:
        """Read when the record of a row was deleted."""


class BulkReads(Protocol):
    """Bulk reads: jobs that put many records into one file."""

    @property
    def credits(self) -> int:
        """The price of a job."""

    @property
    def rows_per_job(self) -> int:
        """How many records one job gives at most."""

    @property
    def scope_name(self) -> str:
        """The scope that it needs beside the module's own, without the prefix."""

    def offers(self, spec: ModuleSpec) -> bool:
        """Tell whether a module can be read so."""

    def create(
        self, product: Product, spec: ModuleSpec, *, fields: Sequence[str], page: int, token: str | None
    ) -> Call[BulkJob]:
        """Build the call that starts a job for one page, by the token of the page before if that gave one."""

    def details(self, product: Product, spec: ModuleSpec, job_id: str) -> Call[BulkJob]:
        """Build the call that tells how far a job is."""

    def result(self, product: Product, spec: ModuleSpec, job_id: str) -> Call[None]:
        """Build the call that downloads the zip of a job; it is for `Client.download`."""


class Metadata(Protocol):
    """The descriptions of modules, fields and the organization."""

    def modules(self, product: Product) -> Call[list[Module]]:
        """Build the call for every module of the organization."""

    def fields(self, product: Product, spec: ModuleSpec) -> Call[list[Field]]:
        """Build the call for the fields of a module."""

    def organization(self, product: Product) -> Call[Organization]:
        """Build the call for the organization that the grant belongs to."""


class Writes(Protocol):
    """Writes of one batch of rows."""

    def create(
        self, product: Product, spec: ModuleSpec, rows: Sequence[Mapping[str, Any]], *, trigger: Sequence[str] | None
    ) -> Call[list[RowResult]]:
        """Build the call that inserts rows."""

    def update(
        self, product: Product, spec: ModuleSpec, rows: Sequence[Mapping[str, Any]], *, trigger: Sequence[str] | None
    ) -> Call[list[RowResult]]:
        """Build the call that updates rows by their `id`."""

    def upsert(
        self,
        product: Product,
        spec: ModuleSpec,
        rows: Sequence[Mapping[str, Any]],
        *,
        trigger: Sequence[str] | None,
        duplicate_check_fields: Sequence[str] | None,
    ) -> Call[list[RowResult]]:
        """Build the call that updates what matches by a unique field, and inserts the rest."""

    def delete(
        self, product: Product, spec: ModuleSpec, ids: Sequence[str], *, trigger: Sequence[str] | None
    ) -> Call[list[RowResult]]:
        """Build the call that moves records to the recycle bin."""


@dataclass(frozen=True)
class Product:
    """One Zoho product: where it answers, what it is asked for, what that costs, and which modules it has.

    Attributes:
        key: as it is stored and typed, such as "bigin".
        name: as people know it.
        scope_name: names the narrowest scope of a call, without the prefix, from its method and the parts of its path.
        lists, errors, metadata: its dialect; likewise the three below.
        changes: None: changes cannot be found, every sync is a full one.
        deletions: None: nothing tells of them but the count, and a full sync.
        writes: None: it is only read.
        bulk: None: nothing is read in bulk.
        custom: the description of a module that the table does not hold, without its name.
        organization_header: the header that names the organization; "" where a token reaches one only.
        origin: gives the host that answers in a data center.
    """

    key: str
    name: str
    base_path: str
    scope_prefix: str
    default_scopes: tuple[str, ...]
    scope_name: Callable[[str, Sequence[str]], str]
    limits: Limits
    credits: Credits
    specs: tuple[ModuleSpec, ...]
    lists: Lists
    errors: Errors
    metadata: Metadata
    changes: Changes | None = None
    deletions: Deletions | None = None
    writes: Writes | None = None
    bulk: BulkReads | None = None
    custom: ModuleSpec = field(default_factory=lambda: ModuleSpec(""))
    organization_header: str = ""
    origin: Callable[[DataCenter], str] = lambda center: center.api_domain

    @cached_property
    def modules(self) -> tuple[str, ...]:
        """API names of the modules that are mirrored where a site says nothing."""
        return tuple(spec.name for spec in self.specs if not spec.opt_in)

    @cached_property
    def known_modules(self) -> tuple[str, ...]:
        """API names of every module in the table, those that a site has to opt in to as well."""
        return tuple(spec.name for spec in self.specs)

    def module(self, name: str) -> ModuleSpec:
        """Return the description of a module; one that the table does not hold is described as a custom module."""
        return self._by_name.get(name) or replace(self.custom, name=name)

    @cached_property
    def _by_name(self) -> Mapping[str, ModuleSpec]:
        return {spec.name: spec for spec in self.specs}

    def path(self, *parts: str) -> str:
        """Build the path of a call: `path("Contacts", "123")` gives "/bigin/v2/Contacts/123"."""
        return "/".join((self.base_path, *parts))

    def scope(self, name: str) -> str:
        """Write a scope in full: "org.READ" gives "ZohoBigin.org.READ"."""
        return f"{self.scope_prefix}.{name}"

    def scope_for(self, method: str, path: str) -> str:
        """Name the narrowest scope that a call needs, such as "ZohoBigin.modules.contacts.READ"."""
        return self.scope(self.scope_name(method, path.removeprefix(self.base_path).strip("/").split("/")))

    def scope_to_read(self, module: str) -> str:
        """Name the narrowest scope that lists a module's records."""
        return self.scope_for("GET", self.path(self.module(module).list_path))

    def call(
        self,
        method: str,
        *parts: str,
        reader: Callable[[Call[T], Answer], T],
        module: str | None = None,
        params: Iterable[tuple[str, str]] = (),
        body: Json | None = None,
        credits: int | None = None,
        on_refusal: Callable[[Call[T], BiginError], T] | None = None,
    ) -> Call[T]:
        """Build a call from the parts of its path, with its scope and its price."""
        path = self.path(*parts)
        return Call(
            method,
            path,
            product=self.name,
            reader=reader,
            errors=self.errors,
            module=module,
            params=tuple(params),
            body=body,
            scope=self.scope_for(method, path),
            credits=self.credits.call if credits is None else credits,
            idempotent=method == "GET",
            on_refusal=on_refusal,
        )

"""The description of one Zoho product: everything in which it differs from the others.

Whoever works above `api/` asks the description and never names a product.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property


@dataclass(frozen=True)
class ModuleSpec:
    """One module of a product, and how it is mirrored.

    Attributes:
        name: API name, such as "Contacts".
        name_fields: fields that may name a record; the first that holds text does.
        email_fields: likewise for its e-mail address.
        created_field, modified_field: the fields that hold those moments.
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
    """

    name: str
    name_fields: tuple[str, ...] = ("Name",)
    email_fields: tuple[str, ...] = ("Email",)
    created_field: str = "Created_Time"
    modified_field: str = "Modified_Time"
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

    @property
    def list_path(self) -> str:
        """Where its records are listed, below the product's base path."""
        return self.path or self.name


@dataclass(frozen=True)
class Limits:
    """Sizes that a product's API sets.

    Attributes:
        page_size: records a page.
        fields_per_call: fields a list call.
        write_batch: rows a write.
    """

    page_size: int
    fields_per_call: int
    write_batch: int


@dataclass(frozen=True)
class Credits:
    """What calls cost, and what an organization may spend in any 24 hours.

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


@dataclass(frozen=True)
class Product:
    """One Zoho product: where it answers, what it is asked for, what that costs, and which modules it has.

    Attributes:
        key: as it is stored and typed, such as "bigin".
        name: as people know it.
        custom: the description of a module that the table does not hold, without its name.
    """

    key: str
    name: str
    base_path: str
    scope_prefix: str
    default_scopes: tuple[str, ...]
    limits: Limits
    credits: Credits
    specs: tuple[ModuleSpec, ...]
    custom: ModuleSpec = field(default_factory=lambda: ModuleSpec(""))

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
        parts = path.removeprefix(self.base_path).strip("/").split("/")
        operation = {"POST": "CREATE", "PUT": "UPDATE", "DELETE": "DELETE"}.get(method, "READ")
        if parts[0] == "coql":
            return self.scope("coql.READ")
        if parts[0] in ("org", "users"):
            return self.scope(f"{parts[0]}.{operation}")
        if parts[0] == "settings":
            return self.scope(f"settings.{parts[1] if len(parts) > 1 else 'modules'}.{operation}")
        return self.scope(f"modules.{parts[0].lower()}.{operation}")

    def scope_to_read(self, module: str) -> str:
        """Name the narrowest scope that lists a module's records."""
        return self.scope_for("GET", self.path(self.module(module).list_path))


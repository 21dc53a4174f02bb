"""What is wanted of a module: the fields that are read, by the site's choice and the product's metadata."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .. import clock
from ..api.products import ModuleSpec, Product
from ..db.aliases import written
from ..models import ModuleSchema, ModuleSync
from ..text import sentence as _


@dataclass(frozen=True)
class Wanted:
    """What is read of a module's records.

    Attributes:
        spec: the module's description, with the fields that name its records.
        fields: API names: those that the site chose, else all that are listed but subforms.
        lacking: those of the chosen ones that are not listed, each with what it is called now where that is known.
    """

    spec: ModuleSpec
    fields: Sequence[str]
    lacking: Mapping[str, str]

    @property
    def digest(self) -> str:
        """A digest of the fields, in whatever order they are listed."""
        return hashlib.sha256(json.dumps(sorted(self.fields)).encode()).hexdigest()[:16]

    def differs_from(self, digest: str) -> bool:
        """Tell whether a full sync of this digest read other fields, so that its records lack some; "" was none."""
        return digest not in ("", self.digest)

    @property
    def why_lacking(self) -> str:
        """Say which chosen fields are not mirrored; "" where all are."""
        if not self.lacking:
            return ""
        names = ", ".join(f"{name} (now {now})" if now else name for name, now in self.lacking.items())
        return _(
            "These chosen fields of %(module)s are not listed, so they are not mirrored: %(names)s.",
            module=self.spec.name,
            names=names,
        )


def wanted_of(row: ModuleSync) -> Wanted:
    """Return what is to be read of a module's records."""
    product = row.connection.description
    spec = product.module(row.module)
    if not spec.described:
        return Wanted(spec, list(spec.fields), {})
    schema = written(ModuleSchema).filter(connection_id=row.connection_id, module=row.module).first()
    listed = [entry["name"] for entry in schema.fields if entry["data_type"] != "subform"] if schema else []
    fields = [name for name in listed if name in row.fields] if row.fields else listed
    fields += [name for name in spec.always_fields if name not in fields]
    renamed = schema.renamed_fields if schema else {}
    lacking = {name: renamed.get(name, "") for name in row.fields if name not in fields} if schema else {}
    if schema and schema.display_field and row.module not in product.known_modules:
        spec = replace(spec, name_fields=(schema.display_field, *spec.name_fields))
    return Wanted(spec, fields, lacking)


def decide(row: ModuleSync, **changes: Any) -> None:
    """Write a person's decisions about a module: `enabled`, `fields`, `interval_seconds`.

    A change of its fields asks for a full sync, since no delta shows them in records that nobody touches.
    """
    rows = written(ModuleSync).filter(pk=row.pk)
    stored = rows.values("fields", "records_watermark").get()
    if changes.get("fields", stored["fields"]) != stored["fields"]:
        changes |= {"full_requested": True, "next_run_at": clock.now()}
        if stored["records_watermark"] is not None:
            changes["incomplete_reason"] = _("Other fields were chosen, and the full sync that reads them is due.")
    rows.update(**changes)


def parts(fields: Sequence[str], product: Product, spec: ModuleSpec) -> list[list[str]]:
    """Share the fields out to calls of a size that is taken, each with those that hold a record's parts together."""
    size = product.limits.fields_per_call
    if len(fields) <= size:
        return [list(fields)]
    others = [name for name in fields if name not in spec.always_fields]
    step = size - len(spec.always_fields)
    return [[*spec.always_fields, *others[start : start + step]] for start in range(0, len(others), step)]

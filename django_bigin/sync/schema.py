"""The schema of a connection: which modules its organization offers, and which fields they have."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db.models import Q

from .. import clock
from ..api.answers import Field, Module
from ..api.client import Client
from ..api.scopes import grants
from ..conf import settings
from ..connections.clients import open_client
from ..credits.account import Priority
from ..credits.meter import Meter
from ..db import leases
from ..db.aliases import atomic, written
from ..db.causes import tried_again, update
from ..exceptions import ModuleNotAvailableError, ScopeError, TransientError
from ..models import Connection, ModuleSchema, ModuleSync, Record
from ..text import one_line
from ..text import sentence as _
from .plan import ensure_modules

logger = logging.getLogger(__name__)

FIELDS_KEPT_FOR = timedelta(days=1)
LEASE_SECONDS = 180  # longer than the calls of one reading, as long as they are answered


def metadata_is_due(connection: Connection) -> bool:
    """Tell whether modules and fields are to be read again: hourly, by default."""
    return connection.metadata_at is None or connection.metadata_at <= clock.now()


def refresh_metadata(client: Client, connection: Connection, rows: Sequence[ModuleSync]) -> None:
    """Read what the organization offers: one call for the modules, and one for each whose fields are to be read.

    A module that is not offered, or that the grant does not reach, is marked with the reason and left alone.

    Raises:
        BiginError: the modules could not be read at all.
    """
    offered = {module.api_name: module for module in client.metadata.fetch_modules()}
    if not offered:
        # Taken at its word, it would switch every module off.
        raise TransientError(
            _(
                "%(product)s lists no modules at all, which cannot be: what was read before stays as it "
                "is, and they are asked for again.",
                product=connection.description.name,
            )
        )
    schemas = {schema.module: schema for schema in written(ModuleSchema).filter(connection=connection)}
    for row in rows:
        reason = _why_unavailable(connection, row.module, offered)
        if not reason and connection.description.module(row.module).described:
            schema = schemas.get(row.module) or ModuleSchema(connection=connection, module=row.module)
            if _fields_are_due(schema, offered[row.module]):
                reason = _read_fields(client, row, schema, offered[row.module])
        if reason != row.unavailable_reason:
            row.unavailable_reason = reason
            update(written(ModuleSync).filter(pk=row.pk), unavailable_reason=reason)
    connection.metadata_at = clock.now() + settings.metadata_interval
    update(written(Connection).filter(pk=connection.pk), metadata_at=connection.metadata_at)


def refresh_connection_metadata(connection: Connection) -> bool:
    """Read what a connection's organization offers, if it is due; the module rows are made where they are missing.

    Returns:
        False where it is not due, or where somebody else reads it now.
    """
    row = written(Connection).filter(pk=connection.pk)
    due = Q(metadata_at=None) | Q(metadata_at__lte=clock.now())
    lease_id = leases.claim(row.filter(due), LEASE_SECONDS, lease="metadata_lease")
    if lease_id is None:
        return False
    meter = Meter(connection, priority=Priority.SCHEDULE)
    client = open_client(connection, meter=meter)
    try:
        refresh_metadata(client, connection, ensure_modules(connection))
    finally:
        leases.release(row, lease_id, lease="metadata_lease")
        meter.flush()
    return True


def _why_unavailable(connection: Connection, name: str, offered: dict[str, Module]) -> str:
    scope = connection.description.scope_to_read(name)
    if connection.scopes and not grants(connection.scopes, scope):
        return _("The grant lacks %(scope)s: reconnect with it to mirror %(module)s.", scope=scope, module=name)
    if not connection.description.module(name).described:
        return ""
    module = offered.get(name)
    if module is None or not module.api_supported:
        ours = connection.description.name
        return _(
            "This %(product)s does not offer %(module)s: its plan or its settings leave the module out.",
            product=ours,
            module=name,
        )
    return ""


def _fields_are_due(schema: ModuleSchema, module: Module) -> bool:
    # Whether a new field moves the module's own time is not documented, so they are read once a day in any case.
    return schema.module_modified_at != module.modified_at or is_old(schema)


def is_old(schema: ModuleSchema) -> bool:
    """Tell whether fields are to be read again, whatever the product says of their module."""
    return schema.fields_read_at is None or schema.fields_read_at <= clock.now() - FIELDS_KEPT_FOR


def _read_fields(client: Client, row: ModuleSync, schema: ModuleSchema, module: Module) -> str:
    """Store a module's fields; a change of them asks for a full sync. Return the reason where they cannot be read."""
    try:
        fields = _fetch_fields(client, row.module)
    except (ModuleNotAvailableError, ScopeError) as error:
        # Without a code it may be the word of a proxy: what was read before serves until it is tried again.
        return "" if error.code is None and schema.fields else error.message
    described = [_describe(field) for field in fields if field.api_name]
    if not described:
        # A module always has fields. Taken at its word, an empty answer would empty every record of the mirror.
        return "" if schema.fields else _no_fields(row)
    tried_again(ModuleSchema, lambda: _store_fields(row, schema, module, fields, described), clashes=True)
    return ""


def _store_fields(
    row: ModuleSync,
    schema: ModuleSchema,
    module: Module,
    fields: Sequence[Field],
    described: Sequence[Mapping[str, Any]],
) -> None:
    names, known = {entry["name"] for entry in described}, {entry["name"] for entry in schema.fields}
    with atomic(ModuleSchema):
        # First, so that two who read the fields for the first time queue up: on MariaDB they would deadlock below.
        written(ModuleSync).select_for_update().filter(pk=row.pk).first()
        if known and names != known:
            written(ModuleSync).filter(pk=row.pk).update(full_requested=True)
            row.full_requested = True
            _note_changes(row, schema, described)
        display_field = next((field.api_name for field in fields if field.display_field), "")[:120]
        if known and display_field != schema.display_field:
            _name_anew(row)
        read = {
            "label": module.plural_label[:200],
            "fields": described,
            "new_fields": schema.new_fields,
            "renamed_fields": schema.renamed_fields,
            "vanished_fields": schema.vanished_fields,
            "display_field": display_field,
            "module_modified_at": module.modified_at,
            "fields_read_at": clock.now(),
        }
        # Not schema.save(): another process may be reading the same fields for the first time.
        written(ModuleSchema).update_or_create(connection_id=row.connection_id, module=row.module, defaults=read)


def _note_changes(row: ModuleSync, schema: ModuleSchema, described: Sequence[Mapping[str, Any]]) -> None:
    """Note in the schema, and log, which fields are new, renamed or gone."""
    names, known = {entry["name"] for entry in described}, {entry["name"] for entry in schema.fields}
    now = {entry["id"]: entry["name"] for entry in described if entry["id"]}
    renamed = {
        entry["name"]: now[entry["id"]]
        for entry in schema.fields
        if entry["name"] not in names and entry.get("id") in now
    }
    vanished = known - names - renamed.keys()
    appeared = names - known - set(renamed.values())
    # What was renamed twice is followed to its last name.
    earlier = {name: renamed.get(last, last) for name, last in schema.renamed_fields.items()}
    schema.renamed_fields = {name: last for name, last in {**earlier, **renamed}.items() if name not in names}
    schema.vanished_fields = sorted({*schema.vanished_fields, *vanished} - names)
    schema.new_fields = sorted({*schema.new_fields, *appeared} & names)
    product, where = row.connection.description.name, f"{row.module} of connection {row.connection_id}"
    for name, last in renamed.items():
        logger.warning("%s renamed the field %s of %s to %s.", product, one_line(name), where, one_line(last))
    if vanished:
        logger.warning("%s lists no longer, in %s: %s.", product, where, one_line(", ".join(sorted(vanished))))


def _name_anew(row: ModuleSync) -> None:
    """Let the next full sync write every record of a module that is named by another field now, changed or not."""
    if row.module in row.connection.description.known_modules:
        return  # the product's description names their records
    written(ModuleSync).filter(pk=row.pk).update(full_requested=True)
    row.full_requested = True
    written(Record).filter(connection_id=row.connection_id, module=row.module).update(content_hash="")


def _fetch_fields(client: Client, module: str) -> Sequence[Field]:
    """Fetch a module's fields; a refusal without a code of the product's is not believed at once."""
    try:
        return client.metadata.fetch_fields(module)
    except ModuleNotAvailableError as error:
        if error.code is not None:
            raise
        return client.metadata.fetch_fields(module)


def _no_fields(row: ModuleSync) -> str:
    return _(
        "%(product)s lists no fields of %(module)s: it is tried again within the hour.",
        product=row.connection.description.name,
        module=row.module,
    )


def _describe(field: Field) -> dict[str, Any]:
    return {
        "name": field.api_name,
        "label": field.label,
        "data_type": field.data_type,
        "json_type": field.json_type,
        "unique": field.unique,
        "custom": field.custom,
        "lookup_module": field.lookup_module,
        "id": field.id,
    }

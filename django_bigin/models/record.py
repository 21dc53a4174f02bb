"""Records, and what is read for all those that came together.

Rows that came together are peers: what one of them needs, the schema or the records that they link to, is read for all
of them in one query. So a page that shows a hundred contacts with their companies' names reads two tables once.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from ..db.limits import parts_of
from ..text import fold, one_line
from .connection import Connection
from .mirror import KEY_LENGTH, MODULE_LENGTH, ModuleSchema
from .reading import Link, link_id, typed

CHUNK = 2_000  # as Django's own iterator has it
Key = tuple[int, int]  # of a linked record: the connection's primary key, and the record's id


class RecordQuerySet(models.QuerySet["Record"]):
    """Records, with the usual questions asked of them."""

    def live(self) -> RecordQuerySet:
        """Keep the live records: no tombstones."""
        return self.filter(deleted_at=None)

    def of(self, tenant: Any, module: str) -> RecordQuerySet:
        """Return the live records of a tenant's module, such as `Record.objects.of(tenant, "Contacts")`."""
        return self.live().filter(connection__tenant=tenant, module=module)

    def named(self, start: str) -> RecordQuerySet:
        """Keep those whose name starts so, whatever the case and accents."""
        return self.filter(name_key__startswith=fold(start))

    def iterator(self, chunk_size: int | None = None) -> Iterator[Record]:
        """As Django's; the records of a chunk are peers, so that links cost a query a chunk."""
        rows = iter(super().iterator(chunk_size))
        while chunk := list(islice(rows, chunk_size or CHUNK)):
            introduce(chunk)
            yield from chunk

    def _fetch_all(self) -> None:
        came_now = self._result_cache is None
        super()._fetch_all()
        if came_now:
            introduce(self._result_cache or ())


if TYPE_CHECKING:

    class RecordManager(RecordQuerySet, models.Manager["Record"]):  # type: ignore[misc]  # each has its own subscript
        """The manager of records, which has the queryset's methods."""

else:

    class RecordManager(models.Manager.from_queryset(RecordQuerySet)):
        """The manager of records, which has the queryset's methods."""


class Record(models.Model):
    """One record as Zoho has it. Deleted there it stays as a tombstone (`deleted_at`); a purge removes it."""

    class Source(models.TextChoices):
        LIST = "list", _("List")
        SINGLE = "single", _("Single read")
        BULK = "bulk", _("Bulk read")

    connection = models.ForeignKey(
        Connection, verbose_name=_("connection"), on_delete=models.CASCADE, related_name="records", db_index=False
    )
    module = models.CharField(_("module"), max_length=MODULE_LENGTH)
    record_id = models.BigIntegerField(_("record id"))
    data = models.JSONField(_("data"), default=dict)
    name = models.CharField(_("name"), max_length=255, blank=True, default="")
    name_key = models.CharField(_("name key"), max_length=KEY_LENGTH, blank=True, default="")
    email = models.CharField(_("email"), max_length=254, blank=True, default="")
    email_key = models.CharField(_("email key"), max_length=KEY_LENGTH, blank=True, default="")
    owner_record_id = models.BigIntegerField(_("owner record id"), null=True, blank=True)
    created_at = models.DateTimeField(
        _("created at"), null=True, blank=True, help_text=_("When it was created at Zoho.")
    )
    modified_at = models.DateTimeField(
        _("modified at"), null=True, blank=True, help_text=_("When it was last modified at Zoho.")
    )
    seen_at = models.DateTimeField(_("seen at"), help_text=_("When this copy was read, by Zoho's clock."))
    content_hash = models.CharField(_("content hash"), max_length=64)
    source = models.CharField(_("source"), max_length=12, choices=Source.choices, default=Source.LIST)
    deleted_at = models.DateTimeField(_("deleted at"), null=True, blank=True)

    objects: ClassVar[RecordManager] = RecordManager()
    _peers: Peers | None = None

    class Meta:
        verbose_name = _("record")
        verbose_name_plural = _("records")
        constraints = (
            models.UniqueConstraint(fields=("connection", "module", "record_id"), name="django_bigin_record_once"),
        )
        indexes = (
            models.Index(fields=("connection", "module", "name_key"), name="django_bigin_record_name"),
            models.Index(fields=("connection", "module", "email_key"), name="django_bigin_record_email"),
            models.Index(fields=("connection", "module", "modified_at"), name="django_bigin_record_modified"),
        )
        permissions = (("view_record_data", "Can see the contents of records"),)

    def __str__(self) -> str:
        return one_line(self.name) or str(self.record_id)

    def __getitem__(self, field: str) -> Any:
        """Return the value of a field by its API name, as Zoho sends it: `record["Email"]`."""
        return self.data[field]

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        state.pop("_peers", None)  # of this process
        return state

    def value(self, field: str) -> Any:
        """Return the value of a field by its API name, as the type that the field has at Zoho.

        Numbers with fractions are `Decimal`, moments aware datetimes, days `date`; lookups and owners are a `Link`,
        which has the present name. None where the field is empty, or the mirror has it not. What does not fit its type
        is returned as it was sent.
        """
        value = self.data.get(field)
        record_id = link_id(value)
        if record_id is not None:
            name = self._with_peers().name_of(self, record_id)
            return Link(record_id, str(value.get("name") or "") if name is None else name)
        return typed(value, self._with_peers().types_of(self).get(field, ""))

    def linked(self, field: str) -> Record | None:
        """Return the record that a lookup or an owner points to; None where it is empty, or the mirror has it not."""
        record_id = link_id(self.data.get(field))
        return None if record_id is None else self._with_peers().linked(self, field, record_id)

    def _with_peers(self) -> Peers:
        if self._peers is None:
            self._peers = Peers([self])
        return self._peers


class Peers:
    """Records that came together, and what was read for all of them."""

    def __init__(self, records: Iterable[Record]) -> None:
        # Weak: a record that somebody keeps does not keep a whole page.
        self._records = [weakref.ref(record) for record in records]
        self._types: dict[tuple[int, str], dict[str, str]] | None = None
        self._names: dict[Key, str] | None = None
        self._linked: dict[str, dict[Key, Record]] = {}

    def types_of(self, record: Record) -> Mapping[str, str]:
        """Return the type of each field of a record's module; empty where its schema is not known."""
        if self._types is None:
            there = list(self._there())
            schemas = ModuleSchema._default_manager.using(record._state.db).filter(
                connection__in={each.connection_id for each in there}, module__in={each.module for each in there}
            )
            self._types = {
                (schema.connection_id, schema.module): {
                    each["name"]: each.get("data_type", "") for each in schema.fields
                }
                for schema in schemas
            }
        return self._types.get((record.connection_id, record.module), {})

    def name_of(self, record: Record, record_id: int) -> str | None:
        """Return the present name of what a record links to; None where the mirror has it not."""
        if self._names is None:
            ids = {found for each in self._there() for found in _links_in(each)}
            self._names = {}
            for some in parts_of(ids):
                rows = self._live(record).filter(record_id__in=some)
                for connection_id, found, name in rows.values_list("connection_id", "record_id", "name"):
                    self._names[connection_id, found] = name
        return self._names.get((record.connection_id, record_id))

    def linked(self, record: Record, field: str, record_id: int) -> Record | None:
        """Return the record that a field of a record links to; None where the mirror has it not."""
        if field not in self._linked:
            found = (link_id(each.data.get(field)) for each in self._there() if _has_data(each))
            ids = {each for each in found if each is not None}
            rows = [row for some in parts_of(ids) for row in self._live(record).filter(record_id__in=some)]
            introduce(rows)
            self._linked[field] = {(row.connection_id, row.record_id): row for row in rows}
        return self._linked[field].get((record.connection_id, record_id))

    def _there(self) -> Iterator[Record]:
        return (record for ref in self._records if (record := ref()) is not None)

    def _live(self, record: Record) -> Any:
        connections = {each.connection_id for each in self._there()}
        rows = Record._default_manager.using(record._state.db)
        return rows.filter(connection__in=connections, deleted_at=None)


def introduce(rows: Iterable[Any]) -> None:
    """Make the records among rows that came together each other's peers."""
    records = [row for row in rows if isinstance(row, Record)]
    peers = Peers(records)
    for record in records:
        record._peers = peers


def _has_data(record: Record) -> bool:
    return "data" in record.__dict__  # not deferred


def _links_in(record: Record) -> Iterator[int]:
    if _has_data(record):
        yield from (found for value in record.data.values() if (found := link_id(value)) is not None)

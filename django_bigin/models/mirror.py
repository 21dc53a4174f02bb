"""The mirror: the modules and their progress, a copy of every record, and the rows that could not be stored."""

from __future__ import annotations

from typing import Any

from django.db import models

from ..text import fold, one_line
from .connection import Connection

MODULE_LENGTH = 64
KEY_LENGTH = 120


class ModuleSync(models.Model):
    """The progress of one module of one connection. Deleted with the connection."""

    class Phase(models.TextChoices):
        IDLE = "", "Idle"
        FULL = "full", "Reading every record"
        COMPARE = "compare", "Comparing the ids"
        DELTA = "delta", "Reading what changed"

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="modules")
    module = models.CharField(max_length=MODULE_LENGTH)
    enabled = models.BooleanField(default=True, help_text="Switch off to stop mirroring this module.")
    unavailable_reason = models.TextField(blank=True, help_text="Why Zoho does not offer it; empty if it does.")
    fields = models.JSONField(default=list, blank=True, help_text="Fields to mirror; empty: all that Zoho lists.")
    interval_seconds = models.PositiveIntegerField(null=True, blank=True, help_text="Empty: the site's default.")

    phase = models.CharField(max_length=8, choices=Phase.choices, blank=True, default=Phase.IDLE)
    records_watermark = models.DateTimeField(
        null=True, blank=True, help_text="By Zoho's clock: every change up to this moment is stored."
    )
    deletions_watermark = models.DateTimeField(
        null=True, blank=True, help_text="By Zoho's clock: every deletion up to this moment is applied."
    )
    opened_at = models.DateTimeField(
        null=True, blank=True, help_text="When the full sync, comparison or delta in progress began."
    )
    position = models.JSONField(default=dict, blank=True, help_text="Where that goes on.")
    missing_ids = models.JSONField(default=list, blank=True, help_text="Stored records that a full sync did not find.")
    full_requested = models.BooleanField(default=True, help_text="Whether the next run is a full sync.")
    deletions_requested = models.BooleanField(default=False, help_text="Whether the next run reads the deleted log.")
    deltas_since_deletions = models.PositiveIntegerField(default=0)
    incomplete_reason = models.TextField(blank=True, help_text="What is missing in the mirror of this module, and why.")

    lease_id = models.CharField(max_length=36, blank=True, default="")
    lease_until = models.DateTimeField(null=True, blank=True)
    queued_until = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveIntegerField(default=0, help_text="Runs since the last that ended or stored a page.")
    last_success_at = models.DateTimeField(null=True, blank=True)
    last_full_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)
    last_error_at = models.DateTimeField(null=True, blank=True)
    failure_count = models.PositiveIntegerField(default=0)
    next_run_at = models.DateTimeField(null=True, blank=True)
    total_calls = models.PositiveBigIntegerField(default=0, help_text="API calls of all runs.")
    total_credits = models.PositiveBigIntegerField(default=0)
    total_seconds = models.FloatField(default=0)

    class Meta:
        ordering = ("connection", "module")
        verbose_name = "module"
        constraints = (
            models.UniqueConstraint(fields=("connection", "module"), name="django_bigin_module_once_per_connection"),
        )
        indexes = (models.Index(fields=("enabled", "next_run_at"), name="django_bigin_due_modules"),)

    def __str__(self) -> str:
        return one_line(self.module)


class ModuleSchema(models.Model):
    """The fields of a module as last read from Zoho. Deleted with the connection."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="schemas")
    module = models.CharField(max_length=MODULE_LENGTH)
    label = models.CharField(max_length=200, blank=True)
    fields = models.JSONField(
        default=list,
        blank=True,
        help_text='[{"name", "label", "data_type", "json_type", "unique", "custom", "lookup_module"}, ...]',
    )
    display_field = models.CharField(max_length=120, blank=True)
    module_modified_at = models.DateTimeField(null=True, blank=True, help_text="When it was last modified at Zoho.")
    fields_read_at = models.DateTimeField(null=True, blank=True)
    new_fields = models.JSONField(default=list, blank=True, help_text="Fields that appeared since the first reading.")

    class Meta:
        verbose_name = "module schema"
        constraints = (
            models.UniqueConstraint(fields=("connection", "module"), name="django_bigin_schema_once_per_connection"),
        )

    def __str__(self) -> str:
        return one_line(self.module)


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


class Record(models.Model):
    """One record as Zoho has it. Deleted there it stays as a tombstone (`deleted_at`); a purge removes it."""

    class Source(models.TextChoices):
        LIST = "list", "List"
        SINGLE = "single", "Single read"

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="records", db_index=False)
    module = models.CharField(max_length=MODULE_LENGTH)
    record_id = models.BigIntegerField()
    data = models.JSONField(default=dict)
    name = models.CharField(max_length=255, blank=True, default="")
    name_key = models.CharField(max_length=KEY_LENGTH, blank=True, default="")
    email = models.CharField(max_length=254, blank=True, default="")
    email_key = models.CharField(max_length=KEY_LENGTH, blank=True, default="")
    owner_record_id = models.BigIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(null=True, blank=True, help_text="When it was created at Zoho.")
    modified_at = models.DateTimeField(null=True, blank=True, help_text="When it was last modified at Zoho.")
    seen_at = models.DateTimeField(help_text="When this copy was read, by Zoho's clock.")
    content_hash = models.CharField(max_length=64)
    source = models.CharField(max_length=12, choices=Source.choices, default=Source.LIST)
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = RecordQuerySet.as_manager()

    class Meta:
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


class QuarantinedRow(models.Model):
    """A row that could not be stored, kept as it came. Removed when a later copy of it is stored."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="quarantined")
    module = models.CharField(max_length=MODULE_LENGTH)
    record_id = models.CharField(max_length=40, blank=True)
    raw = models.TextField(help_text="The row as JSON text.")
    raw_hash = models.CharField(max_length=64)
    reason = models.TextField()
    tries = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("connection", "module", "raw_hash"), name="django_bigin_quarantined_once"),
        )

    def __str__(self) -> str:
        return one_line(f"{self.module} {self.record_id or 'without id'}")

"""The mirror: the modules and their progress, their fields, and the rows that could not be stored."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..text import one_line
from .connection import Connection

MODULE_LENGTH = 64
KEY_LENGTH = 120


class ModuleSync(models.Model):
    """The progress of one module of one connection. Deleted with the connection."""

    class Phase(models.TextChoices):
        IDLE = "", _("Idle")
        FULL = "full", _("Reading every record")
        BULK = "bulk", _("Reading in bulk")
        COMPARE = "compare", _("Comparing the ids")
        DELTA = "delta", _("Reading what changed")

    connection = models.ForeignKey(
        Connection, verbose_name=_("connection"), on_delete=models.CASCADE, related_name="modules"
    )
    module = models.CharField(_("module"), max_length=MODULE_LENGTH)
    enabled = models.BooleanField(_("enabled"), default=True, help_text=_("Switch off to stop mirroring this module."))
    unavailable_reason = models.TextField(
        _("unavailable reason"), blank=True, help_text=_("Why Zoho does not offer it; empty if it does.")
    )
    fields = models.JSONField(
        _("fields"), default=list, blank=True, help_text=_("Fields to mirror; empty: all that Zoho lists.")
    )
    interval_seconds = models.PositiveIntegerField(
        _("interval seconds"), null=True, blank=True, help_text=_("Empty: the site's default.")
    )

    phase = models.CharField(_("phase"), max_length=8, choices=Phase.choices, blank=True, default=Phase.IDLE)
    records_watermark = models.DateTimeField(
        _("records watermark"),
        null=True,
        blank=True,
        help_text=_("By Zoho's clock: every change up to this moment is stored."),
    )
    deletions_watermark = models.DateTimeField(
        _("deletions watermark"),
        null=True,
        blank=True,
        help_text=_("By Zoho's clock: every deletion up to this moment is applied."),
    )
    opened_at = models.DateTimeField(
        _("opened at"), null=True, blank=True, help_text=_("When the full sync, comparison or delta in progress began.")
    )
    position = models.JSONField(_("position"), default=dict, blank=True, help_text=_("Where that goes on."))
    bulk_job = models.JSONField(
        _("bulk job"), default=dict, blank=True, help_text=_("The bulk read in progress, or why there is none.")
    )
    missing_ids = models.JSONField(
        _("missing ids"), default=list, blank=True, help_text=_("Stored records that a full sync did not find.")
    )
    full_requested = models.BooleanField(
        _("full requested"), default=True, help_text=_("Whether the next run is a full sync.")
    )
    deletions_requested = models.BooleanField(
        _("deletions requested"), default=False, help_text=_("Whether the next run reads the deleted log.")
    )
    read_fields = models.CharField(
        _("read fields"), max_length=16, blank=True, default="", help_text=_("A digest of the last full sync's fields.")
    )
    deltas_since_deletions = models.PositiveIntegerField(_("deltas since deletions"), default=0)
    incomplete_reason = models.TextField(
        _("incomplete reason"), blank=True, help_text=_("What is missing in the mirror of this module, and why.")
    )

    lease_id = models.CharField(_("lease id"), max_length=36, blank=True, default="")
    lease_until = models.DateTimeField(_("lease until"), null=True, blank=True)
    queued_until = models.DateTimeField(_("queued until"), null=True, blank=True)
    tries = models.PositiveIntegerField(
        _("tries"), default=0, help_text=_("Runs since the last that ended or stored a page.")
    )
    last_success_at = models.DateTimeField(_("last success at"), null=True, blank=True)
    last_full_at = models.DateTimeField(_("last full at"), null=True, blank=True)
    last_error = models.TextField(_("last error"), blank=True)
    last_error_at = models.DateTimeField(_("last error at"), null=True, blank=True)
    failure_count = models.PositiveIntegerField(_("failure count"), default=0)
    next_run_at = models.DateTimeField(_("next run at"), null=True, blank=True)
    total_calls = models.PositiveBigIntegerField(_("total calls"), default=0, help_text=_("API calls of all runs."))
    total_credits = models.PositiveBigIntegerField(_("total credits"), default=0)
    total_seconds = models.FloatField(_("total seconds"), default=0)

    class Meta:
        ordering = ("connection", "module")
        verbose_name = _("module")
        verbose_name_plural = _("modules")
        constraints = (
            models.UniqueConstraint(fields=("connection", "module"), name="django_bigin_module_once_per_connection"),
        )
        indexes = (models.Index(fields=("enabled", "next_run_at"), name="django_bigin_due_modules"),)

    def __str__(self) -> str:
        return one_line(self.module)


class ModuleSchema(models.Model):
    """The fields of a module as last read from Zoho. Deleted with the connection."""

    connection = models.ForeignKey(
        Connection, verbose_name=_("connection"), on_delete=models.CASCADE, related_name="schemas"
    )
    module = models.CharField(_("module"), max_length=MODULE_LENGTH)
    label = models.CharField(_("label"), max_length=200, blank=True)
    fields = models.JSONField(
        _("fields"),
        default=list,
        blank=True,
        help_text='[{"name", "label", "data_type", "json_type", "unique", "custom", "lookup_module", "id"}, ...]',
    )
    display_field = models.CharField(_("display field"), max_length=120, blank=True)
    module_modified_at = models.DateTimeField(
        _("module modified at"), null=True, blank=True, help_text=_("When it was last modified at Zoho.")
    )
    fields_read_at = models.DateTimeField(_("fields read at"), null=True, blank=True)
    new_fields = models.JSONField(
        _("new fields"), default=list, blank=True, help_text=_("Fields that appeared since the first reading.")
    )
    renamed_fields = models.JSONField(
        _("renamed fields"), default=dict, blank=True, help_text=_("Names that fields had, and those that they have.")
    )
    vanished_fields = models.JSONField(
        _("vanished fields"), default=list, blank=True, help_text=_("Fields that were listed, and are no longer.")
    )

    class Meta:
        verbose_name = _("module schema")
        verbose_name_plural = _("module schemas")
        constraints = (
            models.UniqueConstraint(fields=("connection", "module"), name="django_bigin_schema_once_per_connection"),
        )

    def __str__(self) -> str:
        return one_line(self.module)


class QuarantinedRow(models.Model):
    """A row that could not be stored, kept as it came. Removed when a later copy of it is stored, or it is gone."""

    connection = models.ForeignKey(
        Connection, verbose_name=_("connection"), on_delete=models.CASCADE, related_name="quarantined"
    )
    module = models.CharField(_("module"), max_length=MODULE_LENGTH)
    record_id = models.CharField(_("record id"), max_length=40, blank=True)
    raw = models.TextField(_("raw"), help_text=_("The row as JSON text."))
    raw_hash = models.CharField(_("raw hash"), max_length=64)
    reason = models.TextField(_("reason"))
    tries = models.PositiveIntegerField(_("tries"), default=1)
    seen_at = models.DateTimeField(_("seen at"), help_text=_("When it was last read, by Zoho's clock."))
    first_at = models.DateTimeField(_("first at"))
    last_at = models.DateTimeField(_("last at"))

    class Meta:
        verbose_name = _("quarantined row")
        verbose_name_plural = _("quarantined rows")
        constraints = (
            models.UniqueConstraint(fields=("connection", "module", "raw_hash"), name="django_bigin_quarantined_once"),
        )

    def __str__(self) -> str:
        record = self.record_id or gettext("without id")
        return one_line(f"{self.module} {record}")

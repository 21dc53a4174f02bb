"""Jobs and their results, the credits they cost, and signs of life."""

from __future__ import annotations

from django.conf import settings as django_settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ..text import one_line
from .connection import Connection
from .mirror import MODULE_LENGTH
from .registration import DATA_CENTER_LENGTH


class Job(models.Model):
    """A request of a person with its progress and result, or the result of a sync that nobody requested.

    Trimmed after `BIGIN_JOB_RETENTION_DAYS`.
    """

    class Kind(models.TextChoices):
        REFRESH = "refresh", _("Refresh token")
        SYNC = "sync", _("Sync")
        FULL_SYNC = "full_sync", _("Full sync")
        VERIFY = "verify", _("Verify")
        REPAIR = "repair", _("Verify and repair")
        PAUSE = "pause", _("Pause")
        RESUME = "resume", _("Resume")
        DISCONNECT = "disconnect", _("Disconnect")

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    UNFINISHED = (State.WAITING, State.RUNNING)

    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    connection = models.ForeignKey(
        Connection, verbose_name=_("connection"), on_delete=models.CASCADE, related_name="jobs"
    )
    module = models.CharField(_("module"), max_length=MODULE_LENGTH, blank=True)
    batch = models.UUIDField(
        _("batch"), null=True, blank=True, db_index=True, help_text=_("Shared by the jobs of one request.")
    )
    requested_by = models.ForeignKey(
        django_settings.AUTH_USER_MODEL,
        verbose_name=_("requested by"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    requested_by_name = models.CharField(
        _("requested by"), max_length=150, blank=True, help_text=_("A person, a command or the schedule.")
    )
    priority = models.SmallIntegerField(
        _("priority"), default=0, help_text=_("The highest goes first; for the site to set.")
    )
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.WAITING)
    progress = models.CharField(_("progress"), max_length=200, blank=True)
    created = models.PositiveIntegerField(_("created"), default=0)
    updated = models.PositiveIntegerField(_("updated"), default=0)
    deleted = models.PositiveIntegerField(_("deleted"), default=0)
    quarantined = models.PositiveIntegerField(_("quarantined"), default=0)
    calls = models.PositiveIntegerField(_("calls"), default=0)
    credits = models.PositiveIntegerField(_("credits"), default=0)
    seconds = models.FloatField(_("seconds"), default=0)
    result = models.TextField(_("result"), blank=True)
    details = models.JSONField(_("details"), default=dict, blank=True, help_text=_("The result of each module."))
    error = models.TextField(_("error"), blank=True)
    tries = models.PositiveIntegerField(_("tries"), default=0)
    lease_id = models.CharField(_("lease id"), max_length=36, blank=True, default="")
    lease_until = models.DateTimeField(_("lease until"), null=True, blank=True)
    queued_until = models.DateTimeField(_("queued until"), null=True, blank=True)
    requested_at = models.DateTimeField(_("requested at"), db_index=True)
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    class Meta:
        ordering = ("-requested_at", "-id")
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        indexes = (models.Index(fields=("state", "-priority", "requested_at"), name="django_bigin_waiting_jobs"),)

    def __str__(self) -> str:
        return one_line(f"{self.get_kind_display()} {self.module}").strip()


class CreditUse(models.Model):
    """API credits of one organization in one minute, by our own ledger. Trimmed after a day."""

    data_center = models.CharField(_("data center"), max_length=DATA_CENTER_LENGTH)
    org_id = models.CharField(_("org id"), max_length=40)
    minute = models.DateTimeField(_("minute"))
    calls = models.PositiveIntegerField(_("calls"), default=0)
    credits = models.PositiveIntegerField(_("credits"), default=0)
    day_budget = models.PositiveIntegerField(
        _("day budget"), default=0, help_text=_("The day's credits by edition and licences.")
    )

    class Meta:
        verbose_name = _("credit use")
        verbose_name_plural = _("credit uses")
        constraints = (
            models.UniqueConstraint(fields=("data_center", "org_id", "minute"), name="django_bigin_credits_per_minute"),
        )

    def __str__(self) -> str:
        return one_line(f"{self.org_id} {self.minute:%H:%M}: {self.credits}")


class CreditAccount(models.Model):
    """The API credits that an organization has spent in 24 hours, and its rest where a limit is reached."""

    data_center = models.CharField(_("data center"), max_length=DATA_CENTER_LENGTH)
    org_id = models.CharField(_("org id"), max_length=40)
    window = models.IntegerField(_("credits of 24 hours"), default=0, help_text=_("Spent, or taken for a run."))
    unnoted_credits = models.IntegerField(_("credits not noted"), default=0, help_text=_("Not in any minute yet."))
    unnoted_calls = models.IntegerField(_("calls not noted"), default=0)
    day_budget = models.PositiveIntegerField(_("day budget"), default=0)
    oldest_minute = models.DateTimeField(_("oldest minute"), null=True, blank=True)
    noted_at = models.DateTimeField(_("noted at"), null=True, blank=True)
    refused_until = models.DateTimeField(_("refused until"), null=True, blank=True)
    refusals = models.PositiveIntegerField(_("refusals in a row"), default=0)
    spent_until = models.DateTimeField(_("share spent until"), null=True, blank=True)

    class Meta:
        verbose_name = _("credit account")
        verbose_name_plural = _("credit accounts")
        constraints = (
            models.UniqueConstraint(fields=("data_center", "org_id"), name="django_bigin_account_per_organization"),
        )

    def __str__(self) -> str:
        return one_line(f"{self.org_id}: {self.window}")


class Heartbeat(models.Model):
    """A worker or beat seen alive. Trimmed after a day of silence."""

    name = models.CharField(_("name"), max_length=200)
    kind = models.CharField(_("kind"), max_length=16, help_text=_("The tick, or a kind of work."))
    seen_at = models.DateTimeField(_("seen at"))

    class Meta:
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")
        # One of each kind: a worker that serves both queues would else be seen at the one it served last alone.
        constraints = (models.UniqueConstraint(fields=("name", "kind"), name="django_bigin_heartbeat_once_per_kind"),)

    def __str__(self) -> str:
        return one_line(self.name)

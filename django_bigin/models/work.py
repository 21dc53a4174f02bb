"""Jobs and their results, the credits they cost, and signs of life."""

from __future__ import annotations

from django.conf import settings as django_settings
from django.db import models

from ..text import one_line
from .connection import Connection
from .mirror import MODULE_LENGTH
from .registration import DATA_CENTER_LENGTH


class Job(models.Model):
    """A request of a person with its progress and result, or the result of a sync that nobody requested.

    Trimmed after `BIGIN_JOB_RETENTION_DAYS`.
    """

    class Kind(models.TextChoices):
        REFRESH = "refresh", "Refresh token"
        SYNC = "sync", "Sync"
        FULL_SYNC = "full_sync", "Full sync"
        PAUSE = "pause", "Pause"
        RESUME = "resume", "Resume"
        DISCONNECT = "disconnect", "Disconnect"

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    UNFINISHED = (State.WAITING, State.RUNNING)

    kind = models.CharField(max_length=16, choices=Kind.choices)
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="jobs")
    module = models.CharField(max_length=MODULE_LENGTH, blank=True)
    batch = models.UUIDField(null=True, blank=True, db_index=True, help_text="Shared by the jobs of one request.")
    requested_by = models.ForeignKey(
        django_settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    requested_by_name = models.CharField(
        "requested by", max_length=150, blank=True, help_text="A person, a command or the schedule."
    )
    priority = models.SmallIntegerField(default=0, help_text="The highest goes first; for the site to set.")
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    progress = models.CharField(max_length=200, blank=True)
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    deleted = models.PositiveIntegerField(default=0)
    quarantined = models.PositiveIntegerField(default=0)
    calls = models.PositiveIntegerField(default=0)
    credits = models.PositiveIntegerField(default=0)
    seconds = models.FloatField(default=0)
    result = models.TextField(blank=True)
    details = models.JSONField(default=dict, blank=True, help_text="The result of each module.")
    error = models.TextField(blank=True)
    tries = models.PositiveIntegerField(default=0)
    lease_id = models.CharField(max_length=36, blank=True, default="")
    lease_until = models.DateTimeField(null=True, blank=True)
    queued_until = models.DateTimeField(null=True, blank=True)
    requested_at = models.DateTimeField(db_index=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-requested_at", "-id")
        indexes = (models.Index(fields=("state", "-priority", "requested_at"), name="django_bigin_waiting_jobs"),)

    def __str__(self) -> str:
        return one_line(f"{self.get_kind_display()} {self.module}").strip()


class CreditUse(models.Model):
    """API credits of one organization in one minute, by our own ledger. Trimmed after a day."""

    data_center = models.CharField(max_length=DATA_CENTER_LENGTH)
    org_id = models.CharField(max_length=40)
    minute = models.DateTimeField()
    calls = models.PositiveIntegerField(default=0)
    credits = models.PositiveIntegerField(default=0)
    day_budget = models.PositiveIntegerField(default=0, help_text="The day's credits by edition and licences.")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("data_center", "org_id", "minute"), name="django_bigin_credits_per_minute"),
        )

    def __str__(self) -> str:
        return one_line(f"{self.org_id} {self.minute:%H:%M}: {self.credits}")


class Heartbeat(models.Model):
    """A worker or beat seen alive. Trimmed after a day of silence."""

    name = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=16, help_text="The tick, or a kind of work.")
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return one_line(self.name)

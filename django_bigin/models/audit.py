"""The audit, and the installation that owns this database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop, pgettext_lazy

from ..text import one_line
from ..translation import LazyText

KEY_LENGTH = 255


ACTS: Mapping[str, LazyText] = {
    "confirm": pgettext_lazy("audit", "confirm"),
    "connect": pgettext_lazy("audit", "connect"),
    "delete": pgettext_lazy("audit", "delete"),
    "discard": pgettext_lazy("audit", "discard"),
    "disconnect": pgettext_lazy("audit", "disconnect"),
    "pause": pgettext_lazy("audit", "pause"),
    "repair": pgettext_lazy("audit", "repair"),
    "reconnect": pgettext_lazy("audit", "reconnect"),
    "resume": pgettext_lazy("audit", "resume"),
    "secret unreadable": pgettext_lazy("audit", "secret unreadable"),
    "trim": pgettext_lazy("audit", "trim"),
    "verify": pgettext_lazy("audit", "verify"),
}
"""The acts of the audit as people read them; the rows hold the keys, which never change."""


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    """Append-only: rows are added and, by `trim` alone, removed."""

    def update(self, **kwargs: Any) -> int:
        raise TypeError("Audit events are append-only: they cannot be changed.")

    def delete(self) -> Any:
        raise TypeError("Audit events are append-only: use AuditEvent.objects.trim(before).")

    delete.alters_data = True  # type: ignore[attr-defined]  # as Django marks its own
    delete.queryset_only = True  # type: ignore[attr-defined]

    def trim(self, before: datetime, *, at: datetime) -> int:
        """Remove what is older than `before`, and record that; return how many events were removed."""
        gone = models.QuerySet.delete(self.filter(at__lt=before))[0]
        told = {"number": gone, "moment": before.isoformat()}
        self.create(
            action="trim", at=at, detail=gettext_noop("Removed %(number)s events from before %(moment)s.") % told
        )
        return gone


if TYPE_CHECKING:

    class AuditEventManager(AuditEventQuerySet, models.Manager["AuditEvent"]):  # type: ignore[misc]  # each has its own subscript
        """The manager of audit events, which has the queryset's methods."""

else:

    class AuditEventManager(models.Manager.from_queryset(AuditEventQuerySet)):
        """The manager of audit events, which has the queryset's methods."""


class AuditEvent(models.Model):
    """One act of a person: connect, refresh by hand, revoke. Text, so that it outlives what it names."""

    action = models.CharField(_("action"), max_length=32, db_index=True)
    at = models.DateTimeField(_("at"), db_index=True)
    actor = models.CharField(_("actor"), max_length=150, blank=True)
    tenant = models.CharField(_("tenant"), max_length=200, blank=True)
    tenant_key = models.CharField(
        _("tenant key"), max_length=KEY_LENGTH, blank=True, db_index=True, help_text=_("See `audit.key_of`.")
    )
    connection = models.CharField(_("connection"), max_length=300, blank=True)
    connection_key = models.CharField(_("connection key"), max_length=20, blank=True, db_index=True)
    detail = models.TextField(_("detail"), blank=True)

    objects: ClassVar[AuditEventManager] = AuditEventManager()

    class Meta:
        ordering = ("-at", "-id")
        verbose_name = _("audit event")
        verbose_name_plural = _("audit events")

    def __str__(self) -> str:
        return one_line(f"{self.act} {self.connection}").strip()

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise TypeError("Audit events are append-only: they cannot be changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("Audit events are append-only: use AuditEvent.objects.trim(before).")

    @property
    def act(self) -> str:
        """The action as people read it."""
        return str(ACTS.get(self.action, self.action))


class Installation(models.Model):
    """The installation that owns this database. One row, made on first use, replaced by `bigin_adopt`."""

    identifier = models.CharField(_("identifier"), max_length=200)
    adopted_at = models.DateTimeField(_("adopted at"))
    adopted_by = models.CharField(_("adopted by"), max_length=150, blank=True)

    class Meta:
        verbose_name = _("installation")
        verbose_name_plural = _("installations")

    def __str__(self) -> str:
        return one_line(self.identifier)

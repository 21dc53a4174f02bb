"""The site's customers, in a model of ours or of the site's own."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from ..db.aliases import WrittenManager
from ..text import one_line


class Tenant(models.Model):
    """One customer of the site. Nothing deletes it while a connection or a registration belongs to it.

    A site with a model of its own names it in `BIGIN_TENANT_MODEL` before its first migrate, as with AUTH_USER_MODEL.
    """

    name = models.CharField(_("name"), max_length=200)
    slug = models.SlugField(_("slug"), max_length=100, unique=True, help_text=_("The value of --tenant in commands."))
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    objects: ClassVar[models.Manager[Tenant]] = models.Manager()
    as_written = WrittenManager()

    class Meta:
        base_manager_name = "as_written"
        swappable = "BIGIN_TENANT_MODEL"
        ordering = ("name",)
        verbose_name = _("tenant")
        verbose_name_plural = _("tenants")

    def __str__(self) -> str:
        return one_line(self.name)

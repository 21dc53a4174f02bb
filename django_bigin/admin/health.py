"""Health in the admin: what is wrong, of the tenants that the person may see, and what to do about it."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext

from ..db.aliases import outside_transactions
from ..health.examine import examine_for
from ..health.findings import Health, Wrong
from ..health.words import detail, remedy
from ..tenants import tenant_label
from ..translation import translated
from .access import TenantScoped
from .show import finding_badge, moment


class HealthPage(TenantScoped):
    """The page of findings, under the address of the list of connections."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.health_view)
        return [path("health/", view, name="django_bigin_connection_health"), *super().get_urls()]

    # A broker may be asked, for two seconds.
    @outside_transactions
    def health_view(self, request: HttpRequest) -> HttpResponse:
        """Show what is wrong, the likeliest cause of the rest first."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        health = examine_for(request.user)
        rows = [self._row(request, each) for each in health.wrong] if health else []
        return self.own_page(request, "connection/health.html", gettext("Health"), {"rows": rows, **_numbers(health)})

    def _row(self, request: HttpRequest, wrong: Wrong) -> dict[str, object]:
        connection = wrong.connection
        page = f"{self.admin_site.name}:django_bigin_connection_change"
        return {
            "code": wrong.code,
            "badge": finding_badge(wrong.finding),
            "subject": _subject(wrong),
            "address": reverse(page, args=[connection.pk]) if connection else "",
            "known": translated(detail(wrong.finding)),
            "since": moment(wrong.finding.since),
            "remedy": translated(remedy(wrong.finding)),
        }


def _subject(wrong: Wrong) -> str:
    """Name the tenant and, in the reader's language, the part of the installation or the work that it is about."""
    subject = translated(wrong.finding.subject)
    return f"{tenant_label(wrong.connection.tenant)}: {subject}" if wrong.connection else subject


def _numbers(health: Health | None) -> dict[str, int]:
    connections = health.connections if health else ()
    return {"connections": len(connections), "quarantined": sum(each.quarantined for each in connections)}

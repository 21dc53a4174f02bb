"""Addresses of the admin's pages, on the admin site that a person is on: a project may have several."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib.admin import AdminSite
from django.urls import NoReverseMatch, reverse


def admin_page(site: AdminSite, page: str, *arguments: Any, **query: Any) -> str | None:
    """Return the address of a page of that site, such as "django_bigin_job_change"; None where it has no such page."""
    try:
        address = reverse(f"admin:{page}", args=arguments, current_app=site.name)
    except NoReverseMatch:
        return None
    return f"{address}?{urlencode(query)}" if query else address


def index_page(site: AdminSite) -> str:
    """Return the address of the site's first page."""
    return reverse("admin:index", current_app=site.name)

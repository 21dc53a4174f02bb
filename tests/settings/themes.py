"""Themes of the admin that others wrote: what each one wants in the settings, as its documentation says."""

from typing import Any

# Before django.contrib.admin, behind the other apps, and further settings.
THEMES: dict[str, tuple[list[str], list[str], dict[str, Any]]] = {
    "admin-interface": (["admin_interface", "colorfield"], [], {"X_FRAME_OPTIONS": "SAMEORIGIN"}),
    "baton": (["baton"], ["baton.autodiscover"], {"BATON": {"SITE_TITLE": "Ours"}}),
    "grappelli": (["grappelli"], [], {}),
    "jazzmin": (["jazzmin"], [], {}),
    "jet-reboot": (["jet"], [], {"X_FRAME_OPTIONS": "SAMEORIGIN"}),
    "unfold": (["unfold"], [], {}),
}

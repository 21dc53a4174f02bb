"""The app: registers the system checks and keeps secrets out of the logs around it; no more."""

from __future__ import annotations

from django.apps import AppConfig


class BiginConfig(AppConfig):
    name = "django_bigin"
    verbose_name = "Bigin"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import checks  # noqa: F401  # registers itself
        from .api.redaction import redact_access_logs, redact_library_logs

        redact_library_logs()
        redact_access_logs()

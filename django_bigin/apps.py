"""The app: registers the system checks, keeps secrets out of the logs around it, and joins the layers; no more."""

from __future__ import annotations

from django.apps import AppConfig


class BiginConfig(AppConfig):
    name = "django_bigin"
    verbose_name = "Bigin"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import checks, tasks  # noqa: F401  # the checks register themselves
        from .api.redaction import redact_access_logs, redact_library_logs
        from .health import alerts, probes
        from .views.addresses import is_callback
        from .work import housekeeping, requests

        redact_library_logs()
        redact_access_logs(is_callback)
        # What lower layers may not import is handed to them here.
        requests.set_waker(tasks.send)
        housekeeping.register(alerts.send_due)
        probes.set_broker_probe(tasks.ask_broker)

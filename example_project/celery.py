"""The example project's Celery. A worker for each queue, and one beat:

celery -A example_project worker -Q bigin.refresh
celery -A example_project worker -Q bigin.sync
celery -A example_project beat
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "example_project.settings")

app = Celery("example_project")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@app.on_after_finalize.connect
def add_schedule(sender: Celery, **_: object) -> None:
    """Add django-bigin's one entry, now that the apps are loaded."""
    from django_bigin.tasks import beat_schedule

    sender.conf.beat_schedule = {**(sender.conf.beat_schedule or {}), **beat_schedule()}

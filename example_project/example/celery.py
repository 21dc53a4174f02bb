"""The site's Celery: a worker for each queue, and one beat, from the folder of manage.py.

celery -A example worker -Q bigin.refresh -n refresh@%h
celery -A example worker -Q bigin.sync -n sync@%h
celery -A example beat

Unlike manage.py they insist on their settings: on a developer's machine `export DEBUG=true` first.
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "example.settings")

app = Celery("example")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@app.on_after_finalize.connect
def add_schedule(sender: Celery, **_: object) -> None:
    """Add django-bigin's one entry, now that the apps are loaded."""
    from django_bigin.tasks import beat_schedule

    sender.conf.beat_schedule = {**(sender.conf.beat_schedule or {}), **beat_schedule()}

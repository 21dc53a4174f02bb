"""A night of ticks from django-celery-beat's own scheduler without a worker; then one that takes what there is.

`python -m tests.support.database_beat` writes, as JSON, how many messages were sent and whether a tick ran.
"""

import json
import os
import time

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.support.database_beat_settings"


def main() -> None:
    import django

    django.setup()
    from celery import Celery
    from django.conf import settings
    from django.core.management import call_command
    from django_celery_beat.models import PeriodicTask
    from django_celery_beat.schedulers import DatabaseScheduler

    from django_bigin.models import Heartbeat
    from django_bigin.tasks import beat_schedule
    from tests.support.celery_sites import worker_of

    call_command("migrate", verbosity=0)
    app = Celery("site", broker="memory://")
    app.conf.broker_transport_options = {"polling_interval": 0.02}
    app.set_default()
    app.conf.beat_schedule = beat_schedule()
    scheduler = DatabaseScheduler(app=app, lazy=False)
    ends_at = time.monotonic() + 6 * settings.BIGIN_TICK_SECONDS
    while time.monotonic() < ends_at:
        time.sleep(max(0, min(scheduler.tick(), settings.BIGIN_TICK_SECONDS)))
    scheduler.sync()
    time.sleep(3 * settings.BIGIN_TICK_SECONDS)
    with worker_of(app, "bigin.refresh"):
        time.sleep(2)
        stale = Heartbeat.objects.filter(kind="tick").exists()
        scheduler.apply_async(scheduler.schedule["bigin.tick"])
        time.sleep(2)
    ran = Heartbeat.objects.filter(kind="tick").exists()
    sent = PeriodicTask.objects.get(name="bigin.tick").total_run_count
    print(json.dumps({"sent": sent, "stale_ran": stale, "fresh_ran": ran}))


if __name__ == "__main__":
    main()

"""The suite's settings with django-celery-beat."""

from tests.settings import *
from tests.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "django_celery_beat"]
BIGIN_TICK_SECONDS = 0.3
BIGIN_CLOCK = "django.utils.timezone.now"

"""The suite's settings for a site that serves its own static files, by the real clock."""

from tests.settings import *

DEBUG = True
BIGIN_CLOCK = "django.utils.timezone.now"

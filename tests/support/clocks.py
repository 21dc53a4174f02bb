"""Clocks of sites that are wrong, to be named in `BIGIN_CLOCK`."""

from datetime import datetime, timedelta

from django.utils import timezone


def an_hour_ahead() -> datetime:
    return timezone.now() + timedelta(hours=1)


def an_hour_behind() -> datetime:
    return timezone.now() - timedelta(hours=1)

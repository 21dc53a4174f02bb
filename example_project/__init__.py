"""A small multi-tenant site that uses django-bigin; the only place that reads the environment."""

from .celery import app as celery_app

__all__ = ["celery_app"]

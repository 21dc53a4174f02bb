"""`path("bigin/", include("django_bigin.urls"))`: the redirect URI is then the address of `django_bigin:callback`."""

from __future__ import annotations

from django.urls import path

from .views import connect, health

app_name = "django_bigin"

urlpatterns = [
    path("health/", health.health, name="health"),
    path("connect/", connect.connect, name="connect"),
    path("callback/", connect.callback, name="callback"),
    path("attempts/<uuid:uuid>/", connect.attempt, name="attempt"),
    path("refused/<slug:reason>/", connect.refused, name="refused"),
    path("connections/<int:connection_id>/confirm/", connect.confirm, name="confirm"),
]

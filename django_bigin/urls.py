"""`path("bigin/", include("django_bigin.urls"))`: the redirect URI is then the address of `django_bigin:callback`."""

from __future__ import annotations

from django.urls import path

from . import views

app_name = "django_bigin"

urlpatterns = [
    path("connect/", views.connect, name="connect"),
    path("callback/", views.callback, name="callback"),
    path("attempts/<uuid:uuid>/", views.attempt, name="attempt"),
    path("refused/<slug:reason>/", views.refused, name="refused"),
    path("connections/<int:connection_id>/confirm/", views.confirm, name="confirm"),
]

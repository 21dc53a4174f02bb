"""URLs of the site: the admin, and each tenant's contacts."""

from django.contrib import admin
from django.urls import include, path

from . import views

urlpatterns = [
    path("admin/", admin.site.urls),
    path("bigin/", include("django_bigin.urls")),
    path("", views.tenants, name="tenants"),
    path("<slug:slug>/", views.contacts, name="contacts"),
]

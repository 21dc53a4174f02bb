"""URLs of the example project: the admin, and each tenant's contacts."""

from django.contrib import admin
from django.urls import path

from . import views

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", views.tenants, name="tenants"),
    path("<slug:slug>/", views.contacts, name="contacts"),
]

"""URLs of the suite."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

site = admin.site
urlpatterns = [path("bigin/", include("django_bigin.urls"))]

match settings.THEME:
    case "baton":
        from baton.autodiscover import admin as baton

        site = baton.site
        urlpatterns.append(path("baton/", include("baton.urls")))
    case "grappelli":
        urlpatterns.append(path("grappelli/", include("grappelli.urls")))
    case "jet-reboot":
        urlpatterns.append(path("jet/", include("jet.urls", "jet")))

urlpatterns.append(path("admin/", site.urls))

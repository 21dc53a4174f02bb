"""The callback's address, wherever a site has mounted it."""

import logging
from typing import Any

import pytest
from django.conf.urls.i18n import i18n_patterns
from django.contrib.auth.models import AnonymousUser
from django.urls import include, path

from django_bigin.views.addresses import is_callback
from django_bigin.views.connect import callback

urlpatterns = [
    path("crm/<slug:tenant>/", include("django_bigin.urls")),
    path("second/", include("django_bigin.urls", namespace="second")),
    path("callback/", lambda request: None, name="callback"),
    *i18n_patterns(path("zoho/", include("django_bigin.urls", namespace="third"))),
]


@pytest.mark.parametrize(
    "address",
    [
        "/crm/acme/callback/",
        "/second/callback/",
        "/en-us/zoho/callback/",
        "/de/zoho/callback/",
        "/script/name/second/callback/",
    ],
)
def test_it_is_known_under_any_prefix(address: str, settings: Any) -> None:
    settings.ROOT_URLCONF = __name__
    assert is_callback(address)


@pytest.mark.parametrize("address", ["/callback/", "/orders/", "/crm/acme/connect/", "/zoho/other/", "", "*"])
def test_no_other_address_is(address: str, settings: Any) -> None:
    settings.ROOT_URLCONF = __name__
    assert not is_callback(address)


@pytest.mark.parametrize("log", ["django.server", "gunicorn.access"])
def test_the_sites_own_code_and_state_stay_in_the_log(log: str, caplog: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(logging.getLogger(log), "propagate", True)
    caplog.set_level(logging.INFO, logger=log)
    logging.getLogger(log).info('"%s"', "GET /orders/?state=open&code=SPRING HTTP/1.1")
    logging.getLogger(log).info('"%s"', "GET /bigin/callback/?state=s3cret&code=1000.ab HTTP/1.1")
    assert "/orders/?state=open&code=SPRING" in caplog.text
    assert "/bigin/callback/?state=[hidden]&code=[hidden]" in caplog.text


@pytest.mark.django_db
def test_an_address_at_which_the_callback_was_asked_for_is_known_whatever_the_urls(rf: Any) -> None:
    address = "/of/a/subdomain"
    assert not is_callback(address)
    request = rf.get(f"{address}?code=1000.ab&state=s3cret")
    request.session, request.user = {}, AnonymousUser()
    callback(request)
    assert is_callback(address)

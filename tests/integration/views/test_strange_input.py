"""What people may type into the addresses and forms of our own pages: NUL, huge numbers, half characters."""

from typing import Any

import pytest
from django.test import Client

from django_bigin.models import AuthorizationAttempt, ClientRegistration, Tenant
from tests.support.browsing import changed, come_back, press_connect, user_in

pytestmark = pytest.mark.django_db(transaction=True)

STRANGE = ["a%00b", "99999999999999999999", "-99999999999999999999", "%ED%A0%80", "²"]


@pytest.mark.parametrize("field", ["tenant", "connection", "registration", "next"])
@pytest.mark.parametrize("value", [*STRANGE, "/a%00b", "/%0d%0aX: y", "/" + "a" * 3000])
def test_connect_takes_or_refuses_it(world: Any, browser: Client, field: str, value: str) -> None:
    tenant, registration = Tenant.objects.get(), ClientRegistration.objects.get()
    given = {"tenant": tenant.pk, "registration": registration.pk, "next": "/", field: value}
    body = "&".join(f"{name}={text}" for name, text in given.items())
    browser.raise_request_exception = False

    read = browser.get(f"/bigin/connect/?{body}")
    posted = browser.post("/bigin/connect/", body, content_type="application/x-www-form-urlencoded")

    assert {read.status_code, posted.status_code} <= {200, 400, 404}
    assert (posted.status_code == 200) == (field == "next")
    for attempt in AuthorizationAttempt.objects.all():
        assert attempt.return_to in ("", "/")


@pytest.mark.parametrize("value", STRANGE)
@pytest.mark.parametrize(
    "page",
    [
        "/bigin/refused/{}/",
        "/bigin/attempts/{}/",
        "/bigin/connections/{}/confirm/",
        "/bigin/callback/?state={}",
        "/bigin/callback/?error={}&state={}",
        "/bigin/callback/?state=s&code={}&location={}&accounts-server={}",
    ],
)
def test_no_other_page_fails(world: Any, browser: Client, page: str, value: str) -> None:
    browser.raise_request_exception = False
    assert browser.get(page.format(*[value] * 3), follow=True).status_code in (400, 404)


def test_a_callback_that_brings_such_things_with_a_good_state_is_refused(world: Any, browser: Client) -> None:
    location = world.consent(press_connect(browser), user=user_in(world, "us"))
    browser.raise_request_exception = False
    assert come_back(browser, changed(location, code="a\x00b")).status_code == 400
    assert AuthorizationAttempt.objects.get().outcome == "failed"

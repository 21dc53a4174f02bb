"""The pages of the authorization in a site that asks everybody to sign in."""

from typing import Any

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def everybody_signs_in(settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"]


def test_a_callback_without_a_session_leaves_its_code_in_no_address(client: Client) -> None:
    answer = client.get("/bigin/callback/", {"state": "a-state", "code": "1000.the-code", "location": "us"})

    assert answer.status_code == 303
    assert answer["Location"] == "/bigin/refused/unknown/"
    page = client.get(answer["Location"])
    assert page.status_code == 400
    assert "This authorization is not known here" in page.content.decode()


@pytest.mark.parametrize("path", ["/bigin/connect/?tenant=1", "/bigin/connections/1/confirm/"])
def test_the_other_pages_lead_to_the_login_and_back(client: Client, path: str) -> None:
    answer = client.get(path)

    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/?next=/bigin/connect")

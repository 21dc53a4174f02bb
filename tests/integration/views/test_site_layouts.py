"""Sites that are laid out in another way: a tenant a subdomain, and a policy for what a browser may load."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

import django_bigin
from django_bigin.connections.authorize import REFUSALS
from django_bigin.models import Connection
from tests.support.browsing import come_back, press_connect, user_in

TEMPLATES = sorted((Path(django_bigin.__file__).parent / "templates").rglob("*.html"))


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_page_of_ours_holds_a_style_or_a_script(template: Path) -> None:
    assert not re.search(r"<style|<script|\sstyle=|\son[a-z]+=|javascript:", template.read_text(), re.IGNORECASE)


@pytest.mark.django_db(transaction=True)
class TestAPolicyForWhatABrowserMayLoad:
    def test_the_form_ends_on_this_host_and_leads_on_without_a_script(self, world: Any, browser: Client) -> None:
        address = press_connect(browser)  # the answer to the form is a page, and no redirect to another host
        assert address.startswith("http")
        assert "/oauth/v2/auth?" in address

    def test_the_pages_take_their_style_from_a_file(self, world: Any, browser: Client) -> None:
        page = browser.get("/bigin/refused/used/").content.decode()
        [style] = re.findall(r'<link rel="stylesheet" href="/static/([^"]+)">', page)
        assert finders.find(style)


@pytest.mark.django_db(transaction=True)
class TestATenantASubdomain:
    def test_a_session_that_does_not_reach_the_callback_is_said(self, world: Any, browser: Client) -> None:
        location = world.consent(press_connect(browser), user=user_in(world, "us"))
        page = come_back(Client(), location)  # the cookie stays on the other host
        assert page.status_code == 400
        assert "SESSION_COOKIE_DOMAIN" in REFUSALS["no-session"]
        assert "SESSION_COOKIE_DOMAIN" in page.content.decode()
        assert not Connection.objects.exists()

    def test_back_leads_to_the_host_where_the_person_started(self, world: Any, browser: Client) -> None:
        location = world.consent(
            press_connect(browser, next="/crm/", host="acme.site.example"), user=user_in(world, "us")
        )
        come_back(browser, location)
        connection = Connection.objects.get()
        done = browser.post(f"/bigin/connections/{connection.pk}/confirm/", {"confirm": "1"}, follow=True)
        assert '<a href="http://acme.site.example/crm/">Back</a>' in done.content.decode()

    def test_on_one_host_it_is_a_path(self, world: Any, browser: Client) -> None:
        come_back(browser, world.consent(press_connect(browser, next="/crm/"), user=user_in(world, "us")))
        connection = Connection.objects.get()
        done = browser.post(f"/bigin/connections/{connection.pk}/confirm/", {"confirm": "1"}, follow=True)
        assert '<a href="/crm/">Back</a>' in done.content.decode()

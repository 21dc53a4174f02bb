"""Connecting in a real browser: from the admin over Zoho's consent page and back, and back again after a revocation."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest

from demo.leaks import search

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.browser.conftest import Site, Visitor

pytestmark = pytest.mark.browser

HOUR = 3600
QUARTER_OF_AN_HOUR = 900
TOKEN, REVOKE = "/oauth/v2/token", "/oauth/v2/token/revoke"
CONNECTIONS = "/admin/django_bigin/connection/"


def test_connect_lose_the_grant_and_reconnect(visitor: Visitor, site: Site) -> None:
    organization = "Sandbox CA 3"
    connect_maple_tools(visitor, organization)
    wait_until_mirrored(visitor, organization)

    before = site.connection("maple")
    assert before["data_center"] == "ca"
    assert before["status"] == "healthy"
    assert sum(name.startswith("Contacts ") for name in before["records"]) == 230

    lose_the_grant(visitor, site, organization, before["org_id"])
    edited = edit_a_contact(site, before["org_id"])
    reconnect(visitor, organization)
    see_the_edit(visitor, site, edited)

    after = site.connection("maple")
    assert after["id"] == before["id"]
    assert after["records"] == before["records"]
    assert after["status"] == "healthy"


def connect_maple_tools(visitor: Visitor, organization: str) -> None:
    visitor.open_tenant("Maple Tools")
    visitor.shoot("tenant")
    visitor.follow("Connect")
    visitor.sees("Connect Maple Tools to Bigin")
    visitor.shoot("connect")
    visitor.go_on_to_zoho()
    visitor.shoot("zoho-sign-in")
    visitor.choose_user("ca")
    visitor.sees_text(organization)
    visitor.shoot("zoho-consent")
    visitor.press("Accept")
    visitor.sees("Is this the right organization?")
    visitor.sees_text(organization)
    visitor.shoot("confirm")
    visitor.press("Yes, connect it")
    visitor.sees("Connected")
    visitor.sees_text(organization)
    visitor.shoot("connected")
    visitor.follow("Back")
    visitor.page.get_by_role("heading", name="Maple Tools").wait_for()


def wait_until_mirrored(visitor: Visitor, organization: str) -> None:
    """Watch the first sync in the admin until it has every record."""
    page = visitor.page
    visitor.go(CONNECTIONS)
    visitor.shoot("connections")
    assert row_of(visitor, organization).get_by_text("Healthy", exact=True).count() == 1
    page.get_by_role("link", name=organization).click()
    modules = page.locator("#modules-group")
    visitor.reload_until("every module complete", lambda: is_mirrored(modules))
    visitor.shoot("connection")
    visitor.go("/admin/django_bigin/record/?module=Contacts")
    visitor.sees_text(re.compile("^230 "))
    visitor.shoot("records")


def is_mirrored(modules: Locator) -> bool:
    return modules.get_by_text("Complete").count() > 0 and modules.get_by_text("Not read yet").count() == 0


def lose_the_grant(visitor: Visitor, site: Site, organization: str, org_id: str) -> None:
    """Revoke the access at Zoho; once the token has expired, the worker's refresh is refused."""
    site.zoho.post("grants/revoke", org_id=org_id)
    site.zoho.post("clock", advance_seconds=HOUR)
    visitor.go(CONNECTIONS)
    badge = row_of(visitor, organization).get_by_text("Needs authorization", exact=True)
    visitor.reload_until("that it needs authorization", lambda: badge.count() == 1)
    colours = [int(each) for each in re.findall(r"\d+", badge.evaluate("e => getComputedStyle(e).backgroundColor"))]
    red, green, blue = colours[:3]
    assert red > max(green, blue) + 20, colours
    visitor.shoot("needs-authorization")


def edit_a_contact(site: Site, org_id: str) -> str:
    """Change a record at Zoho while nobody can read it."""
    contact = site.zoho.get("records", module="Contacts", org_id=org_id)["records"][0]["id"]
    edits = [{"id": contact, "Title": "Edited meanwhile"}]
    site.zoho.patch("records", module="Contacts", org_id=org_id, records=edits)
    return str(contact)


def reconnect(visitor: Visitor, organization: str) -> None:
    visitor.page.get_by_role("link", name=organization).click()
    visitor.shoot("connection-needs-authorization")
    visitor.follow("Reconnect")
    visitor.page.get_by_role("heading", name=re.compile("^Reconnect ")).wait_for()
    visitor.shoot("reconnect")
    visitor.go_on_to_zoho()
    visitor.choose_user("ca")
    visitor.press("Accept")
    visitor.sees("Connected")
    visitor.shoot("reconnected")
    visitor.follow("Back")
    visitor.page.get_by_text("Healthy", exact=True).first.wait_for()
    visitor.shoot("connection-healthy-again")


def see_the_edit(visitor: Visitor, site: Site, contact: str) -> None:
    site.zoho.post("clock", advance_seconds=QUARTER_OF_AN_HOUR)
    visitor.go(f"/admin/django_bigin/record/?module=Contacts&q={contact}")
    visitor.page.locator("#result_list tbody").get_by_role("link").first.click()
    visitor.reload_until("the edit", lambda: visitor.page.get_by_text("Edited meanwhile").count() > 0)
    visitor.shoot("record")


def row_of(visitor: Visitor, organization: str) -> Locator:
    return visitor.page.get_by_role("row").filter(has_text=organization)


def test_reject_with_the_keyboard_alone(visitor: Visitor, site: Site) -> None:
    page, keyboard = visitor.page, visitor.page.keyboard
    visitor.allowed.add("400 (Bad Request)")
    there = site.connections()
    visitor.open_tenant("Acme Pumps")
    visitor.tabs_to(page.get_by_role("link", name="Connect", exact=True))
    keyboard.press("Enter")
    visitor.sees("Connect Acme Pumps to Bigin")
    visitor.tabs_to(page.get_by_role("button", name="Continue to Zoho"))
    visitor.shoot("focus")
    keyboard.press("Enter")
    page.get_by_role("list", name="Zoho users").wait_for()
    visitor.tabs_to(page.get_by_role("button", name=site.user_of("us")))
    keyboard.press("Enter")
    page.get_by_role("list", name="Scopes").wait_for()
    visitor.tabs_to(page.get_by_role("button", name="Reject"))
    keyboard.press("Enter")
    visitor.sees("Not connected")
    assert "You did not give your consent" in page.get_by_role("alert").inner_text()
    visitor.shoot("not-connected")
    page.reload()
    visitor.sees("Not connected")
    visitor.tabs_to(page.get_by_role("link", name="Start again"))
    keyboard.press("Enter")
    visitor.sees("Connect Acme Pumps to Bigin")
    assert site.connections() == there


def test_reload_and_back_connect_nothing_twice(visitor: Visitor, site: Site) -> None:
    page = visitor.page
    visitor.allowed.add("400 (Bad Request)")
    there, asked = site.connections(), site.calls(TOKEN)
    callbacks: list[str] = []
    page.on("request", lambda request: callbacks.append(request.url) if "/bigin/callback/" in request.url else None)
    visitor.open_tenant("Acme Pumps")
    visitor.follow("Connect")
    visitor.go_on_to_zoho()
    visitor.choose_user("us")
    visitor.press("Accept")
    visitor.sees("Is this the right organization?")
    page.reload()
    visitor.sees("Is this the right organization?")
    (callback,) = callbacks

    page.goto(callback)
    visitor.sees("Already completed")
    assert "completed before" in page.get_by_role("alert").inner_text()
    assert "code" not in page.url
    visitor.shoot("callback-again")

    page.go_back()
    visitor.sees("Is this the right organization?")
    visitor.press("Yes, connect it")
    visitor.sees("Connected")
    page.go_back()
    visitor.sees("Connected")
    visitor.shoot("back-after-confirm")
    assert page.get_by_role("button", name="Yes, connect it").count() == 0

    connected = site.connection("acme")
    assert connected["org_id"] == site.organizations["us"]["org_id"]
    assert site.connections() == there + 1
    assert site.calls(TOKEN) == asked + 1


def test_no_gives_the_access_back(visitor: Visitor, site: Site) -> None:
    there, revoked = site.connections(), site.calls(REVOKE)
    visitor.page.emulate_media(color_scheme="dark")
    visitor.open_tenant("Eiffel Ponts")
    visitor.follow("Connect")
    visitor.go_on_to_zoho()
    visitor.choose_user("eu")
    visitor.press("Accept")
    visitor.sees("Is this the right organization?")
    visitor.shoot("confirm-in-the-dark")
    visitor.press("No, revoke the access")
    visitor.sees("Not connected")
    visitor.shoot("discarded")
    visitor.follow("Back")
    visitor.page.get_by_role("heading", name="Eiffel Ponts").wait_for()
    assert site.connections() == there
    assert site.calls(REVOKE) > revoked


def test_a_secret_in_a_log_would_be_found(visitor: Visitor, site: Site) -> None:
    visitor.open_tenant("Acme Pumps")
    visitor.follow("Connect")
    visitor.go_on_to_zoho()
    visitor.page.get_by_role("list", name="Zoho users").wait_for()
    secrets = site.secrets()
    assert "state" in {secret["kind"] for secret in secrets}
    for log in ("site", "worker-refresh", "worker-sync", "beat"):
        assert " DEBUG " in site.stack.log(log), log
    assert " DEBUG django.db.backends: " in site.stack.log("site")
    planted = site.stack.folder / "planted"
    planted.mkdir()
    try:
        log = planted / "site.log"
        for secret in secrets:
            log.write_text(f"DEBUG planted: {secret['value'].encode().hex()}")
            assert search(planted, [secret]).leaks == (f"{secret['kind']}, in hex in site.log",)
        assert site.search(secrets).leaks == (f"{secrets[-1]['kind']}, in hex in planted/site.log",)
    finally:
        shutil.rmtree(planted)

"""The buttons of the admin's pages in Chromium: seen, large enough, and hit by a click; under BIGIN_TEST_THEME."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from demo.stack import answers, free_port

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
LEAST_SIZE, LEAST_CONTRAST = 24, 4.5
START_SECONDS = 60
PREPARE = """
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.test import Client
from tests.support.factories import make_row_of_each_model, make_superuser
from django_bigin.models import Connection
make_row_of_each_model("acme")
client = Client()
client.force_login(make_superuser())
print(client.cookies["sessionid"].value, Connection.objects.get().pk)
"""
# The first ground behind the text that is not transparent, and whether a click in its middle meets the button.
LOOK = """element => {
    let ground = element;
    while (ground.parentElement && /, 0\\)$|transparent/.test(getComputedStyle(ground).backgroundColor))
        ground = ground.parentElement;
    element.scrollIntoView({block: "center"});
    const box = element.getBoundingClientRect();
    const hit = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    const style = getComputedStyle(element);
    const paint = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
    const rgb = colour => {
        paint.fillStyle = "#fff"; paint.fillRect(0, 0, 1, 1); paint.fillStyle = colour; paint.fillRect(0, 0, 1, 1);
        return Array.from(paint.getImageData(0, 0, 1, 1).data).slice(0, 3);
    };
    return {text: rgb(style.color), ground: rgb(getComputedStyle(ground).backgroundColor), width: box.width,
            height: box.height, hit: hit === element || element.contains(hit), opacity: Number(style.opacity)};
}"""


class ThemedSite:
    """The suite's own site under the theme: its address, somebody's session, and a connection."""

    def __init__(self, url: str, session: str, connection: str) -> None:
        self.url = url
        self.session = session
        self.page_of_connection = f"{url}/admin/django_bigin/connection/{connection}/change/"


@pytest.fixture(scope="module")
def themed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ThemedSite]:
    folder = tmp_path_factory.mktemp("themed")
    environment = {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{folder / 'site.sqlite3'}",
        "DJANGO_SETTINGS_MODULE": "tests.browser.themed_settings",
        "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]),
    }
    made = subprocess.run(
        [sys.executable, "-c", PREPARE], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr
    port = free_port()
    command = [sys.executable, "-m", "django", "runserver", "--noreload", f"127.0.0.1:{port}"]
    with (folder / "site.log").open("wb") as log:
        server = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)
    try:
        url = f"http://127.0.0.1:{port}"
        give_up_at = time.monotonic() + START_SECONDS
        while not answers(f"{url}/admin/login/"):
            assert time.monotonic() < give_up_at, (folder / "site.log").read_text()
            time.sleep(0.1)
        yield ThemedSite(url, *made.stdout.split())
    finally:
        server.terminate()
        server.wait(timeout=10)


@pytest.fixture
def page(chromium: Browser, themed: ThemedSite) -> Iterator[Page]:
    with chromium.new_context(viewport={"width": 1180, "height": 820}) as context:
        context.add_cookies([{"name": "sessionid", "value": themed.session, "url": themed.url}])
        context.set_default_timeout(20_000)
        yield context.new_page()


def require_good(button: Locator) -> None:
    button.wait_for()
    seen = button.evaluate(LOOK)
    assert min(seen["width"], seen["height"]) >= LEAST_SIZE, seen
    assert seen["hit"], seen
    assert seen["opacity"] == 1, seen
    assert contrast(seen["text"], seen["ground"]) >= LEAST_CONTRAST, seen


def contrast(one: list[int], other: list[int]) -> float:
    """Return the contrast of two colours as WCAG 2 reckons it."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: list[int]) -> float:
    parts = [part / 255 for part in colour]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_buttons_of_a_connection(page: Page, themed: ThemedSite, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto(themed.page_of_connection)
    tools = page.locator(".bigin-tools .button")
    assert tools.count() >= 5
    for number in range(tools.count()):
        require_good(tools.nth(number))


def test_a_click_reaches_the_button_and_its_confirmation(page: Page, themed: ThemedSite) -> None:
    page.goto(themed.page_of_connection)
    page.get_by_role("button", name=re.compile("^Disconnect")).first.click()
    page.get_by_text("The access is revoked at Zoho").wait_for()
    require_good(page.locator('input[value="Yes, disconnect"]'))
    require_good(page.get_by_role("link", name="No, go back"))
    page.get_by_role("link", name="No, go back").click()
    page.locator(".bigin-tools").wait_for()
    assert page.url == themed.page_of_connection


@pytest.mark.parametrize(("path", "label"), [("connect/", "Continue to Zoho"), ("connect-self-client/", "Connect")])
def test_buttons_of_the_pages_that_connect(page: Page, themed: ThemedSite, path: str, label: str) -> None:
    page.goto(f"{themed.url}/admin/django_bigin/connection/{path}")
    require_good(page.locator(f'input[value="{label}"]'))

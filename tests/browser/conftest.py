"""Chromium in front of the whole example: sandbox, site, workers and beat as processes.

No test here uses the suite's database or Django of this process: what the site has stored is asked of a process of its
own. So Playwright's loop and Django's guard against it never meet.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from demo.leaks import Search, search
from demo.sandbox_control import SandboxControl
from demo.scene import DATA_CENTERS, PASSWORD, USER
from demo.stack import ROOT, Stack
from tests.support.newcomer import states_in
from tests.support.services import MISSING, in_ci

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Locator, Page

CHROMIUM = os.environ.get("BIGIN_TEST_CHROMIUM", "/usr/bin/chromium")
SCREENSHOTS = os.environ.get("BIGIN_SCREENSHOTS")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
RECORDS = ("Accounts=12", "Contacts=230", "Products=6", "Pipelines=20", "Tasks=15", "Events=4", "Calls=6", "Notes=10")
PATIENCE_SECONDS = 120
SIZE = {"width": 1180, "height": 820}


class Site:
    """The example as it runs, and what it has stored; `states` are the OAuth states that browsers have carried."""

    def __init__(self, stack: Stack) -> None:
        self.url = stack.site_url
        self.stack = stack
        self.zoho = SandboxControl(stack.start["base_url"])
        self.organizations = {entry["data_center"]: entry for entry in stack.start["organizations"]}
        self.states: set[str] = set()

    def secrets(self) -> list[dict[str, str]]:
        """Return every secret that there was: the sandbox's, and the states."""
        states = [{"kind": "state", "value": state} for state in sorted(self.states)]
        return [*self.zoho.get("secrets")["secrets"], *states]

    def search(self, secrets: list[dict[str, str]]) -> Search:
        """Look for secrets in the database and in every log."""
        return search(self.stack.folder, secrets)

    def user_of(self, data_center: str) -> str:
        """Return the e-mail address of a Zoho user who lives there."""
        return next(user["email"] for user in self.stack.start["users"] if user["data_center"] == data_center)

    def run(self, code: str) -> Any:
        """Run Python with the site's Django, and return what it leaves in `answer`."""
        program = f"import json, sys, django\ndjango.setup()\n{code}\nprint(json.dumps(answer))"
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def connection(self, tenant: str) -> dict[str, Any]:
        """Read the tenant's connection, and the ids of the records in its mirror by module and Bigin's id."""
        return self.run(f"""
from django_bigin.models import Connection, Record
connection = Connection.objects.get(tenant__slug={tenant!r})
records = Record.objects.filter(connection=connection)
answer = {{
    "id": connection.pk,
    "org_id": connection.org_id,
    "status": connection.status,
    "data_center": connection.data_center,
    "records": {{f"{{module}} {{record_id}}": pk for module, record_id, pk in
                records.values_list("module", "record_id", "pk")}},
}}
""")

    def calls(self, path: str) -> int:
        """Count how often the sandbox was asked for exactly this path."""
        by_path = self.zoho.get("calls", path=path)["by_path"]
        return sum(number for call, number in by_path.items() if call.partition(" ")[2] == path)

    def connections(self) -> int:
        return self.run("from django_bigin.models import Connection; answer = Connection.objects.count()")


class Visitor:
    """A person at the browser, who goes through pages and looks at them, and the errors in the console."""

    def __init__(self, page: Page, site: Site, screenshots: Path, name: str) -> None:
        self.page = page
        self.site = site
        self.allowed: set[str] = set()
        self._screenshots = screenshots
        self._name = name
        self._shots = 0
        self._errors: list[tuple[str, str]] = []
        page.on("console", self._note)
        page.on("request", lambda request: site.states.update(states_in(request.url)))
        page.on("pageerror", lambda error: self._errors.append((page.url, str(error))))

    def go(self, path: str) -> None:
        self.page.goto(self.site.url + path)

    def sign_in(self) -> None:
        self.go("/admin/login/")
        self.page.get_by_label("Username:").fill(USER)
        self.page.get_by_label("Password:").fill(PASSWORD)
        self.page.get_by_role("button", name="Log in").click()
        self.page.get_by_role("heading", name="Site administration").wait_for()

    def open_tenant(self, name: str) -> None:
        self.go("/admin/django_bigin/tenant/")
        self.page.get_by_role("link", name=name).click()

    def go_on_to_zoho(self) -> None:
        self.page.get_by_role("button", name="Continue to Zoho with Our server-based client").click()

    def choose_user(self, data_center: str) -> None:
        """Sign in at Zoho as somebody who lives there."""
        self.page.get_by_role("button", name=self.site.user_of(data_center)).click()

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def follow(self, name: str) -> None:
        self.page.get_by_role("link", name=name, exact=True).click()

    def sees(self, heading: str) -> None:
        """Expect a page under this heading, in good order for a screen reader and on a telephone."""
        self.page.get_by_role("main").get_by_role("heading", name=heading, level=1).wait_for()
        assert self.page.get_by_role("heading", level=1).count() == 1
        assert self.page.title()
        assert self.page.locator("html").get_attribute("lang")
        self.page.set_viewport_size({"width": 360, "height": 740})
        wide = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        self.page.set_viewport_size(SIZE)
        assert wide <= 0, f"{heading}: {wide} pixels do not fit on a telephone"

    def sees_text(self, text: str | re.Pattern[str]) -> None:
        self.page.get_by_text(text).first.wait_for()

    def shoot(self, what: str) -> None:
        """Leave a picture of the page behind."""
        self._shots += 1
        self.page.screenshot(path=self._screenshots / f"{self._name}-{self._shots:02}-{what}.png", full_page=True)

    def reload_until(self, what: str, shown: Callable[[], bool]) -> None:
        """Reload the page until it shows something."""
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while not shown():
            self.site.stack.require_running()
            if time.monotonic() > give_up_at:
                self.shoot("gave-up")
                pytest.fail(f"after {PATIENCE_SECONDS} seconds {self.page.url} does not show {what}", pytrace=False)
            time.sleep(0.5)
            self.page.reload()

    def tabs_to(self, wanted: Locator) -> None:
        """Reach something with the Tab key alone."""
        for _ in range(60):
            self.page.keyboard.press("Tab")
            if wanted.evaluate("element => element === document.activeElement"):
                return
        pytest.fail(f"the Tab key does not reach {wanted}", pytrace=False)

    def errors(self) -> list[tuple[str, str]]:
        """Return the console's errors, without those that a test has allowed."""
        return [(url, text) for url, text in self._errors if not any(text.endswith(each) for each in self.allowed)]

    def _note(self, message: ConsoleMessage) -> None:
        url = str(message.location.get("url", ""))
        if message.type in ("error", "warning") and not url.endswith("/favicon.ico"):
            self._errors.append((url, message.text))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    reason = "" if Path(CHROMIUM).exists() else f"{MISSING}there is no Chromium at {CHROMIUM}"
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        reason = f"{MISSING}Playwright is not installed: see the extra `browser`"
    if reason and in_ci():
        pytest.fail(reason, pytrace=False)
    if reason:
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Run the whole example on SQLite, under a strict policy for browsers; the environment is afterwards as before.

    It logs at DEBUG, and at the end its logs and its database are searched for every secret that there was.
    """
    before = dict(os.environ)
    for name in before:
        if name.startswith(("BIGIN_", "CELERY_", "DATABASE_", "DJANGO_")):
            del os.environ[name]
    options = ["--records", *RECORDS]
    try:
        folder = tmp_path_factory.mktemp("site")
        with Stack(folder, organizations=DATA_CENTERS, sandbox_options=options, log_level="DEBUG") as stack:
            os.environ["DJANGO_SETTINGS_MODULE"] = "tests.browser.site_settings"
            running = Site(stack)
            running.run(f"from demo.scene import prepare\nprepare({stack.start!r})\nanswer = None")
            stack.start_site()
            stack.start_workers()
            yield running
            assert running.zoho.get("calls")["unknown"] == []
            stack.stop(but=("sandbox",))
            secrets = running.secrets()
        found = running.search(secrets)
        assert not found.leaks, str(found)
        print(found)
    finally:
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture
def visitor(
    chromium: Browser, site: Site, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Visitor]:
    """Sign somebody in to the admin. An error in the browser's console fails the test."""
    folder = Path(SCREENSHOTS or tmp_path_factory.getbasetemp() / "screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    name = request.node.name.removeprefix("test_").replace("_", "-")
    with chromium.new_context(viewport=SIZE, locale="en-US", timezone_id="UTC") as context:
        context.set_default_timeout(20_000)
        person = Visitor(context.new_page(), site, folder, name)
        person.sign_in()
        yield person
        assert person.errors() == []

"""Somebody at the browser who follows the tutorial's steps, and touches nothing but what they name."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.tutorial import PATIENCE_SECONDS, Tutorial

if TYPE_CHECKING:
    from playwright.sync_api import ConsoleMessage, Locator, Page


class Newcomer:
    """A reader of the tutorial in Chromium.

    Attributes:
        states: the OAuth states that the browser has carried.
        errors: the errors of the browser's console.
    """

    def __init__(self, page: Page, tutorial: Tutorial, url: str) -> None:
        self.page = page
        self.url = url
        self.states: set[str] = set()
        self.errors: list[str] = []
        self._tutorial = tutorial
        page.on("request", lambda request: self.states.update(states_in(request.url)))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._note_error)

    # What a step names with an address or in italics

    def open_admin(self) -> None:
        self.page.goto(f"{self.url}/admin/")

    def open(self, name: str) -> None:
        """Follow a link that is named after what it leads to."""
        self.page.get_by_role("main").get_by_role("link", name=name, exact=True).click()

    def choose_zoho_user(self) -> None:
        self.page.get_by_role("list", name="Zoho users").get_by_role("button").first.click()

    # What a step names in bold

    def press(self, label: str, *, within: Locator | None = None) -> None:
        """Press a button, or follow a link."""
        place = within or self.page
        button = place.get_by_role("button", name=label, exact=True)
        button.or_(place.get_by_role("link", name=label, exact=True)).click()
        self._tutorial.touch(label)

    def add_beside(self, models: str) -> None:
        link = self.page.get_by_role("link", name=models, exact=True)
        self.press("Add", within=self.page.get_by_role("row").filter(has=link))

    def enter(self, label: str, value: str) -> None:
        """Enter what the step says."""
        self._tutorial.require_said(value)
        self.paste(label, value)

    def paste(self, label: str, value: str) -> None:
        """Enter what stands elsewhere, such as in the sandbox's file."""
        field = self._field(label)
        field.fill(value)
        field.blur()  # as somebody who goes on to the next field; a slug is made from a name then
        self._tutorial.touch(label)

    def paste_under(self, column: str, value: str) -> None:
        """Enter something into the one row of a table, under this heading."""
        table = self.page.get_by_role("table").filter(has=self.page.get_by_role("columnheader", name=column))
        names = [text.strip().lower() for text in table.get_by_role("columnheader").all_inner_texts()]
        row = table.locator("tbody tr:not(.empty-form):not(.add-row)").filter(has=self.page.locator("input"))
        row.locator("td, th").nth(names.index(column.lower())).locator("input:visible").fill(value)
        self._tutorial.touch(column)

    def choose(self, label: str, option: str) -> None:
        self._field(label).select_option(label=option)
        self._tutorial.touch(label)

    def leaves(self, label: str) -> str:
        """Return what stands in a field, and leave it as it is; "" where nothing is chosen."""
        field = self._field(label)
        self._tutorial.touch(label)
        if field.evaluate("element => element.tagName") == "SELECT":
            return str(field.evaluate("({value, selectedOptions}) => value && selectedOptions[0].text"))
        return field.input_value()

    def reads(self, text: str, *, within: Locator | None = None) -> None:
        (within or self.page).get_by_text(text).first.wait_for()
        self._tutorial.touch(text)

    def reloads_until_it_reads(self, text: str, within: Locator) -> None:
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while not within.get_by_text(text, exact=True).count():
            if time.monotonic() > give_up_at:
                pytest.fail(f"{self.page.url} does not say {text!r}: {within.all_inner_texts()}", pytrace=False)
            time.sleep(0.5)
            self.page.reload()
        self._tutorial.touch(text)

    def _field(self, label: str) -> Locator:
        return self.page.get_by_label(re.compile(f"^{re.escape(label)}:?$"))

    def _note_error(self, message: ConsoleMessage) -> None:
        address = str(message.location.get("url", ""))
        if message.type == "error" and not address.endswith("/favicon.ico"):
            self.errors.append(f"{address}: {message.text}")


def states_in(address: str) -> list[str]:
    """Return the OAuth state that an address carries, if it does."""
    return parse_qs(urlsplit(address).query).get("state", [])

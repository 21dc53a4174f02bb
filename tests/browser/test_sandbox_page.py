"""The sandbox's own page, as a person sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.browser.conftest import Site, Visitor

pytestmark = pytest.mark.browser


def test_the_page_shows_what_the_sandbox_holds_and_was_asked(visitor: Visitor, site: Site) -> None:
    organization = site.organizations["us"]
    [contact] = site.zoho.post(
        "records", module="Contacts", org_id=organization["org_id"], records=[{"Last_Name": "Okafor"}]
    )["ids"]

    visitor.page.goto(site.zoho.url + "/_sandbox/")

    visitor.sees("Bigin sandbox")
    for section in ("Organizations", "Grants", "Faults to come", "The last 30 calls"):
        visitor.page.get_by_role("heading", name=section).wait_for()
    row = visitor.page.get_by_role("row").filter(has_text=contact)
    assert row.get_by_role("cell").all_inner_texts()[1:] == [organization["org_id"], "Contacts", contact, "Okafor"]
    visitor.shoot("page")

"""The two ways to connect a tenant: in the browser, by Zoho's consent page, and by a self client."""

from pathlib import Path

from django.core.management import call_command

from demo.browser import Browser
from demo.scene import PASSWORD, USER
from django_bigin.models import Tenant


def sign_in(browser: Browser, site_url: str) -> None:
    """Sign in to the admin."""
    browser.go(f"{site_url}/admin/login/")
    browser.press("Log in", username=USER, password=PASSWORD)


def connect_in_browser(browser: Browser, site_url: str, slug: str, *, email: str) -> None:
    """Press Connect, sign in at Zoho as this user, consent, and confirm the organization."""
    tenant = Tenant.objects.get(slug=slug)
    browser.go(f"{site_url}/bigin/connect/?tenant={tenant.pk}")
    browser.press("Continue to Zoho")
    browser.press(email)
    if browser.has("Submit"):
        browser.press("Submit")
    browser.press("Accept")
    browser.press("Yes, connect it")


def connect_self_client(slug: str, organization: dict[str, str], *, folder: Path) -> None:
    """Run `bigin_connect` with an organization's self client, its secrets in files that are removed."""
    files = {name: folder / name for name in ("client_secret", "grant_token")}
    for name, file in files.items():
        file.touch(mode=0o600)
        file.write_text(organization[name])
    call_command(
        "bigin_connect",
        tenant=slug,
        client_id=organization["client_id"],
        client_secret_file=str(files["client_secret"]),
        grant_token_file=str(files["grant_token"]),
        data_center=organization["data_center"],
    )
    for file in files.values():
        file.unlink()

"""A browser on its way to Zoho and back, and a server that nobody may speak to."""

import html
import http.server
import re
import threading
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.test import Client

from django_bigin.models import ClientRegistration, ClientSecret, Connection, Tenant
from tests.support.grants import TOKEN

CALLBACK = "http://testserver/bigin/callback/"


class Trap:
    """A server that nobody may speak to: remembers who did."""

    def __init__(self) -> None:
        caught = self.caught = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def handle_one_request(self) -> None:
                caught.append(self.client_address)
                self.close_connection = True

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def register_client(sandbox: Any) -> ClientRegistration:
    """Register a server-based client at Zoho in us and ca, with a user in each, and here under the name "Ours"."""
    sandbox.add_organization(data_center="ca")
    client = sandbox.add_client(redirect_uri=CALLBACK, home_data_center="us", data_centers=["us", "ca"])
    registration = ClientRegistration.objects.create(
        name="Ours", client_id=client["client_id"], home_data_center="us", redirect_uri=CALLBACK
    )
    for data_center, secret in client["secrets"].items():
        ClientSecret.objects.create(registration=registration, data_center=data_center, secret=secret)
    return registration


def press_connect(
    browser: Client,
    *,
    connection: Connection | None = None,
    next: str = "",
    host: str = "testserver",
    slug: str = "acme",
) -> str:
    """Press Connect or Reconnect on this host of the site: the address at Zoho."""
    about = {"connection": connection.pk} if connection else {"tenant": Tenant.objects.get(slug=slug).pk}
    registration = ClientRegistration.objects.get(name="Ours").pk
    given = {**about, "registration": registration, "next": next}
    answer = browser.post("/bigin/connect/", given, headers={"host": host})
    return address_at_zoho(answer)


def address_at_zoho(answer: Any) -> str:
    """Return where the page leads that follows a press of *Continue to Zoho*."""
    assert answer.status_code == 200
    [leads_to] = re.findall(r'<a class="button" href="([^"]+)">Continue to Zoho</a>', answer.content.decode())
    return html.unescape(leads_to)


def user_in(sandbox: Any, data_center: str) -> str:
    return str(next(user["email"] for user in sandbox.users() if user["data_center"] == data_center))


def come_back(browser: Client, location: str, *, follow: bool = True) -> Any:
    """Zoho sends the browser back."""
    parts = urlsplit(location)
    return browser.get(f"{parts.path}?{parts.query}", follow=follow)


def connect_in_browser(browser: Client, sandbox: Any, data_center: str = "us", *, slug: str = "acme") -> Connection:
    location = sandbox.consent(press_connect(browser, slug=slug), user=user_in(sandbox, data_center))
    come_back(browser, location)
    connection = Connection.objects.latest("pk")
    browser.post(f"/bigin/connections/{connection.pk}/confirm/", {"confirm": "1"})
    connection.refresh_from_db()
    return connection


def changed(address: str, /, **parameters: str | None) -> str:
    """A callback with some of its parameters replaced, or dropped where None."""
    parts = urlsplit(address)
    pairs = dict(parse_qsl(parts.query))
    pairs.update({name.replace("_", "-"): value for name, value in parameters.items()})
    return parts._replace(query=urlencode({name: value for name, value in pairs.items() if value is not None})).geturl()


def nothing_was_connected(sandbox: Any) -> None:
    assert not Connection.objects.exists()
    assert sandbox.count_calls(TOKEN) == 0

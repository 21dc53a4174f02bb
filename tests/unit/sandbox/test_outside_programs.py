"""Requests as other people's programs send them: the method, the headers, the body's encoding, and the order.

Each program was run against the sandbox unchanged; what it sent stands here, sent by the standard library.
"""

import base64
import http.client
import json
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from django_bigin.sandbox import Sandbox

ACCOUNTS, API = "accounts.zoho.com", "www.zohoapis.com"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def running():
    with Sandbox(records={"Contacts": 250}) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running):
    running.reset()
    return running


@pytest.fixture
def send(sandbox):
    """Send a request to one of Zoho's hosts; gives (status, headers, decoded body)."""

    def send(method, host, target, body=None, headers=None):
        connection = http.client.HTTPConnection(urlsplit(sandbox.url).netloc, timeout=10)
        connection.request(method, target, body, {"Host": host, **(headers or {})})
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, answer.headers, json.loads(content) if content else None

    return send


@pytest.fixture
def entry(sandbox):
    return sandbox.organizations[0]


def basic(client_id, client_secret):
    return {"Authorization": "Basic " + base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()}


def connect_in_the_browser(sandbox, **parameters):
    """Give the client, and the callback's parameters, of someone who said yes."""
    client = sandbox.client
    query = {"client_id": client["client_id"], "redirect_uri": client["redirect_uri"], "response_type": "code"}
    location = sandbox.consent(f"https://{ACCOUNTS}/oauth/v2/auth?{urlencode(query | parameters)}")
    return client, {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


# tokens


@pytest.mark.parametrize("secret_in_body", [False, True])
def test_a_client_names_itself_by_http_basic(sandbox, send, secret_in_body):
    """Flask-Dance 7.1, requests-oauthlib 2.0: scopes joined by spaces, the client in the header."""
    client, callback = connect_in_the_browser(
        sandbox, scope="ZohoBigin.modules.ALL ZohoBigin.org.READ", access_type="offline", prompt="consent", state="s"
    )
    secret = client["secrets"]["us"]
    form = {"grant_type": "authorization_code", "code": callback["code"], "redirect_uri": client["redirect_uri"]}
    form |= {"client_id": client["client_id"], "client_secret": secret} if secret_in_body else {}
    headers = FORM | basic(client["client_id"], secret) | {"Accept": "application/json"}

    status, _, answer = send("POST", ACCOUNTS, "/oauth/v2/token", urlencode(form), headers)

    assert (status, answer["scope"]) == (200, "ZohoBigin.modules.ALL ZohoBigin.org.READ")
    assert send("GET", API, "/bigin/v2/org", headers={"Authorization": "Bearer " + answer["access_token"]})[0] == 200


def test_a_dot_that_http_basic_encodes_is_read(send, entry):
    """oauth4webapi 3: RFC 6749 wants a client's id form-encoded before base64."""
    headers = FORM | basic(entry["client_id"].replace(".", "%2E"), entry["client_secret"])
    form = urlencode({"grant_type": "refresh_token", "refresh_token": entry["refresh_token"]})

    assert "access_token" in send("POST", ACCOUNTS, "/oauth/v2/token", form, headers)[2]


def test_http_basic_can_be_switched_off(sandbox, send, entry):
    sandbox.switch(token_basic=False)
    headers = FORM | basic(entry["client_id"], entry["client_secret"])
    form = urlencode({"grant_type": "refresh_token", "refresh_token": entry["refresh_token"]})

    assert send("POST", ACCOUNTS, "/oauth/v2/token", form, headers)[::2] == (200, {"error": "invalid_client"})


# records


@pytest.fixture
def authorization(send, entry):
    """The header of a program that refreshes by the query, its body empty: Airbyte's CRM source, zoho-crm, axios."""
    names = ("client_id", "client_secret", "refresh_token")
    query = urlencode({name: entry[name] for name in names} | {"grant_type": "refresh_token"})
    _, _, answer = send("POST", ACCOUNTS, "/oauth/v2/token?" + query, headers={"Content-Length": "0"})
    return {"Authorization": "Zoho-oauthtoken " + answer["access_token"]}


def test_pages_are_counted_from_zero_and_names_that_are_none_are_left_out(sandbox, send, authorization):
    """Airbyte's source-zoho-bigin asks so for tasks; its file says that Bigin answered."""
    sandbox.add_records("Tasks", [{"Subject": f"{number}"} for number in range(3)])
    target = "/bigin/v2/Tasks?fields=Owner%2CSubject%2CDue+Date%2CRemind_At&page="

    statuses = [send("GET", API, f"{target}{page}", headers=authorization)[0] for page in (0, 1, 2)]
    _, _, body = send("GET", API, target + "0", headers=authorization)

    assert statuses == [200, 200, 204]
    assert set(body["data"][0]) == {"id", "Owner", "Subject", "Remind_At"}
    sandbox.switch(page_zero="refused")
    assert send("GET", API, target + "0", headers=authorization)[0] == 400

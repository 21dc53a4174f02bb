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
    """Return the client, and the callback's parameters, of someone who said yes."""
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


def multipart(fields, boundary):
    lines = [f'--{boundary}\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in fields.items()]
    body = "".join(lines) + f"--{boundary}--\r\n"
    return body.encode(), {"Content-Type": f"multipart/form-data; boundary={boundary}", "Accept": "application/json"}


@pytest.mark.parametrize("boundary", ["-" * 26 + "314340270257769404", "e734d17daf8f6df54f04b44c4c20a1f9"])
def test_a_dead_token_of_last_time_leads_to_a_refresh_by_multipart(send, entry, boundary):
    """biginpythonclient 0.0.8 (second boundary); Zoho's Node SDKs for CRM refresh alike (first)."""
    dead = {"Authorization": "Zoho-oauthtoken 1000.dead"}
    form = {name: entry[name] for name in ("client_id", "client_secret", "refresh_token")}

    first = send("GET", API, "/bigin/v2/settings/modules", headers=dead)
    body, headers = multipart(form | {"grant_type": "refresh_token"}, boundary)
    _, _, answer = send("POST", ACCOUNTS, "/oauth/v2/token", body, headers)
    alive = {"Authorization": "Zoho-oauthtoken " + answer["access_token"]}

    assert (first[0], first[2]["code"]) == (401, "INVALID_TOKEN")
    assert set(answer) >= {"scope", "api_domain", "token_type", "expires_in"}, "each is stored, by its name"
    assert send("GET", API, "/bigin/v2/settings/layouts?module=Pipelines", headers=alive)[0] == 200


def test_who_signs_in_is_asked_for_by_bearer(sandbox, send):
    """django-allauth 65's provider and passport-zoho-crm 0.1: no offline access, then the profile."""
    client, callback = connect_in_the_browser(sandbox, scope="aaaserver.profile.READ", state="s")
    form = {"redirect_uri": client["redirect_uri"], "grant_type": "authorization_code", "code": callback["code"]}
    form |= {"client_id": client["client_id"], "client_secret": client["secrets"]["us"]}

    _, _, answer = send("POST", ACCOUNTS, "/oauth/v2/token", urlencode(form), FORM)
    bearer = {"Authorization": "Bearer " + answer["access_token"]}
    profile = send("GET", ACCOUNTS, "/oauth/user/info", headers=bearer)[2]

    assert "refresh_token" not in answer
    assert profile["Email"] == sandbox.users()[0]["email"]
    assert type(profile["ZUID"]) is int


def test_json_is_no_way_to_ask_for_tokens(send, entry):
    """simple-oauth2 5.1 with bodyFormat "json"."""
    body = json.dumps({name: entry[name] for name in ("client_id", "client_secret", "refresh_token")})

    assert send("POST", ACCOUNTS, "/oauth/v2/token", body, {"Content-Type": "application/json"})[0] == 400


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


def test_pages_lead_to_page_tokens_at_the_wall(sandbox, send, authorization):
    """zoho-crm 0.0.4 asks by page up to the wall, then drops `page` for the page token."""
    sandbox.switch(page_wall=100)
    target, params, seen = "/bigin/v2/Contacts?", {"fields": "Last_Name,Email", "per_page": "50"}, []
    while True:
        _, _, body = send("GET", API, target + urlencode(params), headers=authorization)
        seen += [row["id"] for row in body["data"]]
        info = body["info"]
        if not info["more_records"]:
            break
        if int(info["page"]) * info["per_page"] >= 100:
            params.pop("page", None)
            params["page_token"] = info["next_page_token"]
        else:
            params["page"] = info["page"] + 1

    assert len(seen) == len(set(seen)) == 250


def test_json_needs_no_content_type_and_a_query_may_end_in_an_ampersand(sandbox, send, authorization):
    """Zoho's SDKs for CRM, Python 2.1 and 3.1, Node 1.1 and 8.0, on Bigin's paths."""
    body = json.dumps({"data": [{"Last_Name": "Node SDK", "Email": "node@example.com"}]})
    status, _, made = send("POST", API, "/bigin/v2/Contacts", body, authorization)
    sandbox.advance(60)
    found = send("GET", API, "/bigin/v2/Contacts/search?email=node@example.com&", headers=authorization)[2]
    listed = send("GET", API, "/bigin/v2/Contacts?fields=id,Last_Name&per_page=5&", headers=authorization)[2]

    assert status == 201
    assert [row["id"] for row in found["data"]] == [made["data"][0]["details"]["id"]]
    assert len(listed["data"]) == 5


def test_a_record_goes_back_whole_and_is_deleted_with_a_body(sandbox, send, authorization):
    """zohocrmapi 0.0.11 sends back all that it got; zoho-crm 0.0.4 repeats the id and sends `{}` to DELETE."""
    record_id = sandbox.records("Contacts")[0]["id"]
    target, headers = f"/bigin/v2/Contacts/{record_id}", authorization | {"Content-Type": "application/json"}
    record = send("GET", API, f"{target}?id={record_id}", headers=authorization)[2]["data"][0]

    changed = send("PUT", API, target, json.dumps({"data": [record | {"First_Name": "Ann"}]}), headers)[0]
    again = send("GET", API, target, headers=authorization)[2]["data"][0]
    deleted = send("DELETE", API, target, "{}", headers)[0]
    gone = send("GET", API, target, headers=authorization)[0]

    assert (changed, again["First_Name"], deleted, gone) == (200, "Ann", 200, 204)


def test_stages_are_found_by_the_labels_of_a_layout(sandbox, send, authorization):
    """Activepieces' piece bigin-by-zoho offers them so, and relates an event to a deal."""
    sandbox.switch(layout_labels=True)
    [layout] = send("GET", API, "/bigin/v2/settings/layouts?module=Pipelines", headers=authorization)[2]["layouts"]
    [section] = [each for each in layout["sections"] if each["api_name"] == "Pipeline Information"]
    values = {field["field_label"]: field.get("pick_list_values") for field in section["fields"]}
    sub_pipeline, stage = (values[label][0]["actual_value"] for label in ("Sub Pipeline", "Stage"))
    deal = {"Deal_Name": "Piece", "Sub_Pipeline": sub_pipeline, "Stage": stage}
    deal["Pipeline"] = {"id": layout["id"], "name": layout["name"]}
    _, _, made = send("POST", API, "/bigin/v2/Pipelines", json.dumps({"data": [deal]}), authorization)
    event = {"Event_Title": "E", "Start_DateTime": "2027-01-01T10:00:00+00:00", "$related_module": "Deals"}
    event |= {"End_DateTime": "2027-01-01T11:00:00+00:00", "Related_To": {"id": made["data"][0]["details"]["id"]}}

    assert send("POST", API, "/bigin/v2/Events", json.dumps({"data": [event]}), authorization)[0] == 201


def test_a_proxy_may_get_the_whole_address(send, authorization):
    """axios 1.7 sends https:// addresses so to an HTTP proxy, needing no certificate; 1.21 makes a tunnel."""
    target = f"https://{API}/bigin/v2/Contacts?fields=Last_Name"

    assert send("GET", "127.0.0.1", target, headers=authorization)[0] == 200
    places = send("GET", "127.0.0.1", f"http://{ACCOUNTS}/oauth/serverinfo")[2]["locations"]
    assert places["eu"] == "http://accounts.zoho.eu", "a program that says http:// is led on so"

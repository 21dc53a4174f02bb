import pytest
import requests

from tests.least_server import LeastServer

PAGING = {"fields": "Last_Name,Modified_Time", "sort_by": "Modified_Time", "sort_order": "asc"}


@pytest.fixture
def server():
    with LeastServer() as server:
        yield server


@pytest.fixture
def ask(server):
    """Ask by method and path, with a good token unless another Authorization is given."""
    authorization = f"Zoho-oauthtoken {exchange(server)['access_token']}"

    def ask(call, authorization=authorization, **params):
        method, path = call.split()
        return requests.request(
            method, server.url + path, params=params, headers={"Authorization": authorization}, timeout=5
        )

    return ask


def token(server, **form):
    form = {"client_id": server.client_id, "client_secret": server.client_secret} | form
    answer = requests.post(server.url + "/oauth/v2/token", data=form, timeout=5)
    assert answer.status_code == 200
    return answer.json()


def exchange(server, **form):
    return token(server, **{"grant_type": "authorization_code", "code": server.grant_token} | form)


def contact(number):
    return {"id": str(number), "Last_Name": f"Wen {number}", "Modified_Time": "2026-11-03T09:14:52+01:00", "Secret": 1}


def test_a_grant_token_gives_both_tokens_once(server):
    answer = exchange(server)

    assert answer["access_token"] in server.access_tokens
    assert answer["refresh_token"] == server.refresh_token
    assert answer["api_domain"] == "https://www.zohoapis.com"
    assert (answer["expires_in"], answer["token_type"]) == (3600, "Bearer")
    assert exchange(server) == {"error": "invalid_code"}


def test_a_refresh_gives_an_access_token_and_keeps_the_refresh_token(server):
    first = exchange(server)

    second = token(server, grant_type="refresh_token", refresh_token=first["refresh_token"])

    assert second["access_token"] != first["access_token"]
    assert "refresh_token" not in second
    assert {first["access_token"], second["access_token"]} == server.access_tokens


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"client_id": "1000.X"}, "invalid_client"),
        ({"client_secret": "x"}, "invalid_client_secret"),
        ({"code": "1000.x.y"}, "invalid_code"),
        ({"grant_type": "refresh_token", "refresh_token": "1000.x.y"}, "invalid_code"),
    ],
)
def test_a_wrong_token_request_is_refused_in_the_body_and_spends_nothing(server, wrong, error):
    assert exchange(server, **wrong) == {"error": error}
    assert "access_token" in exchange(server)


@pytest.mark.parametrize(
    ("authorization", "code"),
    [("Zoho-oauthtoken 1000.x.y", "INVALID_TOKEN"), ("Bearer 1000.x.y", "AUTHENTICATION_FAILURE")],
)
def test_the_api_refuses_a_wrong_token(ask, authorization, code):
    answer = ask("GET /bigin/v2/org", authorization=authorization)

    assert (answer.status_code, answer.json()["code"], answer.json()["status"]) == (401, code, "error")


def test_a_token_that_ran_out_is_refused(server, ask):
    server.access_tokens.clear()

    assert ask("GET /bigin/v2/org").json()["code"] == "INVALID_TOKEN"


def test_it_names_its_organization_its_modules_and_their_fields(server, ask):
    modules = ask("GET /bigin/v2/settings/modules").json()["modules"]
    fields = ask("GET /bigin/v2/settings/fields", module="Contacts").json()["fields"]

    assert ask("GET /bigin/v2/org").json()["org"][0]["zgid"] == server.org_id
    assert [module["api_name"] for module in modules] == ["Contacts", "Accounts"]
    assert {"Last_Name", "Account_Name", "Modified_Time"} <= {field["api_name"] for field in fields}
    assert "id" not in {field["api_name"] for field in fields}


def test_it_answers_under_any_host(server):
    headers = {"Host": "www.zohoapis.com", "Authorization": f"Zoho-oauthtoken {exchange(server)['access_token']}"}

    assert requests.get(server.url + "/bigin/v2/org", headers=headers, timeout=5).status_code == 200


def test_rows_come_by_id_descending_with_the_fields_asked_for_whatever_the_sort(server, ask):
    server.records["Contacts"] += [contact(9), contact(1000), contact(10)]

    answer = ask("GET /bigin/v2/Contacts", **PAGING | {"fields": "Last_Name,Email,Secret"}).json()

    assert [row["id"] for row in answer["data"]] == ["1000", "10", "9"]
    assert answer["data"][0] == {"id": "1000", "Last_Name": "Wen 1000", "Email": None}
    assert answer["info"] == {
        "per_page": 200, "next_page_token": None, "count": 3, "sort_by": "id", "page": 1,
        "previous_page_token": None, "page_token_expiry": None, "sort_order": "desc", "more_records": False,
    }  # fmt: skip


@pytest.mark.parametrize("path", ["/bigin/v2/Contacts", "/bigin/v2/Contacts/deleted"])
def test_an_empty_list_and_the_deleted_log_are_204_without_a_body(ask, path):
    answer = ask(f"GET {path}", fields="Last_Name")

    assert (answer.status_code, answer.content) == (204, b"")


def test_page_numbers_end_at_2000_records_and_page_tokens_reach_the_rest(server, ask):
    server.records["Contacts"] += [contact(number) for number in range(2150)]
    pages = [ask("GET /bigin/v2/Contacts", page=page, **PAGING).json() for page in range(1, 11)]

    refused = ask("GET /bigin/v2/Contacts", page=11, **PAGING)
    last = ask("GET /bigin/v2/Contacts", page_token=pages[-1]["info"]["next_page_token"], **PAGING).json()

    assert (refused.status_code, refused.json()["code"]) == (400, "DISCRETE_PAGINATION_LIMIT_EXCEEDED")
    assert refused.json()["details"] == {"limit": 2000}
    ids = [int(row["id"]) for page in [*pages, last] for row in page["data"]]
    assert ids == list(range(2149, -1, -1))
    assert (last["info"]["page"], last["info"]["more_records"], last["info"]["next_page_token"]) == (11, False, None)


def test_a_page_token_walks_from_the_first_page_on_and_can_be_asked_again(server, ask):
    server.records["Contacts"] += [contact(number) for number in range(5)]
    info = ask("GET /bigin/v2/Contacts", per_page=2, **PAGING).json()["info"]

    again = [ask("GET /bigin/v2/Contacts", per_page=2, page_token=info["next_page_token"], **PAGING) for _ in "ab"]

    assert [[row["id"] for row in answer.json()["data"]] for answer in again] == [["2", "1"], ["2", "1"]]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"fields": "Last_Name"}, "TOKEN_BOUND_DATA_MISMATCH"),
        ({"sort_order": "desc"}, "TOKEN_BOUND_DATA_MISMATCH"),
        ({"per_page": 3}, "TOKEN_BOUND_DATA_MISMATCH"),
        ({"page_token": "unknown"}, "TOKEN_BOUND_DATA_MISMATCH"),
        ({"page": 2}, "AMBIGUITY_DURING_PROCESSING"),
        ({"fields": None}, "REQUIRED_PARAM_MISSING"),
        ({"fields": ",".join(f"F{number}" for number in range(51))}, "LIMIT_EXCEEDED"),
        ({"per_page": 201}, "INVALID_DATA"),
    ],
)
def test_a_list_call_that_breaks_a_rule_is_refused(server, ask, changed, code):
    server.records["Contacts"] += [contact(number) for number in range(5)]
    query = PAGING | {"per_page": 2}
    query["page_token"] = ask("GET /bigin/v2/Contacts", **query).json()["info"]["next_page_token"]

    answer = ask("GET /bigin/v2/Contacts", **query | changed)

    assert (answer.status_code, answer.json()["code"]) == (400, code)


@pytest.mark.parametrize(
    "call",
    [
        "GET /oauth/serverinfo",
        "GET /oauth/v2/token",
        "POST /oauth/v2/token/revoke",
        "GET /bigin/v2/users",
        "GET /bigin/v2/Contacts/actions/count",
        "GET /bigin/v2/Contacts/1",
        "GET /bigin/v2/Pipelines",
        "POST /bigin/v2/Contacts",
        "POST /bigin/v2/coql",
        "POST /bigin/bulk/v2/read",
        "GET /",
    ],
)
def test_everything_else_is_404(server, ask, call):
    answer = ask(call)

    assert answer.status_code == 404
    assert answer.json() == {
        "code": "INVALID_URL_PATTERN", "details": {}, "status": "error",
        "message": "Please check if the URL trying to access is a correct one",
    }  # fmt: skip
    assert server.requests == ["POST /oauth/v2/token", call]


def test_nothing_answers_once_it_is_left():
    with LeastServer() as server:
        pass

    with pytest.raises(requests.ConnectionError):
        requests.get(server.url, timeout=5)

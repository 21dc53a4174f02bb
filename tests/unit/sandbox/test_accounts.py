"""The accounts server: what it mints, what it refuses, and in which order it looks."""

import base64
import re
from urllib.parse import urlencode

import pytest

from django_bigin.sandbox import Sandbox

from .program import Program

TOKEN = "POST /oauth/v2/token"
THROTTLED = "You have made too many requests continuously. Please try again after some time."


def test_a_code_gives_both_tokens_once(program):
    status, answer, _ = program.exchange()

    assert status == 200
    assert set(answer) == {"access_token", "refresh_token", "scope", "api_domain", "token_type", "expires_in"}
    assert program.exchange()[:2] == (200, {"error": "invalid_code"})


def test_a_refresh_rotates_nothing(program):
    first, second = program.refresh()[1], program.refresh()[1]

    assert set(first) == {"access_token", "scope", "api_domain", "token_type", "expires_in"}
    assert first["access_token"] != second["access_token"]
    assert first["expires_in"] == 3600
    assert program.connect(first["access_token"]).get("org")[0] == 200, "the earlier one lives on"


def test_what_is_minted_has_zohos_shapes(sandbox, program):
    answer = program.exchange()[1]
    pair = re.compile(r"1000\.[0-9a-f]{32}\.[0-9a-f]{32}")

    for token in (program.entry["grant_token"], answer["access_token"], answer["refresh_token"]):
        assert pair.fullmatch(token)
    for client in (program.entry["client_id"], sandbox.client["client_id"]):
        assert re.fullmatch(r"1000\.[A-Z0-9]{30}", client)
    assert re.fullmatch("[0-9a-f]{42}", program.entry["client_secret"])


def test_scopes_come_back_with_spaces(sandbox, program):
    code = sandbox.mint_grant_token(scopes="ZohoBigin.org.READ,ZohoBigin.users.READ")["grant_token"]

    assert program.exchange(code=code)[1]["scope"] == "ZohoBigin.org.READ ZohoBigin.users.READ"


@pytest.mark.parametrize(
    ("form", "echo"),
    [
        ("lower", "zohobigin.coql.read zohobigin.bulk.all"),
        ("expanded", "ZohoBigin.coql.READ ZohoBigin.bulk.READ ZohoBigin.bulk.CREATE"),
    ],
)
def test_scopes_may_come_back_rewritten_and_allow_the_same(sandbox, program, form, echo):
    sandbox.switch(token_scope_form=form)
    code = sandbox.mint_grant_token(scopes="ZohoBigin.coql.READ,ZohoBigin.bulk.ALL")["grant_token"]
    answer = program.exchange(code=code)[1]

    assert answer["scope"] == echo
    status, body, _ = program.connect(answer["access_token"]).call("POST", "coql", body={"select_query": "x"})
    assert (status, body["code"]) != (401, "OAUTH_SCOPE_MISMATCH")


def test_a_code_dies_with_its_time(sandbox, program):
    code = sandbox.mint_grant_token(ttl_seconds=180)["grant_token"]
    sandbox.advance(180)

    assert program.exchange(code=code)[1] == {"error": "invalid_code"}


def encoded(form, style):
    """Give the body and the headers that carry a form."""
    if style == "multipart":
        parts = "".join(
            f'--x1\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in form.items()
        )
        return f"{parts}--x1--\r\n".encode(), {"Content-Type": "multipart/form-data; boundary=x1"}
    plain = "application/x-www-form-urlencoded"
    headers = {"form": {"Content-Type": plain}, "charset": {"Content-Type": plain + "; charset=UTF-8"}}
    return urlencode(form).encode(), headers.get(style, {})


def refresh_form(program):
    names = ("client_id", "client_secret", "refresh_token")
    return {name: program.entry[name] for name in names} | {"grant_type": "refresh_token"}


@pytest.mark.parametrize("in_query", [[], ["grant_type"], ["client_id", "client_secret"], ["refresh_token"]])
@pytest.mark.parametrize("style", ["form", "charset", "untyped", "multipart"])
def test_parameters_may_travel_in_any_way(program, style, in_query):
    form = refresh_form(program)
    query = {name: form.pop(name) for name in in_query}
    body, headers = encoded(form, style)

    status, answer, _ = program.ask("POST", "/oauth/v2/token", query=query, body=body, headers=headers)

    assert (status, answer["token_type"]) == (200, "Bearer")


def test_parameters_may_travel_in_the_query_alone(program):
    assert program.ask("POST", "/oauth/v2/token", query=refresh_form(program))[1]["token_type"] == "Bearer"


def test_a_body_counts_more_than_the_query(program):
    body, headers = encoded(refresh_form(program), "form")

    answer = program.ask("POST", "/oauth/v2/token", query={"client_secret": "x"}, body=body, headers=headers)[1]

    assert "access_token" in answer


def test_a_body_of_json_is_not_read(program):
    headers = {"Content-Type": "application/json"}

    assert program.ask("POST", "/oauth/v2/token", body=refresh_form(program), headers=headers)[0] == 400


def test_what_a_grant_does_not_need_is_ignored(program):
    assert "access_token" in program.refresh(redirect_uri="https://other.example/")[1]
    assert "refresh_token" in program.exchange(scope="ZohoBigin.users.ALL", state="s")[1]


def test_get_is_refused(program):
    assert program.ask("GET", "/oauth/v2/token", query=refresh_form(program))[0] == 400


@pytest.mark.parametrize(("form", "content"), [("json", {"error": "invalid_client"}), ("empty", None)])
def test_the_body_of_a_400_is_a_switch(sandbox, program, form, content):
    sandbox.switch(bad_request_body=form)

    assert program.token()[:2] == (400, content)


def test_or_a_page_but_never_for_the_throttle(sandbox, program):
    sandbox.switch(bad_request_body="html", throttle_limit=0)
    status, page, _ = program.token()

    assert (status, page[:15]) == (400, "<!DOCTYPE html>")
    assert program.refresh()[1]["error"] == "Access Denied"


def test_a_missing_grant_type_is_400_and_an_unknown_one_200(program):
    assert program.token()[0] == 400
    assert program.token(client_id="1000.X")[0] == 400, "judged before the client"
    assert program.token(grant_type="password")[:2] == (200, {"error": "invalid_client"})


def test_client_is_judged_before_secret_before_redirect_uri_before_code(program):
    wrong = {"redirect_uri": "https://other.example/", "code": "1000.x.y"}

    assert program.exchange(client_id="1000.X", client_secret="x", **wrong)[1] == {"error": "invalid_client"}
    assert program.exchange(client_secret="x", **wrong)[1] == {"error": "invalid_client_secret"}
    assert program.exchange(**wrong)[1] == {"error": "invalid_redirect_uri"}
    assert program.exchange(code="1000.x.y")[1] == {"error": "invalid_code"}
    assert "access_token" in program.exchange()[1], "a wrong redirect URI does not use the code up"


def test_the_word_for_a_wrong_secret_has_a_switch(sandbox, program):
    sandbox.switch(bad_secret_error="invalid_client")

    assert program.refresh(client_secret="x")[:2] == (200, {"error": "invalid_client"})


def test_a_client_of_another_data_center_is_unknown_here(two):
    us, _ = two
    us.prefix = "/eu"

    assert us.refresh()[1] == {"error": "invalid_client"}


def test_a_code_belongs_to_its_client(two):
    us, eu = two

    assert us.exchange(code=eu.entry["grant_token"])[1] == {"error": "invalid_code"}


def test_a_refresh_token_belongs_to_its_client():
    sandbox = Sandbox(organizations=[{}, {}])
    one, other = Program(sandbox), Program(sandbox, 1)

    assert one.refresh(refresh_token=other.entry["refresh_token"])[:2] == (200, {"error": "invalid_code"})


@pytest.mark.parametrize("error", ["invalid_code", "invalid_client"])
def test_what_of_another_data_center_gets_where_the_client_serves_both_is_a_switch(error):
    us, eu = {"data_center": "us", "secrets": {"eu": "ab" * 21}}, {"data_center": "eu"}
    sandbox = Sandbox(organizations=[us, eu], switches={"foreign_code_error": error})
    program = Program(sandbox, prefix="/eu")

    for call in (program.refresh, program.exchange):
        assert call(client_secret="ab" * 21)[:2] == (200, {"error": error})
    foreign = sandbox.mint_grant_token(org_id=sandbox.add_organization()["org_id"])["grant_token"]
    assert program.exchange(code=foreign, client_secret="ab" * 21)[1] == {"error": "invalid_code"}, "another client's"
    program.prefix = ""
    assert "access_token" in program.exchange()[1], "elsewhere the code was not used up"


def test_the_eleventh_refresh_in_ten_minutes_is_throttled(sandbox, program):
    sandbox.set_speed(0)
    for _ in range(10):
        assert "access_token" in program.refresh()[1]

    status, answer, _ = program.refresh()
    sandbox.advance(599)

    assert (status, answer["error"], answer["status"]) == (400, "Access Denied", "failure")
    assert answer["error_description"] == THROTTLED
    assert program.refresh()[0] == 400
    sandbox.advance(1)
    assert "access_token" in program.refresh()[1]


def test_the_throttle_has_switches(sandbox, program):
    sandbox.switch(throttle_status=200, throttle_locale="zh", throttle_sticky=True, throttle_limit=1)
    program.refresh()
    sandbox.advance(590)

    assert program.refresh()[0] == 200
    sandbox.advance(300)
    assert program.refresh()[1]["error"] == "拒绝访问", "each hit starts the ten minutes again"


def test_a_throttled_grant_leaves_the_others_alone(sandbox, program):
    other = program.exchange()[1]["refresh_token"]
    for _ in range(11):
        program.refresh()

    assert "access_token" in program.refresh(refresh_token=other)[1]


def test_refreshes_may_be_counted_by_user(sandbox, program):
    sandbox.switch(throttle_bucket="user")
    other = program.exchange()[1]["refresh_token"]
    for _ in range(10):
        program.refresh()

    assert program.refresh(refresh_token=other)[1]["error"] == "Access Denied"


def test_an_access_token_lives_an_hour(sandbox, program):
    program.connect()
    sandbox.advance(3599)
    assert program.get("org")[0] == 200
    sandbox.advance(1)

    assert program.get("org")[1]["code"] == "INVALID_TOKEN"


@pytest.mark.parametrize("cap", [None, 10, 30])
def test_an_access_token_past_the_cap_kills_the_first(sandbox, program, cap):
    sandbox.switch(throttle_limit=100, **{"access_token_cap": cap} if cap else {})
    program.connect()
    for _ in range((cap or 15) - 1):
        program.refresh()
    assert program.get("org")[0] == 200
    program.refresh()

    assert program.get("org")[1]["code"] == "INVALID_TOKEN"


def test_the_twenty_first_grant_silently_evicts_the_oldest_with_its_access_tokens(sandbox, program):
    sandbox.switch(refresh_tokens_per_minute=0, refresh_tokens_per_ten_minutes=0)
    program.connect()
    for _ in range(19):
        program.exchange(code=sandbox.mint_grant_token()["grant_token"])
    assert program.get("org")[0] == 200
    program.exchange(code=sandbox.mint_grant_token()["grant_token"])

    assert program.get("org")[1]["code"] == "INVALID_TOKEN"
    assert program.refresh()[1] == {"error": "invalid_code"}


def test_the_eleventh_refresh_token_in_ten_minutes_is_throttled(sandbox, program):
    sandbox.set_speed(0)

    def open_grant(seconds):
        sandbox.advance(seconds)
        return program.exchange(code=sandbox.mint_grant_token()["grant_token"])[1]

    for _ in range(10):
        assert "refresh_token" in open_grant(30)

    assert open_grant(329)["error"] == "Access Denied", "599 seconds after the first"
    assert "refresh_token" in open_grant(1)


@pytest.mark.parametrize("style", ["query", "form", "untyped", "multipart"])
def test_revoking_a_refresh_token_kills_its_access_tokens(program, style):
    program.connect()
    form = {"token": program.entry["refresh_token"]}
    body, headers = encoded(form, style)
    sent = {"query": form} if style == "query" else {"body": body, "headers": headers}

    assert program.ask("POST", "/oauth/v2/token/revoke", **sent)[:2] == (200, {"status": "success"})
    assert program.get("org")[1]["code"] == "INVALID_TOKEN"
    assert program.refresh()[:2] == (200, {"error": "invalid_code"})
    assert program.ask("POST", "/oauth/v2/token/revoke", **sent)[0] == 400


def test_revoking_an_access_token_leaves_its_grant(program):
    access_token = program.refresh()[1]["access_token"]
    program.ask("POST", "/oauth/v2/token/revoke", query={"token": access_token})

    assert program.connect(access_token).get("org")[0] == 401
    assert "access_token" in program.refresh()[1]


def test_the_newer_revoke_authenticates_the_client(program):
    query = {"token": program.entry["refresh_token"], "token_type": "refresh_token"}

    assert program.ask("POST", "/oauth/v2/revoke/token", query=query)[1] == {"error": "invalid_client"}
    answer = program.ask("POST", "/oauth/v2/revoke/token", query=query, headers=basic(program))
    assert answer[1] == {"status": "success"}
    assert program.refresh()[1] == {"error": "invalid_code"}


@pytest.mark.parametrize("style", ["form", "multipart"])
def test_it_takes_a_form_as_well_and_an_access_token(program, style):
    program.connect()
    body, headers = encoded({"token": program.authorization.split()[1], "token_type": "access_token"}, style)

    assert program.ask("POST", "/oauth/v2/revoke/token", body=body, headers=headers | basic(program))[0] == 200
    assert program.get("org")[0] == 401
    assert "access_token" in program.refresh()[1]


def test_it_refuses_a_wrong_type_and_the_token_of_another_client():
    sandbox = Sandbox(organizations=[{}, {}])
    one, other = Program(sandbox), Program(sandbox, 1)
    own, foreign = one.entry["refresh_token"], other.entry["refresh_token"]

    for form in ({"token": own, "token_type": "access_token"}, {"token": foreign}, {"token": "1000.x.y"}, {}):
        assert one.ask("POST", "/oauth/v2/revoke/token", query=form, headers=basic(one))[0] == 400
    assert "access_token" in one.refresh()[1]
    assert "access_token" in other.refresh()[1]


@pytest.mark.parametrize("path", ["/oauth/v2/token/revoke", "/oauth/v2/revoke/token"])
def test_a_revoke_is_a_post(program, path):
    form = {"token": program.entry["refresh_token"]}

    assert program.ask("GET", path, query=form, headers=basic(program))[0] == 400
    assert "access_token" in program.refresh()[1]


def basic(program):
    credentials = f"{program.entry['client_id']}:{program.entry['client_secret']}"
    return {"Authorization": "Basic " + base64.b64encode(credentials.encode()).decode()}


def test_a_token_is_revoked_only_where_it_lives(two):
    us, eu = two

    for value in (eu.entry["refresh_token"], eu.connect().authorization.split()[1]):
        assert us.ask("POST", "/oauth/v2/token/revoke", query={"token": value})[0] == 400
    assert eu.get("org")[0] == 200
    assert "access_token" in eu.refresh()[1]


def test_a_revoke_at_the_token_endpoint_is_an_error(program):
    assert program.ask("POST", "/oauth/v2/token", query={"token": program.entry["refresh_token"]})[0] == 400
    assert "access_token" in program.refresh()[1]


def test_serverinfo_names_the_others_as_it_was_addressed_and_not_china(program):
    locations = program.ask("GET", "/oauth/serverinfo")[1]["locations"]
    assert locations["us"] == "http://127.0.0.1:8400"
    assert locations["eu"] == "http://127.0.0.1:8400/eu"
    assert "cn" not in locations

    program.host = "accounts.zoho.eu"
    assert program.ask("GET", "/oauth/serverinfo")[1]["locations"]["ca"] == "https://accounts.zohocloud.ca"


def test_answers_may_leave_out_scope_and_domain(sandbox, program):
    sandbox.switch(token_scope=False, token_api_domain=False)

    assert set(program.refresh()[1]) == {"access_token", "token_type", "expires_in"}


# answers gone wrong


def test_an_answer_may_count_milliseconds_as_before_2020(sandbox, program):
    sandbox.fail(TOKEN, overwrite={"expires_in": 3_600_000, "expires_in_sec": 3600})
    answer = program.refresh()[1]

    assert (answer["expires_in"], answer["expires_in_sec"]) == (3_600_000, 3600)
    assert program.connect(answer["access_token"]).get("org")[0] == 200


def test_an_answer_may_name_a_hostile_domain(sandbox, program):
    sandbox.fail(TOKEN, overwrite={"api_domain": "https://www.zohoapis.com.evil.test"})

    assert program.refresh()[1]["api_domain"] == "https://www.zohoapis.com.evil.test"
    assert program.refresh()[1]["api_domain"] == "http://127.0.0.1:8400"


@pytest.mark.parametrize(
    ("fault", "status", "content"),
    [
        ({"body": {"error": "general_error"}}, 200, {"error": "general_error"}),
        ({"overwrite": {"access_token": None}}, 200, {"token_type": "Bearer", "expires_in": 3600}),
        ({"body": ""}, 200, None),
        ({"status": 502}, 502, "<html><head><title>502 error</title></head><body><h1>502 error</h1></body></html>"),
    ],
)
def test_an_answer_may_be_no_token(sandbox, program, fault, status, content):
    sandbox.switch(token_scope=False, token_api_domain=False)
    sandbox.fail(TOKEN, **fault)

    assert program.refresh()[:2] == (status, content)
    assert "access_token" in program.refresh()[1]


# without a code


def credentials_form(program, **changes):
    form = {"grant_type": "client_credentials", "scope": "ZohoBigin.org.READ,ZohoBigin.users.READ"}
    return form | {"soid": f"ZohoBigin.{program.entry['org_id']}"} | changes


def test_a_self_clients_credentials_give_an_access_token_alone(program):
    status, answer, _ = program.token(**credentials_form(program))

    assert status == 200
    assert set(answer) == {"access_token", "scope", "api_domain", "token_type", "expires_in"}
    assert program.connect(answer["access_token"]).get("org")[0] == 200


def test_they_need_an_organization_of_the_owners(two):
    us, eu = two

    assert us.token(**credentials_form(us, soid=""))[:2] == (200, {"error": "missing_org_info"})
    assert us.token(**credentials_form(eu))[1] == {"error": "missing_org_info"}
    neighbour = us.sandbox.add_organization()["org_id"]
    assert us.token(**credentials_form(us, soid=f"ZohoBigin.{neighbour}"))[1] == {"error": "missing_org_info"}
    shared = {name: us.entry[name] for name in ("client_id", "client_secret")}
    elsewhere = us.sandbox.add_organization(data_center="eu", **shared)["org_id"]
    assert us.token(**credentials_form(us, soid=f"ZohoBigin.{elsewhere}"))[1] == {"error": "missing_org_info"}
    assert us.token(**credentials_form(us, scope="ZohoBigin.nothing.READ"))[1] == {"error": "invalid_scope"}


def test_the_user_behind_a_token_is_told(sandbox, program):
    program.connect_with("AaaServer.profile.READ")
    headers = {"Authorization": program.authorization}
    status, answer, _ = program.ask("GET", "/oauth/user/info", headers=headers)

    assert status == 200
    assert answer == {
        "First_Name": "Mira", "Last_Name": "Holt", "Display_Name": "Mira Holt",
        "Email": "mira@sandbox-us-1.example", "ZUID": int(sandbox.users()[0]["zuid"]),
    }  # fmt: skip


def test_under_either_scheme_and_only_while_the_token_lives(sandbox, program):
    token = program.connect_with("aaaserver.profile.read").authorization.split()[1]
    for scheme in ("Bearer", "Zoho-oauthtoken"):
        assert program.ask("GET", "/oauth/user/info", headers={"Authorization": f"{scheme} {token}"})[0] == 200

    sandbox.advance(3600)
    assert program.ask("GET", "/oauth/user/info", headers={"Authorization": f"Bearer {token}"})[0] == 401


def test_but_not_without_its_scope(program):
    program.connect()
    headers = {"Authorization": program.authorization}
    wanted = {"response": "error", "cause": "INVALID_OAUTHSCOPE"}

    assert program.ask("GET", "/oauth/user/info", headers=headers)[:2] == (401, wanted)
    assert program.ask("GET", "/oauth/user/info")[0] == 401
    assert program.ask("POST", "/oauth/user/info", headers=headers)[0] == 400

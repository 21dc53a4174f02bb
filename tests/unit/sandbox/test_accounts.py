"""The accounts server: what it mints, what it refuses, and in which order it looks."""

import base64
from urllib.parse import urlencode

import pytest

THROTTLED = "You have made too many requests continuously. Please try again after some time."


def test_a_code_gives_both_tokens_once(program):
    status, answer, _ = program.exchange()

    assert status == 200
    assert set(answer) == {"access_token", "refresh_token", "scope", "api_domain", "token_type", "expires_in"}
    assert program.exchange()[:2] == (200, {"error": "invalid_code"})


def test_a_refresh_rotates_nothing(program):
    first, second = program.refresh()[1], program.refresh()[1]

    assert "refresh_token" not in first
    assert first["access_token"] != second["access_token"]
    assert first["expires_in"] == 3600


def test_scopes_come_back_with_spaces(sandbox, program):
    code = sandbox.mint_grant_token(scopes="ZohoBigin.org.READ,ZohoBigin.users.READ")["grant_token"]

    assert program.exchange(code=code)[1]["scope"] == "ZohoBigin.org.READ ZohoBigin.users.READ"


def test_a_code_dies_with_its_time(sandbox, program):
    code = sandbox.mint_grant_token(ttl_seconds=180)["grant_token"]
    sandbox.advance(180)

    assert program.exchange(code=code)[1] == {"error": "invalid_code"}


@pytest.mark.parametrize("style", ["form", "query", "multipart", "mixed"])
def test_parameters_may_travel_in_any_way(program, style):
    form = {name: program.entry[name] for name in ("client_id", "client_secret", "refresh_token")}
    form["grant_type"] = "refresh_token"
    query, headers, body = None, {}, b""
    if style == "form":
        body, headers = urlencode(form).encode(), {"Content-Type": "application/x-www-form-urlencoded"}
    elif style == "query":
        query = form
    elif style == "mixed":
        query = {"grant_type": form.pop("grant_type")}
        body, headers = urlencode(form).encode(), {"Content-Type": "application/x-www-form-urlencoded"}
    else:
        parts = "".join(
            f'--x1\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in form.items()
        )
        body, headers = f"{parts}--x1--\r\n".encode(), {"Content-Type": "multipart/form-data; boundary=x1"}

    status, answer, _ = program.ask("POST", "/oauth/v2/token", query=query, body=body, headers=headers)

    assert (status, answer["token_type"]) == (200, "Bearer")


def test_get_is_refused(program):
    assert program.ask("GET", "/oauth/v2/token", query={"grant_type": "refresh_token"})[0] == 400


def test_a_missing_grant_type_is_400_and_an_unknown_one_200(program):
    assert program.token()[0] == 400
    assert program.token(grant_type="password")[:2] == (200, {"error": "invalid_client"})


def test_client_is_judged_before_secret_before_redirect_uri_before_code(program):
    wrong = {"redirect_uri": "https://other.example/", "code": "1000.x.y"}

    assert program.exchange(client_id="1000.X", client_secret="x", **wrong)[1] == {"error": "invalid_client"}
    assert program.exchange(client_secret="x", **wrong)[1] == {"error": "invalid_client_secret"}
    assert program.exchange(**wrong)[1] == {"error": "invalid_redirect_uri"}
    assert program.exchange(code="1000.x.y")[1] == {"error": "invalid_code"}
    assert "access_token" in program.exchange()[1], "a wrong redirect URI does not use the code up"


def test_a_client_of_another_data_center_is_unknown_here(two):
    us, _ = two
    us.prefix = "/eu"

    assert us.refresh()[1] == {"error": "invalid_client"}


def test_a_code_belongs_to_its_client(two):
    us, eu = two

    assert us.exchange(code=eu.entry["grant_token"])[1] == {"error": "invalid_code"}


def test_the_eleventh_refresh_in_ten_minutes_is_throttled(sandbox, program):
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


def test_an_access_token_lives_an_hour(sandbox, program):
    program.connect()
    sandbox.advance(3599)
    assert program.get("org")[0] == 200
    sandbox.advance(1)

    assert program.get("org")[1]["code"] == "INVALID_TOKEN"


def test_the_sixteenth_access_token_kills_the_first(sandbox, program):
    sandbox.switch(throttle_limit=100)
    program.connect()
    for _ in range(14):
        program.refresh()
    assert program.get("org")[0] == 200
    program.refresh()

    assert program.get("org")[1]["code"] == "INVALID_TOKEN"


def test_the_twenty_first_grant_silently_evicts_the_oldest_with_its_access_tokens(sandbox, program):
    sandbox.switch(refresh_tokens_per_minute=0)
    program.connect()
    for _ in range(19):
        program.exchange(code=sandbox.mint_grant_token()["grant_token"])
    assert program.get("org")[0] == 200
    program.exchange(code=sandbox.mint_grant_token()["grant_token"])

    assert program.get("org")[1]["code"] == "INVALID_TOKEN"
    assert program.refresh()[1] == {"error": "invalid_code"}


@pytest.mark.parametrize("in_query", [True, False])
def test_revoking_a_refresh_token_kills_its_access_tokens(program, in_query):
    program.connect()
    form = {"token": program.entry["refresh_token"]}
    sent = {"query": form} if in_query else {"body": urlencode(form).encode()}

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
    basic = base64.b64encode(f"{program.entry['client_id']}:{program.entry['client_secret']}".encode()).decode()

    assert program.ask("POST", "/oauth/v2/revoke/token", query=query)[1] == {"error": "invalid_client"}
    answer = program.ask("POST", "/oauth/v2/revoke/token", query=query, headers={"Authorization": f"Basic {basic}"})
    assert answer[1] == {"status": "success"}


def test_a_token_is_revoked_only_where_it_lives(two):
    us, eu = two

    assert us.ask("POST", "/oauth/v2/token/revoke", query={"token": eu.entry["refresh_token"]})[0] == 400
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


def test_but_not_without_its_scope(program):
    program.connect()
    headers = {"Authorization": program.authorization}
    wanted = {"response": "error", "cause": "INVALID_OAUTHSCOPE"}

    assert program.ask("GET", "/oauth/user/info", headers=headers)[:2] == (401, wanted)
    assert program.ask("GET", "/oauth/user/info")[0] == 401
    assert program.ask("POST", "/oauth/user/info", headers=headers)[0] == 400

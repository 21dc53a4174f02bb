"""Answers about the server and a token's user, and answers gone wrong."""

import pytest

TOKEN = "POST /oauth/v2/token"


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

"""A self client's access token without a code."""


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

"""Tokens, scopes, plans and credits of calls, and paths outside of the API."""

import pytest

from django_bigin.sandbox import Sandbox

from ..program import Program


@pytest.mark.parametrize("header", [None, "", "Zoho-oauthtoken ", "Basic abc", "1000.a.b"])
def test_no_usable_token_is_an_authentication_failure(program, header):
    headers = {} if header is None else {"Authorization": header}

    status, body, _ = program.ask("GET", "/bigin/v2/org", headers=headers)

    assert (status, body) == (
        401,
        {"code": "AUTHENTICATION_FAILURE", "details": {}, "message": "Authentication failed", "status": "error"},
    )


def test_an_unknown_token_is_invalid(program):
    program.authorization = "Zoho-oauthtoken 1000.a.b"

    assert program.get("org")[:2] == (
        401,
        {"code": "INVALID_TOKEN", "details": {}, "message": "invalid oauth token", "status": "error"},
    )


def test_the_other_word_for_an_expired_token_has_a_switch(sandbox, program):
    sandbox.switch(bad_token_code="AUTHENTICATION_FAILURE")
    program.authorization = "Zoho-oauthtoken 1000.a.b"

    assert program.get("org")[1]["code"] == "AUTHENTICATION_FAILURE"


def test_or_either_word_by_chance_alike_after_each_reset(sandbox, program):
    def codes():
        sandbox.switch(bad_token_code="either")
        program.authorization = "Zoho-oauthtoken 1000.a.b"
        return [program.get("org")[1]["code"] for _ in range(20)]

    first = codes()
    sandbox.reset()

    assert set(first) == {"INVALID_TOKEN", "AUTHENTICATION_FAILURE"}
    assert codes() == first


@pytest.mark.parametrize(
    "scheme", ["Zoho-oauthtoken", "Zoho-OAuthToken", "zoho-oauthtoken", "ZOHO-OAUTHTOKEN", "bearer"]
)
def test_the_schemes_case_does_not_count(program, scheme):
    program.authorization = f"{scheme} {program.refresh()[1]['access_token']}"

    assert program.get("org")[0] == 200


def test_bearer_is_accepted_unless_it_is_refused(sandbox, program):
    program.authorization = "Bearer " + program.refresh()[1]["access_token"]

    assert program.get("org")[0] == 200
    sandbox.switch(bearer="refused")
    assert program.get("org")[:1] == (400,)
    assert program.get("org")[1]["code"] == "INVALID_REQUEST"


@pytest.mark.parametrize(
    ("scopes", "allowed", "refused"),
    [
        ("ZohoBigin.modules.ALL", ["GET Contacts", "POST Contacts", "DELETE Tasks"], ["GET Notes", "GET org"]),
        ("ZohoBigin.modules.contacts.READ", ["GET Contacts", "GET Contacts/deleted"], ["POST Contacts", "GET Tasks"]),
        ("ZohoBigin.modules.contacts.CREATE", ["POST Contacts"], ["PUT Contacts", "POST Contacts/upsert"]),
        ("ZohoBigin.modules.contacts.WRITE", ["PUT Contacts", "POST Contacts/upsert"], ["DELETE Contacts"]),
        ("ZohoBigin.modules.Pipelines.ALL", ["GET Pipelines"], ["GET Contacts"]),
        ("ZohoBigin.modules.deals.READ", ["GET Pipelines"], []),
        ("ZohoBigin.modules.ALL,ZohoBigin.modules.notes.READ", ["GET Notes"], ["POST Notes"]),
        ("ZohoBigin.modules.notes.ALL", [], ["GET Notes"]),
        ("zohobigin.settings.all", ["GET settings/modules", "GET settings/fields"], ["GET users"]),
        ("ZohoBigin.settings.fields.READ", ["GET settings/fields"], ["GET settings/modules", "GET settings/layouts"]),
        ("ZohoBigin.org.READ ZohoBigin.users.READ", ["GET org", "GET users"], ["GET Contacts"]),
        ("ZohoBigin.settings.modules.READ", ["GET settings/modules"], ["GET settings/fields"]),
        ("ZohoBigin.settings.layouts.ALL", ["GET settings/layouts"], ["GET settings/custom_views"]),
        ("ZohoBigin.settings.custom_views.READ", ["GET settings/custom_views"], ["GET settings/layouts"]),
        ("ZohoBigin.settings.related_lists.READ", ["GET settings/related_lists"], ["GET settings/tags"]),
        ("ZohoBigin.settings.tags.READ", ["GET settings/tags"], ["POST settings/tags", "GET settings/roles"]),
        ("ZohoBigin.settings.tags.CREATE", ["POST settings/tags"], ["GET settings/tags"]),
        ("ZohoBigin.settings.roles.READ,ZohoBigin.settings.profiles.READ", ["GET settings/roles"], ["GET users"]),
        ("ZohoBigin.modules.contacts.UPDATE", ["PUT Contacts"], ["POST Contacts", "DELETE Contacts"]),
        ("ZohoBigin.modules.contacts.DELETE", ["DELETE Contacts"], ["PUT Contacts", "GET Contacts"]),
        ("ZohoBigin.modules.contacts.READ", ["GET Contacts/actions/count"], ["POST Contacts/upsert"]),
    ],
)
def test_scopes_let_through_what_they_name(program, scopes, allowed, refused):
    program.connect_with(scopes)
    query = {"fields": "Owner", "module": "Contacts", "ids": "1"}

    for call in allowed:
        method, path = call.split()
        assert program.call(method, path, body={"data": [{}]}, **query)[0] not in {401, 404}, call
    for call in refused:
        method, path = call.split()
        status, body, _ = program.call(method, path, body={"data": [{}]}, **query)
        assert (status, body["code"]) == (401, "OAUTH_SCOPE_MISMATCH"), call


def test_the_status_of_a_missing_scope_has_a_switch(sandbox, program):
    program.connect_with("ZohoBigin.org.READ")
    sandbox.switch(scope_mismatch_status=403)

    status, body, _ = program.get("Contacts", fields="Email")

    assert (status, body["code"], body["details"]) == (403, "OAUTH_SCOPE_MISMATCH", {})


@pytest.mark.parametrize(
    "call",
    [
        "GET Leads", "POST Leads", "PUT Leads", "DELETE Leads", "GET Leads/5", "PUT Leads/5", "DELETE Leads/5",
        "POST Leads/upsert", "GET Leads/deleted", "GET Leads/search", "GET Leads/actions/count", "GET Leads/5/Notes",
        "PUT Leads/5/Products/6", "DELETE Leads/5/Products/6", "POST Leads/actions/change_owner",
        "POST Leads/5/actions/change_owner", "POST Leads/actions/add_tags", "POST Leads/5/actions/remove_tags",
    ],
)  # fmt: skip
def test_an_unknown_module_is_known_at_every_address(program, call):
    method, path = call.split()

    status, body, _ = program.call(method, path, body={"data": [{}]}, fields="Email", ids="1")

    assert (status, body["code"], body["details"]) == (400, "INVALID_MODULE", {"resource_path_index": 0})


def test_an_unknown_module_is_named_by_its_place(program):
    assert program.get("Leads", fields="Email")[:2] == (
        400,
        {
            "code": "INVALID_MODULE",
            "details": {"resource_path_index": 0},
            "message": "the module name given seems to be invalid",
            "status": "error",
        },
    )


@pytest.mark.parametrize("module", ["Social", "Attachments", "Associated_Products"])
def test_modules_without_records_of_their_own_are_not_listed(program, module):
    assert program.get(module, fields="id")[1]["code"] == "INVALID_MODULE"


def test_the_old_name_of_pipelines_still_reads(sandbox, program):
    sandbox.add_records("Pipelines", 2)

    assert len(program.rows("Deals", "Deal_Name")) == 2


@pytest.mark.parametrize(
    "path", ["Contacts/5/__timeline", "settings/pipeline", "Contacts/5/photo", "files", "a/b/c/d/e"]
)
def test_an_unknown_path_is_404_and_reported(sandbox, program, path):
    status, body, _ = program.get(path)

    assert (status, body["code"]) == (404, "INVALID_URL_PATTERN")
    assert [call["path"] for call in sandbox.calls()["unknown"]] == ["/bigin/v2/" + path]


@pytest.mark.parametrize("path", ["Contacts/actions/mass_update", "Contacts/5/actions/blueprint"])
def test_what_crm_alone_has_is_404(program, path):
    assert program.call("POST", path, body={"data": []})[:1] == (404,)


@pytest.mark.parametrize("wanted", [400, 405])
def test_a_wrong_method_is_named(sandbox, program, wanted):
    sandbox.switch(wrong_method_status=wanted)

    status, body, _ = program.call("PATCH", "Contacts")

    assert (status, body["code"]) == (wanted, "INVALID_REQUEST_METHOD")


def test_answers_carry_the_recorded_headers(program):
    _, _, headers = program.get("org")

    assert headers["Content-Disposition"] == "attachment; filename=response.json"
    assert headers["Server"] == "ZGS"
    assert headers["Date"].endswith("GMT")
    assert headers["X-ACCESSTOKEN-RESET"][-6:] in {"-04:00", "-05:00"}, "New York's"


def test_the_date_is_the_sandbox_clocks(sandbox, program):
    sandbox.set_speed(0)
    sandbox.set_clock("2027-03-01T08:00:00+00:00")

    _, _, headers = program.get("org")
    _, body, _ = program.write("POST", "Contacts", {"Last_Name": "Wen"})

    assert headers["Date"] == "Mon, 01 Mar 2027 08:00:00 GMT"
    assert body["data"][0]["details"]["Modified_Time"] == "2027-03-01T03:00:00-05:00"


# organizations


def test_organizations_never_see_each_other(two):
    us, eu = two
    sandbox = us.sandbox
    [record_id] = sandbox.add_records("Contacts", [{"Last_Name": "Ours"}], org_id=us.entry["org_id"])

    assert eu.rows("Contacts") == []
    assert eu.get(f"Contacts/{record_id}")[0] == 204
    assert eu.write("PUT", f"Contacts/{record_id}", {"Last_Name": "Theirs"})[0] == 400
    assert eu.call("DELETE", "Contacts", ids=record_id)[0] == 400
    assert eu.get("Contacts/deleted")[0] == 204
    assert us.get("org")[1]["org"][0]["zgid"] != eu.get("org")[1]["org"][0]["zgid"]


def test_a_page_token_is_its_organizations_own():
    both = Sandbox(organizations=[{"data_center": "us"}, {"data_center": "us"}])
    one, other = Program(both), Program(both, 1)
    both.add_records("Contacts", 3, org_id=one.entry["org_id"])
    both.add_records("Contacts", 3, org_id=other.entry["org_id"])
    token = one.get("Contacts", fields="Email", per_page="1")[1]["info"]["next_page_token"]

    assert other.get("Contacts", fields="Email", per_page="1", page_token=token)[0] == 400


@pytest.mark.parametrize(
    ("status", "code", "is_listed"), [(403, "NO_PERMISSION", True), (400, "INVALID_MODULE", False)]
)
def test_a_module_the_plan_does_not_have(status, code, is_listed):
    sandbox = Sandbox(organizations=[{"absent_modules": {"Products": status}}])
    program = Program(sandbox)

    answer, body, _ = program.get("Products", fields="Product_Name")

    assert (answer, body["code"]) == (status, code)
    modules = [module["api_name"] for module in program.get("settings/modules")[1]["modules"]]
    assert ("Products" in modules) is is_listed
    assert program.get("Contacts", fields="Email")[0] == 204


# credits


def test_calls_cost_what_the_table_says(sandbox, program):
    program.connect()
    for call, cost in [
        (lambda: program.get("org"), 1),
        (lambda: program.get("Contacts", fields="Email", cvid="1"), 3),
        (lambda: program.write("POST", "Contacts", *[{"Last_Name": "A"}] * 10), 1),
        (lambda: program.write("POST", "Contacts", *[{"Last_Name": "A"}] * 11), 2),
        (lambda: program.write("POST", "Contacts/upsert", *[{"Last_Name": "A"}] * 100), 10),
        (lambda: program.refresh(), 0),
        (lambda: program.ask("GET", "/bigin/v2/org"), 0),
    ]:
        before = sandbox.credits()["used"]
        call()
        assert sandbox.credits()["used"] - before == cost


def test_exhausted_credits_are_429_until_the_day_rolled_on(sandbox, program):
    sandbox.switch(credit_budget=2)
    assert [program.get("org")[0] for _ in range(3)] == [200, 200, 429]
    status, body, headers = program.get("org")
    assert (status, body["code"]) == (429, "TOO_MANY_REQUESTS")
    assert "Retry-After" not in headers

    sandbox.advance(86_400)
    program.connect()
    assert program.get("org")[0] == 200


def test_credits_may_be_counted_alone(sandbox, program):
    sandbox.switch(credit_budget=1, credits="counted")

    assert [program.get("org")[0] for _ in range(3)] == [200, 200, 200]
    assert sandbox.credits() == {"used": 3, "budget": 1}


@pytest.mark.parametrize(
    ("options", "budget"),
    [({"paid": False}, 5_000), ({"licences": 4}, 51_000), ({"licences": 900}, 100_000)],
)
def test_the_budget_goes_by_edition_and_licences(options, budget):
    assert Sandbox(organizations=[options]).credits()["budget"] == budget


def test_remaining_credits_are_told_from_half_the_budget_on(sandbox, program):
    sandbox.switch(credit_budget=4)

    assert "X-API-CREDITS-REMAINING" not in program.get("org")[2]
    assert program.get("org")[2]["X-API-CREDITS-REMAINING"] == "2"
    sandbox.switch(credits_header=False)
    assert "X-API-CREDITS-REMAINING" not in program.get("org")[2]


def test_each_credit_comes_back_24_hours_after_it_was_used(sandbox, program):
    sandbox.set_speed(0)
    sandbox.switch(credit_budget=2, access_token_seconds=10**6)
    program.get("org")
    sandbox.advance(3_600)
    program.get("org")
    sandbox.advance(23 * 3_600 - 1)
    assert program.get("org")[0] == 429

    sandbox.advance(1)

    assert [program.get("org")[0] for _ in range(2)] == [200, 429]

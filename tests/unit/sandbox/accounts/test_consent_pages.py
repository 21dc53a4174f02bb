"""Authorization in the browser: the pages, and the way from one to the next."""

from ..browser import HOST, Browser
from ..client_site import SITE, parameters
from ..program import Program


def test_a_person_signs_in_and_accepts(world):
    world.browser.visit(world.url())
    assert (world.browser.status, world.browser.page.heading) == (200, "Sign in")
    world.browser.press(world.emails[0])
    assert world.browser.page.heading == "Give your consent"
    assert "ZohoBigin.modules.ALL ZohoBigin.org.READ" in world.browser.page.text
    assert "Sandbox US 1" in world.browser.page.text
    world.browser.press("Accept")

    assert world.browser.callback.startswith(SITE + "?state=s%2Bt%2Fa%20te&code=1000.")
    assert world.browser.callback.endswith(f"&location=us&accounts-server=http%3A%2F%2F{HOST.replace(':', '%3A')}&")
    assert [name for name, _ in world.browser.returned] == ["state", "code", "location", "accounts-server"]
    assert "refresh_token" in world.exchange(world.browser.callback)


def test_a_person_rejects(world):
    world.browser.visit(world.url()).press(world.emails[0]).press("Reject")

    assert world.browser.callback == SITE + "?state=s%2Bt%2Fa%20te&error=access_denied&"


def test_a_user_of_another_data_center_goes_on_there(world):
    world.browser.visit(world.url()).press(world.emails[1])
    assert world.browser.url.startswith(f"http://{HOST}/eu/oauth/v2/auth/consent?")
    world.browser.press("Accept")

    returned = parameters(world.browser.callback)
    assert (returned["location"], returned["accounts-server"]) == ("eu", f"http://{HOST}/eu")
    assert world.exchange(world.browser.callback, "us") == {"error": "invalid_code"}
    assert world.exchange(world.browser.callback, "eu", secret_of="us") == {"error": "invalid_client_secret"}
    answer = world.exchange(world.browser.callback, "eu")
    assert answer["api_domain"] == f"http://{HOST}/eu"
    program = Program(world.sandbox, 1, prefix="/eu").connect(answer["access_token"])
    assert program.get("org")[1]["org"][0]["zgid"] == world.org_ids[1]


def test_a_flow_may_begin_in_any_data_center_that_the_client_serves(world):
    world.browser.visit(world.url(f"http://{HOST}/ca")).press(world.emails[0]).press("Accept")

    assert parameters(world.browser.callback)["location"] == "us"


def test_the_pages_name_themselves_as_they_were_addressed(world):
    world.browser.visit(world.url("https://accounts.zoho.com")).press(world.emails[2])
    assert world.browser.url.startswith("https://accounts.zohocloud.ca/oauth/v2/auth/consent?")
    world.browser.press("Accept")

    assert world.browser.callback.endswith("&location=ca&accounts-server=https%3A%2F%2Faccounts.zohocloud.ca&")


def test_who_has_two_organizations_picks_one(world):
    email = world.two_organizations()
    world.browser.visit(world.url(scope="ZohoBigin.org.READ,ZohoBigin.users.READ")).press(email)
    assert world.browser.page.heading == "Choose an organization"
    assert world.browser.url.startswith(f"http://{HOST}/ca/")
    world.browser.check("Sandbox CA 4").press("Submit")
    assert "Sandbox CA 4" in world.browser.page.text
    world.browser.press("Accept")

    answer = world.exchange(world.browser.callback, "ca")
    program = Program(world.sandbox, 3, prefix="/ca").connect(answer["access_token"])
    assert program.get("org")[1]["org"][0]["zgid"] == world.org_ids[3]
    assert program.get("users", type="CurrentUser")[1]["users"][0]["email"] == email


def test_a_second_organization_is_a_grant_of_its_own_beside_the_first(world):
    email = world.two_organizations()
    program = Program(world.sandbox, prefix="/ca")
    credentials = {"client_id": world.client["client_id"], "client_secret": world.client["secrets"]["ca"]}
    for org_id in world.org_ids[2:]:
        answer = world.exchange(world.sandbox.consent(world.url(), user=email, org_id=org_id), "ca")
        credentials[org_id] = answer["refresh_token"]

    for org_id in world.org_ids[2:]:
        names = ("client_id", "client_secret")
        form = {name: credentials[name] for name in names} | {"refresh_token": credentials[org_id]}
        program.connect(program.refresh(**form)[1]["access_token"])
        assert program.get("org")[1]["org"][0]["zgid"] == org_id


def test_pressing_accept_twice_gives_the_same_callback(world):
    world.browser.visit(world.url()).press(world.emails[0])
    world.browser.press("Accept")
    first = world.browser.callback
    world.browser.press("Accept")
    second = world.browser.callback
    world.browser.press("Reject")

    assert first == second == world.browser.callback


def test_going_back_to_the_sign_in_after_the_end_changes_nothing(world):
    world.browser.visit(world.url())
    sign_in = world.browser.page
    world.browser.press(world.emails[0]).press("Accept")
    first = world.browser.callback
    world.browser.page = sign_in
    world.browser.press(world.emails[1])

    assert world.browser.callback == first


def test_everything_shown_is_escaped(world):
    bad = "<script>alert('x')</script>"
    client = world.sandbox.add_client(name=bad, redirect_uris=[SITE + "?a=<b>&c=d"])
    world.sandbox.add_user('"><img src=x>@x.example', org_ids=world.org_ids[2:], last_name=bad)
    url = world.url(client_id=client["client_id"], redirect_uri=SITE + "?a=<b>&c=d")
    pages = [world.browser.visit(url).page]
    pages.append(world.browser.press("img src").page)
    pages.append(world.browser.check("CA 4").press("Submit").page)
    pages.append(Browser(world.sandbox).visit(world.url(scope="<script>x</script>")).page)

    for page in pages:
        assert not {"script", "img", "b"} & set(page.tags)
        assert "<script" not in page.source
    assert bad in pages[0].text
    assert SITE + "?a=<b>&c=d" in pages[2].text


def test_pages_are_self_contained_and_not_kept(world):
    browser = world.browser.visit(world.url())

    assert "default-src 'none'" in browser.headers["Content-Security-Policy"]
    assert "form-action" not in browser.headers["Content-Security-Policy"], "it would stop the redirect to the site"
    assert browser.headers["Cache-Control"] == "no-store"


# what remains


def test_every_code_and_token_is_among_the_secrets(world):
    callback = world.consent()
    answer = world.exchange(callback)
    known = {secret["value"] for secret in world.sandbox.secrets()}

    assert {parameters(callback)["code"], answer["access_token"], answer["refresh_token"]} <= known
    assert set(world.client["secrets"].values()) <= known


def test_the_call_log_knows_the_pages_and_no_secret(world):
    world.browser.visit(world.url(state="s3cr3t")).press(world.emails[1]).press("Accept")
    report = world.sandbox.calls()

    assert report["unknown"] == []
    assert report["by_path"] == {
        "GET /oauth/v2/auth": 1, "POST /oauth/v2/auth/user": 1, "GET /oauth/v2/auth/consent": 1,
        "POST /oauth/v2/auth/consent": 1,
    }  # fmt: skip
    assert "s3cr3t" not in str(report)


def test_what_is_no_page_is_unknown(world):
    assert Program(world.sandbox).ask("GET", "/oauth/v2/auth/other")[0] == 404


def test_a_page_may_fail(world):
    world.sandbox.fail("GET /oauth/v2/auth", status=502)

    assert world.browser.visit(world.url()).status == 502

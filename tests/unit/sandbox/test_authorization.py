"""Authorization in the browser: who signs in, what is asked, where the browser goes, and what the code is good for."""

import base64
import hashlib
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import pytest

from django_bigin.sandbox import Sandbox

from .browser import HOST, Browser
from .program import Program

SITE = "https://site.example/bigin/callback/"
VERIFIER = "v" * 50
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


class World:
    """A sandbox with organizations in us, eu and twice in ca, the client that serves them all, and a browser."""

    def __init__(self, **switches):
        codes = ("us", "eu", "ca", "ca")
        self.sandbox = Sandbox(
            organizations=[{"data_center": code, "redirect_uri": SITE} for code in codes], switches=switches
        )
        self.client = self.sandbox.client
        self.browser = Browser(self.sandbox)
        self.emails = [user["email"] for user in self.sandbox.users()]
        self.org_ids = [entry["org_id"] for entry in self.sandbox.organizations]

    def url(self, prefix=f"http://{HOST}", **changes):
        query = {
            "response_type": "code", "client_id": self.client["client_id"], "redirect_uri": SITE, "state": "s+t/a te",
            "scope": "ZohoBigin.modules.ALL,ZohoBigin.org.READ", "access_type": "offline",
        } | changes  # fmt: skip
        return f"{prefix}/oauth/v2/auth?" + urlencode({k: v for k, v in query.items() if v is not None})

    def consent(self, user=0, org_id=None, accept=True, **changes):
        return self.sandbox.consent(self.url(**changes), user=self.emails[user], org_id=org_id, accept=accept)

    def two_organizations(self):
        return self.sandbox.add_user("noor@two.example", org_ids=self.org_ids[2:], first_name="Noor")["email"]

    def exchange(self, callback, data_center="us", *, secret_of=None, **changes):
        program = Program(self.sandbox, prefix="" if data_center == "us" else f"/{data_center}")
        form = {
            "grant_type": "authorization_code", "client_id": self.client["client_id"], "redirect_uri": SITE,
            "client_secret": self.client["secrets"][secret_of or data_center], "code": parameters(callback)["code"],
        } | changes  # fmt: skip
        return program.token(**{k: v for k, v in form.items() if v is not None})[1]


def parameters(callback):
    return dict(parse_qsl(urlsplit(callback).query))


@pytest.fixture
def world():
    return World()


# the pages


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


# error pages


@pytest.mark.parametrize(
    ("changes", "headline"),
    [
        ({"client_id": "1000.UNKNOWN"}, "Invalid Client"),
        ({"client_id": None}, "Invalid Client"),
        ({"redirect_uri": SITE.rstrip("/")}, "Invalid Redirect Uri"),
        ({"redirect_uri": SITE + "?x=1"}, "Invalid Redirect Uri"),
        ({"redirect_uri": SITE.upper()}, "Invalid Redirect Uri"),
        ({"redirect_uri": None}, "Invalid Redirect Uri"),
        ({"response_type": "token"}, "Invalid Response Type"),
        ({"response_type": None}, "Invalid Response Type"),
        ({"scope": "ZohoBigin.modules.ALL,ZohoBigin.nothing.ALL"}, "Invalid OAuth Scope"),
        ({"scope": None}, "Invalid OAuth Scope"),
        ({"code_challenge": "c", "code_challenge_method": "md5"}, "Invalid Code Challenge Method"),
    ],
)
def test_what_cannot_be_answered_by_redirect_is_a_page(world, changes, headline):
    browser = world.browser.visit(world.url(**changes))

    assert (browser.status, browser.page.heading, browser.callback) == (400, headline, "")
    with pytest.raises(ValueError, match=headline):
        world.consent(**changes)


def test_the_status_of_error_pages_is_a_switch():
    world = World(auth_error_status=200)

    assert world.browser.visit(world.url(client_id="1000.X")).status == 200


def test_a_client_is_unknown_where_it_is_switched_off(world):
    browser = world.browser.visit(world.url(f"http://{HOST}/in"))

    assert browser.page.heading == "Invalid Client"


def test_a_user_who_lives_where_the_client_is_off_sees_a_page(world):
    world.sandbox.switch_client(world.client["client_id"], {"eu": False})
    browser = world.browser.visit(world.url()).press(world.emails[1])

    assert (browser.page.heading, browser.callback) == ("Invalid Client", "")


def test_or_goes_on_to_a_code_that_nobody_can_exchange():
    world = World(switched_off_data_center="callback")
    world.sandbox.switch_client(world.client["client_id"], {"eu": False})
    callback = world.consent(1)

    assert parameters(callback)["location"] == "eu"
    assert world.exchange(callback, "eu") == {"error": "invalid_client"}


def test_who_has_no_organization_sees_a_page(world):
    world.sandbox.add_user("solo@nowhere.example", org_ids=[])

    assert world.browser.visit(world.url()).press("solo@").page.heading == "No Organization"


def test_steps_cannot_be_skipped_or_forged(world):
    email = world.two_organizations()
    world.browser.visit(world.url())
    key = world.browser.page.hidden["authorization"]
    step = f"http://{HOST}/oauth/v2/auth/"

    for page in ("consent", "organization"):
        assert world.browser.visit(f"{step}{page}?authorization={key}").page.heading == "Not Signed In"
        assert world.browser.visit(f"{step}{page}?authorization=other").page.heading == "Nothing To Authorize"
    accept = {"authorization": key, "decision": "accept"}
    assert world.browser.visit(step + "consent", "POST", accept).page.heading == "Not Signed In"
    assert (
        world.browser.visit(step + "user", "POST", {"authorization": key, "user": "1"}).page.heading == "Invalid User"
    )
    world.browser.visit(world.url()).press(email)
    foreign = world.browser.page.hidden | {"org_id": world.org_ids[0]}
    assert world.browser.visit(world.browser.page.action, "POST", foreign).page.heading == "Invalid Organization"
    assert world.browser.visit(world.url(), "POST").page.heading == "Invalid Request Method"
    assert world.browser.callback == ""


def test_a_reset_ends_what_was_under_way(world):
    world.browser.visit(world.url())
    world.sandbox.reset()

    assert world.browser.press(world.emails[0]).page.heading == "Nothing To Authorize"


def test_china_is_apart():
    sandbox = Sandbox(organizations=[{"data_center": "us"}, {"data_center": "cn"}])
    query = {
        "response_type": "code", "client_id": sandbox.client["client_id"], "scope": "ZohoBigin.org.READ",
        "redirect_uri": sandbox.client["redirect_uri"],
    }  # fmt: skip
    for prefix, mine, other in (("", "us", "cn"), ("/cn", "cn", "us")):
        page = Browser(sandbox).visit(f"http://{HOST}{prefix}/oauth/v2/auth?{urlencode(query)}").page
        assert f"data center {mine}" in page.buttons[0][2]
        assert len(page.buttons) == 1, other


# the callback's shape


@pytest.mark.parametrize(
    ("switches", "names"),
    [
        ({"callback_location": False}, ["state", "code", "accounts-server"]),
        ({"callback_accounts_server": False}, ["state", "code", "location"]),
    ],
)
def test_parameters_may_be_left_out(switches, names):
    callback = World(**switches).consent()

    assert list(parameters(callback)) == names
    assert callback.endswith("&")


def test_the_ampersand_at_the_end_may_be_left_out():
    assert World(callback_trailing_ampersand=False).consent().endswith("8400")


@pytest.mark.parametrize(
    ("beside", "names"),
    [("state", ["state", "error"]), ("bare", ["error"]), ("full", ["state", "error", "location", "accounts-server"])],
)
def test_what_stands_beside_an_error_is_a_switch(beside, names):
    assert list(parameters(World(error_callback=beside).consent(accept=False))) == names


def test_no_state_is_echoed_where_none_was_sent(world):
    assert list(parameters(world.consent(state=None))) == ["code", "location", "accounts-server"]


@pytest.mark.parametrize(
    ("forged", "said"),
    [
        (
            {"accounts-server": "https://accounts.zoho.com.evil.test", "location": "xx"},
            "location=xx&accounts-server=https%3A%2F%2Faccounts.zoho.com.evil.test&",
        ),
        (
            {"accounts-server": quote("https://accounts.zoho.com", safe=""), "location": None},
            "accounts-server=https%253A",
        ),
        ({"location": ["us", "eu"]}, "location=us&location=eu&accounts-server="),
        ({"state": "foreign", "error": "access_denied"}, "?state=foreign&code=1000."),
        ({"state": None}, "?code=1000."),
    ],
)
def test_a_callback_may_be_forged(forged, said):
    callback = World(forged_callback=forged).consent()

    assert said in callback
    assert parameters(callback).get("error") == forged.get("error")


def test_the_code_of_a_forged_callback_is_good():
    world = World(forged_callback={"accounts-server": "https://evil.test"})
    world.browser.visit(world.url()).press(world.emails[0]).press("Accept")

    assert parameters(world.browser.callback)["accounts-server"] == "https://evil.test"
    assert "access_token" in world.exchange(world.browser.callback)


def test_a_redirect_uri_with_a_query_keeps_it(world):
    uri = SITE + "?site=1"
    client = world.sandbox.add_client(redirect_uris=[SITE, uri])
    callback = world.consent(client_id=client["client_id"], redirect_uri=uri)

    assert callback.startswith(uri + "&state=")


# consent


def test_consent_is_asked_once_and_gives_one_refresh_token(world):
    assert "refresh_token" in world.exchange(world.consent())
    world.browser.visit(world.url()).press(world.emails[0])

    assert world.browser.callback, "straight back"
    assert "refresh_token" not in world.exchange(world.browser.callback)


def test_prompt_consent_asks_again_and_gives_another(world):
    first = world.exchange(world.consent(prompt="consent"))
    world.browser.visit(world.url(prompt="consent")).press(world.emails[0])
    assert world.browser.page.heading == "Give your consent"
    second = world.exchange(world.browser.press("Accept").callback)

    assert first["refresh_token"] != second["refresh_token"]


@pytest.mark.parametrize("changes", [{"scope": "ZohoBigin.users.READ"}, {"scope": "ZohoBigin.org.ALL"}])
def test_more_scopes_need_another_consent(world, changes):
    world.consent()

    assert world.browser.visit(world.url(**changes)).press(world.emails[0]).page.heading == "Give your consent"


def test_another_user_and_another_organization_are_asked_for_themselves(world):
    email = world.two_organizations()
    world.sandbox.consent(world.url(), user=email, org_id=world.org_ids[2])

    assert world.browser.visit(world.url()).press(world.emails[2]).page.heading == "Give your consent"
    world.browser.visit(world.url()).press(email).check("CA 4").press("Submit")
    assert world.browser.page.heading == "Give your consent"


def test_revoking_in_zohos_pages_takes_the_consent_back(world):
    world.exchange(world.consent())
    world.sandbox.revoke_grant(org_id=world.org_ids[0])

    assert world.browser.visit(world.url()).press(world.emails[0]).page.heading == "Give your consent"


@pytest.mark.parametrize("access_type", ["online", None])
def test_online_access_has_no_refresh_token(world, access_type):
    answer = world.exchange(world.consent(access_type=access_type, prompt="consent"))

    assert "access_token" in answer
    assert "refresh_token" not in answer


def test_scopes_may_be_separated_by_spaces_in_any_case(world):
    answer = world.exchange(world.consent(scope="zohobigin.MODULES.all ZohoBigin.Org.read"))

    assert answer["scope"] == "zohobigin.MODULES.all ZohoBigin.Org.read"


# the code


def test_a_code_is_used_once(world):
    callback = world.consent()

    assert "access_token" in world.exchange(callback)
    assert world.exchange(callback) == {"error": "invalid_code"}


@pytest.mark.parametrize("seconds", [60, 120, 180])
def test_a_code_lives_for_so_long(seconds):
    world = World(code_seconds=seconds)
    world.sandbox.set_speed(0)
    early, late = world.consent(), world.consent()
    world.sandbox.advance(seconds - 1)
    assert "access_token" in world.exchange(early)
    world.sandbox.advance(1)

    assert world.exchange(late) == {"error": "invalid_code"}


@pytest.mark.parametrize("redirect_uri", [None, "https://other.example/", SITE + "second"])
def test_a_code_belongs_to_its_redirect_uri(redirect_uri):
    world = World()
    world.client = world.sandbox.add_client(redirect_uris=[SITE, SITE + "second"])
    callback = world.consent()

    assert world.exchange(callback, redirect_uri=redirect_uri) == {"error": "invalid_redirect_uri"}
    assert "access_token" in world.exchange(callback), "a wrong redirect URI does not use the code up"


def test_a_code_belongs_to_its_client(world):
    callback = world.consent()
    other = world.sandbox.add_client(redirect_uris=[SITE])
    changes = {"client_id": other["client_id"], "client_secret": other["secrets"]["us"]}

    assert world.exchange(callback, **changes) == {"error": "invalid_code"}


@pytest.mark.parametrize(
    ("challenge", "method"),
    [(CHALLENGE, "S256"), (VERIFIER, "plain"), (VERIFIER, None)],
    ids=["S256", "plain", "unset"],
)
def test_a_challenge_must_be_answered(world, challenge, method):
    callback = world.consent(code_challenge=challenge, code_challenge_method=method)

    assert world.exchange(callback) == {"error": "invalid_code"}
    assert world.exchange(callback, code_verifier="w" * 50) == {"error": "invalid_code"}
    assert "access_token" in world.exchange(callback, code_verifier=VERIFIER)


def test_a_verifier_without_a_challenge_is_ignored(world):
    assert "access_token" in world.exchange(world.consent(), code_verifier=VERIFIER)


def test_a_mobile_client_has_to_send_a_challenge(world):
    world.client = world.sandbox.add_client(redirect_uris=[SITE], kind="mobile")
    world.sandbox.switch(server_pkce="ignored")

    assert world.browser.visit(world.url()).page.heading == "Invalid Code Challenge"
    callback = world.consent(code_challenge=CHALLENGE, code_challenge_method="S256")
    assert world.exchange(callback) == {"error": "invalid_code"}
    assert world.exchange(callback, code_verifier=VERIFIER, client_secret="x") == {"error": "invalid_client_secret"}
    assert "access_token" in world.exchange(callback, code_verifier=VERIFIER)


def test_a_server_based_clients_challenge_may_go_unanswered():
    world = World(server_pkce="ignored")

    assert "access_token" in world.exchange(world.consent(code_challenge=CHALLENGE, code_challenge_method="S256"))


# limits


def test_the_eleventh_code_in_ten_minutes_is_denied(world):
    for _ in range(10):
        assert "code" in parameters(world.consent())

    assert parameters(world.consent()) == {"state": "s+t/a te", "error": "access_denied"}
    assert "code" in parameters(world.consent(1)), "counted by user"
    world.sandbox.advance(600)
    assert "code" in parameters(world.consent())


def test_the_sixth_refresh_token_in_a_minute_is_throttled_and_leaves_the_code(world):
    world.sandbox.set_speed(0)
    callbacks = [world.consent(prompt="consent") for _ in range(6)]
    for callback in callbacks[:5]:
        assert "refresh_token" in world.exchange(callback)

    world.sandbox.advance(59)
    assert world.exchange(callbacks[5])["status"] == "failure"
    world.sandbox.advance(1)
    assert "refresh_token" in world.exchange(callbacks[5])


def test_the_limits_have_switches():
    world = World(code_limit=30, refresh_tokens_per_minute=0, refresh_tokens_per_ten_minutes=0)
    tokens = [world.exchange(world.consent(prompt="consent"))["refresh_token"] for _ in range(21)]
    program = Program(world.sandbox)
    credentials = {"client_id": world.client["client_id"], "client_secret": world.client["secrets"]["us"]}

    assert program.refresh(refresh_token=tokens[0], **credentials)[1] == {"error": "invalid_code"}, "the 21st evicts"
    assert "access_token" in program.refresh(refresh_token=tokens[1], **credentials)[1]


def test_grants_of_one_user_count_together_in_all_organizations():
    world = World(refresh_token_cap=1)
    email = world.two_organizations()
    first, second = (
        world.exchange(world.sandbox.consent(world.url(), user=email, org_id=org_id), "ca")
        for org_id in world.org_ids[2:]
    )
    program = Program(world.sandbox, prefix="/ca")
    credentials = {"client_id": world.client["client_id"], "client_secret": world.client["secrets"]["ca"]}

    assert program.refresh(refresh_token=first["refresh_token"], **credentials)[1] == {"error": "invalid_code"}
    assert "access_token" in program.refresh(refresh_token=second["refresh_token"], **credentials)[1]


# consent without a browser


def test_consent_needs_no_user_where_one_is_obvious(world):
    assert parameters(world.sandbox.consent(world.url()))["location"] == "us"
    assert parameters(world.sandbox.consent(world.url(f"http://{HOST}/eu")))["location"] == "eu"
    assert parameters(world.sandbox.consent(world.url(), org_id=world.org_ids[3]))["location"] == "ca"


def test_consent_takes_zohos_own_hosts(world):
    callback = world.sandbox.consent(world.url("https://accounts.zoho.com"), user=world.emails[1])

    assert parameters(callback)["accounts-server"] == "https://accounts.zoho.eu"


def test_consent_says_what_a_person_would_have_seen(world):
    email = world.two_organizations()
    for options, sentence in (
        ({"user": "nobody@x.example"}, "Invalid User"),
        ({"user": email}, "Invalid Organization"),
        ({"user": email, "org_id": world.org_ids[0]}, "Invalid Organization"),
    ):
        with pytest.raises(ValueError, match=sentence):
            world.sandbox.consent(world.url(), **options)
    with pytest.raises(ValueError, match="not the address"):
        world.sandbox.consent("https://accounts.zoho.com/oauth/v2/token?client_id=x")


def test_consent_over_http_is_the_same(world):
    program = Program(world.sandbox)
    body = {"authorization_url": world.url(), "user": world.emails[2]}
    status, answer, _ = program.ask("POST", "/_sandbox/consent", body=body)

    assert status == 200
    assert parameters(answer["location"])["location"] == "ca"
    refused = program.ask("POST", "/_sandbox/consent", body=body | {"accept": False, "org_id": "1"})
    assert refused[:2] == (400, {"error": "Invalid Organization: You do not belong to that organization."})


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

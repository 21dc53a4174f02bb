"""A client's site, its sandbox, and a browser that goes through authorizations."""

import base64
import hashlib
from urllib.parse import parse_qsl, urlencode, urlsplit

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

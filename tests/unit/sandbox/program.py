"""A program that talks to a sandbox without a socket: it calls the sandbox as a function."""

import gzip
import json
from urllib.parse import parse_qsl, urlencode, urlsplit

from django_bigin.sandbox.wire.messages import Request


class Program:
    """A program that talks to a sandbox: one client, one organization."""

    def __init__(self, sandbox, number=0, *, prefix="", host="127.0.0.1:8400"):
        self.sandbox = sandbox
        self.entry = sandbox.organizations[number]
        self.prefix, self.host = prefix, host
        self.authorization = None

    def ask(self, method, path, *, query=None, body=None, headers=None):
        """Return (status, decoded body or None, headers)."""
        target = self.prefix + path + ("?" + urlencode(query) if query else "")
        sent = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        response = self.sandbox.handle(Request(method, target, {"Host": self.host, **(headers or {})}, sent))
        content = gzip.decompress(response.body()) if response.gzip else response.body()
        try:
            decoded = json.loads(content) if content else None
        except ValueError:
            decoded = content.decode()
        return response.status, decoded, dict(response.headers)

    def control(self, verb, operation, body=None, **query):
        """Call the control interface; return (status, decoded body)."""
        return self.ask(verb, "/_sandbox/" + operation, query=query, body=body)[:2]

    # accounts server

    def token(self, **form):
        form = {name: self.entry[name] for name in ("client_id", "client_secret")} | form
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.ask("POST", "/oauth/v2/token", body=urlencode(form).encode(), headers=headers)

    def refresh(self, **form):
        return self.token(**{"grant_type": "refresh_token", "refresh_token": self.entry["refresh_token"]} | form)

    def exchange(self, **form):
        return self.token(**{"grant_type": "authorization_code", "code": self.entry["grant_token"]} | form)

    def connect(self, access_token=None):
        self.authorization = "Zoho-oauthtoken " + (access_token or self.refresh()[1]["access_token"])
        return self

    def connect_with(self, scopes):
        code = self.sandbox.mint_grant_token(scopes=scopes, org_id=self.entry["org_id"])["grant_token"]
        return self.connect(self.exchange(code=code)[1]["access_token"])

    def connect_as(self, email):
        """Let another Zoho user of the organization consent, and go on with that one's token."""
        client, prefix = self.sandbox.client, f"http://{self.host}{self.prefix}"
        query = {
            "response_type": "code", "client_id": client["client_id"], "redirect_uri": client["redirect_uri"],
            "scope": "ZohoBigin.modules.ALL,ZohoBigin.settings.ALL,ZohoBigin.users.READ", "access_type": "offline",
        }  # fmt: skip
        callback = self.sandbox.consent(f"{prefix}/oauth/v2/auth?{urlencode(query)}", user=email)
        form = {"client_id": client["client_id"], "redirect_uri": client["redirect_uri"]}
        form["client_secret"] = client["secrets"][self.entry["data_center"]]
        code = dict(parse_qsl(urlsplit(callback).query))["code"]
        return self.connect(self.exchange(code=code, **form)[1]["access_token"])

    # API

    def call(self, method, path, *, body=None, headers=None, **query):
        if self.authorization is None:
            self.connect()
        headers = {"Authorization": self.authorization, **(headers or {})}
        return self.ask(method, "/bigin/v2/" + path, query=query, body=body, headers=headers)

    def get(self, path, **query):
        return self.call("GET", path, **query)

    def write(self, method, path, *rows, **more):
        return self.call(method, path, body={"data": list(rows), **more})

    def rows(self, module, fields="Last_Name", **query):
        status, body, _ = self.get(module, fields=fields, **query)
        return body["data"] if status == 200 else []

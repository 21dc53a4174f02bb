"""Authorization in the browser: sign in, choose an organization, consent; then the callback with a code.

`Authorizations` decides, without HTTP; `AuthorizationPages` shows it to a browser, and `Control.consent` goes through
the same steps for a test that has none. Source: oauth sections 4, 8 and 16.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from ..wire.addresses import Address
from ..wire.messages import HTML_TYPE, Request, Response
from ..world.organization import Organization
from ..world.people import ZohoUser
from ..world.state import Client, State
from . import html as pages
from .scopes import is_known, split_scopes

PATH = "/oauth/v2/auth"
AUTHORIZATIONS_KEPT = 1_000
CODE_WINDOW_SECONDS = 600
CHALLENGE_METHODS = ("plain", "S256")
HEADERS = [
    ("Cache-Control", "no-store"),
    # No `form-action`: a browser would apply it to the redirect to the client as well.
    ("Content-Security-Policy", "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'"),
]


class ErrorPage(Exception):
    """The request cannot be answered by a redirect: whoever sent it may not be who it says."""

    def __init__(self, headline: str, sentence: str, hint: str = "") -> None:
        super().__init__(f"{headline}: {sentence} {hint}".rstrip())
        self.headline = headline
        self.sentence = sentence
        self.hint = hint


@dataclass(slots=True)
class Authorization:
    """One authorization under way, from the client's address to the callback."""

    key: str
    client: Client
    redirect_uri: str
    scopes: tuple[str, ...]
    offline: bool
    consent_again: bool
    state: str | None
    code_challenge: str
    code_challenge_method: str
    user: ZohoUser | None = None
    organization: Organization | None = None
    callback: str = field(default="", repr=False)

    @property
    def client_name(self) -> str:
        """Give what a person may call the client."""
        return self.client.name or self.client.client_id


class Authorizations:
    """Begins authorizations and brings them to their end."""

    def __init__(self, state: State) -> None:
        self._state = state

    # steps

    def begin(self, parameters: dict[str, str], data_center: str) -> Authorization:
        """Take in a client's request; ErrorPage if it is not one that may come back by redirect."""
        client = self._state.clients.get(parameters.get("client_id", ""))
        if client is None or not client.is_enabled(data_center):
            raise invalid_client(data_center)
        redirect_uri = parameters.get("redirect_uri", "")
        if redirect_uri not in client.redirect_uris:
            raise ErrorPage(
                "Invalid Redirect Uri",
                "The redirect URI passed does not match with the one configured.",
                f"Passed: {redirect_uri or 'none'}. Configured: {', '.join(client.redirect_uris) or 'none'}.",
            )
        if parameters.get("response_type") != "code":
            raise ErrorPage(
                "Invalid Response Type", "The response type passed is not one for this client.", "Use code."
            )
        scopes = split_scopes(parameters.get("scope"))
        unknown = [scope for scope in scopes if not is_known(scope)]
        if unknown or not scopes:
            raise ErrorPage("Invalid OAuth Scope", "Scope does not exist.", ", ".join(unknown) or "None was passed.")
        if client.kind == "mobile" and not parameters.get("code_challenge"):
            raise ErrorPage("Invalid Code Challenge", "A mobile or desktop client has to send a code challenge.")
        method = parameters.get("code_challenge_method", "plain")
        if method not in CHALLENGE_METHODS:
            raise ErrorPage("Invalid Code Challenge Method", "The method is S256 or plain.")
        authorization = Authorization(
            secrets.token_urlsafe(16), client, redirect_uri, scopes,
            offline=parameters.get("access_type") == "offline",
            consent_again="consent" in parameters.get("prompt", "").split(),
            state=parameters.get("state"), code_challenge=parameters.get("code_challenge", ""),
            code_challenge_method=method,
        )  # fmt: skip
        self._remember(authorization)
        return authorization

    def find(self, key: str) -> Authorization:
        """Give an authorization under way."""
        if key not in self._state.authorizations:
            raise ErrorPage("Nothing To Authorize", "This authorization is over, or never began. Start again.")
        found: Authorization = self._state.authorizations[key]
        return found

    def users(self, data_center: str) -> list[ZohoUser]:
        """Give those who can sign in when the authorization begins in that data center."""
        return [user for user in self._state.people.all() if user.is_reachable_from(data_center)]

    def sign_in(self, authorization: Authorization, user: ZohoUser | None, data_center: str) -> ZohoUser:
        """Go on as that user, in the data center where the user lives."""
        if user is None or not user.is_reachable_from(data_center):
            raise ErrorPage("Invalid User", "Nobody is known here by that name.")
        goes_on = self._state.switches["switched_off_data_center"] == "callback"
        if not goes_on and not authorization.client.is_enabled(user.data_center):
            raise invalid_client(user.data_center)
        authorization.user, authorization.organization = user, None
        if not user.members:
            raise ErrorPage("No Organization", "You belong to no Bigin organization.")
        if len(user.members) == 1:
            self.choose(authorization, next(iter(user.members)))
        return user

    def choose(self, authorization: Authorization, org_id: str) -> None:
        """Go on with that one of the user's organizations."""
        if authorization.user is None or org_id not in authorization.user.members:
            raise ErrorPage("Invalid Organization", "You do not belong to that organization.")
        authorization.organization = self._state.organizations[org_id]

    def needs_consent(self, authorization: Authorization) -> bool:
        """Tell whether the person must be asked; who consented once to these scopes is not asked twice."""
        if authorization.consent_again:
            return True
        consented = self._state.consents.get(_consent_key(authorization), set())
        return not {scope.lower() for scope in authorization.scopes} <= consented

    def finish(self, authorization: Authorization, address: Address, *, accept: bool, asked: bool) -> str:
        """Give the callback's address; `asked` if the person has just decided. Once given, it stays the same."""
        if not authorization.callback:
            authorization.callback = self._end(authorization, address, accept=accept, asked=asked)
        return authorization.callback

    def _end(self, authorization: Authorization, address: Address, *, accept: bool, asked: bool) -> str:
        user, organization = _decided(authorization)
        key = (authorization.client.client_id, user.zuid)
        given = self._state.codes_given.count(key, seconds=CODE_WINDOW_SECONDS)
        # CRM's pages use this word for the limit, too.
        if not accept or given >= self._state.switches["code_limit"]:
            return self._callback(authorization, address, "error", "access_denied")
        self._state.codes_given.note(key)
        consented = self._state.consents.setdefault(_consent_key(authorization), set())
        consented |= {scope.lower() for scope in authorization.scopes}
        code = self._state.mint_grant_token(
            client=authorization.client,
            organization=organization,
            scopes=authorization.scopes,
            ttl_seconds=self._state.switches["code_seconds"],
            user_id=user.members[organization.org_id],
            redirect_uri=authorization.redirect_uri,
            offline=authorization.offline and asked,
            code_challenge=authorization.code_challenge,
            code_challenge_method=authorization.code_challenge_method,
        )
        return self._callback(authorization, address, "code", code.value)

    def _remember(self, authorization: Authorization) -> None:
        under_way = self._state.authorizations
        under_way[authorization.key] = authorization
        while len(under_way) > AUTHORIZATIONS_KEPT:
            under_way.popitem(last=False)

    def _callback(self, authorization: Authorization, address: Address, name: str, value: str) -> str:
        """Write the callback's address: Zoho's parameters in Zoho's order."""
        user, _ = _decided(authorization)
        switches, beside_error = self._state.switches, self._state.switches["error_callback"]
        whole = name == "code" or beside_error == "full"
        parameters = []
        if authorization.state is not None and (whole or beside_error == "state"):
            parameters.append(("state", authorization.state))
        parameters.append((name, value))
        if whole and switches["callback_location"]:
            parameters.append(("location", user.data_center))
        if whole and switches["callback_accounts_server"]:
            parameters.append(("accounts-server", address.accounts_server(user.data_center)))
        parameters = forge(parameters, switches["forged_callback"])
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in parameters)
        end = "&" if switches["callback_trailing_ampersand"] else ""
        return f"{authorization.redirect_uri}{'&' if '?' in authorization.redirect_uri else '?'}{query}{end}"


class AuthorizationPages:
    """Answers `/oauth/v2/auth` and the pages behind it."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._steps = Authorizations(state)
        self.routes = {
            ("GET", PATH): self._begin,
            ("POST", f"{PATH}/user"): self._sign_in,
            ("GET", f"{PATH}/organization"): self._show_organizations,
            ("POST", f"{PATH}/organization"): self._choose,
            ("GET", f"{PATH}/consent"): self._show_consent,
            ("POST", f"{PATH}/consent"): self._decide,
        }

    def handle(self, request: Request, address: Address) -> Response | None:
        """Answer a request with a page or a redirect, None if there is no such page."""
        path = address.path.rstrip("/")
        if path not in {known for _, known in self.routes}:
            return None
        try:
            operation = self.routes.get((request.method, path))
            if operation is None:
                raise ErrorPage("Invalid Request Method", "This page is not asked for in this way.")
            return operation(request, address)
        except ErrorPage as error:
            text = pages.error_page(error.headline, error.sentence, error.hint, data_center=address.data_center)
            return _html(text, self._state.switches["auth_error_status"], outcome=error.headline)

    def _begin(self, request: Request, address: Address) -> Response:
        authorization = self._steps.begin(request.query, address.data_center)
        choices = pages.join(self._choice(user) for user in self._steps.users(address.data_center))
        content = pages.fill(pages.SIGN_IN, choices=choices, **_common(authorization, address, "user"))
        return _html(pages.page("Sign in", content, data_center=address.data_center))

    def _choice(self, user: ZohoUser) -> pages.Markup:
        names = [self._state.organizations[org_id].company_name for org_id in user.members]
        return pages.fill(
            pages.USER, zuid=user.zuid, name=user.full_name, email=user.email, data_center=user.data_center,
            organizations=", ".join(names) or "no organization",
        )  # fmt: skip

    def _sign_in(self, request: Request, address: Address) -> Response:
        authorization = self._authorization(request)
        if not authorization.callback:
            user = self._state.people.by_zuid(request.parameters.get("user", ""))
            self._steps.sign_in(authorization, user, address.data_center)
        return self._go_on(authorization, address)

    def _show_organizations(self, request: Request, address: Address) -> Response:
        authorization = self._authorization(request)
        if authorization.user is None:
            raise ErrorPage("Not Signed In", "Choose who you are first.")
        choices = pages.join(
            pages.fill(pages.ORGANIZATION, org_id=org_id, name=self._state.organizations[org_id].company_name)
            for org_id in authorization.user.members
        )
        content = pages.fill(
            pages.ORGANIZATIONS, choices=choices, email=authorization.user.email,
            **_common(authorization, address, "organization"),
        )  # fmt: skip
        return _html(pages.page("Choose an organization", content, data_center=address.data_center))

    def _choose(self, request: Request, address: Address) -> Response:
        authorization = self._authorization(request)
        if not authorization.callback:
            self._steps.choose(authorization, request.parameters.get("org_id", ""))
        return self._go_on(authorization, address)

    def _show_consent(self, request: Request, address: Address) -> Response:
        authorization = self._authorization(request)
        user, organization = _decided(authorization)
        content = pages.fill(
            pages.CONSENT, organization=organization.company_name, org_id=organization.org_id, email=user.email,
            offline=", also while you are away" if authorization.offline else "",
            redirect_uri=authorization.redirect_uri,
            scopes=pages.join(pages.fill(pages.SCOPE, scope=scope) for scope in authorization.scopes),
            **_common(authorization, address, "consent"),
        )  # fmt: skip
        return _html(pages.page("Give your consent", content, data_center=address.data_center))

    def _decide(self, request: Request, address: Address) -> Response:
        authorization = self._authorization(request)
        decision = request.parameters.get("decision", "")
        if decision not in {"accept", "reject"}:
            raise ErrorPage("Invalid Decision", "Accept or reject.")
        location = self._steps.finish(authorization, address, accept=decision == "accept", asked=True)
        return _redirect(location, outcome=decision)

    def _authorization(self, request: Request) -> Authorization:
        return self._steps.find(request.parameters.get("authorization", ""))

    def _go_on(self, authorization: Authorization, address: Address) -> Response:
        """Send the browser to what is next, at the accounts server of the user's data center."""
        user = authorization.user
        is_over = bool(authorization.callback)
        if is_over or (authorization.organization is not None and not self._steps.needs_consent(authorization)):
            location = self._steps.finish(authorization, address, accept=True, asked=False)
            return _redirect(location, outcome="over" if is_over else "consented before")
        step = "organization" if authorization.organization is None else "consent"
        server = address.accounts_server(user.data_center if user else None)
        return _redirect(f"{server}{PATH}/{step}?authorization={authorization.key}", outcome=step)


def invalid_client(data_center: str) -> ErrorPage:
    """Build the page for a client that is unknown, or not switched on in that data center."""
    hint = f"Or it is not switched on in data center {data_center}."
    return ErrorPage("Invalid Client", "Client ID passed does not exist.", hint)


def forge(parameters: list[tuple[str, str]], forged: dict[str, Any]) -> list[tuple[str, str]]:
    """Change a callback's parameters as an attacker may: a text stands instead, null leaves out, a list repeats."""
    honest = dict(parameters)
    changed = []
    for name in honest | forged:
        value = forged.get(name, honest.get(name))
        values = value if isinstance(value, list) else [] if value is None else [value]
        changed += [(name, str(each)) for each in values]
    return changed


def _decided(authorization: Authorization) -> tuple[ZohoUser, Organization]:
    if authorization.user is None or authorization.organization is None:
        raise ErrorPage("Not Signed In", "Choose who you are, and for which organization, first.")
    return authorization.user, authorization.organization


def _consent_key(authorization: Authorization) -> tuple[str, str, str]:
    user, organization = _decided(authorization)
    return authorization.client.client_id, user.zuid, organization.org_id


def _common(authorization: Authorization, address: Address, step: str) -> dict[str, str]:
    return {
        "action": f"{address.accounts_server()}{PATH}/{step}",
        "authorization": authorization.key,
        "client": authorization.client_name,
    }


def _html(text: str, status: int = 200, *, outcome: str = "page") -> Response:
    return Response(status, text, list(HEADERS), HTML_TYPE, outcome=outcome)


def _redirect(location: str, *, outcome: str) -> Response:
    return Response(302, None, [("Location", location), *HEADERS], HTML_TYPE, outcome=outcome)

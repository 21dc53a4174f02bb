"""The steps of an authorization, without HTTP: sign in, choose an organization, consent; then the callback.

`consent_pages` shows the steps to a browser, and `Sandbox.consent` takes them for a test that has none.
Source: oauth sections 4, 8 and 16.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from ..wire.addresses import Address
from ..world.organization import Organization
from ..world.people import ZohoUser
from ..world.state import Client, State
from .scopes import is_known, split_scopes

PATH = "/oauth/v2/auth"
AUTHORIZATIONS_KEPT = 1_000
CODE_WINDOW_SECONDS = 600
CHALLENGE_METHODS = ("plain", "S256")


class ErrorPage(Exception):
    """A request that no redirect may answer: its sender may not be the client that it names."""

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
        """Return the name by which a person knows the client."""
        return self.client.name or self.client.client_id


class Authorizations:
    """The authorizations under way, from their beginning to their end."""

    def __init__(self, state: State) -> None:
        self._state = state

    # steps

    def begin(self, parameters: dict[str, str], data_center: str) -> Authorization:
        """Begin with a client's request; ErrorPage if it is not one that may come back by redirect."""
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
        """Return an authorization under way."""
        if key not in self._state.authorizations:
            raise ErrorPage("Nothing To Authorize", "This authorization is over, or never began. Start again.")
        found: Authorization = self._state.authorizations[key]
        return found

    def users(self, data_center: str) -> list[ZohoUser]:
        """Return those who can sign in when the authorization begins in that data center."""
        return [user for user in self._state.people.all() if user.is_reachable_from(data_center)]

    def sign_in(self, authorization: Authorization, user: ZohoUser | None, data_center: str) -> ZohoUser:
        """Sign in as that user, in the data center where the user lives."""
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
        """Choose one of the user's organizations."""
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
        """Return the callback's address; `asked` if the person has just decided. Once given, it stays the same."""
        if not authorization.callback:
            authorization.callback = self._end(authorization, address, accept=accept, asked=asked)
        return authorization.callback

    def _end(self, authorization: Authorization, address: Address, *, accept: bool, asked: bool) -> str:
        user, organization = decided(authorization)
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
        user, _ = decided(authorization)
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


def decided(authorization: Authorization) -> tuple[ZohoUser, Organization]:
    """Return who authorizes, and for which organization; an error page if either is not chosen yet."""
    if authorization.user is None or authorization.organization is None:
        raise ErrorPage("Not Signed In", "Choose who you are, and for which organization, first.")
    return authorization.user, authorization.organization


def _consent_key(authorization: Authorization) -> tuple[str, str, str]:
    user, organization = decided(authorization)
    return authorization.client.client_id, user.zuid, organization.org_id

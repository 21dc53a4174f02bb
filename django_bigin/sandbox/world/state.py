"""The memory of the simulated Zoho: organizations, clients, codes, grants and tokens. No HTTP in here."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

from .agenda import Agenda
from .callbacks import Callbacks
from .clock import SandboxClock
from .organization import Organization
from .people import People
from .rendering import Renderer

OCCASIONS_KEPT_SECONDS = 3600  # longer than any limit looks back
CLIENT_ID_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


@dataclass(slots=True)
class Client:
    """A client from the API console: switched on in some data centers, with a secret for each."""

    client_id: str
    home: str
    secrets: dict[str, str] = field(repr=False)  # data center -> client secret
    redirect_uris: list[str] = field(default_factory=list)
    name: str = ""
    kind: str = "server"  # or "mobile", which has to send a challenge (PKCE)
    shared_secret: bool = False
    switched_off: set[str] = field(default_factory=set)
    own_org_ids: set[str] = field(default_factory=set)  # a self client's: those of its owner

    def is_enabled(self, data_center: str) -> bool:
        """Tell whether it is switched on there."""
        return data_center in self.secrets and data_center not in self.switched_off


@dataclass(slots=True)
class GrantToken:
    """A one-use code. Without redirect URI it is a self client's; `offline` ones give a refresh token."""

    value: str = field(repr=False)
    client_id: str
    org_id: str
    data_center: str
    user_id: int
    scopes: tuple[str, ...]
    expires_at: float
    redirect_uri: str | None = None
    offline: bool = True
    code_challenge: str = field(default="", repr=False)
    code_challenge_method: str = "plain"
    used: bool = False


@dataclass(slots=True)
class Grant:
    """A refresh token and the access tokens that it has given."""

    refresh_token: str = field(repr=False)
    client_id: str
    org_id: str
    data_center: str
    user_id: int
    scopes: tuple[str, ...]
    access_tokens: list[str] = field(default_factory=list, repr=False)


@dataclass(slots=True)
class Window:
    """A span of time in which something is counted, and begun again when it is over."""

    started_at: float
    count: int = 0


@dataclass(slots=True)
class AccessToken:
    """An access token; `grant` is None when it came without a refresh token."""

    value: str = field(repr=False)
    client_id: str
    org_id: str
    data_center: str
    user_id: int
    scopes: tuple[str, ...]
    expires_at: float
    refresh_token: str | None = field(default=None, repr=False)


class Vault:
    """Every secret, code and token ever minted; outlives resets."""

    def __init__(self) -> None:
        self.minted: list[dict[str, str]] = []

    def keep(self, kind: str, value: str) -> str:
        """Note a secret and return it."""
        self.minted.append({"kind": kind, "value": value})
        return value

    def token(self, kind: str) -> str:
        """Mint a code or token in Zoho's shape: `1000.` and two runs of 32 hex digits."""
        return self.keep(kind, f"1000.{secrets.token_hex(16)}.{secrets.token_hex(16)}")

    def client_secret(self) -> str:
        """Mint a client secret: 42 hex digits."""
        return self.keep("client_secret", secrets.token_hex(21))


class Occasions:
    """The moments at which something happened, by any key."""

    def __init__(self, clock: SandboxClock) -> None:
        self._clock = clock
        self._moments: dict[Hashable, list[float]] = {}

    def note(self, key: Hashable) -> None:
        """Note that it happened now."""
        self._moments[key] = [*self._lately(key, OCCASIONS_KEPT_SECONDS), self._clock.seconds()]

    def count(self, key: Hashable, *, seconds: float) -> int:
        """Count the times that it happened in that many seconds, an hour at most, up to now."""
        return len(self._lately(key, seconds))

    def _lately(self, key: Hashable, seconds: float) -> list[float]:
        # A clock set back makes what happened a future that may never come.
        now = self._clock.seconds()
        return [moment for moment in self._moments.get(key, []) if now - seconds < moment <= now]


class State:
    """The whole simulated Zoho from one reset to the next."""

    def __init__(
        self, clock: SandboxClock, vault: Vault, switches: dict[str, Any], *, callbacks_anywhere: bool = False
    ) -> None:
        self.clock = clock
        self.vault = vault
        self.switches = switches
        self.organizations: dict[str, Organization] = {}
        self.renderers: dict[str, Renderer] = {}
        self.people = People()
        self.clients: dict[str, Client] = {}
        # (client, Zoho user, organization) -> scopes, in lower case, that need no second consent
        self.consents: dict[tuple[str, str, str], set[str]] = {}
        self.codes_given = Occasions(clock)
        self.grants_opened = Occasions(clock)
        self.refresh_windows: dict[Hashable, Window] = {}  # by refresh token, or by Zoho user
        self.authorizations: OrderedDict[str, Any] = OrderedDict()  # accounts.consent.Authorization, oldest first
        self.grant_tokens: dict[str, GrantToken] = {}
        self.grants: OrderedDict[str, Grant] = OrderedDict()
        self.access_tokens: dict[str, AccessToken] = {}
        self.agenda = Agenda()
        self.callbacks = Callbacks(clock, self.agenda, switches, anywhere=callbacks_anywhere)
        self.bulk_jobs: dict[int, Any] = {}  # bulk.jobs.Job
        self.downloads = Occasions(clock)
        self.page_tokens: dict[str, Any] = {}  # records.listing.PageToken, oldest first

    def run_due(self) -> None:
        """Run what is due."""
        self.callbacks.settle()
        self.agenda.run(self.clock.seconds())

    def is_due(self) -> bool:
        """Tell whether anything is due."""
        return self.callbacks.is_due() or self.agenda.is_due(self.clock.seconds())

    def now(self) -> int:
        """Return the moment in whole seconds, as everything Bigin writes."""
        return int(self.clock.seconds())

    # organizations

    def add(self, organization: Organization) -> None:
        """Add an organization."""
        if organization.org_id in self.organizations:
            raise ValueError(f"there already is an organization {organization.org_id}")
        self.organizations[organization.org_id] = organization
        self.renderers[organization.org_id] = Renderer(organization, self.switches)

    def organization(self, org_id: str | None = None) -> Organization:
        """Return an organization, the first when none is named; ValueError with a sentence if there is none."""
        if org_id is None:
            return next(iter(self.organizations.values()))
        if org_id not in self.organizations:
            raise ValueError(f"there is no organization {org_id!r}; there are {', '.join(self.organizations)}")
        return self.organizations[org_id]

    def purge_bins(self, organization: Organization, *, now: int) -> None:
        """Delete for good what has been in the organization's recycle bins for longer than they keep it."""
        for store in organization.stores.values():
            store.purge_bin(before=now - self.switches["recycle_days"] * 86_400)

    def credit_budget(self, organization: Organization) -> int:
        """Return the credits that an organization has for 24 hours."""
        chosen: int = self.switches["credit_budget"]
        return chosen or organization.credits.budget

    # codes and tokens

    def mint_grant_token(
        self,
        *,
        client: Client,
        organization: Organization,
        scopes: tuple[str, ...],
        ttl_seconds: float,
        user_id: int | None = None,
        redirect_uri: str | None = None,
        offline: bool = True,
        code_challenge: str = "",
        code_challenge_method: str = "plain",
    ) -> GrantToken:
        """Mint a one-use code, for the organization's administrator if no user is named."""
        code = GrantToken(
            self.vault.token("grant_token"), client.client_id, organization.org_id, organization.data_center,
            user_id or organization.admin.id, scopes, self.clock.seconds() + ttl_seconds, redirect_uri, offline,
            code_challenge, code_challenge_method,
        )  # fmt: skip
        self.grant_tokens[code.value] = code
        return code

    def owner_of(self, source: Grant | GrantToken) -> tuple[str, str]:
        """Return the client and the Zoho user by which codes and refresh tokens are counted, in all organizations."""
        user = self.organizations[source.org_id].users[source.user_id]
        return source.client_id, user.zuid

    def open_grant(self, code: GrantToken) -> Grant:
        """Mint a refresh token; one too many silently evicts the oldest of the same user and client, in use or not."""
        alike = [grant for grant in self.grants.values() if self.owner_of(grant) == self.owner_of(code)]
        for oldest in alike[: max(0, len(alike) + 1 - self.switches["refresh_token_cap"])]:
            self.close_grant(oldest)
        grant = Grant(
            self.vault.token("refresh_token"), code.client_id, code.org_id, code.data_center, code.user_id, code.scopes
        )
        self.grants[grant.refresh_token] = grant
        return grant

    def close_grant(self, grant: Grant) -> None:
        """Forget a refresh token and every access token it gave."""
        self.grants.pop(grant.refresh_token, None)
        for value in grant.access_tokens:
            self.access_tokens.pop(value, None)

    def mint_access_token(self, source: Grant | GrantToken) -> AccessToken:
        """Mint an access token; one too many for a grant silently kills its oldest."""
        refresh_token = source.refresh_token if isinstance(source, Grant) else None
        token = AccessToken(
            self.vault.token("access_token"), source.client_id, source.org_id, source.data_center, source.user_id,
            source.scopes, self.clock.seconds() + self.switches["access_token_seconds"], refresh_token,
        )  # fmt: skip
        self.access_tokens[token.value] = token
        if isinstance(source, Grant):
            self._keep_to_cap(source)
            source.access_tokens.append(token.value)
        return token

    def _keep_to_cap(self, grant: Grant) -> None:
        now = self.clock.seconds()
        alive = [t for t in grant.access_tokens if t in self.access_tokens and self.access_tokens[t].expires_at > now]
        doomed = alive[: max(0, len(alive) + 1 - self.switches["access_token_cap"])]
        for value in {*grant.access_tokens} - {*alive} | {*doomed}:
            self.access_tokens.pop(value, None)
        grant.access_tokens[:] = alive[len(doomed) :]

    def live_access_token(self, value: str, data_center: str) -> AccessToken | None:
        """Return the access token of that value, if it is of this data center and has not expired."""
        token = self.access_tokens.get(value)
        if token is None or token.data_center != data_center or token.expires_at <= self.clock.seconds():
            return None
        return token


def new_client_id() -> str:
    """Make a client id in the shape that consoles show: `1000.` and 30 letters and digits."""
    return "1000." + "".join(secrets.choice(CLIENT_ID_LETTERS) for _ in range(30))

"""The methods for clients, Zoho users, their consent and their grants."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from ..accounts.consent import PATH as AUTHORIZATION_PATH
from ..accounts.consent import Authorizations, ErrorPage
from ..accounts.scopes import is_known, split_scopes
from ..wire.addresses import DATA_CENTERS, read_address
from ..wire.messages import Request
from ..world.people import ZohoUser
from ..world.state import Client, new_client_id
from .base import ControlBase

DEFAULT_REDIRECT_URI = "http://localhost:8000/bigin/callback/"
CLIENT_KINDS = ("server", "mobile")
GRANT_TOKEN_SECONDS = 600
FIRST_ZUID = 60_000_000  # below every one that an organization gives its users


class AccountsControl(ControlBase):
    """Clients, Zoho users, consent without a browser, grants and secrets."""

    # clients

    def add_client(
        self,
        *,
        data_centers: Iterable[str] | None = None,
        home_data_center: str | None = None,
        redirect_uris: Iterable[str] | None = None,
        redirect_uri: str | None = None,
        shared_secret: bool = False,
        name: str = "",
        kind: str = "server",
    ) -> dict[str, Any]:
        """Register a client with a callback (gone after a reset): {"client_id", "redirect_uri", "secrets", ...}.

        Args:
            data_centers: where it is switched on beside its home; every organization's if not given.
            shared_secret: one secret for all of them, as the console's checkbox says.
            kind: "server" for a server-based client, "mobile" for one that has to send a challenge (PKCE).
        """
        if kind not in CLIENT_KINDS:
            raise ValueError(f"a client is of one kind of {', '.join(CLIENT_KINDS)}, not {kind!r}")
        with self._lock:
            codes = list(map(checked_data_center, self._data_centers() if data_centers is None else data_centers))
            home = checked_data_center(home_data_center or (codes[0] if codes else "us"))
            uris = list(redirect_uris or [redirect_uri or DEFAULT_REDIRECT_URI])
            client = Client(new_client_id(), home, {home: self._vault.client_secret()}, uris, name, kind, shared_secret)
            self._state.clients[client.client_id] = client
            return self.switch_client(client.client_id, dict.fromkeys(codes, True))

    def switch_client(self, client_id: str, data_centers: dict[str, bool]) -> dict[str, Any]:
        """Switch a client on or off in data centers: {"eu": True, "ca": False}. A secret stays while it is off."""
        with self._lock:
            if client_id not in self._state.clients:
                raise ValueError(f"there is no client {client_id!r}")
            client = self._state.clients[client_id]
            if not data_centers.get(client.home, True):
                raise ValueError(f"{client.home} is the client's home, where it cannot be switched off")
            for code in data_centers:
                checked_data_center(code)
            for code, on in data_centers.items():
                if on and code not in client.secrets:
                    shared = client.secrets.get(client.home, "") if client.shared_secret else ""
                    client.secrets[code] = shared or self._vault.client_secret()
                (client.switched_off.discard if on else client.switched_off.add)(code)
            return show_client(client)

    def _data_centers(self) -> list[str]:
        return list(dict.fromkeys(o.data_center for o in self._state.organizations.values()))

    # Zoho users and their consent

    def users(self) -> list[dict[str, Any]]:
        """Return the Zoho users who can sign in: at the start, each organization's administrator."""
        with self._lock:
            return [user.as_dict() for user in self._state.people.all()]

    def add_user(
        self,
        email: str,
        *,
        data_center: str | None = None,
        org_ids: Iterable[str] | None = None,
        first_name: str | None = None,
        last_name: str = "",
    ) -> dict[str, Any]:
        """Add a Zoho user, or organizations to one who exists; who is new to an organization joins its users.

        Args:
            data_center: where the user lives; that of the first organization if not given.
            org_ids: the user's organizations; the first one of the data center if not given, [] for none.
        """
        with self._lock:
            state = self._state
            if org_ids is None:
                org_ids = [o.org_id for o in state.organizations.values() if data_center in {None, o.data_center}][:1]
            found = [state.organization(org_id) for org_id in org_ids]
            code = checked_data_center(data_center or (found or [state.organization()])[0].data_center)
            # Before anything changes.
            if wrong := [o for o in found if o.data_center != code]:
                raise ValueError(f"organization {wrong[0].org_id} is in {wrong[0].data_center}, not in {code}")
            name = " ".join(filter(None, (first_name, last_name))) or email.partition("@")[0]
            zuid = str(FIRST_ZUID + len(state.people.all()))
            user = state.people.welcome(email, name, data_center=code, zuid=zuid)
            first, _, last = user.full_name.rpartition(" ")
            for organization in found:
                member = organization.user_named(email) or organization.add_user(
                    last_name=last, first_name=first or None, email=email, zuid=user.zuid, at=state.now()
                )
                state.people.join(user, organization, member)
            return user.as_dict()

    def consent(
        self, authorization_url: str, user: str | None = None, org_id: str | None = None, accept: bool = True
    ) -> str:
        """Do what a person would in the pages, and return the callback's address.

        Who consented before is not asked again, and so cannot reject, unless the address says `prompt=consent`.

        Args:
            user: e-mail address or ZUID; if not given, a member of `org_id` or a user of the address's data center.
            org_id: needed where the user has several organizations.

        Raises:
            ValueError: a person would have seen an error page; its headline is in the message.
        """
        request = Request("GET", authorization_url)
        address = read_address(request.host, request.path, request.scheme)
        if address is None or address.path.rstrip("/") != AUTHORIZATION_PATH:
            raise ValueError("that is not the address of an authorization")
        with self._lock:
            steps = Authorizations(self._state)
            try:
                authorization = steps.begin(request.query, address.data_center)
                person = self._person(steps.users(address.data_center), user, org_id, address.data_center)
                steps.sign_in(authorization, person, address.data_center)
                if org_id is not None or authorization.organization is None:
                    steps.choose(authorization, org_id or "")
                asked = steps.needs_consent(authorization)
                return steps.finish(authorization, address, accept=accept or not asked, asked=asked)
            except ErrorPage as error:
                raise ValueError(str(error)) from error

    def _person(
        self, reachable: list[ZohoUser], name: str | None, org_id: str | None, data_center: str
    ) -> ZohoUser | None:
        if name is not None:
            found = [user for user in self._state.people.named(name) if user in reachable]
        elif org_id is not None:
            found = [user for user in reachable if org_id in user.members]
        else:
            found = sorted(reachable, key=lambda user: user.data_center != data_center)
        return found[0] if found else None

    # grants and secrets

    def revoke_grant(self, *, org_id: str | None = None, refresh_token: str | None = None) -> int:
        """Revoke one grant, or all of an organization, as its user would in Zoho's own pages; returns how many.

        The user's consent goes with it.
        """
        with self._lock:
            grants = self._state.grants
            if refresh_token is not None:
                doomed = [grants[refresh_token]] if refresh_token in grants else []
            else:
                wanted = self._state.organization(org_id).org_id
                doomed = [grant for grant in grants.values() if grant.org_id == wanted]
            for grant in doomed:
                self._state.close_grant(grant)
                client_id, zuid = self._state.owner_of(grant)
                self._state.consents.pop((client_id, zuid, grant.org_id), None)
            return len(doomed)

    def mint_grant_token(
        self,
        *,
        org_id: str | None = None,
        client_id: str | None = None,
        scopes: str | Iterable[str] | None = None,
        ttl_seconds: float = GRANT_TOKEN_SECONDS,
    ) -> dict[str, str]:
        """Make a self client's code, as the API console does: {"grant_token", "expires_at"}."""
        asked = split_scopes(scopes)
        if unknown := [scope for scope in asked if not is_known(scope)]:
            raise ValueError(f"Enter a valid scope: there is no {', '.join(unknown)}")
        with self._lock:
            organization = self._state.organization(org_id)
            if client_id is None:
                client_id = next(s["client_id"] for s in self._shown if s["org_id"] == organization.org_id)
            if client_id not in self._state.clients:
                raise ValueError(f"there is no client {client_id!r}")
            code = self._state.mint_grant_token(
                client=self._state.clients[client_id],
                organization=organization,
                scopes=asked or organization.product.default_scopes,
                ttl_seconds=ttl_seconds,
            )
            expires_at = datetime.fromtimestamp(code.expires_at, UTC).isoformat(timespec="seconds")
            return {"grant_token": code.value, "expires_at": expires_at}

    def secrets(self) -> list[dict[str, str]]:
        """Return every secret, code and token ever minted, across resets: {"kind", "value"}."""
        with self._lock:
            return [dict(secret) for secret in self._vault.minted]


def checked_data_center(code: str) -> str:
    """Return the code if there is such a data center; ValueError if not."""
    if code not in DATA_CENTERS:
        raise ValueError(f"there is no data center {code!r}; there are {', '.join(DATA_CENTERS)}")
    return code


def copy_client(client: Client) -> Client:
    """Copy a client, so that a reset finds it as it was."""
    return replace(
        client, secrets=dict(client.secrets), redirect_uris=list(client.redirect_uris),
        switched_off=set(client.switched_off), own_org_ids=set(client.own_org_ids),
    )  # fmt: skip


def show_client(client: Client) -> dict[str, Any]:
    """Return the details of a client that a site needs."""
    return {
        "client_id": client.client_id,
        "home_data_center": client.home,
        "redirect_uri": client.redirect_uris[0],
        "secrets": {code: secret for code, secret in client.secrets.items() if client.is_enabled(code)},
    }

"""The methods that open organizations, and the state at the start."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..world.clock import SandboxClock
from ..world.journal import Journal
from ..world.loading import LoadReport, load_directory
from ..world.organization import Organization
from ..world.state import Client, State, new_client_id
from ..world.switches import default_switches
from .accounts import DEFAULT_REDIRECT_URI, GRANT_TOKEN_SECONDS, checked_data_center, copy_client, show_client
from .base import ControlBase
from .stores import seed_records

# What an entry of `organizations` may say; the rest an Organization takes as it is.
OWN_OPTIONS: dict[str, type] = {
    "records": dict, "redirect_uri": str, "client_id": str, "client_secret": str, "secrets": dict,
}  # fmt: skip
ORGANIZATION_OPTIONS: dict[str, type] = OWN_OPTIONS | {
    "data_center": str, "company_name": str, "time_zone": str, "paid": bool, "licences": int, "absent_modules": dict,
}  # fmt: skip


class OrganizationsControl(ControlBase):
    """The organizations of the start and those added later."""

    load_report: LoadReport | None
    _callbacks_anywhere: bool
    _load: Path | None
    _records: dict[str, int]
    _start_client: Client
    _start_entries: list[dict[str, Any]]
    _start_switches: dict[str, Any]

    @property
    def organizations(self) -> list[dict[str, str]]:
        """Return the credentials with which a program connects to each organization, as in the start file."""
        with self._lock:
            return [dict(entry) for entry in self._shown]

    @property
    def client(self) -> dict[str, Any]:
        """Return the server-based client that is switched on in every organization's data center at the start."""
        with self._lock:
            return show_client(self._state.clients[self._start_client.client_id])

    def add_organization(self, **options: Any) -> dict[str, str]:
        """Open one more organization (gone after a reset); options as in `Sandbox(organizations=[...])`."""
        entry = self._entry(options)
        with self._lock:
            return dict(self._open(entry))

    def _new_state(self) -> State:
        self._clock = SandboxClock()
        self._state = State(
            self._clock, self._vault, default_switches() | self._start_switches,
            callbacks_anywhere=self._callbacks_anywhere,
        )  # fmt: skip
        self._shown = []
        for entry in self._start_entries:
            self._open(entry)
        self._state.clients[self._start_client.client_id] = copy_client(self._start_client)
        if self._load is not None:
            self.load_report = load_directory(self._state.organization(), self._load, now=self._state.now())
            self._index(self._state.organization())
        return self._state

    def _index(self, organization: Organization) -> None:
        """Let searches find the first records at once; later ones they find late."""
        for store in organization.stores.values():
            store.journal = Journal(self._clock.seconds)

    def _entry(self, options: dict[str, Any]) -> dict[str, Any]:
        unknown = options.keys() - ORGANIZATION_OPTIONS
        if unknown:
            raise ValueError(f"an organization has no option {', '.join(sorted(unknown))}")
        for name, value in options.items():
            if not isinstance(value, ORGANIZATION_OPTIONS[name]):
                raise ValueError(f"{name} takes a {ORGANIZATION_OPTIONS[name].__name__}, not {value!r}")
        checked_data_center(options.get("data_center", "us"))
        for secret in (options.get("client_secret"), *options.get("secrets", {}).values()):
            if secret:
                self._vault.keep("client_secret", secret)
        return {
            "data_center": "us",
            "client_id": new_client_id(),
            "client_secret": self._vault.client_secret(),
            "redirect_uri": DEFAULT_REDIRECT_URI,
            "records": self._records,
            "secrets": {},
            **options,
        }

    def _open(self, entry: dict[str, Any]) -> dict[str, str]:
        """Open an organization, and connect it to its client; returns a program's credentials."""
        state, now = self._state, self._state.now()
        own = {name: value for name, value in entry.items() if name not in OWN_OPTIONS}
        organization = Organization(
            index=len(state.organizations), seed=self.seed_number, founded_at=now - 500 * 86_400, **own
        )
        # Before it is there: a wrong option leaves nothing half opened.
        seed_records(organization, entry["records"], self.seed_number, now=now)
        self._index(organization)
        state.add(organization)
        admin = organization.admin
        person = state.people.welcome(
            admin.email, admin.full_name, data_center=organization.data_center, zuid=admin.zuid
        )
        state.people.join(person, organization, admin)
        shown = {
            "data_center": organization.data_center,
            "org_id": organization.org_id,
            **self._connect(organization, self._client_of(entry, organization), entry),
        }
        self._shown.append(shown)
        return shown

    def _client_of(self, entry: dict[str, Any], organization: Organization) -> Client:
        """Return the client that an entry names, new if need be, switched on for the organization."""
        client = self._state.clients.get(entry["client_id"])
        if client is None:
            client = Client(entry["client_id"], organization.data_center, {})
            self._state.clients[client.client_id] = client
        client.secrets |= {organization.data_center: entry["client_secret"], **entry["secrets"]}
        if entry["redirect_uri"] not in client.redirect_uris:
            client.redirect_uris.append(entry["redirect_uri"])
        client.own_org_ids.add(organization.org_id)
        return client

    def _connect(self, organization: Organization, client: Client, entry: dict[str, Any]) -> dict[str, str]:
        """Mint a code and a refresh token of the organization."""
        code, standing = (
            self._state.mint_grant_token(
                client=client,
                organization=organization,
                scopes=organization.product.default_scopes,
                ttl_seconds=GRANT_TOKEN_SECONDS,
            )
            for _ in range(2)
        )
        standing.used = True
        return {
            "client_id": client.client_id,
            "client_secret": entry["client_secret"],
            "redirect_uri": entry["redirect_uri"],
            "grant_token": code.value,
            "refresh_token": self._state.open_grant(standing).refresh_token,
        }

    def _new_client(self) -> Client:
        """Register the client of the start document: one for the data centers of all organizations."""
        codes = dict.fromkeys(entry["data_center"] for entry in self._start_entries)
        secrets = {code: self._vault.client_secret() for code in codes}
        uris = [self._start_entries[0]["redirect_uri"]]
        return Client(new_client_id(), next(iter(codes)), secrets, uris, "Example site")

"""What a test or a person does to the sandbox from outside: each is a method here and a path under `/_sandbox/`.

Every method that names no organization means the first one.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..accounts.scopes import is_known, split_scopes
from ..calls.faults import Fault, split_call
from ..routing.application import Application
from ..wire.messages import Request, Response
from ..world.clock import SandboxClock
from ..world.identity import grant_name
from ..world.journal import Journal
from ..world.loading import LoadReport, load_directory
from ..world.organization import Organization
from ..world.state import Client, State, Vault, new_client_id
from ..world.switches import check_switch, default_switches
from .accounts import DEFAULT_REDIRECT_URI, OAuthControl, checked_data_center, copy_client, show_client
from .overview import overview
from .paths import ControlPaths
from .records import RecordsControl

GRANT_TOKEN_SECONDS = 600
# What an entry of `organizations` may say; the rest an Organization takes as it is.
OWN_OPTIONS: dict[str, type] = {
    "records": dict, "redirect_uri": str, "client_id": str, "client_secret": str, "secrets": dict,
}  # fmt: skip
ORGANIZATION_OPTIONS: dict[str, type] = OWN_OPTIONS | {
    "data_center": str, "company_name": str, "time_zone": str, "paid": bool, "licences": int, "absent_modules": dict,
}  # fmt: skip


class Control(RecordsControl, OAuthControl):
    """The sandbox's state and everything that steers it; `Sandbox` adds the server."""

    def __init__(
        self,
        *,
        seed: int = 1,
        records: dict[str, int] | None = None,
        organizations: list[dict[str, Any]] | None = None,
        load: Path | str | None = None,
        switches: dict[str, Any] | None = None,
        callbacks_anywhere: bool = False,
    ) -> None:
        self.seed_number = seed
        self._callbacks_anywhere = callbacks_anywhere
        self.load_report: LoadReport | None = None
        self._records = dict(records or {})
        self._load = Path(load) if load is not None else None
        self._vault = Vault()
        self._start_switches = {name: check_switch(name, value) for name, value in (switches or {}).items()}
        # Clients outlive a reset, as registrations in a console would; codes and tokens do not.
        self._start_entries = [self._entry(options) for options in organizations or [{}]]
        self._start_client = self._new_client_for(self._start_entries)
        self._application = Application(self._new_state(), control=ControlPaths(self).handle)
        self._lock = self._application.lock
        self._application.chance.seed(seed)

    # beginning

    @property
    def url(self) -> str:
        """Give the address at which the sandbox listens."""
        raise NotImplementedError

    @property
    def organizations(self) -> list[dict[str, str]]:
        """Give what a program needs to connect to each organization, as in the start file."""
        with self._lock:
            return [dict(entry) for entry in self._shown]

    @property
    def client(self) -> dict[str, Any]:
        """Give the server-based client that is switched on in every organization's data center at the start."""
        with self._lock:
            return show_client(self._state.clients[self._start_client.client_id])

    def handle(self, request: Request) -> Response:
        """Answer one request without any server: what a WSGI or ASGI front would call."""
        return self._application.handle(request)

    def start_document(self) -> dict[str, Any]:
        """Give the start file's content."""
        return {
            "base_url": self.url,
            "organizations": self.organizations,
            "client": self.client,
            "users": self.users(),
        }

    def reset(self) -> dict[str, Any]:
        """Go back to the state at the start: same organizations and records, real time, fresh codes and tokens."""
        with self._lock:
            self._application.use(self._new_state())
            self._application.log.clear()
            self._application.faults.clear()
            self._application.chance.seed(self.seed_number)
        return self.start_document()

    def _new_state(self) -> State:
        self._clock = SandboxClock()
        self._state = State(
            self._clock, self._vault, default_switches() | self._start_switches,
            callbacks_anywhere=self._callbacks_anywhere,
        )  # fmt: skip
        self._shown: list[dict[str, str]] = []
        for entry in self._start_entries:
            self._open(entry)
        self._state.clients[self._start_client.client_id] = copy_client(self._start_client)
        if self._load is not None:
            self.load_report = load_directory(self._state.organization(), self._load, now=self._state.now())
            self._index(self._state.organization())
        return self._state

    def _index(self, organization: Organization) -> None:
        """Let searches see at once what is there from the start; what comes later they see late."""
        for store in organization.stores.values():
            store.journal = Journal(self._clock.seconds)

    def add_organization(self, **options: Any) -> dict[str, str]:
        """Open one more organization (gone after a reset); options as in `Sandbox(organizations=[...])`."""
        entry = self._entry(options)
        with self._lock:
            return dict(self._open(entry))

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
        state, now = self._state, self._state.now()
        own = {name: value for name, value in entry.items() if name not in OWN_OPTIONS}
        organization = Organization(
            index=len(state.organizations), seed=self.seed_number, founded_at=now - 500 * 86_400, **own
        )
        # Before it is there: a wrong option leaves nothing half opened.
        self._seed(organization, entry["records"], self.seed_number)
        self._index(organization)
        state.add(organization)
        client = state.clients.get(entry["client_id"])
        if client is None:
            client = Client(entry["client_id"], organization.data_center, {})
            state.clients[client.client_id] = client
        client.secrets |= {organization.data_center: entry["client_secret"], **entry["secrets"]}
        if entry["redirect_uri"] not in client.redirect_uris:
            client.redirect_uris.append(entry["redirect_uri"])
        client.own_org_ids.add(organization.org_id)
        admin = organization.admin
        person = state.people.welcome(
            admin.email, admin.full_name, data_center=organization.data_center, zuid=admin.zuid
        )
        state.people.join(person, organization, admin)
        code, standing = (
            state.mint_grant_token(
                client=client,
                organization=organization,
                scopes=organization.product.default_scopes,
                ttl_seconds=GRANT_TOKEN_SECONDS,
            )
            for _ in range(2)
        )
        standing.used = True
        shown = {
            "data_center": organization.data_center,
            "org_id": organization.org_id,
            "client_id": client.client_id,
            "client_secret": entry["client_secret"],
            "redirect_uri": entry["redirect_uri"],
            "grant_token": code.value,
            "refresh_token": state.open_grant(standing).refresh_token,
        }
        self._shown.append(shown)
        return shown

    # clock

    def now(self) -> datetime:
        """Give the sandbox's moment, aware, in UTC."""
        return self._clock.now()

    def advance(self, seconds: float) -> datetime:
        """Let time pass at once; gives the new moment."""
        with self._lock:
            self._clock.advance(seconds)
        return self._caught_up()

    def set_clock(self, now: datetime | str) -> datetime:
        """Go on from that moment (aware, or ISO text with an offset)."""
        with self._lock:
            self._clock.set(datetime.fromisoformat(now) if isinstance(now, str) else now)
        return self._caught_up()

    def set_speed(self, speed: float) -> datetime:
        """Let that many seconds pass in each real one; 0 stops the clock."""
        with self._lock:
            self._clock.set_speed(speed)
            return self._clock.now()

    def _caught_up(self) -> datetime:
        with self._lock:  # whoever takes it lets happen what is due
            return self._clock.now()

    # calls and credits

    def calls(
        self,
        path: str | None = None,
        method: str | None = None,
        org_id: str | None = None,
        grant: str | None = None,
        outcome: str | None = None,
    ) -> dict[str, Any]:
        """Give the calls that came, all or those that are asked for.

        Args:
            path: the beginning of paths, or a glob; with a method in front, such as `POST /oauth`, of that alone.
            grant: its name, as in `by_grant` and on the page, or its refresh token.
            outcome: "ok", or the word of a refusal or a fault, as in `by_outcome`.

        Returns:
            {"total", "by_path", "by_grant", "by_outcome", "calls", "unknown"}: numbers, the last calls whole, and of
            them those that Bigin does not have.
        """
        if path:
            in_front, path = split_call(path)
            if in_front and method and in_front != method.upper():
                raise ValueError(f"path names {in_front} and method {method}: say one of them")
            method = in_front or method
        with self._lock:
            if grant and grant in self._state.grants:
                grant = grant_name(grant)
            return self._application.log.report(path=path, method=method, org_id=org_id, grant=grant, outcome=outcome)

    def overview(self) -> str:
        """Give the page at /_sandbox/, in HTML: organizations, grants, faults, switches, the last calls."""
        with self._lock:
            return overview(self._state, self._application.faults, self._application.log.report())

    def count_calls(self, call: str) -> int:
        """Count the calls of exactly this method and path, such as `POST /oauth/v2/token`; `*` stands for anything."""
        method, path = split_call(call)
        with self._lock:
            return self._application.log.count(method, path)

    def clear_calls(self) -> None:
        """Forget the calls that came; credits stay used."""
        with self._lock:
            self._application.log.clear()

    def credits(self, org_id: str | None = None) -> dict[str, int]:
        """Give the credits used in the last 24 hours and the budget."""
        with self._lock:
            organization = self._state.organization(org_id)
            budget = self._state.switches["credit_budget"] or organization.credit_budget()
            return {"used": organization.credits.used(self._state.now()), "budget": budget}

    def callbacks(self, wait_seconds: float = 0.0) -> list[dict[str, Any]]:
        """Give the callbacks of bulk read jobs that ended, and what became of them.

        Args:
            wait_seconds: wait at most so long, in real seconds, for those that are on their way.

        Returns:
            {"job_id", "org_id", "url", "outcome", "attempts", "body"} each; the outcome is waiting, delivered, failed,
            elsewhere (not on this machine, so not sent) or off (by the switch, so not sent); an attempt is {"at"} and
            "status" or "error".
        """
        state = self._state

        def settle() -> None:
            with self._lock:
                state.catch_up()  # that one, although a reset may come meanwhile

        state.callbacks.wait(float(wait_seconds), settle)
        with self._lock:
            return [callback.as_dict() for callback in state.callbacks.all]

    # trouble

    def fail(
        self,
        call: str = "/",
        *,
        status: int | None = None,
        body: Any = None,
        content_type: str | None = None,
        delay_seconds: float = 0.0,
        drop: str | None = None,
        times: int | None = 1,
        after: int = 0,
        org_id: str | None = None,
        truncate: int | None = None,
        wrong_token: bool = False,
        throttle: bool = False,
        info: dict[str, Any] | None = None,
        probability: float = 1.0,
        overwrite: dict[str, Any] | None = None,
    ) -> None:
        """Make the next calls go wrong.

        Args:
            call: `GET /bigin/v2/Contacts`, or a path for every method; the beginning of a path, or a glob with `*`.
            body: text, or what is sent as JSON; unset, what such a status usually brings.
            drop: close the connection and answer nothing, "before" or "after" the work was done.
            times: how many calls; None for all.
            after: how many calls to let pass first.
            truncate: send that many bytes of the body, then end the connection.
            wrong_token: token answers carry a token nobody knows; the API answers 401 INVALID_TOKEN.
            throttle: answer as a server that was asked too often.
            info: keys of the answer's `info` that say something else than the rows do.
            probability: strike only so often; the sandbox's seed decides when.
            overwrite: keys of a JSON answer that say something else; None leaves one out.
        """
        method, path = split_call(call)
        fault = Fault(
            path, method, status, body, content_type, delay_seconds, drop, times, after, org_id,
            truncate, wrong_token, throttle, info, probability, overwrite,
        )  # fmt: skip
        with self._lock:
            self._application.faults.append(fault)

    def faults(self) -> list[dict[str, Any]]:
        """Give the faults that wait to strike, as they were told; `times` and `after` are what is left of them."""
        with self._lock:
            return [fault.as_dict() for fault in self._application.faults if fault.times != 0]

    def clear_faults(self) -> None:
        """Let every call go right again."""
        with self._lock:
            self._application.faults.clear()

    def revoke_grant(self, *, org_id: str | None = None, refresh_token: str | None = None) -> int:
        """Revoke one grant, or all of an organization, as its user would in Zoho's own pages; gives how many.

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
        """Give every secret, code and token ever minted, across resets: {"kind", "value"}."""
        with self._lock:
            return [dict(secret) for secret in self._vault.minted]

    def switch(self, **values: Any) -> dict[str, Any]:
        """Set switches by name; gives all of them. A reset brings back those of the start."""
        checked = {name: check_switch(name, value) for name, value in values.items()}
        with self._lock:
            self._state.switches.update(checked)
            return dict(self._state.switches)

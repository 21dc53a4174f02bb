"""Use cases around a tenant's grant: connect it, work with it, pause it, end it.

Every grant that reaches us and is not kept is revoked, best effort: Zoho keeps only 20 for a user and client, and an
unused one is a key left lying about.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from .. import audit, clock
from ..api.answers import Organization
from ..api.calls import CallMade
from ..api.client import Client
from ..api.datacenters import DATA_CENTERS, by_api_domain
from ..api.oauth import AccountsServer, ClientCredentials, TokenAnswer
from ..conf import settings
from ..exceptions import AuthorizationError, BiginError, EncryptionError, GrantTokenError, RequestError
from ..installation import require_ownership
from ..models import ClientRegistration, ClientSecret, Connection, Job, ModuleSchema, ModuleSync, QuarantinedRow, Record
from . import states
from .network import shared_session
from .tokens import WAIT_IN_WORKER_SECONDS, AccessToken, ConnectionTokens, accounts_server, refresh_at

logger = logging.getLogger(__name__)

Status = Connection.Status

LEFT_OVER_AGAIN_AFTER = timedelta(minutes=15)


class OtherOrganizationError(AuthorizationError):
    """A reconnect came back with another organization than the connection's."""


@dataclass(frozen=True)
class Connected:
    """What connecting gave: the connection, and whether it is a new one or one that was renewed."""

    connection: Connection
    created: bool


@dataclass(frozen=True)
class Disconnected:
    """What disconnecting gave.

    Attributes:
        revoked: Zoho confirmed that the grant is gone, or no longer knew it.
        detail: one sentence for a person.
    """

    revoked: bool
    detail: str


@dataclass(frozen=True)
class Identity:
    """Whose data a grant opens, as Bigin tells it."""

    organization: Organization
    user_id: str
    user_email: str


def open_client(
    connection: Connection,
    *,
    token: AccessToken | None = None,
    on_call: Callable[[CallMade], None] | None = None,
    wait_seconds: float = WAIT_IN_WORKER_SECONDS,
) -> Client:
    """A client that speaks for a connection, with a token that is kept fresh; `token` is one to begin with."""
    return Client(
        DATA_CENTERS[connection.data_center],
        ConnectionTokens(connection.pk, held=token, wait_seconds=wait_seconds),
        session=shared_session(),
        timeouts=settings.timeouts,
        on_call=on_call,
        product=connection.description,
        org_id=connection.org_id,
        now=clock.now,
    )


def connect_self_client(
    tenant: Any, *, client_id: str, client_secret: str, grant_token: str, data_center: str, actor: str = ""
) -> Connected:
    """Connect a tenant by a self client: a person made the grant token in Zoho's API console and pasted it.

    Args:
        grant_token: lives minutes and works once.
        data_center: where the self client was made; its code cannot be used anywhere else.
        actor: who asks, for the audit.

    Raises:
        GrantTokenError, ClientCredentialsError: what was pasted does not fit; nothing was stored.
        BiginError: any other reason; the grant that may have been made is revoked.
    """
    require_ownership()
    if data_center not in settings.data_center_codes:
        raise GrantTokenError(
            f"There is no data center {data_center!r} here; choose one of {', '.join(settings.data_center_codes)}."
        )
    server = AccountsServer(
        DATA_CENTERS[data_center],
        ClientCredentials(client_id=client_id, client_secret=client_secret),
        session=shared_session(),
        timeouts=settings.timeouts,
    )
    answer = server.exchange(grant_token)

    def registration() -> ClientRegistration:
        return _save_self_client(tenant, client_id, client_secret, data_center)

    return complete(tenant, registration, data_center, server, answer, actor=actor)


def complete(
    tenant: Any,
    registration: Callable[[], ClientRegistration],
    data_center: str,
    server: AccountsServer,
    answer: TokenAnswer,
    *,
    reconnects: Connection | None = None,
    confirm_within: timedelta | None = None,
    actor: str = "",
) -> Connected:
    """Turn the answer to an exchange into a connection; if that fails, revoke the grant that the answer holds.

    Args:
        registration: gives the saved registration; called in the transaction that saves the connection.
        reconnects: the connection that must come back: a grant for another organization is refused.
        confirm_within: how long a new connection waits for a person to confirm its organization; None: it needs not.

    Raises:
        OtherOrganizationError: the grant opens another organization than the one that is reconnected.
    """
    try:
        if not answer.refresh_token:
            raise GrantTokenError(
                "Zoho gave no refresh token, so the access would end within the hour: make a new grant token, "
                "with access_type=offline and prompt=consent where a browser is used."
            )
        _compare_api_domain(data_center, answer.api_domain)
        identity = fetch_identity(data_center, answer.access_token)
        _require_same_organization(reconnects, data_center, identity.organization)
        connected, superseded = _save_grant(
            tenant, registration, data_center, identity, answer, confirm_within=confirm_within
        )
    except BaseException:
        revoke_quietly(server, answer.refresh_token or answer.access_token)
        raise
    if superseded and superseded != answer.refresh_token:
        revoke_quietly(server, superseded)
    connection = connected.connection
    audit.record("connect" if connected.created else "reconnect", connection, actor=actor)
    return connected


def fetch_identity(data_center: str, access_token: str) -> Identity:
    """Ask Bigin whose organization a token opens: OAuth succeeds for any Zoho account, so this must be looked at."""
    client = Client(
        DATA_CENTERS[data_center],
        _OneToken(access_token),
        session=shared_session(),
        timeouts=settings.timeouts,
        now=clock.now,
    )
    organization = client.metadata.fetch_organization()
    try:
        user = next(iter(client.users.iter_all(kind="CurrentUser")), {})
    except (RequestError, AuthorizationError):
        user = {}  # a missing scope, or a Bigin without users: the name of the user is a convenience
    return Identity(organization, user_id=str(user.get("id") or ""), user_email=str(user.get("email") or ""))


def disconnect(connection: Connection, *, actor: str = "", purge: bool = False) -> Disconnected:
    """End a connection: nothing uses it from now on, and its grant is revoked at Zoho.

    Where Zoho cannot be reached, the refresh token stays sealed in the row, so that disconnecting again revokes it.

    Args:
        purge: also delete the connection's mirror. Otherwise the data stays readable.
    """
    require_ownership()
    with transaction.atomic():
        # The rising grant version fences off a refresh that is under way.
        Connection.objects.filter(pk=connection.pk).update(
            grant_version=F("grant_version") + 1,
            access_token="",
            expires_at=None,
            refresh_at=None,
            lease_id="",
            lease_until=None,
        )
        states.set_status(connection, Status.DISCONNECTED)
        audit.record("disconnect", connection, actor=actor, detail="with purge" if purge else "")
        # The caller's object may be older than the grant that is to be revoked.
        connection.refresh_from_db()
    outcome = _revoke(connection)
    if outcome.revoked:
        this_grant = Connection.objects.filter(pk=connection.pk, grant_version=connection.grant_version)
        this_grant.filter(status=Status.DISCONNECTED).update(refresh_token="")
    if purge:
        purge_mirror(connection)
    connection.refresh_from_db()
    return outcome


def purge_mirror(connection: Connection) -> None:
    """Delete everything that was mirrored through a connection; the connection and its audit stay."""
    # The progress first: a page that is being stored holds its row, and without it none is stored any more.
    for model in (ModuleSync, Record, QuarantinedRow, ModuleSchema, Job):
        model._default_manager.filter(connection=connection).delete()


def confirm(connection: Connection, *, actor: str = "") -> bool:
    """Confirm a pending connection, seeing its organization's name. False where there is nothing left to confirm."""
    waiting = Connection.objects.filter(pk=connection.pk, confirm_until__gt=clock.now())
    if not waiting.exists() or not states.set_status(connection, Status.HEALTHY, only_from=(Status.PENDING,)):
        return False
    audit.record("confirm", connection, actor=actor)
    return True


def discard(connection: Connection, *, actor: str = "") -> bool:
    """Revoke the grant of a connection that was never confirmed, and remove it. False where it is not pending.

    Where Zoho cannot be reached the row stays, disconnected, until the grant is revoked.
    """
    if not states.set_status(connection, Status.DISCONNECTED, only_from=(Status.PENDING,)):
        return False
    audit.record("discard", connection, actor=actor)
    if _revoke(connection).revoked:
        Connection.objects.filter(pk=connection.pk, status=Status.DISCONNECTED).delete()
    return True


def revoke_left_over(connection: Connection) -> bool:
    """Try once more to revoke the grant of a connection that was disconnected while Zoho could not be reached."""
    outcome = _revoke(connection)
    rows = Connection.objects.filter(pk=connection.pk, status=Status.DISCONNECTED)
    if outcome.revoked:
        rows.update(refresh_token="", next_attempt_at=None)
    else:
        rows.update(next_attempt_at=clock.now() + LEFT_OVER_AGAIN_AFTER)
    return outcome.revoked


def pause(connection: Connection, *, actor: str = "") -> bool:
    """Stop working with a connection until it is resumed; its data stays. False where there is nothing to pause."""
    if not states.set_status(connection, Status.PAUSED, only_from=states.WORKING):
        return False
    audit.record("pause", connection, actor=actor)
    return True


def resume(connection: Connection, *, actor: str = "") -> bool:
    """Work with a paused connection again. False where it is not paused."""
    stored = Connection.objects.filter(pk=connection.pk).values_list("status_before_pause", flat=True).first()
    to = stored if stored in states.WORKING else Status.HEALTHY
    if not states.set_status(connection, to, only_from=(Status.PAUSED,)):
        return False
    audit.record("resume", connection, actor=actor)
    return True


def revoke_quietly(server: AccountsServer, token: str) -> bool:
    """Revoke a token that is not kept, best effort; False, and a warning in the log, where Zoho could not be asked."""
    try:
        server.revoke(token)
    except BiginError as error:
        logger.warning("A grant that is not used could not be revoked at Zoho: %s", error)
        return False
    return True


# How it is done


@dataclass(frozen=True)
class _OneToken:
    """The token of a grant that is not stored yet: there is nothing to refresh it with."""

    value: str

    def __repr__(self) -> str:
        return "<token>"

    def current(self) -> str:
        return self.value

    def replace(self, refused: str) -> str:
        raise GrantTokenError(
            "Bigin refuses the token that Zoho has just given: the account may have no Bigin organization."
        )


def _save_self_client(tenant: Any, client_id: str, client_secret: str, data_center: str) -> ClientRegistration:
    """Store a self client that has just worked, with its secret."""
    registration, _ = ClientRegistration.objects.get_or_create(
        tenant=tenant,
        client_id=client_id,
        defaults={"kind": ClientRegistration.Kind.SELF_CLIENT, "home_data_center": data_center},
    )
    row, _ = ClientSecret.objects.get_or_create(registration=registration, data_center=data_center)
    row.secret = client_secret
    row.save()
    return registration


def _compare_api_domain(data_center: str, api_domain: str | None) -> None:
    """Look whether the answer names the data center's API; only the table is ever used as a host."""
    named = by_api_domain(api_domain) if api_domain else None
    if named is not None and named.code != data_center:
        raise GrantTokenError(
            f"The grant is of data center {named.code}, not {data_center}: connect it there, with that data center's "
            "client secret."
        )
    if api_domain and named is None:
        # Zoho's own pages show other spellings than its servers use (oauth.md section 3).
        logger.info("The token answer named an API domain that the table does not hold; the table's is used.")


def _require_same_organization(reconnects: Connection | None, data_center: str, found: Organization) -> None:
    if reconnects is None or (reconnects.data_center, reconnects.org_id) == (data_center, found.org_id):
        return
    raise OtherOrganizationError(
        f"Zoho gave access to {found.company_name or found.org_id} (organization {found.org_id} in {data_center}), but "
        f"this connection is {reconnects.org_name or reconnects.org_id} (organization {reconnects.org_id} in "
        f"{reconnects.data_center}). Nothing was changed: reconnect and choose that organization at Zoho."
    )


def _save_grant(
    tenant: Any,
    registration: Callable[[], ClientRegistration],
    data_center: str,
    identity: Identity,
    answer: TokenAnswer,
    *,
    confirm_within: timedelta | None,
) -> tuple[Connected, str]:
    """Renew the tenant's connection to that organization, or make it. Also gives the refresh token that it replaced."""
    organization = identity.organization
    now = clock.now()
    with transaction.atomic():
        saved_registration = registration()
        connection, created = Connection.objects.select_for_update().get_or_create(
            tenant=tenant,
            data_center=data_center,
            org_id=organization.org_id,
            defaults={"registration": saved_registration, "status_since": now},
        )
        superseded, old_status = "", connection.status
        if not created:
            superseded = _readable_refresh_token(connection)
            connection.grant_version += 1
        connection.registration = saved_registration
        connection.org_name = organization.company_name[:200]
        connection.org_time_zone = (organization.time_zone or "")[:64]
        connection.org_paid = organization.paid
        connection.org_licences = organization.users_licensed
        connection.zoho_user_id = identity.user_id[:40]
        connection.zoho_user_email = identity.user_email[:254]
        connection.scopes = list(answer.scopes)
        connection.refresh_token = answer.refresh_token
        connection.access_token = answer.access_token
        connection.expires_at = now + timedelta(seconds=answer.expires_in_seconds)
        connection.refresh_at = refresh_at(connection, connection.expires_at)
        connection.metadata_at = None  # the new grant may reach other modules than the old one
        connection.refreshed_at = now
        connection.lease_id, connection.lease_until = "", None
        connection.failure_count = connection.throttle_count = 0
        connection.next_attempt_at = None
        waits = confirm_within is not None and (created or old_status == Status.PENDING)
        connection.status = Status.PENDING if waits else Status.HEALTHY
        connection.confirm_until = now + confirm_within if waits and confirm_within else None
        connection.status_reason, connection.status_since = "", now
        connection.last_alert_status = ""
        connection.save()
        if connection.status != old_status:
            states.announce(connection, old=old_status, new=connection.status, reason="")
    return Connected(connection, created), superseded


def _readable_refresh_token(connection: Connection) -> str:
    """The stored refresh token; "" where its key is gone, since reconnecting is just what mends that."""
    try:
        return connection.refresh_token  # type: ignore[no-any-return]  # the descriptor gives str
    except EncryptionError as error:
        logger.warning("The replaced grant of %s cannot be revoked: %s", connection, error)
        return ""


def _revoke(connection: Connection) -> Disconnected:
    try:
        refresh_token = connection.refresh_token
        if not refresh_token:
            return Disconnected(True, "There was no grant left to revoke.")
        known = accounts_server(connection.registration, connection.data_center).revoke(refresh_token)
    except BiginError as error:
        return Disconnected(
            False,
            f"Disconnected here, but Zoho could not be told: {error} Disconnect again later, or revoke it at Zoho "
            "under Accounts, Sessions, Connected apps.",
        )
    return Disconnected(True, "Zoho has revoked the grant." if known else "Zoho did not know the grant any more.")

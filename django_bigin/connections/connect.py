"""Connect a tenant: turn an authorization code or a pasted grant token into a connection that works."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from .. import audit, clock
from ..api.answers import Organization
from ..api.datacenters import by_api_domain
from ..api.oauth import AccountsServer, TokenAnswer
from ..api.values import read_first, storable
from ..conf import settings
from ..db import leases
from ..db.aliases import atomic, written
from ..encryption.secret import Secret
from ..exceptions import AuthorizationError, EncryptionError, GrantTokenError, OtherOrganizationError, RequestError
from ..installation import require_ownership
from ..models import ClientRegistration, ClientSecret, Connection
from ..text import sentence as _
from .accounts import open_accounts_server
from .clients import open_client_with
from .revoking import revoke_quietly
from .states import Status, announce
from .stored import refresh_at

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ConnectResult:
    """The connection, and whether it is a new one or one that was renewed."""

    connection: Connection
    created: bool


@dataclass(frozen=True)
class Grant:
    """A grant to be stored: its tokens, and the organization and user that they open.

    Attributes:
        user_id, user_email: "" where Zoho does not say.
    """

    data_center: str
    tokens: TokenAnswer
    organization: Organization
    user_id: str
    user_email: str


def connect_self_client(
    tenant: Any, *, client_id: str, client_secret: str, grant_token: str, data_center: str, actor: str = ""
) -> ConnectResult:
    """Connect a tenant by a self client: a person made the grant token in Zoho's API console and pasted it.

    Args:
        grant_token: lives minutes and works once.
        data_center: where the self client was made; its code cannot be used anywhere else.
        actor: who asks, for the audit.

    Raises:
        GrantTokenError, ClientCredentialsError: what was pasted does not fit; nothing was stored.
        BiginError: any other reason; the grant that may have been made is revoked.
    """
    # In the place of what was given, so that no traceback shows it.
    client_secret, grant_token = Secret(client_secret), Secret(grant_token)
    require_ownership()
    if data_center not in settings.data_center_codes:
        raise GrantTokenError(
            _(
                "There is no data center %(data_center)s here; choose one of %(codes)s.",
                data_center=repr(data_center),
                codes=", ".join(settings.data_center_codes),
            )
        )
    server = open_accounts_server(data_center, client_id=client_id, client_secret=client_secret)
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
) -> ConnectResult:
    """Turn the answer to an exchange into a connection; if that fails, revoke the grant that the answer holds.

    Args:
        registration: gives the saved registration; called in the transaction that saves the connection.
        reconnects: the connection that must come back: a grant for another organization is refused.
        confirm_within: how long a new connection waits for a person to confirm its organization; None: it needs not.

    Raises:
        OtherOrganizationError: the grant opens another organization than the one that is reconnected.
    """
    try:
        _check_answer(data_center, answer)
        grant = _read_grant(data_center, answer)
        _require_same_organization(reconnects, grant)
        result, superseded = _save_grant(tenant, registration, grant, confirm_within=confirm_within)
    except BaseException:
        revoke_quietly(server, answer.refresh_token or answer.access_token)
        raise
    if superseded and superseded != answer.refresh_token:
        revoke_quietly(server, superseded)
    audit.record("connect" if result.created else "reconnect", result.connection, actor=actor)
    return result


def _check_answer(data_center: str, answer: TokenAnswer) -> None:
    """Check that the answer can be kept: a refresh token, of that data center; only the table is used as a host."""
    if not answer.refresh_token:
        raise GrantTokenError(
            _(
                "Zoho gave no refresh token, so the access would end within the hour: make a new grant token, "
                "with access_type=offline and prompt=consent where a browser is used."
            )
        )
    named = by_api_domain(answer.api_domain) if answer.api_domain else None
    if named is not None and named.code != data_center:
        raise GrantTokenError(
            _(
                "The grant is of data center %(found)s, not %(data_center)s: connect it there, with that "
                "data center's client secret.",
                found=named.code,
                data_center=data_center,
            )
        )
    if answer.api_domain and named is None:
        # Zoho's own pages show other spellings than its servers use (oauth.md section 3).
        logger.info("The token answer named an API domain that the table does not hold; the table's is used.")


def _read_grant(data_center: str, answer: TokenAnswer) -> Grant:
    """Ask the API whose organization a token opens: OAuth succeeds for any Zoho account."""
    client = open_client_with(answer.access_token, data_center=data_center)
    organization = client.metadata.fetch_organization()
    try:
        user = next(iter(client.users.iter_all(kind="CurrentUser")), {})
    except (RequestError, AuthorizationError):
        user = {}  # a missing scope, or a product without users: the name of the user is a convenience
    return Grant(
        data_center, answer, organization, user_id=read_first(user.get("id")), user_email=read_first(user.get("email"))
    )


def _require_same_organization(reconnects: Connection | None, grant: Grant) -> None:
    found = grant.organization
    if reconnects is None or (reconnects.data_center, reconnects.org_id) == (grant.data_center, found.org_id):
        return
    raise OtherOrganizationError(
        _(
            "Zoho gave access to %(found)s (organization %(found_id)s in %(found_data_center)s), but this "
            "connection is %(name)s (organization %(id)s in %(data_center)s). Nothing was "
            "changed: reconnect and choose that organization at Zoho.",
            found=found.company_name or found.org_id,
            found_id=found.org_id,
            found_data_center=grant.data_center,
            name=reconnects.org_name or reconnects.org_id,
            id=reconnects.org_id,
            data_center=reconnects.data_center,
        )
    )


def _save_self_client(tenant: Any, client_id: str, client_secret: str, data_center: str) -> ClientRegistration:
    """Store a self client that has just worked, with its secret."""
    registration: ClientRegistration
    registration, _ = written(ClientRegistration).get_or_create(
        tenant=tenant,
        client_id=client_id,
        defaults={"kind": ClientRegistration.Kind.SELF_CLIENT, "home_data_center": data_center},
    )
    row, _ = written(ClientSecret).get_or_create(registration=registration, data_center=data_center)
    row.secret = client_secret
    row.save()
    return registration


def _save_grant(
    tenant: Any, registration: Callable[[], ClientRegistration], grant: Grant, *, confirm_within: timedelta | None
) -> tuple[ConnectResult, str]:
    """Renew the tenant's connection to that organization, or make it. Also return the refresh token it replaced."""
    now = clock.now()
    with atomic(Connection):
        saved_registration = registration()
        connection, created = (
            written(Connection)
            .select_for_update()
            .get_or_create(
                tenant=tenant,
                data_center=grant.data_center,
                org_id=grant.organization.org_id,
                defaults={"registration": saved_registration, "status_since": now},
            )
        )
        superseded, old = "", connection.status
        if not created:
            superseded = _readable_refresh_token(connection)
            connection.grant_version += 1
        waits = confirm_within if created or old == Status.PENDING else None
        columns = _grant_columns(connection, grant, now) | _cleared_columns(now, waits=waits)
        for name, value in {"registration": saved_registration, **columns}.items():
            setattr(connection, name, value)
        connection.save()
        if connection.status != old:
            announce(connection, old=old, new=connection.status, reason="")
    return ConnectResult(connection, created), superseded


def _grant_columns(connection: Connection, grant: Grant, now: datetime) -> dict[str, Any]:
    """Return what a grant writes into its connection's row."""
    organization, answer = grant.organization, grant.tokens
    expires_at = now + timedelta(seconds=answer.expires_in_seconds)
    return {
        "org_name": organization.company_name[:200],
        "org_time_zone": (organization.time_zone or "")[:64],
        "org_paid": organization.paid,
        "org_licences": organization.users_licensed,
        "zoho_user_id": grant.user_id[:40],
        "zoho_user_email": grant.user_email[:254],
        "scopes": [storable(scope) for scope in answer.scopes],
        "refresh_token": answer.refresh_token,
        "access_token": answer.access_token,
        "expires_at": expires_at,
        "refresh_at": refresh_at(connection, expires_at),
        "refreshed_at": now,
        "metadata_at": None,  # the new grant may reach other modules than the old one
    }


def _cleared_columns(now: datetime, *, waits: timedelta | None) -> dict[str, Any]:
    """Return what clears a row of the old grant's failures; `waits`: how long the new one waits for confirmation."""
    return {
        "failure_count": 0,
        "throttle_count": 0,
        "refused_count": 0,
        "next_attempt_at": None,
        "status": Status.HEALTHY if waits is None else Status.PENDING,
        "confirm_until": None if waits is None else now + waits,
        "status_reason": "",
        "status_since": now,
        "last_alert_status": "",
        **leases.cleared(),
    }


def _readable_refresh_token(connection: Connection) -> str:
    """Return the stored refresh token; "" where its key is gone, since reconnecting is the very way out of that."""
    try:
        return connection.refresh_token.reveal()
    except EncryptionError as error:
        logger.warning("The replaced grant of %s cannot be revoked: %s", connection, error)
        return ""

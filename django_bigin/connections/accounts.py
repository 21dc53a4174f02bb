"""Accounts servers, one for each data center and client; nothing else reads a stored client secret."""

from __future__ import annotations

from ..api.datacenters import DATA_CENTERS
from ..api.oauth import AccountsServer, ClientCredentials
from ..conf import settings
from ..db.aliases import written
from ..exceptions import ClientCredentialsError, DamagedSecretError
from ..models import ClientRegistration, ClientSecret, Connection
from ..text import sentence as _
from .network import shared_session


def open_accounts_server(data_center: str, *, client_id: str, client_secret: str) -> AccountsServer:
    """Return the accounts server of a data center, to be used as that client."""
    credentials = ClientCredentials(client_id=client_id, client_secret=client_secret)
    return AccountsServer(DATA_CENTERS[data_center], credentials, session=shared_session(), timeouts=settings.timeouts)


def accounts_server(registration: ClientRegistration, data_center: str) -> AccountsServer:
    """Return the accounts server of a data center, to be used as this registration.

    Raises:
        ClientCredentialsError: no secret is stored for that data center, or it was damaged, or the site has not
            switched it on.
        EncryptionError: its key is missing.
    """
    rows = written(ClientSecret).filter(registration=registration, data_center__in=("", data_center))
    secrets = {row.data_center: row for row in rows}
    row = secrets.get(data_center) or secrets.get("")
    if row is None or not row.secret:
        raise ClientCredentialsError(
            _(
                "No client secret is stored for registration %(registration)s in data center "
                "%(data_center)s: add one in the admin, under Client registrations.",
                registration=registration,
                data_center=data_center,
            )
        )
    if data_center not in settings.data_center_codes:
        raise ClientCredentialsError(
            _(
                "Data center %(data_center)s is not switched on for this site: see BIGIN_EXTRA_DATA_CENTERS.",
                data_center=data_center,
            )
        )
    try:
        client_secret = row.secret.reveal()
    except DamagedSecretError as error:
        raise ClientCredentialsError(
            _(
                "The client secret of registration %(registration)s: %(reason)s",
                registration=registration,
                reason=error.message,
            )
        ) from error
    return open_accounts_server(data_center, client_id=registration.client_id, client_secret=client_secret)


def retry_after_secret_change(registration: ClientRegistration) -> None:
    """Let connections that rest for a wrong secret or setting try again at once: a person has corrected it."""
    misconfigured = written(Connection).filter(registration=registration, status=Connection.Status.MISCONFIGURED)
    misconfigured.update(next_attempt_at=None)

"""Use cases of the browser's authorization: begin it, and complete what Zoho's callback brings.

The callback is a GET that anybody can forge. The state comes first: it is single-use, hashed at rest, and belongs to
one browser by a nonce in its session. Hosts come from the table alone; what the callback says is only compared.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from .. import clock
from ..api.datacenters import DATA_CENTERS
from ..api.oauth import AccountsServer, ClientCredentials
from ..conf import settings
from ..exceptions import BiginError, ClientCredentialsError
from ..installation import require_ownership
from ..models import AuthorizationAttempt, ClientRegistration, Connection
from ..policy import access_policy
from .connect import complete
from .network import shared_session
from .tokens import accounts_server

ATTEMPT_LIVES = timedelta(minutes=10)
CONFIRM_WITHIN = timedelta(minutes=15)
ATTEMPT_KEPT_FOR = timedelta(days=1)

SECURITY_PARAMETERS = ("state", "code", "error", "location", "accounts-server")


class CallbackRefused(Exception):
    """A callback that belongs to no attempt of this browser: `reason` is one of `REFUSALS`."""

    def __init__(self, reason: str) -> None:
        super().__init__(REFUSALS[reason])
        self.reason = reason


REFUSALS = {
    "repeated": "The address that Zoho sent you back to holds something twice. Nothing was connected; start again.",
    "no-state": "This address does not come from a press of Connect. Nothing was connected; start again.",
    "zoho-error": "Zoho reports that the authorization did not go through. Nothing was connected; start again.",
    "unknown": "This authorization is not known here: it is too old, or comes from elsewhere. Start again.",
    "expired": "This authorization took longer than ten minutes. Nothing was connected; start again.",
    "other-browser": "This authorization was begun in another browser or session: finish it there, or begin here anew.",
    "used": "This authorization was completed before; see the connection for what came of it, or start again.",
    "forbidden": "You may not connect this tenant any more. Nothing was connected; ask an administrator.",
}
"""Why a callback is refused, in the words of the page that says so. Nothing of the callback itself is ever shown."""


@dataclass(frozen=True)
class Begun:
    """An authorization under way: where to send the browser, and what its session must remember."""

    url: str
    nonce: str


def begin(
    user: Any,
    tenant: Any,
    registration: ClientRegistration,
    *,
    nonce: str = "",
    connection: Connection | None = None,
    return_to: str = "",
) -> Begun:
    """Store one press of Connect, or of Reconnect where there is a connection, and say where the browser is to go.

    Args:
        nonce: what the browser's session already remembers; one nonce serves several tabs at once.
        return_to: a path of this site, shown as a link at the end.

    Raises:
        ClientCredentialsError: the registration cannot be used in a browser; the message says why.
    """
    require_ownership()
    if registration.kind == ClientRegistration.Kind.SELF_CLIENT or not registration.redirect_uri:
        raise ClientCredentialsError(
            f"{registration} has no redirect URI, so a browser cannot come back from Zoho: paste a grant token "
            "instead, or use a server-based client."
        )
    if not registration.scopes:
        raise ClientCredentialsError(
            f"{registration} asks for no scopes, which Zoho refuses. Enter them in the client registration."
        )
    nonce = nonce or secrets.token_urlsafe(32)
    state = secrets.token_urlsafe(32)
    now = clock.now()
    attempt = AuthorizationAttempt(
        state_hash=_hash(state),
        nonce_hash=_hash(nonce),
        user=user,
        tenant=tenant,
        registration=registration,
        connection=connection,
        code_verifier=secrets.token_urlsafe(64) if settings.BIGIN_PKCE else "",
        return_to=return_to[:500],
        created_at=now,
        expires_at=now + ATTEMPT_LIVES,
    )
    attempt.save()
    server = AccountsServer(
        DATA_CENTERS[registration.home_data_center],
        # The address holds no secret, and the home data center's may not even be stored.
        ClientCredentials(client_id=registration.client_id, client_secret=""),
        session=shared_session(),
    )
    url = server.authorization_url(
        redirect_uri=registration.redirect_uri,
        state=state,
        scopes=registration.scopes,
        code_verifier=attempt.code_verifier or None,
    )
    return Begun(url=_for_the_browser(url, registration.home_data_center), nonce=nonce)


def complete_callback(parameters: Sequence[tuple[str, str]], *, user: Any, nonce: str) -> AuthorizationAttempt:
    """Complete what a callback brings. To be called outside any transaction: it speaks with Zoho.

    Args:
        parameters: the query, decoded once, with everything that came twice.
        nonce: from the browser's session; "" where there is none.

    Returns:
        The attempt, used up: `outcome` ("connected", "pending" or "failed"), `detail` for the person, and `result`.

    Raises:
        CallbackRefused: it belongs to no attempt of this browser; nothing was consumed, nothing was sent anywhere.
    """
    given = _once_each(parameters)
    attempt = _claim_attempt(given, user=user, nonce=nonce)
    try:
        connection = _exchange(attempt, given, actor=str(user))
    except BiginError as error:
        return _finish(attempt, "failed", error.message)
    if connection.status == Connection.Status.PENDING:
        return _finish(attempt, "pending", "", connection)
    return _finish(attempt, "connected", "", connection)


def trim_attempts() -> int:
    """Remove attempts that nobody will ask about any more."""
    gone, _ = AuthorizationAttempt.objects.filter(expires_at__lt=clock.now() - ATTEMPT_KEPT_FOR).delete()
    return gone


# How it is done


def _once_each(parameters: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The parameters that count, each given once. Zoho ends the query with a stray "&"; unknown names are ignored."""
    given: dict[str, str] = {}
    for name, value in parameters:
        if name in SECURITY_PARAMETERS:
            if name in given:
                raise CallbackRefused("repeated")
            given[name] = value
    return given


def _claim_attempt(given: dict[str, str], *, user: Any, nonce: str) -> AuthorizationAttempt:
    """Find the attempt that the state names, and use it up; whoever is not its browser uses up nothing."""
    if not given.get("state"):
        raise CallbackRefused("zoho-error" if "error" in given else "no-state")
    attempts = AuthorizationAttempt.objects.select_related("registration", "connection", "tenant")
    attempt = attempts.filter(state_hash=_hash(given["state"])).first()
    if attempt is None:
        raise CallbackRefused("unknown")
    if not nonce or not hmac.compare_digest(attempt.nonce_hash, _hash(nonce)) or attempt.user_id != user.pk:
        raise CallbackRefused("other-browser")
    now = clock.now()
    if attempt.used_at is not None:
        raise CallbackRefused("used")
    if attempt.expires_at <= now:
        raise CallbackRefused("expired")
    if not access_policy().may(user, "connect", attempt.tenant):
        raise CallbackRefused("forbidden")
    if not AuthorizationAttempt.objects.filter(pk=attempt.pk, used_at=None).update(used_at=now):
        raise CallbackRefused("used")  # a double click: the other request has it
    return attempt


def _exchange(attempt: AuthorizationAttempt, given: dict[str, str], *, actor: str) -> Connection:
    """Exchange the code at once: it lives a minute or two."""
    require_ownership()
    if "error" in given:
        raise BiginError(_ERROR_SENTENCES.get(given["error"], REFUSALS["zoho-error"]))
    registration = attempt.registration
    data_center = _data_center(given, registration)
    if not given.get("code"):
        raise BiginError("Zoho sent you back without a code. Nothing was connected; start again.")
    server = accounts_server(registration, data_center)
    answer = server.exchange(
        given["code"], redirect_uri=registration.redirect_uri, code_verifier=attempt.code_verifier or None
    )
    connected = complete(
        attempt.tenant,
        lambda: registration,
        data_center,
        server,
        answer,
        reconnects=attempt.connection,
        confirm_within=None if attempt.connection else CONFIRM_WITHIN,
        actor=actor,
    )
    return connected.connection


_ERROR_SENTENCES = {
    "access_denied": "You did not give your consent at Zoho, so nothing was connected.",
    "invalid_scope": "Zoho does not know one of the scopes that were asked for: compare the registration's scopes.",
    "invalid_client": "Zoho does not know the client: compare the registration's client id.",
}


def _data_center(given: dict[str, str], registration: ClientRegistration) -> str:
    """Where the user lives: both parameters must agree, one alone is that one, none is the registration's home."""
    named = {
        code
        for code in (_by_location(given.get("location")), _by_accounts_server(given.get("accounts-server")))
        if code is not None
    }
    if len(named) > 1 or "" in named:
        raise BiginError(
            "Zoho's answer names a data center that is not known, or two different ones. The code was not sent "
            "anywhere and nothing was connected; start again from this site."
        )
    data_center = named.pop() if named else registration.home_data_center
    if not registration.serves(data_center):
        raise ClientCredentialsError(
            f"This Zoho user lives in data center {data_center}, where the client {registration} is not switched on: "
            "switch it on in Zoho's API console, then in the registration."
        )
    return data_center


def _by_location(location: str | None) -> str | None:
    """The data center of a `location`; None where it was not given, "" where the table does not hold it."""
    if not location:
        return None
    return location if location in settings.data_center_codes else ""


def _by_accounts_server(origin: str | None) -> str | None:
    """The data center of an `accounts-server`, by equality; None where it was not given, "" where none has it."""
    if not origin:
        return None
    for code in settings.data_center_codes:
        names = {DATA_CENTERS[code].accounts_server, _sandbox_origin(code)}
        if origin in names:
            return code
    return ""


def _sandbox_origin(data_center: str) -> str | None:
    """How the sandbox names itself to a browser that came to it by its address."""
    sandbox = settings.BIGIN_SANDBOX_URL
    if sandbox is None:
        return None
    return sandbox.rstrip("/") + ("" if data_center == "us" else f"/{data_center}")


def _for_the_browser(url: str, data_center: str) -> str:
    """The address for the browser, which no transport adapter carries to the sandbox: it must name it directly."""
    sandbox = _sandbox_origin(data_center)
    return url if sandbox is None else sandbox + url.removeprefix(DATA_CENTERS[data_center].accounts_server)


def _finish(
    attempt: AuthorizationAttempt, outcome: str, detail: str, connection: Connection | None = None
) -> AuthorizationAttempt:
    attempt.outcome, attempt.detail, attempt.result = outcome, detail, connection
    attempt.code_verifier = ""
    attempt.save(update_fields=("outcome", "detail", "result", "code_verifier"))
    return attempt


def _hash(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()

"""Authorize in a browser: begin, and complete what Zoho's callback brings.

The callback is a GET that anybody can forge. The state comes first: it is single-use, hashed at rest, and belongs to
one browser by a nonce in its session. Hosts come from the table alone; what the callback says is only compared.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from .. import clock
from ..conf import settings
from ..db.aliases import written
from ..encryption.secret import Secret
from ..exceptions import BiginError, CallbackRefusedError, ClientCredentialsError
from ..installation import require_ownership
from ..models import AuthorizationAttempt, ClientRegistration, Connection
from ..policy import access_policy
from ..text import sentence as _
from .accounts import accounts_server, open_accounts_server
from .connect import complete
from .network import accounts_origins, for_the_browser

ATTEMPT_LIVES = timedelta(minutes=10)
CONFIRM_WITHIN = timedelta(minutes=15)
ATTEMPT_KEPT_FOR = timedelta(days=1)
RETURN_TO_LENGTH = 500

SECURITY_PARAMETERS = ("state", "code", "error", "location", "accounts-server")


REFUSALS = {
    "repeated": _(
        "The address that Zoho sent you back to holds a parameter twice. Nothing was connected; start again."
    ),
    "no-state": _("This address does not come from a press of Connect. Nothing was connected; start again."),
    "zoho-error": _("Zoho reports that the authorization did not go through. Nothing was connected; start again."),
    "unknown": _("This authorization is not known here: it is too old, or comes from elsewhere. Start again."),
    "expired": _("This authorization took longer than ten minutes. Nothing was connected; start again."),
    "other-browser": _(
        "This authorization was started in another browser or session: finish it there, or start again."
    ),
    "no-session": _(
        "This host has no session of your browser that started this authorization: you have signed out, "
        "it was started in another browser, or the site's session cookie does not reach this host "
        "(SESSION_COOKIE_DOMAIN). Nothing was connected; start again."
    ),
    "used": _("This authorization was completed before: see its connection, or start again."),
    "forbidden": _("You may no longer connect this tenant. Nothing was connected; ask an administrator."),
}
"""The sentences of the page for a refused callback. Nothing of the callback itself is ever shown."""


@dataclass(frozen=True)
class AuthorizationStart:
    """An authorization under way: the address for the browser, and the nonce for its session."""

    url: str = field(repr=False)
    nonce: str = field(repr=False)


def begin(
    user: Any,
    tenant: Any,
    registration: ClientRegistration,
    *,
    nonce: str = "",
    connection: Connection | None = None,
    return_to: str = "",
) -> AuthorizationStart:
    """Store one press of Connect, or of Reconnect where there is a connection; return where the browser is to go.

    Args:
        nonce: the one that the browser's session already holds; it serves several tabs at once.
        return_to: a path of this site or the address of one, shown as a link at the end; dropped where it is too long.

    Raises:
        ClientCredentialsError: the registration cannot be used in a browser; the message says why.
    """
    require_ownership()
    _require_browser_client(registration)
    now = clock.now()
    nonce, state = Secret(nonce or secrets.token_urlsafe(32)), Secret(secrets.token_urlsafe(32))
    attempt = AuthorizationAttempt(
        state_hash=_hash(state),
        nonce_hash=_hash(nonce),
        user=user,
        tenant=tenant,
        registration=registration,
        connection=connection,
        code_verifier=Secret(secrets.token_urlsafe(64)) if settings.BIGIN_PKCE else "",
        return_to=return_to if len(return_to) <= RETURN_TO_LENGTH else "",
        created_at=now,
        expires_at=now + ATTEMPT_LIVES,
    )
    attempt.save()
    return AuthorizationStart(url=_authorization_url(registration, state, attempt.code_verifier.reveal()), nonce=nonce)


def complete_callback(parameters: Sequence[tuple[str, str]], *, user: Any, nonce: str) -> AuthorizationAttempt:
    """Complete what a callback brings. Call it outside any transaction: it waits for Zoho.

    Args:
        parameters: the query, decoded once, repeated parameters included.
        nonce: from the browser's session; "" where there is none.

    Returns:
        The attempt, used up: `outcome` ("connected", "pending" or "failed"), `detail` for the person, and `result`.

    Raises:
        CallbackRefusedError: it belongs to no attempt of this browser; nothing was consumed, nothing was sent anywhere.
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
    """Remove old attempts; return how many."""
    gone, _ = written(AuthorizationAttempt).filter(expires_at__lt=clock.now() - ATTEMPT_KEPT_FOR).delete()
    return gone


def _require_browser_client(registration: ClientRegistration) -> None:
    if registration.kind == ClientRegistration.Kind.SELF_CLIENT or not registration.redirect_uri:
        raise ClientCredentialsError(
            _(
                "%(registration)s has no redirect URI, so a browser cannot come back from Zoho: paste a "
                "grant token instead, or use a server-based client.",
                registration=registration,
            )
        )
    if not registration.scopes:
        raise ClientCredentialsError(
            _(
                "%(registration)s asks for no scopes, which Zoho refuses. Enter them in the client registration.",
                registration=registration,
            )
        )


def _authorization_url(registration: ClientRegistration, state: str, code_verifier: str) -> str:
    """Build the address at Zoho that asks a person for a grant."""
    home = registration.home_data_center
    # The address holds no secret, and the home data center's may not even be stored.
    url = open_accounts_server(home, client_id=registration.client_id, client_secret="").authorization_url(
        redirect_uri=registration.redirect_uri,
        state=state,
        scopes=registration.scopes,
        code_verifier=code_verifier or None,
    )
    return for_the_browser(url, home)


def _refused(reason: str) -> CallbackRefusedError:
    return CallbackRefusedError(REFUSALS[reason], code=reason)


def _once_each(parameters: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return the parameters that matter, each given once; unknown names are ignored."""
    given: dict[str, str] = {}
    for name, value in parameters:
        if name in SECURITY_PARAMETERS:
            if name in given:
                raise _refused("repeated")
            given[name] = value
    return given


def _claim_attempt(given: dict[str, str], *, user: Any, nonce: str) -> AuthorizationAttempt:
    """Find the attempt that the state names, and use it up; another browser than its own uses up nothing."""
    if not given.get("state"):
        raise _refused("zoho-error" if "error" in given else "no-state")
    attempts = written(AuthorizationAttempt).select_related("registration", "connection", "tenant")
    attempt: AuthorizationAttempt | None = attempts.filter(state_hash=_hash(given["state"])).first()
    if attempt is None:
        raise _refused("unknown")
    if not nonce:
        raise _refused("no-session")
    if not hmac.compare_digest(attempt.nonce_hash, _hash(nonce)) or attempt.user_id != user.pk:
        raise _refused("other-browser")
    now = clock.now()
    if attempt.used_at is not None:
        raise _refused("used")
    if attempt.expires_at <= now:
        raise _refused("expired")
    if not access_policy().may(user, "connect", attempt.tenant):
        raise _refused("forbidden")
    if not written(AuthorizationAttempt).filter(pk=attempt.pk, used_at=None).update(used_at=now):
        raise _refused("used")  # a double click: the other request has it
    return attempt


def _exchange(attempt: AuthorizationAttempt, given: dict[str, str], *, actor: str) -> Connection:
    """Exchange the code at once: it lives a minute or two."""
    require_ownership()
    if "error" in given:
        raise BiginError(_ERROR_SENTENCES.get(given["error"], REFUSALS["zoho-error"]))
    registration = attempt.registration
    data_center = _data_center(given, registration)
    if not given.get("code"):
        raise BiginError(_("Zoho sent you back without a code. Nothing was connected; start again."))
    server = accounts_server(registration, data_center)
    answer = server.exchange(
        given["code"], redirect_uri=registration.redirect_uri, code_verifier=attempt.code_verifier.reveal() or None
    )
    result = complete(
        attempt.tenant,
        lambda: registration,
        data_center,
        server,
        answer,
        reconnects=attempt.connection,
        confirm_within=None if attempt.connection else CONFIRM_WITHIN,
        actor=actor,
    )
    return result.connection


_ERROR_SENTENCES = {
    "access_denied": _("You did not give your consent at Zoho, so nothing was connected."),
    "invalid_scope": _("Zoho does not know one of the scopes that were asked for: compare the registration's scopes."),
    "invalid_client": _("Zoho does not know the client: compare the registration's client id."),
}


def _data_center(given: dict[str, str], registration: ClientRegistration) -> str:
    """Return the user's data center: both parameters must agree; without any it is the registration's home."""
    named = {
        code
        for code in (_by_location(given.get("location")), _by_accounts_server(given.get("accounts-server")))
        if code is not None
    }
    if len(named) > 1 or "" in named:
        raise BiginError(
            _(
                "Zoho's answer names a data center that is not known, or two different ones. The code was not sent "
                "anywhere and nothing was connected; start again from this site."
            )
        )
    data_center = named.pop() if named else registration.home_data_center
    if not registration.serves(data_center):
        raise ClientCredentialsError(
            _(
                "This Zoho user lives in data center %(data_center)s, where the client %(registration)s is "
                "not switched on: switch it on in Zoho's API console, then in the registration.",
                data_center=data_center,
                registration=registration,
            )
        )
    return data_center


def _by_location(location: str | None) -> str | None:
    """Return the data center of a `location`; None where it was not given, "" where the table does not hold it."""
    if not location:
        return None
    return location if location in settings.data_center_codes else ""


def _by_accounts_server(origin: str | None) -> str | None:
    """Return the data center of an `accounts-server`; None where it was not given, "" where none has that origin."""
    if not origin:
        return None
    for code in settings.data_center_codes:
        if origin in accounts_origins(code):
            return code
    return ""


def _finish(
    attempt: AuthorizationAttempt, outcome: str, detail: str, connection: Connection | None = None
) -> AuthorizationAttempt:
    attempt.outcome, attempt.detail, attempt.result = outcome, detail, connection
    attempt.code_verifier = ""
    attempt.save(update_fields=("outcome", "detail", "result", "code_verifier"))
    return attempt


def _hash(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()

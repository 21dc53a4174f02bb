"""Converse with an accounts server: authorization URL, exchange, refresh, revoke.

Built on requests-oauthlib, with what Zoho does differently kept away from it: an answer is classified from its body
before the library sees it, and the library is handed a clean one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import requests
from oauthlib.oauth2 import WebApplicationClient
from requests_oauthlib import OAuth2Session

from ..encryption.secret import Secret
from ..exceptions import (
    BiginError,
    ClientCredentialsError,
    GrantTokenError,
    RateLimitError,
    RefreshTokenError,
    ServerError,
)
from ..text import sentence as _
from .datacenters import DATA_CENTERS, DataCenter
from .frames import without_frames
from .redaction import redact_library_logs
from .scopes import join_scopes, read_scopes
from .transport import (
    DEFAULT_TIMEOUTS,
    Timeouts,
    network_error,
    new_session,
    no_auth,
)
from .values import Unreadable, read_json, shown, storable

TOKEN_PATH = "/oauth/v2/token"  # noqa: S105  a path
REVOKE_PATH = "/oauth/v2/token/revoke"
AUTHORIZATION_PATH = "/oauth/v2/auth"

# What every access token of Zoho's lives; used where an answer does not say.
ACCESS_TOKEN_SECONDS = 3600
LONGEST_SECONDS = 86_400
# Ten access tokens in ten minutes are allowed; afterwards the grant is blocked for what is left of the window.
# Source: https://www.zoho.com/accounts/protocol/oauth/web-apps/access-token-expiry.html (read 2026-11)
THROTTLE_SECONDS = 600.0

_DEAD_TOKEN_CODES = ("invalid_code", "invalid_grant")
_CLIENT_SENTENCES = {
    "invalid_client": _(
        "Zoho's accounts server of the data center %(data_center)s does not know this client: compare the client id, "
        "and whether the client is switched on for this data center, or belongs to another one."
    ),
    "invalid_client_secret": _(
        "Zoho's accounts server of the data center %(data_center)s does not take the client secret: compare it "
        "with the API console's; a client may have a secret of its own in each data center."
    ),
    "invalid_redirect_uri": _(
        "Zoho does not take the redirect URI: it must equal the registered one to the letter, "
        "and a self client is exchanged without one."
    ),
    "invalid_scope": _("Zoho does not know one of the scopes: compare them with the API console's list."),
    "missing_org_info": _("Zoho wants an organization for this client: use a grant token, not client credentials."),
}
# The names of RFC 6749, which Zoho has not been seen to use, mean a wrong setting as well.
_OTHER_CLIENT_CODES = ("unauthorized_client", "unsupported_grant_type", "invalid_request")


@dataclass(frozen=True)
class ClientCredentials:
    """A client of Zoho's API console, as one data center knows it."""

    client_id: str
    client_secret: str = field(repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "client_secret", Secret(self.client_secret))


@dataclass(frozen=True)
class TokenAnswer:
    """The tokens that an accounts server gave.

    Attributes:
        refresh_token: None: Zoho gave no new one, keep the old. After an exchange: there is none at all.
        api_domain: as it stands in the answer; never a host, only to be compared with `datacenters.by_api_domain`.
        scopes: empty where the answer does not say.
    """

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    expires_in_seconds: int
    api_domain: str | None
    scopes: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "access_token", Secret(self.access_token))
        if self.refresh_token is not None:
            object.__setattr__(self, "refresh_token", Secret(self.refresh_token))


class AccountsServer:
    """The accounts server of one data center, spoken to as one client."""

    def __init__(
        self,
        data_center: DataCenter,
        credentials: ClientCredentials,
        *,
        session: requests.Session | None = None,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
    ) -> None:
        if DATA_CENTERS.get(data_center.code) != data_center:
            raise ValueError(f"The data center {data_center.code!r} is not one of the table.")
        redact_library_logs()
        self.data_center = data_center
        self._credentials = credentials
        self._session = session or new_session()
        self._timeouts = timeouts

    def __repr__(self) -> str:
        return f"<AccountsServer {self.data_center.code}: {self._credentials!r}>"

    def authorization_url(
        self,
        *,
        redirect_uri: str,
        state: str,
        scopes: Iterable[str],
        code_verifier: str | None = None,
    ) -> str:
        """Build the address that asks a person for a grant, with a refresh token and a fresh consent.

        Args:
            code_verifier: 43 to 128 characters, kept for the exchange; its S256 challenge goes into the address.
        """
        # A str is passed on as it is; a list would be joined with spaces, and Zoho documents commas.
        client = WebApplicationClient(self._credentials.client_id)
        oauth = OAuth2Session(client=client, redirect_uri=redirect_uri, scope=join_scopes(scopes))
        extra = {"access_type": "offline", "prompt": "consent"}
        if code_verifier is not None:
            challenge = client.create_code_challenge(code_verifier, "S256")
            extra |= {"code_challenge": challenge, "code_challenge_method": "S256"}
        url, _ = oauth.authorization_url(self.data_center.accounts_server + AUTHORIZATION_PATH, state=state, **extra)
        return str(url)

    def exchange(
        self, grant_token: str, *, redirect_uri: str | None = None, code_verifier: str | None = None
    ) -> TokenAnswer:
        """Turn a one-use grant token into tokens.

        Args:
            redirect_uri: the one the authorization was asked with; None for a self client, which has none.

        Raises:
            GrantTokenError: the grant token is expired, used, or of another client or data center.
            ClientCredentialsError: the client, its secret or its redirect URI is refused.
            TransientError: no usable answer. The grant token may be spent all the same.
        """
        grant_token = Secret(grant_token.strip())
        code_verifier = None if code_verifier is None else Secret(code_verifier)
        if not grant_token:
            raise GrantTokenError(_("The grant token is empty; make one in Zoho's API console and paste it at once."))
        # `code=`, never `authorization_response=`: the library would refuse an http callback behind a TLS proxy.
        extra: dict[str, Any] = {"code_verifier": code_verifier} if code_verifier is not None else {}
        return self._ask(
            self._grant_token_error,
            lambda oauth, url: oauth.fetch_token(
                url,
                code=grant_token,
                # In the form: Bigin's pages do not know HTTP Basic.
                include_client_id=True,
                client_secret=self._credentials.client_secret,
                timeout=self._timeouts,
                auth=no_auth,
                **extra,
            ),
            redirect_uri=redirect_uri,
        )

    def refresh(self, refresh_token: str) -> TokenAnswer:
        """Get a new access token.

        Raises:
            RefreshTokenError: the grant is gone; a person must authorize again.
            ClientCredentialsError: wrong client, secret or data center; the refresh token is very likely still good.
            RateLimitError: too many token requests; `retry_after` seconds without any.
            TransientError: no usable answer.
        """
        refresh_token = Secret(refresh_token)
        return self._ask(
            self._refresh_token_error,
            lambda oauth, url: oauth.refresh_token(
                url,
                refresh_token=refresh_token,
                client_id=self._credentials.client_id,
                client_secret=self._credentials.client_secret,
                timeout=self._timeouts,
                auth=no_auth,
            ),
        )

    def revoke(self, token: str) -> bool:
        """Revoke a refresh token with its access tokens, or one access token.

        Returns:
            True when the server revoked it, False when it does not know it (any more).

        Raises:
            TransientError: no usable answer; the token may live on.
        """
        endpoint = f"POST {REVOKE_PATH}"
        token = Secret(token)
        # The token in the form: Zoho's own example puts it into the address, where every log on the way keeps it.
        response = without_frames(
            lambda: self._session.post(
                self.data_center.accounts_server + REVOKE_PATH,
                data={"token": token},
                timeout=self._timeouts,
                auth=no_auth,
            ),
            explain=lambda error: self._network_error(error, endpoint),
        )
        body = read_json(response.content)
        if isinstance(body, dict) and body.get("status") == "success":
            return True
        if response.status_code >= 500 or response.status_code == 429 or _is_throttle(body):
            raise self._error(response.status_code, body, endpoint, self._refresh_token_error)
        # An unknown token is answered 400; what stands in that body is not documented.
        # Source: https://www.zoho.com/accounts/protocol/oauth/revoke-refresh-token.html (read 2026-11)
        if isinstance(body, dict) and (response.status_code == 400 or _error_code(body) in _DEAD_TOKEN_CODES):
            return False
        if response.status_code == 400 and not response.content:
            return False
        raise self._error(response.status_code, body, endpoint, self._refresh_token_error)

    def _ask(
        self,
        dead_token: Callable[..., BiginError],
        call: Callable[[OAuth2Session, str], Any],
        *,
        redirect_uri: str | None = None,
    ) -> TokenAnswer:
        """Make one call to the token endpoint through the library, and read the answer in front of it."""
        endpoint = f"POST {TOKEN_PATH}"
        answers: list[TokenAnswer] = []
        refusals: list[BiginError] = []

        def read_first(response: requests.Response) -> requests.Response:
            body = read_json(response.content)
            answer = _read_token_answer(body)
            if answer is None:
                # Not raised in here: the traceback would hold the library's own variables, secrets among them.
                refusals.append(self._error(response.status_code, body, endpoint, dead_token))
                return _clean_response("none")
            answers.append(answer)
            return _clean_response(answer.access_token)

        oauth = self._oauth_session(redirect_uri)
        oauth.register_compliance_hook("access_token_response", read_first)
        oauth.register_compliance_hook("refresh_token_response", read_first)
        without_frames(
            lambda: call(oauth, self.data_center.accounts_server + TOKEN_PATH),
            explain=lambda error: self._network_error(error, endpoint),
        )
        if refusals:
            raise refusals[0]
        return answers[0]

    def _oauth_session(self, redirect_uri: str | None) -> OAuth2Session:
        # Without scope=: Zoho rewrites scopes in its answer, and the library would raise "scope has changed" after the
        # token was issued, which loses it.
        oauth = _UnredirectedOAuth2Session(self._credentials.client_id, redirect_uri=redirect_uri)
        oauth.adapters = self._session.adapters
        oauth.trust_env = self._session.trust_env
        oauth.cookies = self._session.cookies
        oauth.verify = self._session.verify
        oauth.proxies = self._session.proxies
        return oauth

    def _error(self, status: int, body: Any, endpoint: str, dead_token: Callable[..., BiginError]) -> BiginError:
        """Classify an answer that holds no token: by its body; the status counts only where the body says nothing."""
        code = _error_code(body)
        where: dict[str, Any] = {"status": status, "code": shown(code) if code else None, "endpoint": endpoint}
        if code in _DEAD_TOKEN_CODES:
            return dead_token(**where)
        if code in _CLIENT_SENTENCES:
            sentence = _CLIENT_SENTENCES[code] % {"data_center": self.data_center.code}
            return ClientCredentialsError(sentence, **where)
        if code in _OTHER_CLIENT_CODES:
            return ClientCredentialsError(
                _("Zoho does not take the request of this client: compare its settings."), **where
            )
        if status == 429 or _is_throttle(body):
            return RateLimitError(
                _("Zoho's accounts server asks for fewer token requests: wait ten minutes without any."),
                retry_after=THROTTLE_SECONDS,
                **where,
            )
        if isinstance(body, Unreadable):
            return ServerError(
                _("Zoho's accounts server answered with something other than JSON; try again later."), **where
            )
        return ServerError(
            _("Zoho's accounts server gave neither a token nor a known reason; try again later."), **where
        )

    def _grant_token_error(self, **where: Any) -> BiginError:
        return GrantTokenError(
            _(
                "Zoho does not take this grant token: it is expired, was used already, or was made for "
                "another client or in another data center than %(data_center)s; make a new one and use it at "
                "once.",
                data_center=self.data_center.code,
            ),
            **where,
        )

    def _refresh_token_error(self, **where: Any) -> BiginError:
        return RefreshTokenError(_("The grant was revoked, or pushed out by newer ones: authorize again."), **where)

    def _network_error(self, error: Exception, endpoint: str) -> BiginError:
        which = _("Zoho's accounts server of the data center %(data_center)s", data_center=self.data_center.code)
        return network_error(error, which=which, endpoint=endpoint, timeouts=self._timeouts)


def _read_token_answer(body: Any) -> TokenAnswer | None:
    """Read a token answer; None where it holds no access token, which is the only test of success."""
    if not isinstance(body, dict) or not _is_token(body.get("access_token")):
        return None
    refresh_token, api_domain, scope = body.get("refresh_token"), body.get("api_domain"), body.get("scope")
    # Until 2020 `expires_in` was in milliseconds, and `expires_in_sec` stood beside it; Zoho's SDKs still read both.
    seconds = _whole_number(body.get("expires_in_sec")) or _whole_number(body.get("expires_in"))
    return TokenAnswer(
        access_token=body["access_token"],
        refresh_token=refresh_token if _is_token(refresh_token) else None,
        # More than a day is no lifetime of a token: milliseconds, or nonsense that no calendar holds.
        expires_in_seconds=seconds if seconds and seconds <= LONGEST_SECONDS else ACCESS_TOKEN_SECONDS,
        api_domain=api_domain if isinstance(api_domain, str) else None,
        scopes=read_scopes(storable(scope)) if isinstance(scope, str) else (),
    )


def _is_token(value: Any) -> bool:
    # Visible ASCII only: anything else cannot travel in a header.
    return isinstance(value, str) and re.fullmatch(r"[!-~]+", value) is not None


def _whole_number(value: Any) -> int | None:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,12}", value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        return None
    return value


def _error_code(body: Any) -> str | None:
    code = body.get("error") if isinstance(body, dict) else None
    return code if isinstance(code, str) and code else None


def _is_throttle(body: Any) -> bool:
    """Tell a throttle by its shape: its words are translated ("Access Denied", and the same in Chinese)."""
    if not isinstance(body, dict) or _error_code(body) in (*_DEAD_TOKEN_CODES, "general_error"):
        return False
    if body.get("status") == "failure" or _error_code(body) in ("Access Denied", "access_denied"):
        return True
    return _error_code(body) is not None and bool(body.get("error_description"))


def _clean_response(access_token: str) -> requests.Response:
    """Hand the library what it reads without a stumble, whatever else stood in the real answer."""
    clean = requests.Response()
    clean.status_code = 200
    clean.encoding = "utf-8"
    clean._content = json.dumps({"access_token": access_token, "token_type": "Bearer"}).encode()
    return clean


class _UnredirectedOAuth2Session(OAuth2Session):
    """The library's session, which never follows a redirect: it would carry the client secret elsewhere."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        return None

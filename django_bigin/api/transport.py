"""Pooled sessions with timeouts, and the adapter that carries Zoho's origins to a sandbox."""

from __future__ import annotations

import http.cookiejar
import ipaddress
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

import requests
import urllib3

from ..exceptions import BiginError, NetworkError, ResponseError
from ..text import sentence as _
from .bounds import AnswerTooLargeError, BoundedAdapter
from .datacenters import DATA_CENTERS
from .redaction import redact_library_logs

# What a call over `requests` can raise; urllib3's own slip through now and then while a body is read.
NETWORK_FAILURES = (requests.RequestException, urllib3.exceptions.HTTPError)


class Timeouts(NamedTuple):
    """Seconds to wait for a connection, and from then on for the whole of an answer."""

    connect: float
    read: float


CALL_SECONDS_AT_MOST = 45
"""Both timeouts stay below it together. The lease on a refresh lasts longer: a longer call would be made twice."""
DEFAULT_TIMEOUTS = Timeouts(connect=5.0, read=30.0)


def new_session(*, sandbox_url: str | None = None, pool_size: int = 10) -> requests.Session:
    """Open a pooled session: no redirects, no cookies, no retries of its own.

    Args:
        sandbox_url: an origin such as "http://127.0.0.1:8400". Every origin of the table of data centers is then
            carried there with its `Host` kept, and nothing else can be reached at all.
        pool_size: connections kept open to each host; one for each thread is enough.

    Raises:
        ValueError: sandbox_url is not a bare origin.
    """
    redact_library_logs()
    session = _Session()
    # Zoho sets cookies; carried from one tenant's call into another's they could only do harm.
    session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
    if sandbox_url is None:
        del session.adapters["http://"]
        session.mount("https://", BoundedAdapter(pool_connections=pool_size, pool_maxsize=pool_size))
        return session
    session.trust_env = False
    session.adapters.clear()
    adapter = SandboxAdapter(sandbox_url, pool_size=pool_size)
    for center in DATA_CENTERS.values():
        # The slash ends the host: without it "https://www.zohoapis.com.evil.test" would match as well.
        session.mount(center.accounts_server + "/", adapter)
        session.mount(center.api_domain + "/", adapter)
    return session


def is_loopback(url: str) -> bool:
    """Tell whether a URL names this machine: localhost, 127.0.0.0/8 or ::1."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def sandbox_origin(url: str) -> str:
    """Check the address of a sandbox and give it without a trailing slash.

    Raises:
        ValueError: it is not a bare http or https origin. The message never repeats credentials.
    """
    url = url.strip()
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("The sandbox's address cannot be read; write it as http://127.0.0.1:8400.") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("The sandbox's address must start with http:// or https:// and name a host.")
    if "@" in parts.netloc:
        raise ValueError("The sandbox's address must hold no user name and no password.")
    if parts.path not in ("", "/") or parts.query or parts.fragment or "\\" in url:
        raise ValueError("The sandbox's address must end after host and port: no path, no query; it speaks for all.")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{port}" if port is not None else "")


class SandboxAdapter(BoundedAdapter):
    """Carries a request for one of Zoho's origins to the sandbox, which tells them apart by `Host`."""

    def __init__(self, sandbox_url: str, *, pool_size: int = 10) -> None:
        self._origin = sandbox_origin(sandbox_url)
        super().__init__(pool_connections=pool_size, pool_maxsize=pool_size)

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,
        verify: bool | str = True,
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        carried = request.copy()
        carried.headers["Host"] = urlsplit(request.url or "").netloc
        carried.url = self._origin + request.path_url
        response = super().send(carried, stream=stream, timeout=timeout, verify=verify, cert=cert, proxies={})
        # Above this line the session goes on talking to Zoho's origin.
        response.request, response.url = request, request.url or ""
        return response


class _Session(requests.Session):
    """A session that takes every answer as it is: a redirect would carry a token to a host that the answer chose."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        return None


def no_auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Send a request without credentials; where none are given, `requests` looks into ~/.netrc."""
    return request


def network_error(
    error: Exception, *, which: str, endpoint: str, timeouts: Timeouts, writes: bool = False
) -> BiginError:
    """Say in one sentence why no answer came; nothing of the request is repeated but its endpoint.

    Raise it where nothing is handled (`frames.without_frames`): what `requests` says quotes the URL with its query.
    """
    if isinstance(error, AnswerTooLargeError):
        return ResponseError(
            _(
                "%(which)s gave an answer of more than %(limit)s MB, which was not read to its end.",
                which=which,
                limit=error.limit // 1024**2,
            ),
            endpoint=endpoint,
        )
    advice = (
        _("it may have been carried out all the same: look before sending it again") if writes else _("try again later")
    )
    seconds = timeouts.connect if isinstance(error, requests.ConnectTimeout) else timeouts.read
    parts = {"which": which, "seconds": f"{seconds:g}", "advice": advice}
    return NetworkError(_why_unanswered(error) % parts, endpoint=endpoint)


def _why_unanswered(error: Exception) -> str:
    """Return the template that fits an error of `requests`."""
    if isinstance(error, requests.ConnectTimeout):
        return _("%(which)s did not accept a connection within %(seconds)s seconds; %(advice)s.")
    if isinstance(error, requests.Timeout):
        return _("%(which)s did not answer within %(seconds)s seconds; %(advice)s.")
    if isinstance(error, requests.exceptions.SSLError):
        return _("%(which)s did not prove its identity (TLS), so nothing was sent; %(advice)s.")
    if isinstance(error, requests.exceptions.ProxyError):
        return _("%(which)s could not be reached through the configured proxy; %(advice)s.")
    if isinstance(error, (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError)):
        return _("%(which)s broke its answer off; %(advice)s.")
    return _("%(which)s could not be reached, or closed the connection without an answer; %(advice)s.")

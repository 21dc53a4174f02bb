"""Client: one tenant's authenticated conversation with a product's API. Only here are calls made."""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, BinaryIO, Protocol, Self, TypeVar

import requests
from requests.auth import AuthBase

from ..encryption.secret import Secret
from ..exceptions import AccessTokenError, BiginError, ResponseError
from ..text import sentence as _
from .bounds import API_BYTES, FILE_BYTES, pieces_of
from .calls import Answer, Call, CallMade
from .datacenters import DATA_CENTERS, DataCenter
from .frames import without_frames
from .products import DEFAULT_PRODUCT, Product
from .shortcuts import Metadata, Records, Users
from .transport import DEFAULT_TIMEOUTS, Timeouts, network_error, new_session
from .values import read_date_header, read_json

logger = logging.getLogger(__name__)

T = TypeVar("T")

DOWNLOAD_SECONDS = 90.0  # for a whole file; shorter than the lease on the module that it is for


class TokenSource(Protocol):
    """The source of a client's access tokens."""

    def current(self) -> str:
        """Give the access token to use."""

    def replace(self, refused: str) -> str:
        """Give another one than this, which was refused; called once a call at most."""

    def judge(self, token: str, *, accepted: bool) -> None:
        """Hear whether the product takes a token: with each answer that tells, of a refusal when there is no other."""


class Client:
    """Reads and writes one organization's data in one product.

    Safe to build for each piece of work; the session is what is worth keeping. As a context manager it closes, at the
    end, the session that it opened itself; one that it was given, as by `open_client`, stays open for others.

    Args:
        tokens: gives the access token, and another one when the product refuses it.
        session: from `transport.new_session`; one a worker, shared by its clients. None: the client opens its own.
        before_call: asked before every HTTP call; it raises to keep the call from being made.
        on_call: told of every HTTP call when it is over; it must not raise.
        org_id: of the organization, for products whose tokens reach several.
        now: the clock for answers without a `Date`, in UTC.
    """

    def __init__(
        self,
        data_center: DataCenter,
        tokens: TokenSource,
        *,
        session: requests.Session | None = None,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        before_call: Callable[[Call[Any]], None] | None = None,
        on_call: Callable[[CallMade], None] | None = None,
        product: Product = DEFAULT_PRODUCT,
        org_id: str = "",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        if DATA_CENTERS.get(data_center.code) != data_center:
            raise ValueError(f"The data center {data_center.code!r} is not one of the table.")
        self.data_center = data_center
        self.product = product
        self._origin = product.origin(data_center)
        self._headers = {"Accept": "application/json"}
        if product.organization_header and org_id:
            self._headers[product.organization_header] = org_id
        self._tokens = tokens
        self._owns_session = session is None
        self._session = new_session() if session is None else session
        self._timeouts = timeouts
        self._before_call = before_call
        self._on_call = on_call
        self.now = now

    def __repr__(self) -> str:
        return f"<Client {self.product.name} {self.data_center.code}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections of the session that the client opened itself; a shared one stays open."""
        if self._owns_session:
            self._session.close()

    @property
    def records(self) -> Records:
        """Calls about records, built and sent at once."""
        return Records(self)

    @property
    def metadata(self) -> Metadata:
        """Calls about modules, fields and the organization, built and sent at once."""
        return Metadata(self)

    @property
    def users(self) -> Users:
        """Calls about users, built and sent at once."""
        return Users(self)

    def download(self, call: Call[None], into: BinaryIO) -> None:
        """Make a call whose answer is a file, and write that as it comes; it is never held whole. Raises as `send`.

        Args:
            into: a file that is empty; where a call is repeated, it is emptied.
        """
        self._send(call, into)

    def send(self, call: Call[T]) -> T:
        """Make a call and return what its answer holds.

        With another token once where the first is refused; a call that only reads, twice where its answer cannot be
        read. A write that was answered in any other way is never sent again: it may have been carried out.

        Raises:
            BiginError: no answer came, or it refuses the call, or it cannot be read.
        """
        return self._send(call, None)

    def _send(self, call: Call[T], into: BinaryIO | None) -> T:
        token = Secret(self._tokens.current())
        replaced = repeated = False
        while True:
            if self._before_call is not None:
                self._before_call(call)
            answer = self._exchange(call, token, into)
            refused = call.errors.refuses_token(call, answer)
            if refused and not replaced:
                replaced = True
                token = Secret(self._tokens.replace(token))
                continue
            if refused or answer.status < 500:
                self._tokens.judge(token, accepted=not refused)
            try:
                return call.read(answer)
            except ResponseError:
                if repeated or not call.idempotent:
                    raise
                repeated = True

    def _exchange(self, call: Call[Any], token: Secret, into: BinaryIO | None) -> Answer:
        # Made here: what is wrong with the caller's rows is his TypeError, not a failure of the network.
        data = json.dumps(call.body, allow_nan=False).encode() if call.body is not None else None
        auth = _ZohoAuth(token)
        started = time.perf_counter()
        status: int | None = None
        retry_after: float | None = None
        spent = call.credits

        def explain(error: Exception) -> BiginError:
            nonlocal spent
            spent = 0 if isinstance(error, requests.ConnectTimeout) else spent
            which = _(
                "%(product)s in the data center %(data_center)s",
                product=call.product,
                data_center=self.data_center.code,
            )
            writes = not call.idempotent
            return network_error(error, which=which, endpoint=call.endpoint, timeouts=self._timeouts, writes=writes)

        try:
            response, content = without_frames(lambda: self._request(call, data, auth, into), explain=explain)
            status = response.status_code
            retry_after = self._retry_after(response.headers.get("Retry-After"))
            if status in (401, 429):
                # Without a grant that it believes, Zoho cannot tell whose credits to take; a limit takes none.
                spent = 0
        finally:
            seconds = time.perf_counter() - started
            logger.debug("%s answered %s in %.3f s", call.endpoint, status, seconds)
            if self._on_call is not None:
                made = (call.method, call.path, call.module, status, spent, seconds, retry_after)
                self._on_call(CallMade(*made, price=call.credits))
        return Answer(
            status=response.status_code,
            body={} if into is not None and status == 200 else read_json(content),
            answered_at=read_date_header(response.headers.get("Date")) or self.now(),
            retry_after=retry_after,
        )

    def _request(
        self, call: Call[Any], data: bytes | None, auth: AuthBase, into: BinaryIO | None
    ) -> tuple[requests.Response, bytes]:
        response = self._session.request(
            call.method,
            self._origin + call.path,
            params=list(call.params),
            data=data,
            headers=self._headers | ({"Content-Type": "application/json"} if data else {}),
            auth=auth,
            timeout=self._timeouts if into is None else self._timeouts._replace(read=DOWNLOAD_SECONDS),
            stream=into is not None,
        )
        return response, response.content if into is None else _file_or_refusal(response, into)

    def _retry_after(self, value: str | None) -> float | None:
        if value is None:
            return None
        if re.fullmatch(r"[0-9]{1,6}", value.strip()):
            return float(value)
        moment = read_date_header(value)
        return max(0.0, (moment - self.now()).total_seconds()) if moment is not None else None


def _file_or_refusal(response: requests.Response, into: BinaryIO) -> bytes:
    """Write the file that an answer is; of any other answer return the body."""
    with response:
        if response.status_code != 200:
            return b"".join(pieces_of(response, API_BYTES))
        into.seek(0)
        into.truncate()
        for piece in pieces_of(response, FILE_BYTES):
            into.write(piece)
    return b""


class _ZohoAuth(AuthBase):
    """Signs a request. Zoho calls the token "Bearer" and wants another word in front of it."""

    def __init__(self, token: str) -> None:
        if re.fullmatch(r"[!-~]+", token) is None:
            # Sent on, it would be quoted by an error of http.client.
            raise AccessTokenError(_("The stored access token is not one: refresh it, or authorize again."))
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Zoho-oauthtoken {self._token}"
        return request

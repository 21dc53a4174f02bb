"""API clients: for a connection, with a token that is kept fresh, and for a grant that is not stored yet."""

from __future__ import annotations

from dataclasses import dataclass, field

from .. import clock
from ..api.client import Client
from ..api.datacenters import DATA_CENTERS
from ..api.products import DEFAULT_PRODUCT
from ..conf import settings
from ..credits.calls import CallMeter
from ..credits.meter import Meter
from ..exceptions import GrantTokenError
from ..models import Connection
from ..text import sentence as _
from .network import shared_session
from .stored import AccessToken
from .tokens import WAIT_IN_WORKER_SECONDS, ConnectionTokens


def open_client(
    connection: Connection,
    *,
    token: AccessToken | None = None,
    meter: Meter | CallMeter | None = None,
    wait_seconds: float = WAIT_IN_WORKER_SECONDS,
) -> Client:
    """Open a client for a connection, with a token that is kept fresh.

    Args:
        token: the token to begin with, where it is already in hand.
        meter: takes the credits of the calls; None: of each by itself, as a person's, up to the whole of the site's
            share.
        wait_seconds: how long to wait for another process's refresh.
    """
    meter = CallMeter(connection) if meter is None else meter
    return Client(
        DATA_CENTERS[connection.data_center],
        ConnectionTokens(connection.pk, held=token, wait_seconds=wait_seconds),
        session=shared_session(),
        timeouts=settings.timeouts,
        before_call=meter.ask,
        on_call=meter.count,
        product=connection.description,
        org_id=connection.org_id,
        now=clock.now,
    )


def open_client_with(access_token: str, *, data_center: str) -> Client:
    """Open a client for a grant that is not stored yet, with the one token there is."""
    return Client(
        DATA_CENTERS[data_center],
        _OneToken(access_token),
        session=shared_session(),
        timeouts=settings.timeouts,
        now=clock.now,
    )


@dataclass(frozen=True)
class _OneToken:
    """The token of a grant that is not stored yet: there is nothing to refresh it with."""

    value: str = field(repr=False)

    def current(self) -> str:
        return self.value

    def judge(self, token: str, *, accepted: bool) -> None:
        """Nothing is stored yet that could be degraded."""

    def replace(self, refused: str) -> str:
        raise GrantTokenError(
            _(
                "The API refuses the token that Zoho has just given: the account may have no %(product)s organization.",
                product=DEFAULT_PRODUCT.name,
            )
        )

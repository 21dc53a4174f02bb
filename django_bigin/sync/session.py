"""One connection's sync: what all its runs have in common."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ..api.client import Client
from ..connections.clients import open_client
from ..connections.stored import AccessToken
from ..credits.meter import Meter
from ..models import Connection
from .options import Options


@dataclass(frozen=True)
class Session:
    """The client, the meter and the deadline that the runs of one sync share.

    Attributes:
        ends_at: when to stop, by the monotonic clock; None: when all is done.
    """

    client: Client
    meter: Meter
    options: Options
    ends_at: float | None


@contextmanager
def open_session(connection: Connection, options: Options, *, token: AccessToken | None = None) -> Iterator[Session]:
    """Open a session, whose calls take credits before they are made and give back what they did not spend.

    Args:
        token: the token to begin with, where it is already in hand.
    """
    meter = Meter(connection, priority=options.priority)
    client = open_client(connection, token=token, meter=meter)
    try:
        yield Session(client, meter, options, options.ends_at())
    finally:
        meter.flush()

"""What stands in for the message broker while a test looks at what would go to it."""

from collections.abc import Iterator
from contextlib import contextmanager

from django_bigin.work import requests
from django_bigin.work.scheduler import BrokerDown, Waker


@contextmanager
def woken_by(waker: Waker) -> Iterator[None]:
    """Let requests wake workers by this for a while."""
    before = requests.set_waker(waker)
    try:
        yield
    finally:
        requests.set_waker(before)


def refuse(kind: str, row_id: int) -> None:
    raise BrokerDown("the message broker does not answer")

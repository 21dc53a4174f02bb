"""A call is a value: what to ask, what it costs, and how its answer is read. Nothing here touches the network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from ..exceptions import BiginError
from .values import Json

T = TypeVar("T")
Params = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Answer:
    """An answer as it came, not yet read.

    Attributes:
        body: parsed JSON; None where there was none, `Unreadable()` where it is not JSON.
        answered_at: from its `Date`, aware, in UTC.
        retry_after: seconds to wait, where the answer says so.
    """

    status: int
    body: Any
    answered_at: datetime
    retry_after: float | None = None


class Errors(Protocol):
    """The refusals of one product."""

    def find(self, call: Call[Any], answer: Answer) -> BiginError | None:
        """Return the error that an answer stands for; None where the call succeeded."""

    def refuses_token(self, call: Call[Any], answer: Answer) -> bool:
        """Tell whether the call may succeed with another access token."""


@dataclass(frozen=True)
class Call(Generic[T]):
    """A call that has not been made: it can be priced, kept, and sent later.

    Attributes:
        product: its name, for people.
        reader: reads an answer that does not refuse the call.
        module: whose records it is about; None where it is about something else.
        scope: the narrowest scope that it needs.
        credits: what it costs.
        idempotent: may be sent again where its answer cannot be read.
        on_refusal: turns a refusal into a value, or raises; None raises it as it is.
    """

    method: str
    path: str
    product: str
    reader: Callable[[Call[T], Answer], T] = field(repr=False)
    errors: Errors = field(repr=False)
    module: str | None = None
    params: Params = field(default=(), repr=False)
    body: Json | None = field(default=None, repr=False)
    scope: str = ""
    credits: int = 1
    idempotent: bool = True
    on_refusal: Callable[[Call[T], BiginError], T] | None = field(default=None, repr=False)

    @property
    def endpoint(self) -> str:
        """Method and path, without the query."""
        return f"{self.method} {self.path}"

    def read(self, answer: Answer) -> T:
        """Read the answer to this call.

        Raises:
            BiginError: the answer refuses the call, or cannot be read.
        """
        error = self.errors.find(self, answer)
        if error is None:
            return self.reader(self, answer)
        if self.on_refusal is None:
            raise error
        return self.on_refusal(self, error)


@dataclass(frozen=True)
class CallMade:
    """One HTTP call that was made.

    Attributes:
        status: None where no answer came; the credits may be spent all the same.
        credits: what it spent; a call that was refused for its token or for a limit spends nothing.
        price: what it spends where it is answered.
        retry_after: seconds to wait, where the answer says so.
    """

    method: str
    path: str
    module: str | None
    status: int | None
    credits: int
    seconds: float
    retry_after: float | None = None
    price: int = 0

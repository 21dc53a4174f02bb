"""Every error the package raises, grouped by what the caller does next.

::

    BiginError                       catch it where whatever went wrong is only reported
        TransientError               try again later
            NetworkError             no answer came
            RateLimitError           too many calls
            ServerError              the product failed
            TokenPendingError        another process is asking for the token
        AuthorizationError           a person must act
            GrantTokenError          make a new one-use code
            RefreshTokenError        authorize again
            AccessTokenError         refresh, or authorize again
            ClientCredentialsError   correct the client registration
            OtherOrganizationError   choose the connection's organization at Zoho
            CallbackRefusedError     start the authorization again
            ConnectionNotReadyError  resume, confirm or reconnect the connection
            ScopeError               reconnect with more scopes
        RequestError                 change the request
            RecordNotFoundError
            InvalidDataError
            ModuleNotAvailableError
            PageTokenError           start the list again
            PaginationLimitError     read the rest in another way
        ResponseError                the answer cannot be read
        SyncError                    the sync refused to go on
            LeaseLostError           another process syncs the module now
        ForeignDatabaseError         adopt the database, or leave it alone
        EncryptionError              correct the keys
            DamagedSecretError       restore the secret, or enter it again

What only one part of the package tells another is not here: a row to be quarantined, a run whose time is up, a message
broker that is away.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, Self

from .text import one_line

__all__ = (
    "AccessTokenError",
    "AuthorizationError",
    "BiginError",
    "CallbackRefusedError",
    "ClientCredentialsError",
    "ConnectionNotReadyError",
    "DamagedSecretError",
    "EncryptionError",
    "ForeignDatabaseError",
    "GrantTokenError",
    "InvalidDataError",
    "LeaseLostError",
    "ModuleNotAvailableError",
    "NetworkError",
    "OtherOrganizationError",
    "PageTokenError",
    "PaginationLimitError",
    "RateLimitError",
    "RecordNotFoundError",
    "RefreshTokenError",
    "RequestError",
    "ResponseError",
    "ScopeError",
    "ServerError",
    "SyncError",
    "TokenPendingError",
    "TransientError",
)


class BiginError(Exception):
    """The root of all of them. `str(error)` is always safe to log and to show: no secret ever enters it.

    Args:
        message: one sentence that says what happened and what to do next.
        status: the HTTP status of the answer, None where there was none.
        code: the vendor's word for the refusal, such as "INVALID_TOKEN".
        endpoint: method and path, without query string, such as "GET /bigin/v2/Contacts".

    Attributes:
        completed: where a write of several batches broke off, the results of the batches answered before; else empty.
    """

    completed: Sequence[Any] = ()

    def __init__(self, message: str, *, status: int | None = None, code: str | None = None, endpoint: str = "") -> None:
        # Names from outside stand in it, and a line break would forge a line of a log.
        message = one_line(str(message))
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.endpoint = endpoint

    def __str__(self) -> str:
        where = [str(part) for part in (self.endpoint, self.status, self.code) if part]
        return f"{self.message} ({one_line(', '.join(where))})" if where else self.message

    def with_completed(self, results: Sequence[Any]) -> Self:
        """Return the same error with the results of the batches that were answered before it."""
        error = copy.copy(self)
        error.completed = tuple(results)
        return error.with_traceback(self.__traceback__)


class TransientError(BiginError):
    """Try again later. `retry_after` is in seconds, None where nobody can say."""

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        endpoint: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, status=status, code=code, endpoint=endpoint)
        self.retry_after = retry_after


class NetworkError(TransientError):
    """No answer came: refused, timed out, cut off. The request may have been carried out all the same."""


class RateLimitError(TransientError):
    """A rate limit of the product or of its accounts server is reached."""


class ServerError(TransientError):
    """The product failed to answer (5xx)."""


class TokenPendingError(TransientError):
    """Somebody else is asking for the token and has not finished; `retry_after` says when to look again."""


class AuthorizationError(BiginError):
    """A person must act: stop, mark the connection, tell the admin."""


class GrantTokenError(AuthorizationError):
    """The one-use code is expired, used, or of another client or data center: make a new one."""


class RefreshTokenError(AuthorizationError):
    """The grant is gone (revoked, or evicted by a newer one): authorize again."""


class AccessTokenError(AuthorizationError):
    """The product refuses the access token."""


class ClientCredentialsError(AuthorizationError):
    """The accounts server does not accept the client: compare id, secret, data center and redirect URI."""


class OtherOrganizationError(AuthorizationError):
    """A reconnect came back with another organization than the connection's: choose that one at Zoho."""


class CallbackRefusedError(AuthorizationError):
    """A callback that belongs to no authorization of this browser: start again. `code` says which check failed."""


class ConnectionNotReadyError(AuthorizationError):
    """The connection is pending, paused or disconnected: nothing may be called until a person changes that."""


class ScopeError(AuthorizationError):
    """The grant lacks a scope; a refresh cannot add one, a new authorization can."""


class RequestError(BiginError):
    """Our request is wrong; sending it again gives the same answer."""


class RecordNotFoundError(RequestError):
    """No such record, or it was deleted."""


class InvalidDataError(RequestError):
    """The product does not take the data that was sent."""


class ModuleNotAvailableError(RequestError):
    """The module does not exist, or this plan or profile does not give it."""


class PageTokenError(RequestError):
    """The page token expired or is bound to another request: start the list again."""


class PaginationLimitError(RequestError):
    """Pages, or page tokens, reach no further in this list; what lies beyond needs another way."""


class ResponseError(BiginError):
    """The answer cannot be read: not JSON, or a key is missing."""


class SyncError(BiginError):
    """The sync engine's own: an answer that would make the mirror wrong, such as a page token that comes twice."""


class LeaseLostError(SyncError):
    """Another process works on the module now; what this one holds in hand is not stored."""


class ForeignDatabaseError(BiginError):
    """The database belongs to another installation, so nothing may be sent to Zoho from here: adopt it first."""


class EncryptionError(BiginError):
    """A stored secret does not decrypt with the configured keys, or no key is configured. It is never saved over."""


class DamagedSecretError(EncryptionError):
    """A stored secret was changed, or moved from another row or tenant: no key of ours can read it."""

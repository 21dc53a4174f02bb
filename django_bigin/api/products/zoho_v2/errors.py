"""The refusals of the API that Bigin and Zoho CRM share."""

from __future__ import annotations

from typing import Any

from ....exceptions import (
    AccessTokenError,
    AuthorizationError,
    InvalidDataError,
    ModuleNotAvailableError,
    PageTokenError,
    PaginationLimitError,
    RateLimitError,
    RequestError,
    ResponseError,
    ScopeError,
    ServerError,
)
from ....text import sentence as _
from ...calls import Answer
from ..refusals import ErrorRow, ErrorTable, Refusal

_PERMISSION_CODES = ("NO_PERMISSION", "AUTHORIZATION_FAILED", "FEATURE_NOT_SUPPORTED", "NOT_SUPPORTED")
_WRITE_STATUSES = (200, 201, 202, 207, 400)
_TOKEN_REFUSED = _("%(product)s refuses the access token: refresh it, or authorize again.")
_PAGE_TOKEN_REFUSED = _("The page token expired, or belongs to another request: start the list again.")

_MODULE_MISSING = _(
    "%(product)s does not have %(which)s for this connection: the plan or the API name does not fit; "
    "switch the module off."
)

ROWS = (
    ErrorRow(
        ServerError,
        _("%(product)s failed to answer; try again later."),
        statuses=range(500, 1000),
        whatever_code=True,
    ),
    ErrorRow(
        RateLimitError,
        _(
            "Rate limit reached: the credits of the last 24 hours, or the calls at one time, are used up; "
            "try again later."
        ),
        codes=("TOO_MANY_REQUESTS",),
        statuses=(429,),
        whatever_code=True,
    ),
    ErrorRow(
        AccessTokenError,
        _TOKEN_REFUSED,
        codes=("INVALID_TOKEN", "AUTHENTICATION_FAILURE", "INVALID_OAUTHTOKEN"),
        statuses=(401,),
        token_in_doubt=True,
    ),
    ErrorRow(
        ScopeError,
        _("The grant lacks the scope %(scope)s, or one that covers it: reconnect with more scopes."),
        codes=("OAUTH_SCOPE_MISMATCH",),
    ),
    ErrorRow(PageTokenError, _PAGE_TOKEN_REFUSED, codes=("EXPIRED_VALUE", "TOKEN_BOUND_DATA_MISMATCH")),
    ErrorRow(PageTokenError, _PAGE_TOKEN_REFUSED, codes=("INVALID_DATA",), detail="page_token"),
    ErrorRow(
        PaginationLimitError,
        _("Pages by number end at %(limit)s records: go on by page token, or read the rest by bulk read."),
        codes=("DISCRETE_PAGINATION_LIMIT_EXCEEDED",),
        limit=2_000,
    ),
    ErrorRow(
        PaginationLimitError,
        _("Page tokens end at %(limit)s records: read the module in parts, or by bulk read."),
        codes=("PAGINATION_LIMIT_EXCEEDED",),
        limit=100_000,
    ),
    ErrorRow(
        ModuleNotAvailableError,
        _MODULE_MISSING,
        codes=("INVALID_MODULE",),
    ),
    ErrorRow(
        ModuleNotAvailableError,
        _MODULE_MISSING,
        codes=("INVALID_URL_PATTERN",),
        statuses=(404,),
        of_module=True,
    ),
    ErrorRow(
        ModuleNotAvailableError,
        _(
            "This connection may not use %(which)s: the plan or the Zoho user's profile does not allow it; "
            "give the profile the right in %(product)s, or switch the module off."
        ),
        codes=_PERMISSION_CODES,
        statuses=(403,),
        of_module=True,
    ),
    ErrorRow(
        AuthorizationError,
        _(
            "The Zoho user behind the connection lacks a right: give the user's profile the right in %(product)s, "
            "or connect as an administrator."
        ),
        codes=_PERMISSION_CODES,
        statuses=(403,),
        of_module=False,
    ),
    ErrorRow(
        InvalidDataError,
        _("%(product)s does not take the data of the request (%(reason)s): correct it."),
        codes=("INVALID_DATA", "MANDATORY_NOT_FOUND", "DUPLICATE_DATA"),
    ),
    # A broken Authorization header has been seen to give this; most often it is a wrong parameter.
    ErrorRow(
        RequestError,
        _("%(product)s refused the request (%(reason)s)."),
        codes=("INVALID_REQUEST",),
        says="oauth",
        token_in_doubt=True,
    ),
)

GARBLED = ErrorRow(
    ResponseError,
    _(
        "%(product)s answered with something other than JSON: the Zoho user may have no %(product)s organization, "
        "or a proxy stands in between; open %(product)s once as that user, then try again."
    ),
)


def read_refusal(body: Any) -> Refusal:
    """Read `{"code", "message", "details", "status": "error"}`."""
    if not isinstance(body, dict):
        return Refusal()
    code, details = body.get("code"), body.get("details")
    details = details if isinstance(details, dict) else {}
    return Refusal(
        code=code if isinstance(code, str) and code else None,
        message=str(body.get("message") or ""),
        name=str(details.get("api_name") or details.get("param_name") or ""),
        details=details,
        whole=body.get("status") == "error" and isinstance(code, str),
    )


def answers_by_row(answer: Answer) -> bool:
    """Tell whether an answer to a write holds a result for each row: a refused row comes under any of these."""
    return answer.status in _WRITE_STATUSES and isinstance(answer.body, dict) and "data" in answer.body


ERRORS = ErrorTable(ROWS, read=read_refusal, by_row=answers_by_row, garbled=GARBLED)

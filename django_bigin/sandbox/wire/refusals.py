"""Refusals of the REST API: status and body as Bigin words them.

Source: api-records section 15: bigin.com's status-codes page, live bodies of 2026-09, CRM's tables where Bigin's end.
"""

from __future__ import annotations

from typing import Any

# code -> (HTTP status, message). Where sources give two statuses the one here is the default.
CODES: dict[str, tuple[int, str]] = {
    "INVALID_TOKEN": (401, "invalid oauth token"),
    "AUTHENTICATION_FAILURE": (401, "Authentication failed"),
    "OAUTH_SCOPE_MISMATCH": (401, "invalid oauth scope to access this URL"),
    "INVALID_REQUEST": (400, "unable to process your request. please verify the request method and parameters"),
    "NO_PERMISSION": (403, "permission denied"),
    "INVALID_MODULE": (400, "the module name given seems to be invalid"),
    "INVALID_URL_PATTERN": (404, "Please check if the URL trying to access is a correct one"),
    "INVALID_REQUEST_METHOD": (400, "The http request method type is not a valid one"),
    "REQUIRED_PARAM_MISSING": (400, "One of the expected parameter is missing"),
    "INVALID_DATA": (400, "invalid data"),
    "MANDATORY_NOT_FOUND": (400, "required field not found"),
    "DUPLICATE_DATA": (400, "duplicate data"),
    "MAPPING_MISMATCH": (400, "the pipeline doesn't contain the given stage"),
    "LIMIT_EXCEEDED": (400, "Max field limit exceeded"),
    "DISCRETE_PAGINATION_LIMIT_EXCEEDED": (
        400,
        "You can get only the first 2000 records without using page_token param",
    ),
    "PAGINATION_LIMIT_EXCEEDED": (400, "You can get only up to first 100000 records using page_token param"),
    "TOKEN_BOUND_DATA_MISMATCH": (400, "the page_token is invalid or an input param was added, altered or deleted"),
    "SYNTAX_ERROR": (400, "error occured while parsing the query"),
    "INVALID_QUERY": (400, "invalid query formed"),
    "EXPIRED_VALUE": (400, "Page token expired"),
    "AMBIGUITY_DURING_PROCESSING": (400, "ambiguity while processing the request"),
    "TOO_MANY_REQUESTS": (429, "Too many requests fired. Please try after some time"),
    "RESOURCE_NOT_FOUND": (404, "The requested resource doesn't exist."),
    "MEDIA_TYPE_NOT_SUPPORTED": (415, "the media type is not supported"),
    "REQUEST_ENTITY_TOO_LARGE": (413, "the request entity is too large"),
    "INTERNAL_ERROR": (500, "Internal server error occurred."),
}


def error_body(code: str, message: str | None = None, details: dict[str, Any] | None = None) -> dict[str, Any]:
    """Build the four keys that every refusal has, of a whole request or of one row."""
    return {"code": code, "details": details or {}, "message": message or CODES[code][1], "status": "error"}


class Refusal(Exception):
    """A refusal of the whole request; operations raise it, and their server answers with it."""

    def __init__(self, status: int, body: dict[str, Any], *, outcome: str) -> None:
        super().__init__(outcome)
        self.status = status
        self.body = body
        self.outcome = outcome


def refuse(
    code: str, message: str | None = None, *, details: dict[str, Any] | None = None, status: int | None = None
) -> Refusal:
    """Build the API's refusal of a whole request."""
    return Refusal(status or CODES[code][0], error_body(code, message, details), outcome=code)


class RowRefusal(Exception):
    """A refusal of one row of a write; the others go on."""

    def __init__(self, code: str, message: str | None = None, **details: Any) -> None:
        super().__init__(code)
        self.body = error_body(code, message, details)

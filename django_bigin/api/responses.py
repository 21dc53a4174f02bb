"""Pure functions: what came back from Bigin, read into a page, a result for each row, or an error."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from ..exceptions import (
    AccessTokenError,
    AuthorizationError,
    BiginError,
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

Json = dict[str, Any]

# The largest id that a 64-bit column takes has 19 digits, as have Bigin's.
_LARGEST_ID = 2**63 - 1


class Unreadable:
    """Stands for a body that is not JSON: HTML, cut off, or not text at all."""


@dataclass(frozen=True)
class MalformedRow:
    """A row that cannot be a record, and why in one sentence."""

    raw: Any
    reason: str


@dataclass(frozen=True)
class Page:
    """One answer to a list call.

    Attributes:
        records: as Bigin sends them, each with an `id` of digits, as a string.
        more_records: Bigin says so; where it does not, a token or a full page does.
        answered_at: Bigin's `Date` of the answer, aware, in UTC.
        malformed: rows without a usable `id`; nothing of a page is thrown away.
    """

    records: list[Json]
    more_records: bool
    next_page_token: str | None
    page_token_expires_at: datetime | None
    answered_at: datetime
    info: Json = field(default_factory=dict)
    malformed: tuple[MalformedRow, ...] = ()

    @property
    def sorted_by(self) -> tuple[str, str] | None:
        """Field and order ("asc" or "desc") that Bigin says it sorted by; None where it does not say."""
        by, order = self.info.get("sort_by"), self.info.get("sort_order")
        return (by, order.lower()) if isinstance(by, str) and isinstance(order, str) else None


@dataclass(frozen=True)
class RowResult:
    """What became of one row of a write.

    Attributes:
        code, message: Bigin's own words.
        id: of the record written; of the record already there for DUPLICATE_DATA, where Bigin tells it.
        action: "insert" or "update" after an upsert.
        duplicate_field: the field by which an upsert found its record.
    """

    ok: bool
    code: str
    message: str
    id: str | None = None
    action: str | None = None
    duplicate_field: str | None = None
    details: Json = field(default_factory=dict)

    @property
    def explanation(self) -> str:
        """One sentence for a person: what is wrong with the row and what to do."""
        if self.ok:
            return "The row was written."
        name = shown(self.details.get("api_name") or self.details.get("param_name") or "")
        sentence = _ROW_SENTENCES.get(self.code, "Bigin refused the row: {message}.")
        return sentence.format(
            field=f"field {name}" if name else "row",
            message=shown(self.message).rstrip(".") or shown(self.code) or "no reason given",
        )


_ROW_SENTENCES = {
    "INVALID_DATA": "Bigin does not take the value of the {field} ({message}): compare its type and length, or the id.",
    "MANDATORY_NOT_FOUND": "The {field} must not be empty: give it a value.",
    "DUPLICATE_DATA": "Another record has the same value in the {field}: update that one instead.",
    "MAPPING_MISMATCH": "The {field} does not fit the team pipeline: choose a stage of that pipeline.",
}


@dataclass(frozen=True)
class Module:
    """One module as `settings/modules` tells it."""

    api_name: str
    singular_label: str
    plural_label: str
    api_supported: bool
    viewable: bool
    generated_type: str | None
    parent_module: str | None
    modified_at: datetime | None
    raw: Json = field(default_factory=dict, repr=False)

    @property
    def readable(self) -> bool:
        """Whether records of it can be listed."""
        return self.api_supported and self.viewable


@dataclass(frozen=True)
class Field:
    """One field as `settings/fields` tells it."""

    api_name: str
    label: str
    data_type: str
    json_type: str | None
    length: int | None
    display_field: bool
    read_only: bool
    unique: bool
    custom: bool
    lookup_module: str | None
    raw: Json = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Organization:
    """The organization behind a grant. `org_id` is what Bigin calls zgid."""

    org_id: str
    company_name: str
    time_zone: str | None
    paid: bool
    users_licensed: int
    raw: Json = field(default_factory=dict, repr=False)


# -- reading ---------------------------------------------------------------------------------------------------------


def read_json(content: bytes) -> Any:
    """Parse a body: None where it is empty, `Unreadable()` where it is not JSON. Whole numbers stay exact."""
    if not content.strip():
        return None
    try:
        return json.loads(content, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return Unreadable()


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def read_id(value: Any) -> str | None:
    """Read an id exactly, from a string of digits or a whole number; None where it is neither."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or re.fullmatch(r"[1-9][0-9]{0,18}", value) is None or int(value) > _LARGEST_ID:
        return None
    return value


def read_date_header(value: str | None) -> datetime | None:
    """Read a `Date` header as an aware moment in UTC; None where it is missing, or of another age.

    Watermarks are made of it: one of the year 9999 would hide every later change.
    """
    try:
        moment = parsedate_to_datetime(value) if value else None
    except (ValueError, TypeError, IndexError):
        return None
    if moment is None or not 2000 <= moment.year < 2200:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def read_moment(value: Any) -> datetime | None:
    """Read one of Bigin's moments (ISO-8601 with an offset) into UTC; None where it is not one."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        return moment.astimezone(UTC) if moment is not None and moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def read_page(
    status: int,
    body: Any,
    *,
    answered_at: datetime,
    key: str = "data",
    per_page: int = 200,
    endpoint: str = "",
) -> Page:
    """Read the answer to a list call; 204, which has no body, is an empty page.

    Args:
        key: where the rows stand: "data", or "users".

    Raises:
        ResponseError: it is not a list answer.
    """
    if status == 204:
        return Page([], more_records=False, next_page_token=None, page_token_expires_at=None, answered_at=answered_at)
    rows = read_rows(body, key, status=status, endpoint=endpoint)
    info = body.get("info")
    info = info if isinstance(info, dict) else {}
    records, malformed = [], []
    for row in rows:
        identity = read_id(row.get("id")) if isinstance(row, dict) else None
        if identity is None:
            malformed.append(MalformedRow(row, _malformed_reason(row)))
        else:
            records.append({**row, "id": identity})
    token = info.get("next_page_token")
    token = token if isinstance(token, str) and token else None
    more = info.get("more_records")
    return Page(
        records=records,
        more_records=more if isinstance(more, bool) else token is not None or len(rows) >= per_page,
        next_page_token=token,
        page_token_expires_at=read_moment(info.get("page_token_expiry")),
        answered_at=answered_at,
        info=info,
        malformed=tuple(malformed),
    )


def _malformed_reason(row: Any) -> str:
    if not isinstance(row, dict):
        return "The row is not an object."
    if row.get("id") in (None, ""):
        return "The row has no id."
    return "The id of the row is not a whole number of up to 19 digits."


def read_rows(body: Any, key: str, *, status: int | None = None, endpoint: str = "") -> list[Any]:
    """Read the list under a key.

    Raises:
        ResponseError: there is none.
    """
    rows = body.get(key) if isinstance(body, dict) else None
    if not isinstance(rows, list):
        raise ResponseError(
            f'Bigin\'s answer holds no list "{key}", so it cannot be read; try again, and report it if it stays so.',
            status=status,
            endpoint=endpoint,
        )
    return rows


def read_row_results(
    body: Any, *, expected: int, ids: Sequence[str] | None = None, status: int | None = None, endpoint: str = ""
) -> list[RowResult]:
    """Read a result for each row of a write, in the order of the request.

    A refused row comes under 200, 201, 202, 207 or 400 alike, so each is judged by itself.

    Args:
        expected: how many rows were sent.
        ids: the ids that were sent, in order (update and delete).

    Raises:
        ResponseError: a result is missing, unreadable, or of a record that was not sent.
    """
    entries = read_rows(body, "data", status=status, endpoint=endpoint)
    if len(entries) != expected or not all(isinstance(entry, dict) for entry in entries):
        raise ResponseError(
            f"Bigin's answer does not hold one readable result for each of {expected} rows, so it is not known which "
            "were written: read them before writing again.",
            status=status,
            endpoint=endpoint,
        )
    results = [_read_row_result(entry) for entry in entries]
    if ids is None or all(result.id in (None, sent) for result, sent in zip(results, ids, strict=True)):
        return results
    by_id = {result.id: result for result in results}
    if set(by_id) != set(ids):
        raise ResponseError(
            "Bigin answered for other records than were sent, so it is not known which were written: "
            "read them before writing again.",
            status=status,
            endpoint=endpoint,
        )
    return [by_id[sent] for sent in ids]


def _read_row_result(entry: Json) -> RowResult:
    code, status = entry.get("code"), entry.get("status")
    details = entry.get("details")
    details = details if isinstance(details, dict) else {}
    ok = status.lower() == "success" if isinstance(status, str) else code == "SUCCESS"
    identity = details.get("id")
    if identity is None and isinstance(details.get("duplicate_record"), dict):
        # Newer CRM answers name the clashing record one level deeper.
        identity = details["duplicate_record"].get("id")
    action, duplicate_field = entry.get("action"), entry.get("duplicate_field")
    return RowResult(
        ok=ok,
        code=str(code or ("SUCCESS" if ok else "")),
        message=str(entry.get("message") or ""),
        id=read_id(identity),
        action=action if isinstance(action, str) else None,
        duplicate_field=duplicate_field if isinstance(duplicate_field, str) else None,
        details=details,
    )


def read_module(entry: Mapping[str, Any]) -> Module:
    """Read one entry of `settings/modules`; what is not said is taken as usable."""
    api_name = str(entry.get("api_name") or "")
    parent = entry.get("parent_module")
    return Module(
        api_name=api_name,
        singular_label=str(entry.get("singular_label") or api_name),
        plural_label=str(entry.get("plural_label") or api_name),
        api_supported=entry.get("api_supported") is not False,
        viewable=entry.get("viewable") is not False,
        generated_type=_text(entry.get("generated_type")),
        parent_module=_text(parent.get("api_name")) if isinstance(parent, dict) else None,
        modified_at=read_moment(entry.get("modified_time")),
        raw=dict(entry),
    )


def read_field(entry: Mapping[str, Any]) -> Field:
    """Read one entry of `settings/fields`."""
    api_name = str(entry.get("api_name") or "")
    length = entry.get("length")
    return Field(
        api_name=api_name,
        label=str(entry.get("field_label") or entry.get("display_label") or api_name),
        data_type=str(entry.get("data_type") or "text"),
        json_type=_text(entry.get("json_type")),
        length=length if isinstance(length, int) and not isinstance(length, bool) else None,
        display_field=entry.get("display_field") is True,
        read_only=entry.get("read_only") is True or entry.get("field_read_only") is True,
        # {} means not unique, {"casesensitive": "0"} unique.
        unique=bool(entry.get("unique")),
        custom=entry.get("custom_field") is True,
        lookup_module=_linked_module(entry.get("lookup")),
        raw=dict(entry),
    )


def _linked_module(lookup: Any) -> str | None:
    target = lookup.get("module") if isinstance(lookup, dict) else None
    name = _text(target.get("api_name")) if isinstance(target, dict) else None
    # Links to a record of any module say this, as Zoho's own SDK knows it.
    return None if name == "se_module" else name


def read_organization(entry: Mapping[str, Any]) -> Organization:
    """Read the entry of `org`.

    Raises:
        ResponseError: it names no organization.
    """
    org_id = read_id(entry.get("zgid"))
    if org_id is None:
        raise ResponseError("Bigin's answer names no organization (zgid); try again, and report it if it stays so.")
    license_details = entry.get("license_details")
    license_details = license_details if isinstance(license_details, dict) else {}
    users = license_details.get("users_license_purchased")
    return Organization(
        org_id=org_id,
        company_name=str(entry.get("company_name") or ""),
        time_zone=_text(entry.get("time_zone")),
        paid=license_details.get("paid") is True,
        users_licensed=users if isinstance(users, int) and not isinstance(users, bool) else 0,
        raw=dict(entry),
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


# -- errors ----------------------------------------------------------------------------------------------------------

_ACCESS_TOKEN_CODES = ("INVALID_TOKEN", "AUTHENTICATION_FAILURE", "INVALID_OAUTHTOKEN")
_PAGE_TOKEN_CODES = ("EXPIRED_VALUE", "TOKEN_BOUND_DATA_MISMATCH")
_PAGINATION_SENTENCES = {
    "DISCRETE_PAGINATION_LIMIT_EXCEEDED": (
        "Pages by number end at {limit} records: go on by page token where Bigin gave one, "
        "or read the rest by bulk read."
    ),
    "PAGINATION_LIMIT_EXCEEDED": (
        "A walk by page tokens ends at {limit} records; read the module in parts, or by bulk read."
    ),
}
_PERMISSION_CODES = ("NO_PERMISSION", "AUTHORIZATION_FAILED", "FEATURE_NOT_SUPPORTED", "NOT_SUPPORTED")


def is_refusal(body: Any) -> bool:
    """Tell whether a body refuses the whole request, which can come under a 2xx as well."""
    return isinstance(body, dict) and body.get("status") == "error" and isinstance(body.get("code"), str)


def error_for(
    status: int,
    body: Any,
    *,
    endpoint: str = "",
    module: str | None = None,
    scope: str | None = None,
    retry_after: float | None = None,
) -> BiginError:
    """Classify a refused request: by its code first, by its status only where there is none.

    Args:
        module: whose records were asked for, None where it was something else.
        scope: what the call needs, such as "ZohoBigin.modules.contacts.READ".
    """
    body = {} if body is None else body
    code = body.get("code") if isinstance(body, dict) else None
    code = shown(code) if isinstance(code, str) and code else None
    where: dict[str, Any] = {"status": status, "code": code, "endpoint": endpoint}
    if status >= 500:
        return ServerError("Bigin failed to answer; try again later.", **where)
    if status == 429 or code == "TOO_MANY_REQUESTS":
        return RateLimitError(
            "Bigin asks for fewer calls: the credits of the last 24 hours or the calls at one time are used up.",
            retry_after=retry_after,
            **where,
        )
    if isinstance(body, Unreadable):
        return _unreadable_error(status, module, where)
    details, message = _details_and_message(body)
    if code in _ACCESS_TOKEN_CODES:
        return AccessTokenError("Bigin refuses the access token: refresh it, or authorize again.", **where)
    if code == "OAUTH_SCOPE_MISMATCH":
        needed = f"the scope {scope}, or one that covers it" if scope else "a scope that this call needs"
        return ScopeError(f"The grant lacks {needed}: reconnect with more scopes.", **where)
    if code in _PAGE_TOKEN_CODES or (code == "INVALID_DATA" and "page_token" in details.values()):
        return PageTokenError("The page token expired, or belongs to another request: start the walk again.", **where)
    if code in _PAGINATION_SENTENCES:
        limit = details.get("limit")
        default = 2_000 if code.startswith("DISCRETE") else 100_000
        limit = limit if isinstance(limit, int) else default
        return PaginationLimitError(_PAGINATION_SENTENCES[code].format(limit=f"{limit:,}"), **where)
    return _request_error(status, code, details, message, module, where)


def _request_error(
    status: int, code: str | None, details: Json, message: str, module: str | None, where: Json
) -> BiginError:
    if code == "INVALID_MODULE" or (module and (code == "INVALID_URL_PATTERN" or (status == 404 and code is None))):
        return ModuleNotAvailableError(
            f"Bigin does not have {f'the module {module}' if module else 'this module'} for this connection: "
            "the plan or the API name does not fit; switch the module off.",
            **where,
        )
    if code in _PERMISSION_CODES or (status == 403 and code is None):
        if module:
            return ModuleNotAvailableError(
                f"This connection may not use the module {module}: the plan or the Zoho user's profile does not allow "
                "it; give the profile the right in Bigin, or switch the module off.",
                **where,
            )
        return AuthorizationError(
            "The Zoho user behind the connection lacks a right: give the user's profile the right in Bigin, "
            "or connect as an administrator.",
            **where,
        )
    if status == 401 and code is None:
        return AccessTokenError("Bigin refuses the access token: refresh it, or authorize again.", **where)
    name = shown(details.get("api_name") or details.get("param_name") or "")
    if code in ("INVALID_DATA", "MANDATORY_NOT_FOUND", "DUPLICATE_DATA"):
        subject = f"{name}: {message}" if name else message
        return InvalidDataError(f"Bigin does not take the data of the request ({subject}): correct it.", **where)
    reason = ": ".join(part for part in (name, message) if part) or "no reason given"
    return RequestError(f"Bigin refused the request ({reason}).", **where)


def _unreadable_error(status: int, module: str | None, where: Json) -> BiginError:
    if status == 404:
        # Whoever answers 404 says enough, in whatever form.
        return _request_error(status, None, {}, "", module, where)
    return ResponseError(
        "Bigin answered with something other than JSON: the Zoho user may have no Bigin organization, "
        "or a proxy stands in between; open Bigin once as that user, then try again.",
        **where,
    )


def _details_and_message(body: Any) -> tuple[Json, str]:
    details = body.get("details") if isinstance(body, dict) else None
    message = body.get("message") if isinstance(body, dict) else None
    return (details if isinstance(details, dict) else {}), shown(message or "")


def shown(text: Any) -> str:
    """Make foreign text fit for a message: one short line, without anything that has the shape of a token."""
    line = " ".join(str(text).split())
    line = re.sub(r"\b10\d\d\.[0-9A-Za-z]{16,}(?:\.[0-9A-Za-z]+)?", "[hidden]", line)
    return "".join(each for each in line if each.isprintable())[:200]

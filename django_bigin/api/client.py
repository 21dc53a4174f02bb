"""Client: one tenant's authenticated conversation with Bigin's API."""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import requests
from requests.auth import AuthBase

from ..exceptions import (
    AccessTokenError,
    AuthorizationError,
    BiginError,
    InvalidDataError,
    PaginationLimitError,
    RecordNotFoundError,
    RequestError,
    ResponseError,
    SyncError,
)
from .datacenters import DATA_CENTERS, DataCenter
from .products import DEFAULT_PRODUCT, Product
from .responses import (
    Field,
    Json,
    Module,
    Organization,
    Page,
    RowResult,
    Unreadable,
    error_for,
    is_refusal,
    read_date_header,
    read_field,
    read_id,
    read_json,
    read_module,
    read_organization,
    read_page,
    read_row_results,
    read_rows,
)
from .transport import DEFAULT_TIMEOUTS, NETWORK_FAILURES, Timeouts, network_error, new_session

logger = logging.getLogger(__name__)

_WRITE_STATUSES = (200, 201, 202, 207, 400)
Params = list[tuple[str, str]]


class TokenSource(Protocol):
    """Where the client takes its access token from."""

    def current(self) -> str:
        """Give the access token to use."""

    def replace(self, refused: str) -> str:
        """Give another one than this, which Bigin refused; called once a call at most."""


@dataclass(frozen=True)
class ApiCall:
    """One HTTP call that was made. `status` is None where no answer came; the credits may be spent all the same."""

    method: str
    path: str
    module: str | None
    status: int | None
    credits: int
    seconds: float


@dataclass(frozen=True)
class _Answer:
    status: int
    body: Any
    answered_at: datetime
    retry_after: float | None


class Client:
    """Reads and writes one organization's Bigin.

    Safe to build for each piece of work; the session is what is worth keeping.

    Args:
        tokens: gives the access token, and another one when Bigin refuses it.
        session: from `transport.new_session`; one a worker, shared by its clients.
        on_call: told of every HTTP call when it is over; it must not raise.
        now: the clock for answers without a `Date`, in UTC.
    """

    def __init__(
        self,
        data_center: DataCenter,
        tokens: TokenSource,
        *,
        session: requests.Session | None = None,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        on_call: Callable[[ApiCall], None] | None = None,
        product: Product = DEFAULT_PRODUCT,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        if DATA_CENTERS.get(data_center.code) != data_center:
            raise ValueError(f"The data center {data_center.code!r} is not one of the table.")
        self.data_center = data_center
        self.product = product
        self._tokens = tokens
        self._session = session or new_session()
        self._timeouts = timeouts
        self._on_call = on_call
        self._now = now

    def __repr__(self) -> str:
        return f"<Client {self.product.name} {self.data_center.code}>"

    # -- reading records -----------------------------------------------------------------------------------------------

    def fetch_page(
        self,
        module: str,
        *,
        fields: Sequence[str],
        page: int | None = None,
        page_token: str | None = None,
        per_page: int = 200,
        sort_by: str | None = None,
        sort_order: str | None = None,
    ) -> Page:
        """Fetch one page of a module; an empty module gives an empty page.

        Args:
            fields: 1 to 50 API names. Unknown ones are left out of the rows without an error.
            page: from 1; reaches the first 2,000 records only.
            page_token: from the page before, instead of `page`, with all else as it was.

        Raises:
            PageTokenError: the token expired or belongs to another request.
            PaginationLimitError: beyond what pages, or page tokens, can reach.
        """
        if page is not None and page_token is not None:
            raise ValueError("Give page or page_token, not both.")
        limits = self.product.limits
        if not 1 <= len(fields) <= limits.fields_per_call:
            raise ValueError(f"A page takes 1 to {limits.fields_per_call} fields; {len(fields)} were given.")
        if not 1 <= per_page <= limits.page_size:
            raise ValueError(f"per_page goes from 1 to {limits.page_size}; {per_page} was given.")
        # A page token is bound to every other parameter, so they are built in one way only.
        params: Params = [("fields", ",".join(fields)), ("per_page", str(per_page))]
        if sort_by is not None:
            params.append(("sort_by", sort_by))
        if sort_order is not None:
            params.append(("sort_order", sort_order))
        if page_token is not None:
            params.append(("page_token", page_token))
        elif page is not None:
            params.append(("page", str(page)))
        return self._fetch_list(_module_name(module), module=module, params=params, per_page=per_page)

    def iter_pages(
        self,
        module: str,
        *,
        fields: Sequence[str],
        sort_by: str | None = None,
        sort_order: str | None = None,
        page_token: str | None = None,
    ) -> Iterator[Page]:
        """Walk a module page by page, by page token as soon as Bigin gives one.

        Args:
            page_token: where to go on with a walk that was cut off, with all else as it was.

        Raises:
            SyncError: a page token, or the same page, came twice.
        """

        def fetch(page: int | None, token: str | None) -> Page:
            return self.fetch_page(
                module, fields=fields, page=page, page_token=token, sort_by=sort_by, sort_order=sort_order
            )

        return _walk(fetch, module, page_token=page_token)

    def fetch_record(
        self, module: str, record_id: str | int, *, fields: Sequence[str] | None = None
    ) -> tuple[Json, datetime]:
        """Fetch one record, and the moment of Bigin's answer.

        Raises:
            RecordNotFoundError: there is none with this id, or it was deleted.
        """
        identity = _record_id(record_id)
        path = self.product.path(_module_name(module), identity)
        params: Params = [("fields", ",".join(fields))] if fields else []
        not_found = f"There is no record {identity} in {module}; it was deleted, or the id is of another organization."
        try:
            answer = self._call("GET", path, module=module, params=params)
        except InvalidDataError as error:
            # The id is the only data of this request.
            raise RecordNotFoundError(
                not_found, status=error.status, code=error.code, endpoint=error.endpoint
            ) from error
        page = read_page(answer.status, answer.body, answered_at=answer.answered_at, endpoint=f"GET {path}")
        if not page.records and not page.malformed:
            raise RecordNotFoundError(not_found, status=answer.status, endpoint=f"GET {path}")
        if len(page.records) != 1 or page.records[0]["id"] != identity:
            raise ResponseError(
                f"Bigin answered with something else than the record {identity}; try again.", endpoint=f"GET {path}"
            )
        return page.records[0], answer.answered_at

    def fetch_deleted_page(self, module: str, *, page: int = 1, kind: str = "all") -> Page:
        """Fetch one page of a module's log of deleted records; its rows hold id, `deleted_time` and `type`.

        Args:
            kind: "all", "recycle" or "permanent".
        """
        return self._fetch_deleted_page(module, page, None, kind)

    def iter_deleted_pages(self, module: str, *, kind: str = "all") -> Iterator[Page]:
        """Walk a module's log of deleted records. The order of its rows is not documented."""
        return _walk(lambda page, token: self._fetch_deleted_page(module, page, token, kind), module)

    def count(self, module: str) -> int | None:
        """Ask how many records a module holds; None where Bigin does not answer that."""
        path = self.product.path(_module_name(module), "actions", "count")
        try:
            answer = self._call("GET", path, module=module)
        except RequestError as error:
            if error.status in (400, 404):
                return None
            raise
        number = answer.body.get("count") if isinstance(answer.body, dict) else None
        return number if isinstance(number, int) and not isinstance(number, bool) and number >= 0 else None

    # -- writing records -----------------------------------------------------------------------------------------------

    def create(
        self, module: str, rows: Sequence[Mapping[str, Any]], *, trigger: Sequence[str] | None = None
    ) -> list[RowResult]:
        """Insert rows, a hundred a call, and give a result for each in their order.

        Args:
            trigger: None lets workflows run, [] keeps them still.

        Raises:
            TransientError, ResponseError: it is not known whether the batch in question was written; inserting it again
                may double it. `completed` of the error holds the results of the batches before.
        """
        return self._write("POST", _module_name(module), rows, module=module, trigger=trigger)

    def update(
        self, module: str, rows: Sequence[Mapping[str, Any]], *, trigger: Sequence[str] | None = None
    ) -> list[RowResult]:
        """Update rows by their `id`, a hundred a call, and give a result for each in their order.

        A None clears a field; what a row does not name stays. Raises as `create`.
        """
        ready = [{**row, "id": _record_id(row.get("id"))} for row in rows]
        return self._write("PUT", _module_name(module), ready, module=module, trigger=trigger, has_ids=True)

    def upsert(
        self,
        module: str,
        rows: Sequence[Mapping[str, Any]],
        *,
        duplicate_check_fields: Sequence[str] | None = None,
        trigger: Sequence[str] | None = None,
    ) -> list[RowResult]:
        """Update the records that match by a unique field and insert the others; raises as `create`.

        Args:
            duplicate_check_fields: the unique fields to match by; None takes those that Bigin has by itself.
        """
        extra = {"duplicate_check_fields": list(duplicate_check_fields)} if duplicate_check_fields is not None else {}
        return self._write("POST", f"{_module_name(module)}/upsert", rows, module=module, trigger=trigger, extra=extra)

    def delete(self, module: str, ids: Sequence[str | int], *, trigger: Sequence[str] | None = None) -> list[RowResult]:
        """Move records to Bigin's recycle bin, a hundred a call, with a result for each in their order.

        Deleting a company deletes its contacts with it. Raises as `create`.
        """
        path = self.product.path(_module_name(module))
        results: list[RowResult] = []
        for batch in _batches([_record_id(each) for each in ids], self.product.limits.write_batch):
            params: Params = [("ids", ",".join(batch))]
            if trigger is not None:
                params.append(("wf_trigger", "true" if trigger else "false"))
            results += self._write_batch(results, "DELETE", path, batch, ids=batch, module=module, params=params)
        return results

    # -- metadata, organization, users ---------------------------------------------------------------------------------

    def fetch_modules(self) -> list[Module]:
        """Fetch every module of the organization, those that cannot be read as well."""
        return [read_module(entry) for entry in self._fetch_entries("settings/modules", "modules")]

    def fetch_fields(self, module: str) -> list[Field]:
        """Fetch the fields of a module; `id` is not among them, and every record has it."""
        params: Params = [("module", _module_name(module))]
        return [read_field(entry) for entry in self._fetch_entries("settings/fields", "fields", module, params)]

    def fetch_organization(self) -> Organization:
        """Fetch the organization that the grant belongs to.

        Raises:
            AuthorizationError: the Zoho user has none in Bigin.
        """
        entries = self._fetch_entries("org", "org")
        if not entries:
            raise AuthorizationError(
                "This Zoho user has no organization in Bigin: sign up for Bigin with it, or connect as another user.",
                endpoint=f"GET {self.product.path('org')}",
            )
        return read_organization(entries[0])

    def iter_users(self, *, kind: str = "AllUsers") -> Iterator[Json]:
        """Walk the users of the organization.

        Args:
            kind: as Bigin spells it: AllUsers, ActiveUsers, DeactiveUsers, DeletedUsers, AdminUsers, CurrentUser...
        """
        for page in self.iter_user_pages(kind=kind):
            yield from page.records

    def iter_user_pages(self, *, kind: str = "AllUsers") -> Iterator[Page]:
        """Walk the users of the organization page by page."""

        def fetch(page: int | None, token: str | None) -> Page:
            params: Params = [("type", kind), ("per_page", str(self.product.limits.page_size))]
            params.append(("page_token", token) if token is not None else ("page", str(page)))
            return self._fetch_list("users", module="Users", params=params, key="users")

        return _walk(fetch, "Users")

    # -- the calls -----------------------------------------------------------------------------------------------------

    def _fetch_deleted_page(self, module: str, page: int | None, token: str | None, kind: str) -> Page:
        params: Params = [("type", kind), ("per_page", str(self.product.limits.page_size))]
        params.append(("page_token", token) if token is not None else ("page", str(page)))
        return self._fetch_list(f"{_module_name(module)}/deleted", module=module, params=params)

    def _fetch_list(
        self, name: str, *, module: str, params: Params, key: str = "data", per_page: int | None = None
    ) -> Page:
        path = self.product.path(name)
        answer = self._call("GET", path, module=module, params=params)
        return read_page(
            answer.status,
            answer.body,
            answered_at=answer.answered_at,
            key=key,
            per_page=per_page or self.product.limits.page_size,
            endpoint=f"GET {path}",
        )

    def _fetch_entries(
        self, name: str, key: str, module: str | None = None, params: Params | None = None
    ) -> list[Json]:
        path = self.product.path(name)
        answer = self._call("GET", path, module=module, params=params or [])
        if answer.status == 204:
            return []
        rows = read_rows(answer.body, key, status=answer.status, endpoint=f"GET {path}")
        return [row for row in rows if isinstance(row, dict)]

    def _write(
        self,
        method: str,
        name: str,
        rows: Sequence[Mapping[str, Any]],
        *,
        module: str,
        trigger: Sequence[str] | None,
        extra: Json | None = None,
        has_ids: bool = False,
    ) -> list[RowResult]:
        path = self.product.path(name)
        results: list[RowResult] = []
        for batch in _batches(rows, self.product.limits.write_batch):
            body: Json = {"data": [dict(row) for row in batch], **(extra or {})}
            if trigger is not None:
                body["trigger"] = list(trigger)
            ids = [str(row["id"]) for row in batch] if has_ids else None
            results += self._write_batch(results, method, path, batch, ids=ids, module=module, body=body)
        return results

    def _write_batch(
        self,
        before: list[RowResult],
        method: str,
        path: str,
        batch: Sequence[Any],
        *,
        ids: Sequence[str] | None,
        module: str,
        params: Params | None = None,
        body: Json | None = None,
    ) -> list[RowResult]:
        cost = 1 if method == "DELETE" else self.product.credits.of_write(len(batch))
        endpoint = f"{method} {path}"
        try:
            answer = self._call(method, path, module=module, params=params or [], body=body, cost=cost, writes=True)
            return read_row_results(answer.body, expected=len(batch), ids=ids, status=answer.status, endpoint=endpoint)
        except BiginError as error:
            error.completed = tuple(before)
            raise

    def _call(
        self,
        method: str,
        path: str,
        *,
        module: str | None = None,
        params: Params | None = None,
        body: Json | None = None,
        cost: int = 1,
        writes: bool = False,
    ) -> _Answer:
        """Make one call: with another token once where Bigin refuses the first, a read twice where it is not JSON.

        A write that Bigin answered in any other way is never sent again: it may have been carried out.
        """
        token = self._tokens.current()
        replaced = repeated = False
        while True:
            answer = self._send(
                method, path, token, module=module, params=params or [], body=body, cost=cost, writes=writes
            )
            error = self._error(answer, f"{method} {path}", module, writes=writes)
            if error is None:
                return answer
            if isinstance(error, ResponseError) and not writes and not repeated:
                repeated = True
            elif _refuses_token(error, answer.body) and not replaced:
                replaced = True
                token = self._tokens.replace(token)
            else:
                raise error

    def _error(self, answer: _Answer, endpoint: str, module: str | None, *, writes: bool) -> BiginError | None:
        readable = not isinstance(answer.body, Unreadable)
        if writes and answer.status in _WRITE_STATUSES and isinstance(answer.body, dict) and "data" in answer.body:
            return None
        succeeded = answer.status == 204 or (answer.status in (200, 201, 202, 207) and answer.body is not None)
        if succeeded and readable and not is_refusal(answer.body):
            return None
        if answer.status < 400 and not is_refusal(answer.body):
            if writes:
                return ResponseError(
                    "Bigin's answer cannot be read, so it is not known whether the rows were written: "
                    "read them before writing again.",
                    status=answer.status,
                    endpoint=endpoint,
                )
            # A redirect, "not modified" without being asked, an empty body, HTML.
            answer = _Answer(answer.status, Unreadable(), answer.answered_at, answer.retry_after)
        method, _, path = endpoint.partition(" ")
        return error_for(
            answer.status,
            answer.body,
            endpoint=endpoint,
            module=module,
            scope=self.product.scope_for(method, path),
            retry_after=answer.retry_after,
        )

    def _send(
        self,
        method: str,
        path: str,
        token: str,
        *,
        module: str | None,
        params: Params,
        body: Json | None,
        cost: int,
        writes: bool,
    ) -> _Answer:
        endpoint = f"{method} {path}"
        # Made here: what is wrong with the caller's rows is his TypeError, not a failure of the network.
        data = json.dumps(body, allow_nan=False).encode() if body is not None else None
        auth = _ZohoAuth(token)
        started = time.perf_counter()
        status: int | None = None
        spent = cost
        try:
            response = self._session.request(
                method,
                self.data_center.api_domain + path,
                params=params,
                data=data,
                headers={"Accept": "application/json"} | ({"Content-Type": "application/json"} if data else {}),
                auth=auth,
                timeout=self._timeouts,
            )
            status = response.status_code
            if status == 401:
                # Without a grant that it believes, Bigin cannot tell whose credits to take.
                spent = 0
        except NETWORK_FAILURES as error:
            if isinstance(error, requests.ConnectTimeout):
                spent = 0
            server = f"{self.product.name} in the data center {self.data_center.code}"
            raise network_error(
                error, server=server, endpoint=endpoint, timeouts=self._timeouts, writes=writes
            ) from None
        finally:
            seconds = time.perf_counter() - started
            logger.debug("%s answered %s in %.3f s", endpoint, status, seconds)
            if self._on_call is not None:
                self._on_call(ApiCall(method, path, module, status, spent, seconds))
        return _Answer(
            status=response.status_code,
            body=read_json(response.content),
            answered_at=read_date_header(response.headers.get("Date")) or self._now(),
            retry_after=self._retry_after(response.headers.get("Retry-After")),
        )

    def _retry_after(self, value: str | None) -> float | None:
        if value is None:
            return None
        if re.fullmatch(r"[0-9]{1,6}", value.strip()):
            return float(value)
        moment = read_date_header(value)
        return max(0.0, (moment - self._now()).total_seconds()) if moment is not None else None


class _ZohoAuth(AuthBase):
    """Signs a request. Zoho calls the token "Bearer" and wants another word in front of it."""

    def __init__(self, token: str) -> None:
        if re.fullmatch(r"[!-~]+", token) is None:
            # Sent on, it would be quoted by an error of http.client.
            raise AccessTokenError("The stored access token is not one: refresh it, or authorize again.")
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Zoho-oauthtoken {self._token}"
        return request


def _refuses_token(error: BiginError, body: Any) -> bool:
    """Tell whether another token may help. A missing scope is not such a case: each refresh is one of ten."""
    if isinstance(error, AccessTokenError):
        return True
    # A broken Authorization header has been seen to give this; most often it is a wrong parameter.
    return error.code == "INVALID_REQUEST" and "oauth" in str(body.get("message")).lower()


def _walk(
    fetch: Callable[[int | None, str | None], Page], module: str, *, page_token: str | None = None
) -> Iterator[Page]:
    """Follow pages by number until Bigin gives a token, then by token; never both."""
    number, token = 1, page_token
    seen = {token}
    ids_before: list[str] = []
    repeats = 0
    while True:
        page = fetch(None if token is not None else number, token)
        ids = [record["id"] for record in page.records]
        # Once can happen: a page of new records pushes the page just read to the next number.
        repeats = repeats + 1 if ids and ids == ids_before else 0
        if repeats > 1:
            raise SyncError(f"Bigin gives the same page of {module} again and again: the walk is given up.")
        yield page
        if not page.more_records:
            return
        ids_before = ids
        if page.next_page_token is None and token is not None:
            raise PaginationLimitError(
                f"Bigin says there is more of {module}, but gives no page token to go on with; "
                "start the walk again, or read the rest by bulk read."
            )
        token, number = page.next_page_token, number + 1
        if token is not None and token in seen:
            raise SyncError(f"Bigin gave a page token of {module} twice: the walk is given up; start it again.")
        seen.add(token)


def _batches(rows: Sequence[Any], size: int) -> Iterator[list[Any]]:
    for start in range(0, len(rows), size):
        yield list(rows[start : start + size])


def _module_name(module: str) -> str:
    # It becomes part of a path.
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", module) is None:
        raise ValueError(f"{module[:40]!r} is not the API name of a module, such as Contacts or Pipelines.")
    return module


def _record_id(value: Any) -> str:
    identity = read_id(value)
    if identity is None:
        raise ValueError(f"{str(value)[:40]!r} is not the id of a record: up to 19 digits.")
    return identity

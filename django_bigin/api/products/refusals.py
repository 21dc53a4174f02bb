"""Refusals as a table: which error an answer stands for, by its code first, by its status where it has none."""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass, field, replace
from typing import Any

from ...exceptions import BiginError, RequestError, ResponseError, TransientError
from ...text import sentence as _
from ..calls import Answer, Call
from ..values import Json, Unreadable, shown


@dataclass(frozen=True)
class Refusal:
    """The words of a body that refuses a call; all of it foreign text.

    Attributes:
        name: of the field or parameter that it is about.
        whole: it refuses the whole call, which can come under a 2xx as well.
    """

    code: str | None = None
    message: str = ""
    name: str = ""
    details: Json = field(default_factory=dict)
    whole: bool = False


@dataclass(frozen=True)
class ErrorRow:
    """One line of a table of errors.

    Attributes:
        sentence: what happened and what to do, with the parts product, which (module), scope, limit and reason.
        codes: the product's words that it stands for.
        statuses: HTTP statuses that it stands for, where the body holds no code.
        whatever_code: the statuses count whatever the code is.
        of_module: only for calls about a module (True), or about something else (False).
        detail: only where the details hold this value.
        says: only where the message holds this word.
        limit: the number for `limit` where the details hold none.
        token_in_doubt: another access token may help all the same.
    """

    error: type[BiginError]
    sentence: str
    codes: tuple[str, ...] = ()
    statuses: Container[int] = ()
    whatever_code: bool = False
    of_module: bool | None = None
    detail: str = ""
    says: str = ""
    limit: int = 0
    token_in_doubt: bool = False

    def fits(self, status: int, refusal: Refusal, module: str | None) -> bool:
        """Tell whether this is the line for a refusal."""
        by_status = status in self.statuses and (self.whatever_code or refusal.code is None)
        return (
            (by_status or refusal.code in self.codes)
            and self.of_module in (None, bool(module))
            and (not self.detail or self.detail in refusal.details.values())
            and self.says in refusal.message.lower()
        )

    def error_for(self, call: Call[Any], answer: Answer, refusal: Refusal) -> BiginError:
        """Build the error."""
        limit = refusal.details.get("limit")
        reason = ": ".join(part for part in (refusal.name, refusal.message) if part)
        parts = {
            "product": call.product,
            "which": _("the module %(module)s", module=call.module) if call.module else _("this module"),
            "scope": call.scope,
            "limit": f"{limit if isinstance(limit, int) else self.limit:,}",
            "reason": reason or _("no reason given"),
        }
        where: dict[str, Any] = {"status": answer.status, "code": refusal.code, "endpoint": call.endpoint}
        if issubclass(self.error, TransientError):
            where["retry_after"] = answer.retry_after
        return self.error(self.sentence % parts, **where)


@dataclass(frozen=True)
class ErrorTable:
    """The errors of one product's API.

    Attributes:
        rows: the first that fits counts; what fits none is a `RequestError`.
        read: reads a body's refusal; its texts are cleaned here.
        by_row: tells an answer that judges each row of a write by itself, whatever its status.
        garbled: the line for an answer that is not JSON, where its status says too little.
        damaged: the line for one that began as JSON.
    """

    rows: tuple[ErrorRow, ...]
    read: Callable[[Any], Refusal]
    by_row: Callable[[Answer], bool]
    garbled: ErrorRow
    damaged: ErrorRow = ErrorRow(
        ResponseError,
        _("%(product)s's answer is no JSON from %(reason)s on: it was cut off or damaged on its way; try again later."),
    )
    otherwise: ErrorRow = ErrorRow(RequestError, _("%(product)s refused the request (%(reason)s)."))

    def find(self, call: Call[Any], answer: Answer) -> BiginError | None:
        """Return the error that an answer stands for; None where the call succeeded."""
        if self._succeeded(call, answer):
            return None
        if answer.status < 400 and not self.read(answer.body).whole:
            if not call.idempotent:
                return ResponseError(
                    _(
                        "%(product)s's answer cannot be read, so it is not known whether the rows were written: read "
                        "them before writing again.",
                        product=call.product,
                    ),
                    status=answer.status,
                    endpoint=call.endpoint,
                )
            # A redirect, "not modified" without being asked, an empty body, HTML.
            answer = answer if isinstance(answer.body, Unreadable) else replace(answer, body=Unreadable())
        row, refusal = self._row_of(call, answer)
        return row.error_for(call, answer, refusal)

    def refuses_token(self, call: Call[Any], answer: Answer) -> bool:
        """Tell whether the call may succeed with another access token; a missing scope is not such a case."""
        if self._succeeded(call, answer):
            return False
        return self._row_of(call, answer)[0].token_in_doubt

    def _succeeded(self, call: Call[Any], answer: Answer) -> bool:
        if not call.idempotent and self.by_row(answer):
            return True
        if answer.status != 204 and (answer.status not in (200, 201, 202, 207) or answer.body is None):
            return False
        return not isinstance(answer.body, Unreadable) and not self.read(answer.body).whole

    def _row_of(self, call: Call[Any], answer: Answer) -> tuple[ErrorRow, Refusal]:
        found = self.read(answer.body)
        refusal = replace(
            found,
            code=shown(found.code) if found.code else None,
            message=shown(found.message),
            name=shown(found.name),
        )
        row = next((row for row in self.rows if row.fits(answer.status, refusal, call.module)), self.otherwise)
        # Whoever answers 404 says enough, in whatever form.
        if isinstance(answer.body, Unreadable) and answer.status != 404 and not row.whatever_code:
            if answer.body.at is None:
                return self.garbled, refusal
            return self.damaged, replace(refusal, message=_("character %(place)s", place=answer.body.at))
        return row, refusal

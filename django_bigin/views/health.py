"""Health for monitors and load balancers: 200 or 503 for everybody, the findings for those who may see them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db import Error
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from ..health.document import as_document
from ..health.examine import examine_all, examine_for
from ..health.findings import Finding
from ..health.kinds import SERVERS_OWN
from .guards import guarded

ANSWER_KEPT_SECONDS = 5.0
"""For so long an answer is given again: anybody may ask, and a judgement costs queries and a question to the broker."""


class _Answers:
    """The last judgement in this process; of requests at once one makes it, and the others wait for that one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._findings: tuple[Finding, ...] = ()
        self._until = 0.0

    def findings(self) -> tuple[Finding, ...]:
        """Return what is wrong with the installation."""
        with self._lock:
            if time.monotonic() >= self._until:
                self._findings = examine_all(count_records=False).installation
                self._until = time.monotonic() + ANSWER_KEPT_SECONDS
            return self._findings


_answers = _Answers()


@login_not_required
@guarded
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """Answer 200 where the installation works, else 503; single connections count for neither.

    With `?ready` only what stops this server itself counts, so that a load balancer does not take all servers out of
    service because beat is down.
    """
    failing = _weigh(_answers.findings(), ready="ready" in request.GET)
    status = HTTPStatus.SERVICE_UNAVAILABLE if failing else HTTPStatus.OK
    return JsonResponse({"status": "failing" if failing else "ok", **_details(request)}, status=status)


def _weigh(findings: Iterable[Finding], *, ready: bool) -> bool:
    return any(not ready or each.kind in SERVERS_OWN for each in findings)


def _details(request: HttpRequest) -> dict[str, Any]:
    """Return the findings that the person may see; nothing where nobody is signed in, or nobody can be looked up."""
    try:
        user = getattr(request, "user", None)
        if user is None or not user.is_authenticated:
            return {}
        seen = examine_for(user)
    except Error:
        return {}
    return {} if seen is None else as_document(seen)

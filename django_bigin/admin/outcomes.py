"""Messages on the outcome of a request, each with a link to its jobs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from ..models import Connection, Job
from ..work.requests import NO_CELERY, RequestOutcome
from .addresses import admin_page

NAMED_AT_MOST = 10


def report_outcome(model_admin: Any, request: HttpRequest, noun: str, outcome: RequestOutcome) -> None:
    """Tell the person what was queued, what waits and what is done.

    Args:
        noun: what was requested, such as "Full sync".
    """

    def say(level: int, sentence: str, about: list[Job], *more: str) -> None:
        names = names_of([job.connection for job in about])
        said = format_html(sentence + " {}", names, *more, _link(model_admin, request, about))
        model_admin.message_user(request, said, level)

    if outcome.queued:
        level = messages.WARNING if outcome.outlook else messages.SUCCESS
        say(level, f"{noun} queued for {{}}. {{}}", outcome.queued, outcome.outlook)
    if outcome.stored:
        level = messages.SUCCESS if outcome.why_stored == NO_CELERY else messages.WARNING
        sentence = f"{noun} stored for {{}}, because {{}}. {{}}"
        say(level, sentence, outcome.stored, outcome.why_stored, outcome.outlook)
    if outcome.queued_before:
        say(messages.INFO, f"{noun} was already queued for {{}}. {{}}", outcome.queued_before, outcome.outlook)
    for (failed, result), about in _by_result(outcome.done).items():
        say(messages.ERROR if failed else messages.SUCCESS, "{}: {}", about, result)
    if outcome.is_open:
        model_admin.message_user(request, f"{noun} will be queued once this is saved.", messages.SUCCESS)


def names_of(connections: Sequence[Connection]) -> str:
    """Name some connections, and count the others."""
    named = ", ".join(str(connection) for connection in connections[:NAMED_AT_MOST])
    more = len(connections) - NAMED_AT_MOST
    return f"{named} and {more} more" if more > 0 else named


def _by_result(done: list[Job]) -> dict[tuple[bool, str], list[Job]]:
    """Group jobs by their result: failed or not, and in which words."""
    results: dict[tuple[bool, str], list[Job]] = {}
    for job in done:
        result = job.error or job.result or "Another process does it now."
        results.setdefault((job.state == Job.State.FAILED, result), []).append(job)
    return results


def _link(model_admin: Any, request: HttpRequest, about: list[Job]) -> SafeString | str:
    """Link to the jobs, for whoever may look at them."""
    job_admin = model_admin.admin_site._registry.get(Job)
    if job_admin is None or not job_admin.has_view_permission(request):
        return ""
    if len(about) == 1:
        address = admin_page(model_admin.admin_site, "django_bigin_job_change", about[0].pk)
        return format_html('<a href="{}">See the job</a>', address)
    batches = {job.batch for job in about}
    query = {"batch": batches.pop()} if len(batches) == 1 else {}
    address = admin_page(model_admin.admin_site, "django_bigin_job_changelist", **query)
    return format_html('<a href="{}">See the jobs</a>', address)

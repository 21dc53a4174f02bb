"""Messages on the outcome of a request, each with a link to its jobs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_noop

from ..models import Connection, Job
from ..translation import LazyText, translated
from ..work.requests import NO_CELERY, RequestOutcome
from .addresses import admin_page

NAMED_AT_MOST = 10
ANOTHER_DOES = gettext_noop("Another process does it now.")


def report_outcome(model_admin: Any, request: HttpRequest, noun: LazyText, outcome: RequestOutcome) -> None:
    """Tell the person what was queued, what waits and what is done.

    Args:
        noun: what was requested, such as "Full sync".
    """

    outlook = translated(outcome.outlook)

    def say(level: int, sentence: str, about: list[Job], **more: str) -> None:
        names, link = names_of([job.connection for job in about]), _link(model_admin, request, about)
        said = format_html(sentence + " {link}", what=noun, names=names, link=link, **more)
        model_admin.message_user(request, said, level)

    if outcome.queued:
        level = messages.WARNING if outcome.outlook else messages.SUCCESS
        say(level, gettext("{what} queued for {names}. {outlook}"), outcome.queued, outlook=outlook)
    if outcome.stored:
        level = messages.SUCCESS if outcome.why_stored == NO_CELERY else messages.WARNING
        sentence = gettext("{what} stored for {names}, because {reason}. {outlook}")
        say(level, sentence, outcome.stored, reason=translated(outcome.why_stored), outlook=outlook)
    if outcome.queued_before:
        sentence = gettext("{what} was already queued for {names}. {outlook}")
        say(messages.INFO, sentence, outcome.queued_before, outlook=outlook)
    for (failed, result), about in _by_result(outcome.done).items():
        say(messages.ERROR if failed else messages.SUCCESS, "{names}: {result}", about, result=translated(result))
    if outcome.is_open:
        sentence = gettext("%(what)s will be queued once this is saved.") % {"what": noun}
        model_admin.message_user(request, sentence, messages.SUCCESS)


def names_of(connections: Sequence[Connection]) -> str:
    """Name some connections, and count the others."""
    named = ", ".join(str(connection) for connection in connections[:NAMED_AT_MOST])
    more = len(connections) - NAMED_AT_MOST
    return gettext("%(names)s and %(number)s more") % {"names": named, "number": more} if more > 0 else named


def _by_result(done: list[Job]) -> dict[tuple[bool, str], list[Job]]:
    """Group jobs by their result: failed or not, and in which words."""
    results: dict[tuple[bool, str], list[Job]] = {}
    for job in done:
        result = job.error or job.result or ANOTHER_DOES
        results.setdefault((job.state == Job.State.FAILED, result), []).append(job)
    return results


def _link(model_admin: Any, request: HttpRequest, about: list[Job]) -> SafeString | str:
    """Link to the jobs, for whoever may look at them."""
    job_admin = model_admin.admin_site._registry.get(Job)
    if job_admin is None or not job_admin.has_view_permission(request):
        return ""
    if len(about) == 1:
        address = admin_page(model_admin.admin_site, "django_bigin_job_change", about[0].pk)
        return format_html('<a href="{}">{}</a>', address, gettext("See the job"))
    batches = {job.batch for job in about}
    query = {"batch": batches.pop()} if len(batches) == 1 else {}
    address = admin_page(model_admin.admin_site, "django_bigin_job_changelist", **query)
    return format_html('<a href="{}">{}</a>', address, gettext("See the jobs"))

"""What people can ask of connections: from the list for several at once, and with buttons on the page of one.

Everything asked for is a `Job`, so that it survives a broker that is down and its result is kept. What needs no network
is done at once; all else is a worker's.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import router, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from .. import tasks
from ..connections import states
from ..models import Connection, Job
from ..models.fields import is_stored
from ..policy import Action
from ..work import jobs
from .access import TenantScoped

AT_MOST = 500  # at once: the tick hands out no more either
NAMED_AT_MOST = 10

Status, Kind = Connection.Status, Job.Kind

WORKING = frozenset(states.WORKING)
PAUSED = frozenset({Status.PAUSED})


@dataclass(frozen=True)
class Wanted:
    """One thing that people can ask for.

    Attributes:
        name: of the action in forms and addresses.
        needs: the permission, Django's and the policy's.
        what: goes on from "Asked for".
        where: the statuses in which it makes sense.
        at_once: needs no network, so no worker.
    """

    name: str
    kind: Job.Kind
    needs: Action
    label: str
    what: str
    where: frozenset[str]
    at_once: bool = False
    asks_first: bool = False

    def fits(self, connection: Connection) -> bool:
        """Whether it makes sense for a connection as it is now."""
        if self.kind == Kind.DISCONNECT and connection.status == Status.DISCONNECTED:
            return is_stored(connection, "refresh_token")  # Zoho could not be told the last time
        return connection.status in self.where


WANTED: Mapping[str, Wanted] = {
    wanted.name: wanted
    for wanted in (
        Wanted("refresh_token_now", Kind.REFRESH, "refresh", "Refresh token now", "a new token", WORKING),
        Wanted("sync_now", Kind.SYNC, "sync", "Sync now", "a sync", WORKING),
        Wanted("full_sync", Kind.FULL_SYNC, "sync", "Full sync", "a full sync", WORKING),
        Wanted("pause", Kind.PAUSE, "pause", "Pause", "a pause", WORKING, at_once=True),
        Wanted(
            "resume", Kind.RESUME, "pause", "Resume", "the end of a pause", frozenset({Status.PAUSED}), at_once=True
        ),
        Wanted(
            "disconnect",
            Kind.DISCONNECT,
            "disconnect",
            "Disconnect (revoke at Zoho)",
            "the end of the access",
            frozenset(Status.values) - {Status.DISCONNECTED},
            asks_first=True,
        ),
    )
}


@dataclass
class Asked:
    """What came of asking, for the person.

    Attributes:
        woken: jobs that a worker was told of.
        stored: jobs that wait for the next tick, because the broker does not answer.
        before: jobs that somebody had asked for already and that are not done.
        done: jobs that were run at once.
    """

    wanted: Wanted
    batch: uuid.UUID = field(default_factory=uuid.uuid4)
    woken: list[Job] = field(default_factory=list)
    stored: list[Job] = field(default_factory=list)
    before: list[Job] = field(default_factory=list)
    done: list[Job] = field(default_factory=list)


def ask_for(wanted: Wanted, connections: Iterable[Connection], *, user: Any) -> Asked:
    """Write a job for each connection, and wake a worker or run it, once it is committed."""
    asked = Asked(wanted)
    with transaction.atomic(using=router.db_for_write(Job)):
        written = [_ask(asked, connection, user) for connection in connections]
    if wanted.at_once:
        asked.done = [_run(job) for job in written]
        return asked
    transaction.on_commit(lambda: _wake(asked, written), using=router.db_for_write(Job))
    return asked


def _ask(asked: Asked, connection: Connection, user: Any) -> Job:
    job = jobs.ask(asked.wanted.kind, connection, user=user, batch=asked.batch)
    job.connection = connection  # it is named in the answer; not to be read again for each
    return job


def _run(job: Job) -> Job:
    done = jobs.run(job.pk)
    if done is None:  # another process was faster
        job.refresh_from_db()
    return done or job


def _wake(asked: Asked, written: list[Job]) -> None:
    """Wake a worker for each. After the first that the broker does not take, the others wait for the tick as well."""
    for job in written:
        if asked.stored or not _is_on_its_way(job):
            asked.stored.append(job)
        else:
            (asked.woken if job.batch == asked.batch else asked.before).append(job)


def _is_on_its_way(job: Job) -> bool:
    if tasks.wake(job):
        return True
    # The broker is down and gave the row back; or a tick was faster.
    job.refresh_from_db(fields=("state", "queued_until"))
    return job.state != Job.State.WAITING or job.queued_until is not None


def _as_action(wanted: Wanted) -> Callable[[Any, HttpRequest, QuerySet[Any]], HttpResponse | None]:
    @admin.action(description=wanted.label, permissions=[wanted.needs])
    def ask(model_admin: Any, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        response: HttpResponse | None = model_admin.ask_selected(request, wanted, queryset)
        return response

    ask.__name__ = wanted.name
    return ask


class Asks(TenantScoped):
    """The actions of a connection's list, the buttons of its page, and the address that the buttons post to."""

    actions = [_as_action(wanted) for wanted in WANTED.values()]

    def has_refresh_permission(self, request: HttpRequest) -> bool:
        return _has_permission(request, "refresh")

    def has_sync_permission(self, request: HttpRequest) -> bool:
        return _has_permission(request, "sync")

    def has_pause_permission(self, request: HttpRequest) -> bool:
        return _has_permission(request, "pause")

    def has_disconnect_permission(self, request: HttpRequest) -> bool:
        return _has_permission(request, "disconnect")

    def get_urls(self) -> list[URLPattern]:
        act = self.admin_site.admin_view(self.act_view)
        return [path("<path:object_id>/act/", act, name="django_bigin_connection_act"), *super().get_urls()]

    # A worker is woken while the request is answered, and must find the job: so no transaction around it.
    @transaction.non_atomic_requests
    def act_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Where the buttons of a connection's page post to."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        connection = self.get_object(request, unquote(object_id))
        if connection is None or not self.has_view_permission(request, connection):
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined, no-any-return]
        wanted = WANTED.get(request.POST.get("action", ""))
        if wanted is None or not self.may_ask(request, wanted, connection):
            raise PermissionDenied
        page = reverse("admin:django_bigin_connection_change", args=[connection.pk])
        if wanted.asks_first and "confirmed" not in request.POST:
            return self._confirmation(request, wanted, [connection], back_to=page)
        self.ask(request, wanted, [connection])
        return HttpResponseRedirect(page)

    def may_ask(self, request: HttpRequest, wanted: Wanted, connection: Connection) -> bool:
        return _has_permission(request, wanted.needs) and self.may(request.user, wanted.needs, connection)

    def buttons(self, request: HttpRequest, connection: Connection) -> list[Wanted]:
        """What the person may ask for that makes sense now."""
        sensible = (wanted for wanted in WANTED.values() if wanted.fits(connection))
        return [wanted for wanted in sensible if self.may_ask(request, wanted, connection)]

    def ask_selected(self, request: HttpRequest, wanted: Wanted, queryset: QuerySet[Any]) -> HttpResponse | None:
        """Ask for the selected ones; show a page first where a person must confirm it."""
        selected = list(queryset.select_related("tenant")[: AT_MOST + 1])
        if len(selected) > AT_MOST:
            self.message_user(request, f"Choose at most {AT_MOST} at once. Nothing was asked for.", messages.ERROR)
            return None
        if wanted.asks_first and "confirmed" not in request.POST:
            allowed = [connection for connection in selected if self._why_not(request, wanted, connection) is None]
            if allowed:
                self._tell_left_out(request, wanted, selected)
                return self._confirmation(request, wanted, allowed, back_to=request.get_full_path())
        self.ask(request, wanted, selected)
        return None

    def ask(self, request: HttpRequest, wanted: Wanted, connections: list[Connection]) -> None:
        """Ask for those that the person may, and that it makes sense for; say what came of each."""
        left_out = self._tell_left_out(request, wanted, connections)
        chosen = [connection for connection in connections if connection.pk not in left_out]
        if chosen:
            self._report(request, ask_for(wanted, chosen, user=request.user))

    def _why_not(self, request: HttpRequest, wanted: Wanted, connection: Connection) -> str | None:
        if not self.may_ask(request, wanted, connection):
            return "you may not do this"
        return None if wanted.fits(connection) else connection.get_status_display().lower()

    def _tell_left_out(self, request: HttpRequest, wanted: Wanted, connections: list[Connection]) -> set[int]:
        left_out = {row: why for row in connections if (why := self._why_not(request, wanted, row)) is not None}
        for reason in dict.fromkeys(left_out.values()):
            names = _names([row for row, why in left_out.items() if why == reason])
            self.message_user(request, f"{wanted.label}: left out {names}: {reason}.", messages.WARNING)
        return {row.pk for row in left_out}

    def _confirmation(
        self, request: HttpRequest, wanted: Wanted, connections: list[Connection], *, back_to: str
    ) -> HttpResponse:
        context = {
            "wanted": wanted,
            "connections": connections,
            "action_checkbox_name": ACTION_CHECKBOX_NAME,
            "back_to": back_to,
        }
        return self.own_page(request, "connection/disconnect_confirmation.html", "Disconnect", context)

    def _report(self, request: HttpRequest, asked: Asked) -> None:
        what = asked.wanted.what
        if asked.woken:
            self._say(request, messages.SUCCESS, f"Asked for {what} for {{}}. A worker does it now.", asked.woken)
        if asked.stored:
            why = "The message broker does not answer, so it is stored, and starts with the next tick."
            self._say(request, messages.WARNING, f"Asked for {what} for {{}}. {why}", asked.stored)
        if asked.before:
            done = "Asked for before, and not done yet:"
            self._say(request, messages.INFO, f"{done} {what} for {{}}.", asked.before)
        for (failed, result), about in _by_result(asked.done).items():
            self._say(request, messages.ERROR if failed else messages.SUCCESS, "{}: {}", about, result)
        if not (asked.woken or asked.stored or asked.before or asked.done):
            self.message_user(request, f"Asked for {what}: it starts once this is saved.", messages.SUCCESS)

    def _say(self, request: HttpRequest, level: int, sentence: str, about: list[Job], *more: str) -> None:
        names = _names([job.connection for job in about])
        said = format_html(sentence + " {}", names, *more, self._link(request, about))
        self.message_user(request, said, level)

    def _link(self, request: HttpRequest, about: list[Job]) -> SafeString | str:
        """Where to follow what was asked for, for whoever may look at jobs."""
        job_admin = self.admin_site._registry.get(Job)
        if job_admin is None or not job_admin.has_view_permission(request):
            return ""
        if len(about) == 1:
            address = reverse("admin:django_bigin_job_change", args=[about[0].pk])
            return format_html('<a href="{}">See the job</a>', address)
        batches = {job.batch for job in about}
        query = f"?batch={batches.pop()}" if len(batches) == 1 else ""
        return format_html('<a href="{}{}">See the jobs</a>', reverse("admin:django_bigin_job_changelist"), query)


def _by_result(done: list[Job]) -> dict[tuple[bool, str], list[Job]]:
    """What came of jobs, failed or not and in which words, and those of which it came."""
    results: dict[tuple[bool, str], list[Job]] = {}
    for job in done:
        result = job.error or job.result or "Another process does it now."
        results.setdefault((job.state == Job.State.FAILED, result), []).append(job)
    return results


def _has_permission(request: HttpRequest, action: Action) -> bool:
    return request.user.has_perm(f"django_bigin.{action}_connection")


def _names(connections: list[Connection]) -> str:
    named = ", ".join(str(connection) for connection in connections[:NAMED_AT_MOST])
    more = len(connections) - NAMED_AT_MOST
    return f"{named} and {more} more" if more > 0 else named

"""Actions on connections in the admin: each a job, reported in words."""

import pytest
from django.db import connections as databases
from django.test import Client
from django.urls import resolve, reverse

from django_bigin import tasks
from django_bigin.admin import actions
from django_bigin.admin.actions import ACTIONS
from django_bigin.models import AuditEvent, Connection, Job
from django_bigin.work import jobs
from django_bigin.work.kinds import JOB
from tests.support.admin_pages import LIST, choose, page_of, press, said, suits
from tests.support.factories import make_connection, make_superuser
from tests.support.mirror import connect
from tests.support.ticking import tick
from tests.support.wakers import woken_by

Status = Connection.Status

# Jobs are handed to workers after commit, so these commit.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("sent")]

FOR_WORKERS = [name for name, spec in ACTIONS.items() if not jobs.SPECS[spec.kind].at_once]
each_action = pytest.mark.parametrize("name", ACTIONS)


class TestRequesting:
    @each_action
    def test_a_press_writes_a_job_by_the_person(self, root, name):
        connection = make_connection(status=suits(name))
        response = press(root, connection, name, confirmed="yes")
        assert response.url == page_of(connection)
        job = Job.objects.get()
        assert (job.kind, job.connection, job.requested_by_name) == (ACTIONS[name].kind, connection, "root")
        assert job.requested_by.username == "root"
        assert str(connection) in said(response)
        assert reverse("admin:django_bigin_job_change", args=[job.pk]) in said(response)

    @pytest.mark.parametrize("name", FOR_WORKERS)
    def test_a_worker_is_woken_once_the_job_is_there(self, root, name):
        seen, connection = [], make_connection()
        with woken_by(lambda kind, row_id: seen.append((kind, Job.objects.get(pk=row_id).kind))):
            response = press(root, connection, name, confirmed="yes")
        assert seen == [(JOB, ACTIONS[name].kind)]
        assert f"{ACTIONS[name].noun} queued for {connection}." in said(response)

    @each_action
    def test_several_are_requested_in_one_batch(self, root, sent, name):
        chosen = [make_connection(status=suits(name)) for _ in range(3)]
        make_connection(status=suits(name))
        response = choose(root, name, *chosen, confirmed="yes")
        assert {job.connection for job in Job.objects.all()} == set(chosen)
        [batch] = set(Job.objects.values_list("batch", flat=True))
        assert all(str(connection) in said(response) for connection in chosen)
        assert f"{reverse('admin:django_bigin_job_changelist')}?batch={batch}" in said(response)
        listed = root.get(reverse("admin:django_bigin_job_changelist"), {"batch": batch})
        assert len(listed.context["cl"].result_list) == 3
        assert len(sent) == (3 if name in FOR_WORKERS else 0)

    def test_pause_and_resume_are_done_at_once_without_a_worker(self, root, sent):
        connection = make_connection()
        assert "Paused." in said(press(root, connection, "pause"))
        connection.refresh_from_db()
        assert connection.status == Status.PAUSED
        assert "Resumed." in said(press(root, connection, "resume"))
        connection.refresh_from_db()
        assert connection.status == Status.HEALTHY
        assert [job.state for job in Job.objects.all()] == [Job.State.DONE] * 2
        assert AuditEvent.objects.filter(actor="root", action__in=("pause", "resume")).count() == 2
        assert not sent

    def test_what_is_unfinished_is_not_queued_twice(self, root):
        connection = make_connection()
        press(root, connection, "sync_now")
        assert f"Sync was already queued for {connection}." in said(press(root, connection, "sync_now"))
        assert Job.objects.count() == 1

    def test_while_the_broker_is_down_it_is_stored_and_the_tick_begins_it(self, root, broker_down):
        chosen = [make_connection() for _ in range(3)]
        response = choose(root, "sync_now", *chosen)
        assert "because nobody answers. It waits for a tick, and none was seen yet" in said(response)
        assert len(broker_down) == 1  # it is not waited for again and again
        assert Job.objects.filter(queued_until=None, state=Job.State.WAITING).count() == 3
        assert set(tick(JOB)) == {(JOB, job.pk) for job in Job.objects.all()}

    def test_no_transaction_is_around_a_request_that_wakes_a_worker_or_waits(self):
        connection = make_connection()
        for address in (
            reverse(LIST),
            reverse("admin:django_bigin_connection_act", args=[connection.pk]),
            reverse("admin:django_bigin_connection_connect_self_client"),
            reverse("admin:django_bigin_connection_health"),
        ):
            assert set(databases) <= resolve(address).func._non_atomic_requests

    @each_action
    def test_nothing_is_done_by_looking(self, root, name):
        connection = make_connection(status=suits(name))
        address = reverse("admin:django_bigin_connection_act", args=[connection.pk])
        assert root.get(address, {"action": name, "confirmed": "yes"}).status_code == 405
        root.get(reverse(LIST), {"action": name, "_selected_action": connection.pk, "confirmed": "yes"})
        assert not Job.objects.exists()

    @each_action
    def test_a_form_of_another_site_does_nothing(self, name):
        client = Client(enforce_csrf_checks=True)
        client.force_login(make_superuser())
        connection = make_connection(status=suits(name))
        assert press(client, connection, name, confirmed="yes").status_code == 403
        assert choose(client, name, connection, confirmed="yes").status_code == 403
        assert not Job.objects.exists()

    def test_the_page_has_the_form_that_its_buttons_post(self, root):
        connection = make_connection()
        page = root.get(page_of(connection)).content.decode()
        form = page[page.index('id="bigin_act"') :]
        assert "csrfmiddlewaretoken" in form[: form.index("</form>")]
        assert page.count('form="bigin_act"') == len(ACTIONS) - 1

    def test_too_many_at_once_are_refused(self, root, monkeypatch):
        monkeypatch.setattr(actions, "AT_MOST", 2)
        response = choose(root, "sync_now", *[make_connection() for _ in range(3)])
        assert "select at most 2" in said(response)
        assert not Job.objects.exists()

    def test_what_is_unknown_is_refused(self, root):
        connection = make_connection()
        for name in ("", "purge", "connect", "delete_selected"):
            assert press(root, connection, name).status_code == 403
        nobody = reverse("admin:django_bigin_connection_act", args=["nonsense"])
        assert root.post(nobody, {"action": "pause"}).url == reverse("admin:index")


class TestDisconnecting:
    def test_asks_first_and_names_the_organizations(self, root, sent):
        chosen = [make_connection(org_name=name, data_center="eu") for name in ("Acme <Ltd>", "Globex")]
        page = choose(root, "disconnect", *chosen).content.decode()
        assert "Acme &lt;Ltd&gt;" in page
        assert "Globex" in page
        assert chosen[0].org_id in page
        assert not Job.objects.exists()
        assert not sent

    def test_the_page_of_one_asks_as_well(self, root):
        connection = make_connection()
        page = press(root, connection, "disconnect")
        assert connection.org_name in page.content.decode()
        assert page_of(connection) in page.content.decode()
        assert not Job.objects.exists()
        press(root, connection, "disconnect", confirmed="yes")
        assert Job.objects.get().kind == "disconnect"

    def test_what_was_confirmed_is_what_is_disconnected(self, root):
        chosen, other = make_connection(), make_connection()
        page = choose(root, "disconnect", chosen).content.decode()
        assert f'name="_selected_action" value="{chosen.pk}"' in page
        assert f'name="_selected_action" value="{other.pk}"' not in page

    def test_once_more_where_zoho_could_not_be_told(self, root):
        unrevoked = make_connection(status=Status.DISCONNECTED)
        ended = make_connection(status=Status.DISCONNECTED, refresh_token="", access_token="")
        response = choose(root, "disconnect", unrevoked, ended, confirmed="yes")
        assert Job.objects.get().connection == unrevoked
        assert f"skipped {ended}: not possible in the status Disconnected." in said(response)

    def test_revokes_at_zoho_and_keeps_the_result(self, root, sandbox, organization):
        connection = connect(organization)
        press(root, connection, "disconnect", confirmed="yes")
        tasks.TASKS[JOB](Job.objects.get().pk)
        page = root.get(page_of(connection)).content.decode()
        assert "Zoho has revoked the grant." in page
        assert (
            "Zoho has revoked the grant."
            in root.get(reverse("admin:django_bigin_job_change", args=[Job.objects.get().pk])).content.decode()
        )
        assert sandbox.count_calls("POST /oauth/v2/token/revoke") == 1

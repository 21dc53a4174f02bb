"""What people ask for in the admin: each thing a job, reported in words; and connecting from there."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.sites import site
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import path, resolve, reverse
from django.utils import timezone

from django_bigin import tasks
from django_bigin.admin import actions
from django_bigin.admin.actions import WANTED
from django_bigin.models import (
    AuditEvent,
    ClientRegistration,
    ClientSecret,
    Connection,
    Job,
    ModuleSync,
    Tenant,
)
from django_bigin.work import scheduler
from django_bigin.work.scheduler import BrokerDown
from tests.support.factories import (
    make_connection,
    make_registration,
    make_row_of_each_model,
    make_staff,
    make_superuser,
    make_tenant,
)

urlpatterns = [path("admin/", site.urls)]  # of a site that has not included our pages

Status = Connection.Status

# Jobs are handed to workers after commit, so these commit.
pytestmark = pytest.mark.django_db(transaction=True)

LIST = "admin:django_bigin_connection_changelist"
PERMISSION_OF = {name: f"{wanted.needs}_connection" for name, wanted in WANTED.items()}
FOR_WORKERS = [name for name, wanted in WANTED.items() if not wanted.at_once]
each_action = pytest.mark.parametrize("name", WANTED)


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """What would have gone to the broker."""
    messages: list[tuple[str, int]] = []
    monkeypatch.setattr(tasks, "send", lambda kind, row_id: messages.append((kind, row_id)))
    return messages


@pytest.fixture
def broker_down(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    tried: list[int] = []

    def refuse(kind: str, row_id: int) -> None:
        tried.append(row_id)
        raise BrokerDown("nobody there")

    monkeypatch.setattr(tasks, "send", refuse)
    return tried


@pytest.fixture
def root(client: Client) -> Client:
    client.force_login(make_superuser())
    return client


def page_of(connection: Connection) -> str:
    return reverse("admin:django_bigin_connection_change", args=[connection.pk])


def press(client: Client, connection: Connection, name: str, **more: Any) -> Any:
    """Press a button of the connection's page."""
    return client.post(reverse("admin:django_bigin_connection_act", args=[connection.pk]), {"action": name, **more})


def choose(client: Client, name: str, *connections: Connection, **more: Any) -> Any:
    """Choose connections in the list, and an action."""
    selected = [connection.pk for connection in connections]
    return client.post(reverse(LIST), {"action": name, "_selected_action": selected, "index": "0", **more})


def said(response: Any) -> str:
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


def suits(name: str) -> str:
    return Status.PAUSED if name == "resume" else Status.HEALTHY


class TestAsking:
    @each_action
    def test_a_press_writes_a_job_by_the_person(self, root, name):
        connection = make_connection(status=suits(name))
        response = press(root, connection, name, confirmed="yes")
        assert response.url == page_of(connection)
        job = Job.objects.get()
        assert (job.kind, job.connection, job.asked_by_name) == (WANTED[name].kind, connection, "root")
        assert job.asked_by.username == "root"
        assert str(connection) in said(response)
        assert reverse("admin:django_bigin_job_change", args=[job.pk]) in said(response)

    @pytest.mark.parametrize("name", FOR_WORKERS)
    def test_a_worker_is_woken_once_the_job_is_there(self, root, monkeypatch, name):
        seen = []
        monkeypatch.setattr(tasks, "send", lambda kind, row_id: seen.append((kind, Job.objects.get(pk=row_id).kind)))
        response = press(root, make_connection(), name, confirmed="yes")
        assert seen == [(scheduler.JOB, WANTED[name].kind)]
        assert "A worker does it now." in said(response)

    @each_action
    def test_several_are_asked_for_in_one_batch(self, root, sent, name):
        chosen = [make_connection(status=suits(name)) for _ in range(3)]
        make_connection(status=suits(name))
        response = choose(root, name, *chosen, confirmed="yes")
        assert {job.connection for job in Job.objects.all()} == set(chosen)
        [batch] = set(Job.objects.values_list("batch", flat=True))
        assert all(str(connection) in said(response) for connection in chosen)
        assert f"{reverse('admin:django_bigin_job_changelist')}?batch={batch}" in said(response)
        listed = root.get(reverse("admin:django_bigin_job_changelist"), {"batch": batch})
        assert len(listed.context["cl"].result_list) == 3
        assert len(sent) == (0 if WANTED[name].at_once else 3)

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

    def test_what_is_not_done_yet_is_not_asked_for_twice(self, root):
        connection = make_connection()
        press(root, connection, "sync_now")
        assert "Asked for before, and not done yet: a sync" in said(press(root, connection, "sync_now"))
        assert Job.objects.count() == 1

    def test_while_the_broker_is_down_it_is_stored_and_the_tick_begins_it(self, root, broker_down):
        chosen = [make_connection() for _ in range(3)]
        response = choose(root, "sync_now", *chosen)
        assert "starts with the next tick" in said(response)
        assert len(broker_down) == 1  # it is not waited for again and again
        assert Job.objects.filter(queued_until=None, state=Job.State.WAITING).count() == 3
        handed_out: list[int] = []
        scheduler.tick(lambda kind, row_id: handed_out.append(row_id) if kind == scheduler.JOB else None)
        assert set(handed_out) == set(Job.objects.values_list("pk", flat=True))

    def test_no_transaction_is_around_the_request_so_that_a_worker_finds_the_job(self):
        connection = make_connection()
        for address in (
            reverse(LIST),
            reverse("admin:django_bigin_connection_act", args=[connection.pk]),
            reverse("admin:django_bigin_connection_connect_self_client"),
        ):
            assert "default" in resolve(address).func._non_atomic_requests

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
        assert page.count('form="bigin_act"') == len(WANTED) - 1

    def test_too_many_at_once_are_refused(self, root, monkeypatch):
        monkeypatch.setattr(actions, "AT_MOST", 2)
        response = choose(root, "sync_now", *[make_connection() for _ in range(3)])
        assert "Choose at most 2" in said(response)
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
        left_over = make_connection(status=Status.DISCONNECTED)
        ended = make_connection(status=Status.DISCONNECTED, refresh_token="", access_token="")
        response = choose(root, "disconnect", left_over, ended, confirmed="yes")
        assert Job.objects.get().connection == left_over
        assert f"left out {ended}: disconnected" in said(response)

    def test_revokes_at_zoho_and_keeps_the_result(self, root, sandbox, organization):
        from django_bigin.connections import connect_self_client

        entered = {name: organization[name] for name in ("client_id", "client_secret", "grant_token", "data_center")}
        connection = connect_self_client(make_tenant(), **entered).connection
        press(root, connection, "disconnect", confirmed="yes")
        tasks.run_job(Job.objects.get().pk)
        page = root.get(page_of(connection)).content.decode()
        assert "Zoho has revoked the grant." in page
        assert (
            "Zoho has revoked the grant."
            in root.get(reverse("admin:django_bigin_job_change", args=[Job.objects.get().pk])).content.decode()
        )
        assert sandbox.count_calls("POST /oauth/v2/token/revoke") == 1


class TestPermissions:
    @each_action
    def test_each_needs_a_permission_of_its_own(self, client, name):
        connection = make_connection(status=suits(name))
        others = {permission for permission in PERMISSION_OF.values() if permission != PERMISSION_OF[name]}
        client.force_login(make_staff("others", "view_connection", "view_job", *others))
        assert press(client, connection, name, confirmed="yes").status_code == 403
        choose(client, name, connection, confirmed="yes")
        assert not Job.objects.exists()
        page = client.get(page_of(connection)).content.decode()
        assert f'value="{name}"' not in page
        assert f'value="{name}"' not in client.get(reverse(LIST)).content.decode()

        client.force_login(make_staff("whole", "view_connection", PERMISSION_OF[name]))
        assert f'value="{name}"' in client.get(page_of(connection)).content.decode()
        assert f'value="{name}"' in client.get(reverse(LIST)).content.decode()
        response = press(client, connection, name, confirmed="yes")
        assert Job.objects.get().asked_by_name == "whole"
        assert "/job/" not in said(response)  # who may not look at jobs gets no link to them

    @each_action
    def test_the_permission_alone_does_not_do_without_the_policys(self, client, settings, name):
        settings.BIGIN_ACCESS_POLICY = "tests.support.policies.ActsOnOwnTenant"
        mine = make_connection(make_tenant("mine"), org_name="Mine", status=suits(name))
        neighbours = make_connection(make_tenant("neighbour"), org_name="Neighbours", status=suits(name))
        client.force_login(make_staff("mine"))
        assert press(client, neighbours, name, confirmed="yes").status_code == 403
        assert f'value="{name}"' not in client.get(page_of(neighbours)).content.decode()
        response = choose(client, name, mine, neighbours, confirmed="yes")
        assert f"left out {neighbours}: you may not do this" in said(response)
        assert [job.connection for job in Job.objects.all()] == [mine]

    def test_the_question_names_only_what_the_person_may_disconnect(self, client, settings):
        settings.BIGIN_ACCESS_POLICY = "tests.support.policies.ActsOnOwnTenant"
        mine = make_connection(make_tenant("mine"), org_name="Mine")
        neighbours = make_connection(make_tenant("neighbour"), org_name="Neighbours")
        client.force_login(make_staff("mine"))
        page = choose(client, "disconnect", mine, neighbours).content.decode()
        assert f'name="_selected_action" value="{mine.pk}"' in page
        assert f'name="_selected_action" value="{neighbours.pk}"' not in page

    @pytest.mark.parametrize("status", Status.values)
    def test_only_what_makes_sense_is_offered_and_done(self, root, status):
        connection = make_connection(status=status, refresh_token="", access_token="")
        page = root.get(page_of(connection)).content.decode()
        offered = {name for name in WANTED if f'name="action" value="{name}"' in page}
        working = {"refresh_token_now", "sync_now", "full_sync", "pause", "disconnect"}
        assert offered == {
            "paused": {"resume", "disconnect"},
            "disconnected": set(),
            "pending": {"disconnect"},
            "needs_authorization": {"disconnect"},
        }.get(status, working)
        for name in set(WANTED) - offered:
            response = press(root, connection, name, confirmed="yes")
            assert f"left out {connection}: {connection.get_status_display().lower()}." in said(response)
        assert not Job.objects.exists()


class TestJobsOfAConnection:
    def test_its_page_shows_the_last_ten_with_what_came_of_them(self, root):
        connection = make_connection()
        for number in range(12):
            Job.objects.create(
                kind="sync", connection=connection, asked_at=timezone.now(), asked_by_name=f"person{number:02}",
                state="failed" if number == 11 else "done", result=f"result{number:02}",
                error="It broke <here>." if number == 11 else "",
            )  # fmt: skip
        page = root.get(page_of(connection)).content.decode()
        assert ">Failed</span>" in page
        assert "It broke &lt;here&gt;." in page
        assert "result02" in page
        assert "result01" not in page

    def test_whoever_may_not_look_at_jobs_sees_none(self, client):
        connection = make_connection()
        Job.objects.create(kind="sync", connection=connection, asked_at=timezone.now(), result="a result")
        client.force_login(make_staff("viewer", "view_connection"))
        assert "a result" not in client.get(page_of(connection)).content.decode()

    def test_its_page_takes_as_many_queries_with_many_jobs_and_modules(self, root, django_assert_num_queries):
        from django.db import connection as database
        from django.test.utils import CaptureQueriesContext

        connection = make_connection()
        root.get(page_of(connection))
        with CaptureQueriesContext(database) as none:
            root.get(page_of(connection))
        for module in ("Contacts", "Accounts", "Tasks", "Calls"):
            ModuleSync.objects.create(connection=connection, module=module)
            for _ in range(5):
                Job.objects.create(kind="sync", connection=connection, asked_at=timezone.now(), batch=uuid.uuid4())
        with django_assert_num_queries(len(none)):
            root.get(page_of(connection))


class TestConnectingInTheBrowser:
    def links(self, response: Any) -> dict[str, str]:
        return {label: address for address, label in response.context["bigin_tools"].links}

    def test_tenant_registration_and_connection_lead_to_the_page_that_goes_to_zoho(self, root):
        tenant = make_tenant()
        registration = make_registration(tenant, kind="server", redirect_uri="https://site.example/bigin/callback/")
        connection = make_connection(tenant, registration=registration)
        of_tenant = reverse("admin:django_bigin_tenant_change", args=[tenant.pk])
        of_registration = reverse("admin:django_bigin_clientregistration_change", args=[registration.pk])
        for page, label, query in (
            (of_tenant, "Connect", f"tenant={tenant.pk}"),
            (of_registration, "Connect", f"tenant={tenant.pk}"),
            (page_of(connection), "Reconnect", f"connection={connection.pk}"),
        ):
            address = self.links(root.get(page))[label]
            assert address.startswith(f"{reverse('django_bigin:connect')}?{query}&next=%2Fadmin%2F")
            assert root.get(address).status_code == 200

    def test_a_pending_connection_leads_to_its_confirmation(self, root):
        connection = make_connection(status=Status.PENDING)
        assert self.links(root.get(page_of(connection))) == {
            "Confirm": reverse("django_bigin:confirm", args=[connection.pk])
        }

    def test_without_the_sites_pages_a_hint_says_what_to_do(self, root, settings):
        settings.ROOT_URLCONF = __name__
        registration = make_registration(make_tenant(), kind="server", redirect_uri="https://site.example/callback/")
        connection = make_connection(registration.tenant, registration=registration)
        for page in (
            reverse("admin:django_bigin_tenant_change", args=[registration.tenant.pk]),
            reverse("admin:django_bigin_clientregistration_change", args=[registration.pk]),
            page_of(connection),
            reverse("admin:django_bigin_connection_connect"),
        ):
            answer = root.get(page).content.decode()
            assert "include django_bigin.urls" in answer
            assert ">Connect</a>" not in answer
            assert ">Reconnect</a>" not in answer

    def test_only_those_who_may_are_offered_it(self, client, settings):
        tenant = make_tenant("mine")
        client.force_login(make_staff("clerk", "view_tenant", "change_tenant", "view_connection", "change_connection"))
        page = reverse("admin:django_bigin_tenant_change", args=[tenant.pk])
        assert not client.get(page).context["bigin_tools"]
        assert client.get(reverse("admin:django_bigin_connection_connect")).status_code == 403
        assert "Connect a tenant" not in client.get(reverse(LIST)).content.decode()

    def test_a_shared_registration_leads_to_a_choice_of_ones_own_tenants(self, client, settings):
        settings.BIGIN_ACCESS_POLICY = "tests.support.policies.OwnTenantAndShared"
        mine, theirs = make_tenant("mine"), make_tenant("theirs")
        shared = make_registration(
            kind="server", redirect_uri="https://site.example/bigin/callback/", name="Shared one"
        )
        client.force_login(make_staff("mine"))
        page = client.get(reverse("admin:django_bigin_clientregistration_change", args=[shared.pk]))
        choice = client.get(self.links(page)["Connect a tenant"])
        assert f'<option value="{mine.pk}">' in choice.content.decode()
        assert f'<option value="{theirs.pk}">' not in choice.content.decode()
        answer = client.get(choice.context["connect_address"], {"tenant": mine.pk})
        assert "Shared one" in answer.content.decode()


class TestConnectingWithASelfClient:
    address = "admin:django_bigin_connection_connect_self_client"

    @pytest.fixture
    def entered(self, organization: dict[str, str]) -> dict[str, str]:
        names = ("client_id", "client_secret", "data_center", "grant_token")
        return {"tenant": str(make_tenant("acme").pk), **{name: organization[name] for name in names}}

    def test_a_grant_token_connects_and_the_message_names_the_organization(self, root, entered, sandbox):
        answer = root.post(reverse(self.address), entered)
        connection = Connection.objects.get()
        assert answer.url == page_of(connection)
        assert connection.org_name in said(answer)
        assert connection.status == Status.HEALTHY
        assert connection.tenant.slug == "acme"
        assert ClientSecret.objects.get().secret == entered["client_secret"]
        assert AuditEvent.objects.get(action="connect").actor == "root"

    @pytest.mark.parametrize(
        ("name", "wrong", "words"),
        [
            ("grant_token", "1000.wrong", "grant token"),
            ("client_secret", "wrong", "secret"),
            ("client_id", "1000.NOBODY", "client"),
            ("data_center", "eu", ""),
            ("tenant", "", "required"),
            ("tenant", "999999", "valid choice"),
            ("data_center", "mars", "valid choice"),
            ("grant_token", "two words", "without spaces"),
            ("client_secret", "sécret", "without spaces"),
        ],
    )
    def test_what_is_wrong_is_said_at_the_form_and_nothing_is_stored(self, root, entered, name, wrong, words):
        answer = root.post(reverse(self.address), {**entered, name: wrong})
        errors = answer.context["form"].errors
        assert errors
        assert words.lower() in str(errors).lower()
        assert not Connection.objects.exists()
        assert not ClientRegistration.objects.exists()

    def test_neither_secret_nor_grant_token_is_sent_back(self, root, entered):
        page = root.post(reverse(self.address), {**entered, "tenant": ""}).content.decode()
        assert entered["client_id"] in page
        assert entered["client_secret"] not in page
        assert entered["grant_token"] not in page

    def test_a_crash_does_not_mail_them(self, root, entered, monkeypatch):
        from django.views.debug import SafeExceptionReporterFilter

        from django_bigin.admin import connecting

        def crash(*arguments: Any, **more: Any) -> None:
            raise RuntimeError

        monkeypatch.setattr(connecting, "connect_self_client", crash)
        root.raise_request_exception = False
        answer = root.post(reverse(self.address), entered)
        mailed = str(SafeExceptionReporterFilter().get_post_parameters(answer.wsgi_request))
        assert entered["client_secret"] not in mailed
        assert entered["grant_token"] not in mailed

    def test_while_nothing_can_be_stored_the_grant_token_is_not_spent(self, root, entered, settings, sandbox):
        settings.BIGIN_ENCRYPTION_KEYS = []
        assert "No secret can be stored" in root.post(reverse(self.address), entered).content.decode()
        assert sandbox.count_calls("POST /oauth/v2/token") == 0

    def test_what_the_address_names_is_filled_in(self, root):
        tenant = make_tenant()
        registration = make_registration(tenant, client_id="1000.KNOWN", home_data_center="eu")
        connection = make_connection(tenant, registration=registration, data_center="in")
        for query, data_center in ((f"registration={registration.pk}", "eu"), (f"connection={connection.pk}", "in")):
            page = root.get(f"{reverse(self.address)}?{query}")
            initial = page.context["form"].initial
            assert (initial["tenant"], initial["client_id"]) == (tenant, "1000.KNOWN")
            assert initial["data_center"] == data_center
        assert root.get(f"{reverse(self.address)}?tenant=nonsense&registration=x&connection=-").status_code == 200

    def test_self_client_registrations_and_connections_lead_to_the_form(self, root):
        registration = make_registration(make_tenant())
        connection = make_connection(registration.tenant, registration=registration)
        for page, query in (
            (reverse("admin:django_bigin_clientregistration_change", args=[registration.pk]), "registration"),
            (page_of(connection), "connection"),
            (reverse("admin:django_bigin_tenant_change", args=[registration.tenant.pk]), "tenant"),
        ):
            assert f"{reverse(self.address)}?{query}=" in root.get(page).content.decode()

    def test_needs_the_permission_and_the_policys_word_for_the_tenant(self, client, entered, settings):
        client.force_login(make_staff("clerk", "view_connection", "change_connection"))
        assert client.get(reverse(self.address)).status_code == 403
        assert client.post(reverse(self.address), entered).status_code == 403

        settings.BIGIN_ACCESS_POLICY = "tests.support.policies.ActsOnOwnTenant"
        neighbour = make_tenant("neighbour")
        client.force_login(make_staff("acme"))
        answer = client.post(reverse(self.address), {**entered, "tenant": neighbour.pk})
        assert "You may not connect this tenant." in answer.content.decode()
        assert not Connection.objects.exists()
        assert client.post(reverse(self.address), entered).status_code == 302


class TestMendingASecret:
    """What rests because a secret is wrong tries again as soon as somebody has entered another."""

    @pytest.fixture
    def resting(self) -> Connection:
        registration = make_registration(make_tenant(), secret="wrong", kind="server")
        return make_connection(
            registration.tenant, registration=registration, status=Status.MISCONFIGURED,
            next_attempt_at=timezone.now() + timedelta(hours=1),
        )  # fmt: skip

    def rests(self, connection: Connection) -> bool:
        connection.refresh_from_db()
        return connection.next_attempt_at is not None

    def form(self, connection: Connection, **changes: Any) -> dict[str, Any]:
        registration = connection.registration
        secret = registration.secrets.get()
        return {
            "name": registration.name, "kind": registration.kind, "client_id": registration.client_id,
            "home_data_center": "us", "redirect_uri": "", "scopes": "\n".join(registration.scopes),
            "secrets-TOTAL_FORMS": "1", "secrets-INITIAL_FORMS": "1", "secrets-0-id": secret.pk,
            "secrets-0-registration": registration.pk, "secrets-0-data_center": "", "secrets-0-new_secret": "",
            **changes,
        }  # fmt: skip

    def test_on_the_secrets_page(self, root, resting):
        secret = ClientSecret.objects.get()
        address = reverse("admin:django_bigin_clientsecret_change", args=[secret.pk])
        assert root.post(address, {"data_center": "", "new_secret": "right"}).status_code == 302
        assert not self.rests(resting)

    @pytest.mark.parametrize(
        "changes",
        [{"secrets-0-new_secret": "right"}, {"client_id": "1000.RIGHT"}, {"redirect_uri": "https://site.example/cb/"}],
    )
    def test_on_the_registrations_page(self, root, resting, changes):
        address = reverse("admin:django_bigin_clientregistration_change", args=[resting.registration.pk])
        answer = root.post(address, self.form(resting, **changes))
        assert answer.status_code == 302, answer.context["errors"]
        assert not self.rests(resting)

    def test_not_by_saving_what_was_there(self, root, resting):
        address = reverse("admin:django_bigin_clientregistration_change", args=[resting.registration.pk])
        assert root.post(address, self.form(resting)).status_code == 302
        assert self.rests(resting)


@pytest.mark.parametrize("policy", ["OwnTenant", "OwnTenantAndShared"])
def test_a_limited_person_works_with_ones_own(client, settings, policy):
    settings.BIGIN_ACCESS_POLICY = f"tests.support.policies.{policy}"
    mine = make_row_of_each_model("mine")
    make_row_of_each_model("foreign")
    client.force_login(make_staff("mine"))
    for name in ("refresh_token_now", "sync_now", "full_sync", "pause", "resume", "disconnect"):
        press(client, mine[Connection], name, confirmed="yes")
    assert Job.objects.filter(connection=mine[Connection]).count() == 1 + len(WANTED)
    assert Job.objects.exclude(connection=mine[Connection]).count() == 1
    assert Tenant.objects.count() == 2

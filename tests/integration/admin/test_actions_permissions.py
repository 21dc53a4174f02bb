"""Who may act on a connection, and when it makes sense."""

import pytest
from django.urls import reverse

from django_bigin.admin.actions import ACTIONS
from django_bigin.models import Connection, Job, Tenant
from tests.support.admin_pages import LIST, choose, page_of, press, said, suits
from tests.support.factories import make_connection, make_row_of_each_model, make_staff, make_tenant

Status = Connection.Status

# Jobs are handed to workers after commit, so these commit.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("sent")]

PERMISSION_OF = {name: f"{spec.needs}_connection" for name, spec in ACTIONS.items()}
each_action = pytest.mark.parametrize("name", ACTIONS)


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
        assert Job.objects.get().requested_by_name == "whole"
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
        assert f"skipped {neighbours}: you may not do this" in said(response)
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
        offered = {name for name in ACTIONS if f'name="action" value="{name}"' in page}
        working = {"refresh_token_now", "sync_now", "full_sync", "verify", "repair", "pause", "disconnect"}
        assert offered == {
            "paused": {"resume", "disconnect"},
            "disconnected": set(),
            "pending": {"disconnect"},
            "needs_authorization": {"disconnect"},
        }.get(status, working)
        for name in set(ACTIONS) - offered:
            response = press(root, connection, name, confirmed="yes")
            why = f"not possible in the status {connection.get_status_display()}"
            assert f"skipped {connection}: {why}." in said(response)
        assert not Job.objects.exists()


@pytest.mark.parametrize("policy", ["OwnTenant", "OwnTenantAndShared"])
def test_a_limited_person_works_with_ones_own(client, settings, policy):
    settings.BIGIN_ACCESS_POLICY = f"tests.support.policies.{policy}"
    mine = make_row_of_each_model("mine")
    make_row_of_each_model("foreign")
    client.force_login(make_staff("mine"))
    for name in ("refresh_token_now", "sync_now", "full_sync", "verify", "repair", "pause", "resume", "disconnect"):
        press(client, mine[Connection], name, confirmed="yes")
    assert Job.objects.filter(connection=mine[Connection]).count() == 1 + len(ACTIONS)
    assert Job.objects.exclude(connection=mine[Connection]).count() == 1
    assert Tenant.objects.count() == 2

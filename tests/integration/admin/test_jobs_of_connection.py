"""The last jobs of a connection, on its page."""

import uuid

import pytest
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_bigin.models import Job, ModuleSync
from tests.support.admin_pages import page_of
from tests.support.databases import database
from tests.support.factories import make_connection, make_staff

pytestmark = pytest.mark.django_db


class TestJobsOfAConnection:
    def test_its_page_shows_the_last_ten_with_what_came_of_them(self, root):
        connection = make_connection()
        for number in range(12):
            Job.objects.create(
                kind="sync", connection=connection, requested_at=timezone.now(), requested_by_name=f"person{number:02}",
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
        Job.objects.create(kind="sync", connection=connection, requested_at=timezone.now(), result="a result")
        client.force_login(make_staff("viewer", "view_connection"))
        assert "a result" not in client.get(page_of(connection)).content.decode()

    def test_its_page_takes_as_many_queries_with_many_jobs_and_modules(self, root, django_assert_num_queries):
        connection = make_connection()
        root.get(page_of(connection))
        with CaptureQueriesContext(database) as none:
            root.get(page_of(connection))
        for module in ("Contacts", "Accounts", "Tasks", "Calls"):
            ModuleSync.objects.create(connection=connection, module=module)
            for _ in range(5):
                Job.objects.create(kind="sync", connection=connection, requested_at=timezone.now(), batch=uuid.uuid4())
        with django_assert_num_queries(len(none), connection=database):
            root.get(page_of(connection))

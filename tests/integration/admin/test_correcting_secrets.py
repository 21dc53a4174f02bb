"""A client secret that is corrected in the admin."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from django_bigin.models import ClientSecret, Connection
from tests.support.factories import make_connection, make_registration, make_tenant

Status = Connection.Status

pytestmark = pytest.mark.django_db


class TestCorrectingASecret:
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

"""Client registrations and their secrets."""

from typing import Any

import pytest
from django.views.debug import SafeExceptionReporterFilter

from django_bigin.models import (
    AuthorizationAttempt,
    ClientRegistration,
    ClientSecret,
    Connection,
    RegistrationState,
)
from tests.support.admin import ciphertext, text_of, url
from tests.support.factories import (
    make_registration,
    make_tenant,
)

pytestmark = pytest.mark.django_db


def registration_form(**changes: Any) -> dict[str, Any]:
    return {
        "name": "Ours",
        "kind": "server",
        "client_id": "1000.NEW",
        "home_data_center": "eu",
        "data_centers": ["eu", "us"],
        "redirect_uri": "https://site.example/bigin/callback/",
        "scopes": "ZohoBigin.modules.ALL, ZohoBigin.org.READ\nZohoBigin.org.READ",
        "secrets-TOTAL_FORMS": "1",
        "secrets-INITIAL_FORMS": "0",
        "secrets-0-data_center": "",
        "secrets-0-new_secret": "s3cret",
    } | changes


def test_a_registration_is_entered_with_its_secret_on_one_page(root):
    tenant = make_tenant()
    answer = root.post(url(ClientRegistration, "add"), registration_form(tenant=str(tenant.pk)))
    assert answer.status_code == 302, answer.context["errors"]
    registration = ClientRegistration.objects.get()
    assert registration.tenant == tenant
    assert set(registration.data_centers) == {"us", "eu"}
    assert registration.scopes == ["ZohoBigin.modules.ALL", "ZohoBigin.org.READ"]
    assert ClientSecret.objects.get().secret.reveal() == "s3cret"


def test_an_empty_secret_leaves_the_stored_one_byte_for_byte(root):
    secret = ClientSecret.objects.get(registration=make_registration(make_tenant(), secret="the old one"))
    before = ciphertext(secret, "secret")
    answer = root.post(url(ClientSecret, "change", secret.pk), {"data_center": "eu", "new_secret": ""})
    assert answer.status_code == 302
    assert ClientSecret.objects.get().data_center == "eu"
    assert ciphertext(secret, "secret") == before


def test_only_a_stored_secret_can_be_kept(root):
    secret = ClientSecret.objects.get(registration=make_registration(make_tenant(), secret="the old one"))
    keeps = "Leave empty to keep the stored one."
    assert keeps in text_of(root.get(url(ClientSecret, "change", secret.pk)))
    assert keeps not in text_of(root.get(url(ClientSecret, "add")))


def test_a_new_secret_replaces_the_old_one_and_is_never_shown(root):
    secret = ClientSecret.objects.get(registration=make_registration(secret="theoldone"))
    root.post(url(ClientSecret, "change", secret.pk), {"data_center": "", "new_secret": "thenewone"})
    assert ClientSecret.objects.get().secret.reveal() == "thenewone"
    page = text_of(root.get(url(ClientSecret, "change", secret.pk)))
    assert "stored, changed" in page
    assert "thenewone" not in page
    assert 'type="password"' in page


def test_a_refused_form_does_not_send_the_secret_back(root):
    answer = root.post(url(ClientRegistration, "add"), registration_form(client_id=""))
    assert "s3cret" not in text_of(answer)


@pytest.mark.parametrize("wrong", ["", "two words", "sécret"])
def test_a_secret_must_be_one_word(root, wrong):
    registration = make_registration()
    form = {"registration": registration.pk, "data_center": "", "new_secret": wrong}
    assert "new_secret" in root.post(url(ClientSecret, "add"), form).context["adminform"].form.errors


def test_without_a_key_the_form_says_so(root, settings):
    settings.BIGIN_ENCRYPTION_KEYS = []
    form = {"registration": make_registration().pk, "data_center": "", "new_secret": "s3cret"}
    errors = root.post(url(ClientSecret, "add"), form).context["adminform"].form.errors
    assert "No secret can be stored" in str(errors)


def test_a_lost_key_does_not_break_the_pages(root, rows, settings):
    settings.BIGIN_ENCRYPTION_KEYS = ["ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="]
    for model in (Connection, ClientSecret, ClientRegistration, AuthorizationAttempt):
        assert text_of(root.get(url(model, "changelist")))
        assert text_of(root.get(url(model, "change", rows[model].pk)))


def test_a_crash_does_not_mail_the_secret(root, monkeypatch, caplog, rf):
    seen = {}

    def crash(self: Any, request: Any, *arguments: Any) -> None:
        seen.update(SafeExceptionReporterFilter().get_post_parameters(request))
        raise RuntimeError

    monkeypatch.setattr("django_bigin.admin.registrations.ClientRegistrationAdmin.save_model", crash)
    root.raise_request_exception = False
    root.post(url(ClientRegistration, "add"), registration_form())
    assert seen
    assert "s3cret" not in str(seen)


def test_one_client_id_is_shared_once(root):
    make_registration(client_id="1000.NEW")
    errors = root.post(url(ClientRegistration, "add"), registration_form()).context["adminform"].form.errors
    assert "client_id" in errors


def test_one_secret_for_a_data_center(root):
    registration = make_registration(secret="one")
    second = ClientSecret.objects.create(registration=registration, data_center="eu", secret="two")
    answer = root.post(url(ClientSecret, "change", second.pk), {"data_center": "", "new_secret": ""})
    assert "data_center" in answer.context["adminform"].form.errors


def test_a_registration_keeps_its_tenant_since_its_secrets_are_bound_to_it(root):
    registration = make_registration(make_tenant(), secret="bound")
    form = registration_form(tenant=str(make_tenant().pk)) | {"secrets-TOTAL_FORMS": "0"}
    root.post(url(ClientRegistration, "change", registration.pk), form)
    registration.refresh_from_db()
    assert registration.name == "Ours"
    assert ClientSecret.objects.get().secret.reveal() == "bound"


def test_a_registration_that_is_not_used_can_be_deleted_with_what_is_known_of_it(root, rows):
    registration = make_registration(make_tenant(), secret="gone")
    RegistrationState.objects.create(registration=registration, data_center="us")
    root.post(url(ClientRegistration, "delete", registration.pk), {"post": "yes"})
    assert not ClientRegistration.objects.filter(pk=registration.pk).exists()

    used = rows[ClientRegistration]
    root.post(url(ClientRegistration, "delete", used.pk), {"post": "yes"})
    assert ClientRegistration.objects.filter(pk=used.pk).exists()

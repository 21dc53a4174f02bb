"""Every page of ours in a language of which each text shows its ends, and the German of a real site."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib.messages import get_messages
from django.core import mail
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from devtools import messages
from django_bigin.api.products import BIGIN
from django_bigin.connections import states
from django_bigin.connections.authorize import REFUSALS
from django_bigin.connections.refusals import REASON
from django_bigin.health import alerts
from django_bigin.models import (
    AuditEvent,
    AuthorizationAttempt,
    ClientRegistration,
    Connection,
    Heartbeat,
    Installation,
    Job,
    ModuleSync,
    Record,
)
from tests.support.admin import url
from tests.support.admin_pages import LIST, choose, page_of, press, said, suits
from tests.support.commands import Ran
from tests.support.factories import make_registration, make_row_of_each_model, make_superuser
from tests.support.languages import marking, read, unmarked, words_of
from tests.support.wakers import refuse, woken_by

pytestmark = pytest.mark.django_db

MODELS = sorted(apps.get_app_config("django_bigin").get_models(), key=lambda model: model.__name__)
STAFF = "somebody"
DATA = {"Bigin", "Zoho", STAFF, "us", "in", "eu", "au", "jp", "ca", "sa", "uk", "cn", "UTC", "Last_Name", "Email", "id"}
DATA |= {spec.name for spec in BIGIN.specs} | set(BIGIN.default_scopes)
"""Names and codes that are the same in every language; all others of the test's begin with the word acme."""
DJANGOS_OWN = {"Search", "True", "False"}
"""Texts that Django itself does not translate: those of the pictures in its admin."""

NOUNS = "(tenant|organization|client|reason|error|person|detail|contacts)"

Status = Connection.Status


@pytest.fixture
def root(client: Client) -> Client:
    client.force_login(make_superuser(STAFF))
    return client


@pytest.fixture
def rows(db: None) -> dict[Any, Any]:
    now = timezone.now()
    made = make_row_of_each_model("acme") | {
        Heartbeat: Heartbeat.objects.create(name="acme-worker", kind="acme", seen_at=now),
        Installation: Installation.objects.create(identifier="acme", adopted_at=now),
    }
    AuditEvent.objects.create(action="disconnect", at=now, detail="with purge", actor="not confirmed in time")
    made[ClientRegistration].redirect_uri = "https://acme.example/bigin/callback/"
    made[ClientRegistration].kind = ClientRegistration.Kind.SERVER
    made[ClientRegistration].save()
    return made


def not_translated(*texts: str) -> set[str]:
    """The words that went through no translation, and are no data of the test's."""
    found = set()
    for text in texts:
        found |= words_of(re.sub(rf"(?i)acme {NOUNS}|<[^>]*>", "", unmarked(text)))
    return {word for word in found - DATA - DJANGOS_OWN if "acme" not in word.lower()}


def told(page: Any) -> str:
    return "\n".join(str(message) for message in get_messages(page.wsgi_request))


# A language of which each text shows its ends


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_admin_page_is_translated(root: Client, rows: dict[Any, Any], model: Any) -> None:
    addresses = [url(model, "changelist"), url(model, "add")]
    addresses += [url(model, page, rows[model].pk) for page in ("change", "delete", "history")]
    with marking():
        pages = [page for address in addresses if (page := root.get(address)).status_code == 200]
        assert len(pages) >= 3
        assert not_translated(*map(read, pages)) == set()


def test_stored_sentences_are_translated_wherever_they_are_shown(root: Client, rows: dict[Any, Any]) -> None:
    sentence = "1 row is quarantined. It is not mirrored."
    Connection.objects.update(status=Status.DEGRADED, status_reason=REASON, metadata_error=sentence)
    ModuleSync.objects.update(last_error=sentence, incomplete_reason=sentence, unavailable_reason=sentence)
    Job.objects.update(result=sentence, error=sentence, progress="1 of 3 modules", requested_by_name="schedule")
    AuthorizationAttempt.objects.update(outcome="failed", detail=REASON)
    with marking():
        for model in (Connection, ModuleSync, Job, AuthorizationAttempt):
            for address in (url(model, "changelist"), url(model, "change", rows[model].pk)):
                page = read(root.get(address))
                assert not_translated(page) == set(), address
                assert page.count("«") > 20


def test_a_stored_sentence_keeps_the_help_of_its_column(root: Client, rows: dict[Any, Any]) -> None:
    for model, helped in ((ModuleSync, ("unavailable_reason", "incomplete_reason")), (Connection, ("metadata_error",))):
        page = read(root.get(url(model, "change", rows[model].pk)))
        assert [name for name in helped if str(model._meta.get_field(name).help_text) not in page] == []


@pytest.mark.parametrize("status", Status.values)
def test_the_health_page_is_translated(root: Client, rows: dict[Any, Any], settings: Any, status: str) -> None:
    settings.BIGIN_INSTALLATION_ID = "acme"
    Installation.objects.update(identifier="acme-other")
    Connection.objects.update(status=status, status_reason=REASON, status_since=timezone.now() - timedelta(days=1))
    ModuleSync.objects.update(last_error="", next_run_at=timezone.now() - timedelta(days=9))
    with marking():
        page = root.get(reverse("admin:django_bigin_connection_health"))
        assert page.context["rows"]
        codes = {word for row in page.context["rows"] for word in words_of(str(row["code"]))}
        assert not_translated(read(page)) - codes == set()


def test_the_pages_that_connect_in_the_admin_are_translated(root: Client, rows: dict[Any, Any]) -> None:
    form = reverse("admin:django_bigin_connection_connect_self_client")
    with marking():
        pages = [root.get(reverse("admin:django_bigin_connection_connect")), root.get(form)]
        pages += [
            root.post(form, {"tenant": "acme"}),
            root.post(form, {"client_secret": "two words", "data_center": "acme"}),
        ]
        assert not_translated(*map(read, pages)) == set()
    assert "errornote" in pages[2].content.decode()


@pytest.mark.parametrize("wakes", [True, False])
@pytest.mark.parametrize("name", ["refresh_token_now", "sync_now", "pause", "resume", "disconnect"])
def test_what_a_button_answers_is_translated(root: Client, rows: dict[Any, Any], name: str, wakes: bool) -> None:
    connection = rows[Connection]
    with marking(), woken_by((lambda kind, row_id: None) if wakes else refuse):
        for status in (suits(name), Status.DISCONNECTED):
            Connection.objects.update(status=status)
            for answer in (press(root, connection, name), choose(root, name, connection, confirmed="yes")):
                assert not_translated(told(answer)) == set()
        Connection.objects.update(status=suits(name))
        asks = choose(root, name, connection)
        assert not_translated(told(asks), *([read(asks)] if asks.status_code == 200 else [])) == set()


def test_the_pages_of_the_site_are_translated(root: Client, rows: dict[Any, Any]) -> None:
    connection, tenant, registration = rows[Connection], rows[Connection].tenant, rows[ClientRegistration]
    connect, attempt = reverse("django_bigin:connect"), rows[AuthorizationAttempt]
    attempt.user_id = root.session["_auth_user_id"]
    attempt.save()
    begun = {"tenant": tenant.pk, "registration": registration.pk}
    with marking():
        pages = [root.get(connect, {"tenant": tenant.pk}), root.get(connect, {"connection": connection.pk})]
        pages += [root.post(connect, {"tenant": tenant.pk}), root.post(connect, begun)]
        for outcome, detail in (("connected", ""), ("failed", REASON), ("failed", "")):
            AuthorizationAttempt.objects.filter(pk=attempt.pk).update(outcome=outcome, detail=detail)
            pages.append(root.get(reverse("django_bigin:attempt", args=[attempt.uuid])))
        confirm = reverse("django_bigin:confirm", args=[connection.pk])
        for status in Status.values:
            until = timezone.now() + timedelta(hours=1)
            Connection.objects.update(status=status, status_reason=REASON, confirm_until=until, refresh_token="")
            pages.append(root.get(confirm))
        Connection.objects.update(status=Status.PENDING)
        pages.append(root.post(confirm, {"discard": "1"}))
        pages += [root.get(reverse("django_bigin:refused", args=[reason])) for reason in REFUSALS]
        assert [not_translated(read(page)) for page in pages] == [set()] * len(pages)


def test_an_alert_mail_is_translated(rows: dict[Any, Any], settings: Any) -> None:
    settings.BIGIN_ALERT_RECIPIENTS = ["ops@acme.example"]
    states.set_status(rows[Connection], Status.MISCONFIGURED, reason=REASON)
    with marking():
        assert alerts.send_due() == 1
    [message] = mail.outbox
    assert not_translated(message.subject, re.sub(r"https?://\S+", "", message.body)) == set()


# German


@pytest.fixture
def german(root: Client, settings: Any) -> Client:
    """A browser that asks for German, on a site that lets browsers choose."""
    at = settings.MIDDLEWARE.index("django.middleware.common.CommonMiddleware")
    locale = "django.middleware.locale.LocaleMiddleware"
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[:at], locale, *settings.MIDDLEWARE[at:]]
    root.defaults["HTTP_ACCEPT_LANGUAGE"] = "de"
    return root


def english_left(text: str) -> list[str]:
    """The msgids of ours that stand in a text although German has other words for them."""
    [path] = [path for path in messages.catalogues() if path.parts[-3] == "de"]
    pairs = [(entry.id, entry.string) for entry in messages.read_catalogue(path) if isinstance(entry.id, str)]
    whole = {msgid for msgid, said in pairs if msgid and said != msgid and "%(" not in msgid}
    long = {msgid for msgid in whole if msgid.count(" ") > 1}
    return [msgid for msgid in long if msgid in text] + [line for line in text.splitlines() if line in whole]


def test_a_browser_that_asks_for_german_gets_it(german: Client, rows: dict[Any, Any], settings: Any) -> None:
    connection, tenant = rows[Connection], rows[Connection].tenant
    states.set_status(connection, Status.MISCONFIGURED, reason=states.STATES[Status.MISCONFIGURED].happened)
    settings.BIGIN_ENCRYPTION_KEYS = []
    pages = {
        page_of(connection): ("Falsch konfiguriert", "Zoho akzeptiert den Client nicht", "Jetzt synchronisieren"),
        reverse(LIST): ("Einen Mandanten verbinden", "Rechenzentrum", "Token jetzt aktualisieren"),
        reverse("admin:django_bigin_connection_health"): ("Was zu tun ist", "Es gibt keinen Schlüssel"),
        reverse("admin:django_bigin_connection_connect"): ("Im Browser", "Weiter zu Zoho"),
        f"{reverse('django_bigin:connect')}?tenant={tenant.pk}": ("Sie gehen zu Zoho", "verbinden"),
        url(Job, "change", rows[Job].pk): ("Angefordert von", "Erledigt"),
        url(Record, "changelist"): ("Vorhanden", "Der Anfang eines Namens"),
    }
    for address, expected in pages.items():
        page = german.get(address)
        text = read(page)
        assert [words for words in expected if words not in text] == [], address
        assert english_left(text) == [], address
        assert '<html lang="de"' in page.content.decode()


def test_german_is_the_browsers_choice_alone(german: Client, rows: dict[Any, Any]) -> None:
    german.defaults["HTTP_ACCEPT_LANGUAGE"] = "fr, en;q=0.5"
    text = german.get(page_of(rows[Connection])).content.decode()
    assert "Sync now" in text
    assert "synchronisieren" not in text


def test_a_mail_is_in_the_sites_language_whatever_is_active(rows: dict[Any, Any], settings: Any) -> None:
    settings.BIGIN_ALERT_RECIPIENTS = ["ops@acme.example"]
    for language, active, subject, word in (
        ("de", "en", "falsch konfiguriert", "Mandant: acme tenant"),
        ("en", "de", "misconfigured", "Tenant: acme tenant"),
    ):
        settings.LANGUAGE_CODE = language
        states.set_status(rows[Connection], Status.HEALTHY)
        with override(active):
            states.set_status(rows[Connection], Status.MISCONFIGURED, reason=REASON)
            assert alerts.send_due() == 1
        message = mail.outbox.pop()
        assert message.subject.endswith(subject)
        assert message.body.startswith(word)
        assert ("Die API von Zoho" in message.body) == (language == "de")


def test_what_is_stored_does_not_depend_on_the_language(german: Client, rows: dict[Any, Any]) -> None:
    connection = rows[Connection]
    with override("de"):
        assert "Angehalten." in said(press(german, connection, "pause"))
    assert Job.objects.latest("pk").result == "Paused."
    assert AuditEvent.objects.latest("pk").action == "pause"
    connection.refresh_from_db()
    assert connection.status == Status.PAUSED


@pytest.mark.parametrize("command", ["bigin_status", "bigin_doctor"])
@pytest.mark.parametrize("as_json", [True, False])
def test_commands_speak_english(rows: dict[Any, Any], settings: Any, command: str, as_json: bool) -> None:
    settings.LANGUAGE_CODE = "de"
    states.set_status(rows[Connection], Status.MISCONFIGURED, reason=REASON)
    arguments = ["--json"] if as_json else []
    in_english = Ran(command, *arguments)
    with override("de"):
        in_german = Ran(command, *arguments)
    assert (in_german.out, in_german.error, in_german.code) == (in_english.out, in_english.error, in_english.code)
    assert "Misconfigured" in in_english.out or "client.refused" in in_english.out


def test_documents_for_programs_are_english(german: Client, rows: dict[Any, Any]) -> None:
    states.set_status(rows[Connection], Status.MISCONFIGURED, reason=REASON)
    document = german.get(reverse("django_bigin:health")).json()
    assert document["connections"][0]["findings"][0]["what_happened"] == states.STATES[Status.MISCONFIGURED].happened
    german.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    assert german.get(reverse("django_bigin:health")).json() == document


def test_models_and_migration_agree_in_every_language(settings: Any) -> None:
    settings.LANGUAGE_CODE = "de"
    with override("de"):
        call_command("makemigrations", "django_bigin", check=True, dry_run=True, verbosity=0)


def test_a_registration_in_every_data_center_is_named_in_the_language(rows: dict[Any, Any]) -> None:
    registration = make_registration(name="acme", secret="acme-secret")
    with override("de"):
        assert str(registration.secrets.get()) == "acme in jedem Rechenzentrum"

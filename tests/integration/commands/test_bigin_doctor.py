"""`bigin_doctor` where one thing after the other is really broken: each has its finding, its code and its exit code."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from celery import current_app
from django.db import connection as database

from django_bigin.encryption.keyring import new_key
from django_bigin.health import alerts
from django_bigin.health.kinds import CODES
from django_bigin.models import ClientSecret, Connection, Heartbeat, Job, ModuleSync, QuarantinedRow
from django_bigin.work import requests, scheduler
from tests.support.broken import dead_port, full_disk, silent_port, without_database
from tests.support.commands import Ran
from tests.support.factories import make_connection, make_registration
from tests.support.grants import TOKEN, let_token_expire
from tests.support.mirror import answer
from tests.support.ticking import tick, work_off
from tests.support.tokens import THROTTLED
from tests.support.wakers import woken_by

pytestmark = pytest.mark.django_db(transaction=True)

EXIT_CODES = {code.text: code.exit_code for code in CODES.values()}
CLASS_OF = {"connection.throttled": 75, "grant.revoked": 3, "client.refused": 3}  # of `bigin_status --check`; else 1


@pytest.fixture
def clean(sandbox: Any, connection: Connection) -> Connection:
    """A site that ticks and has synced everything."""
    for _ in range(2):  # the first reads which modules there are
        Ran("bigin_tick")
    assert not ModuleSync.objects.filter(last_success_at=None).exists()
    assert (Ran("bigin_doctor").code, Ran("bigin_status", "--check").code) == (0, 0)
    return connection


def assert_found(code: str) -> Ran:
    """Expect this as the first finding, at every door with its code."""
    ran, document = Ran("bigin_doctor"), Ran("bigin_doctor", "--json").document
    assert document["codes"][:1] == [code]
    assert ran.code == EXIT_CODES[code]
    assert ran.error.startswith(f"{code}: ")
    assert f"\n{code}: " in ran.out  # what to do
    checked = Ran("bigin_status", "--check", "--json")
    found = [each["code"] for each in findings(checked.document)]
    assert code in found
    assert checked.code == CLASS_OF.get(code, 1)
    return ran


def findings(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [*document["findings"], *(each for entry in document["connections"] for each in entry["findings"])]


def pass_time(sandbox: Any, minutes: int, *, working: Callable[[tuple[str, int]], bool]) -> None:
    """Let the site tick every five minutes, with workers for some of the messages."""
    for _ in range(minutes // 5):
        sandbox.advance(300)
        work_off([message for message in tick() if working(message)])


def execute(sql: str, *values: Any) -> None:
    with database.cursor() as cursor:
        cursor.execute(sql, values)


# Tick, workers and what is due


def test_beat_has_stopped(sandbox: Any, clean: Connection) -> None:
    sandbox.advance(1_200)
    ran = assert_found("tick.silent")
    assert f"{Heartbeat.objects.get(name='tick').seen_at:%Y-%m-%d %H:%M} UTC" in ran.out


def test_one_queue_has_no_worker(sandbox: Any, clean: Connection) -> None:
    pass_time(sandbox, 50, working=lambda message: message[0] == "bigin.refresh")
    ran = assert_found("worker.silent.sync")
    assert "bigin.sync" in ran.out


def test_the_other_queue_has_no_worker(sandbox: Any, clean: Connection) -> None:
    ModuleSync.objects.update(next_run_at=None, interval_seconds=86_400)
    pass_time(sandbox, 5, working=lambda message: True)
    pass_time(sandbox, 70, working=lambda message: False)
    assert_found("worker.silent.refresh")


def test_work_is_due_and_untaken(sandbox: Any, clean: Connection) -> None:
    with woken_by(lambda kind, row_id: None):  # the message is lost on its way
        requests.request(Job.Kind.SYNC, [clean], actor="a person")
    pass_time(sandbox, 70, working=lambda message: message[0] != "bigin.job")
    assert_found("work.untaken")
    Job.objects.update(queued_until=None)  # the reservation is of real minutes
    work_off(tick())
    assert Ran("bigin_doctor").code == 0


def test_nothing_is_wrong_while_all_workers_work(sandbox: Any, clean: Connection) -> None:
    pass_time(sandbox, 180, working=lambda message: True)
    assert (Ran("bigin_doctor").code, Ran("bigin_doctor").out) == (0, "Nothing is wrong.\n")


# Without Celery


@pytest.fixture
def without_celery(clean: Connection, settings: Any) -> None:
    settings.BIGIN_CELERY = False


def pass_time_with_ticks(sandbox: Any, minutes: int) -> None:
    for _ in range(minutes // 5):
        sandbox.advance(300)
        Ran("bigin_tick")


def test_without_celery_ticks_are_enough(sandbox: Any, without_celery: None) -> None:
    pass_time_with_ticks(sandbox, 90)
    assert [Ran(*command).code for command in (("bigin_doctor",), ("bigin_status", "--check"))] == [0, 0]


def test_without_celery_no_tick_came(sandbox: Any, without_celery: None) -> None:
    sandbox.advance(1_200)
    ran = assert_found("tick.silent")
    assert "Start bigin_tick." in ran.out
    checked = Ran("bigin_status", "--check")
    for said in (ran.out, checked.out, checked.error):
        assert "worker" not in said
        assert "beat" not in said
    sandbox.advance(5 * 86_400)
    assert_found("tick.silent")
    pass_time_with_ticks(sandbox, 10)
    assert Ran("bigin_doctor").code == 0


def test_without_celery_there_was_never_a_tick(sandbox: Any, without_celery: None) -> None:
    Heartbeat.objects.all().delete()
    ModuleSync.objects.all().delete()
    sandbox.advance(1_200)
    ran = assert_found("sync.never")
    assert "Start bigin_tick." in ran.out


def test_without_celery_a_tick_whose_work_comes_to_nothing_is_told_by_what_is_late(
    sandbox: Any, without_celery: None, clean: Connection
) -> None:
    requests.request(Job.Kind.SYNC, [clean], actor="a person")
    pass_time(sandbox, 70, working=lambda message: False)
    ran = assert_found("work.untaken")
    assert "module.late" in ran.out
    assert "worker" not in ran.out


def test_a_tick_with_much_to_do_is_alive_all_the_while(
    sandbox: Any, without_celery: None, clean: Connection, monkeypatch: Any
) -> None:
    seen: list[int] = []
    run_slice = scheduler.run_slice

    def take_long(name: str, row_id: int, *, in_tick: bool) -> None:
        sandbox.advance(600)
        seen.append(Ran("bigin_doctor").code)
        run_slice(name, row_id, in_tick=in_tick)

    sandbox.advance(300)
    monkeypatch.setattr(scheduler, "run_slice", take_long)
    Ran("bigin_tick")
    assert len(seen) > 3
    assert EXIT_CODES["tick.silent"] not in seen


# Keys and secrets


def test_the_key_was_removed(clean: Connection, settings: Any) -> None:
    settings.BIGIN_ENCRYPTION_KEYS = []
    assert_found("key.missing")


def test_the_key_is_no_key(clean: Connection, settings: Any) -> None:
    settings.BIGIN_ENCRYPTION_KEYS = ["not a key"]
    assert_found("key.missing")


def test_another_key_is_configured(clean: Connection, settings: Any) -> None:
    settings.BIGIN_ENCRYPTION_KEYS = [new_key()]
    assert_found("key.unknown")


@pytest.mark.parametrize("column", ["refresh_token", "access_token"])
def test_a_token_was_damaged(column: str, clean: Connection) -> None:
    stored = Connection.objects.get().__dict__[column].ciphertext
    broken = f"{stored[:-8]}{'AAAA' if stored[-8:-4] != 'AAAA' else 'BBBB'}{stored[-4:]}"
    execute(f"UPDATE django_bigin_connection SET {column} = %s", broken)
    ran = assert_found("secret.damaged")
    assert column.replace("_", " ") in ran.out
    assert broken[20:] not in ran.out


def test_a_token_was_copied_from_another_row(clean: Connection) -> None:
    other = make_connection(status=Connection.Status.PAUSED).__dict__["refresh_token"].ciphertext
    execute("UPDATE django_bigin_connection SET refresh_token = %s WHERE id = %s", other, clean.pk)
    assert_found("secret.damaged")


def test_a_client_secret_was_damaged(clean: Connection) -> None:
    execute("UPDATE django_bigin_clientsecret SET secret = %s", "v1.nonsense")
    assert_found("secret.damaged")


def test_a_key_that_nothing_needs_any_more_is_not_missed(clean: Connection, settings: Any) -> None:
    old = settings.BIGIN_ENCRYPTION_KEYS
    settings.BIGIN_ENCRYPTION_KEYS = [new_key(), *old]
    assert Ran("bigin_doctor").code == 0


# Parts of the installation


@pytest.mark.parametrize("clock", ["an_hour_ahead", "an_hour_behind"])
def test_the_clock_is_off_by_an_hour(clock: str, db: None, settings: Any) -> None:
    make_connection()
    assert Ran("bigin_doctor").code == 0
    settings.BIGIN_CLOCK = f"tests.support.clocks.{clock}"
    ran = assert_found("clock.off")
    assert "60 minutes" in ran.out


def test_the_broker_is_down(clean: Connection, monkeypatch: Any) -> None:
    monkeypatch.setattr(current_app.conf, "broker_url", f"amqp://someone:a-password@127.0.0.1:{dead_port()}//")
    ran = assert_found("broker.down")
    assert "a-password" not in ran.out + ran.error


@pytest.mark.parametrize("scheme", ["amqp", "redis"])
def test_a_broker_that_is_silent_gets_two_seconds(scheme: str, clean: Connection, monkeypatch: Any) -> None:
    with silent_port() as port:
        monkeypatch.setattr(current_app.conf, "broker_url", f"{scheme}://127.0.0.1:{port}//")
        started = time.monotonic()
        assert Ran("bigin_doctor").code == EXIT_CODES["broker.down"]
        assert time.monotonic() - started < 5


def test_the_mail_server_is_down(sandbox: Any, clean: Connection, settings: Any) -> None:
    settings.BIGIN_ALERT_RECIPIENTS = ["ops@example.org"]
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", dead_port()
    let_token_expire(sandbox)
    sandbox.revoke_grant()
    Ran("bigin_tick")
    assert_found("grant.revoked")
    sandbox.advance(60)
    Ran("bigin_tick")
    assert_found("mailer.down")
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    sandbox.advance(600)
    alerts.send_due()
    assert_found("grant.revoked")


def test_the_installation_is_another(clean: Connection, settings: Any) -> None:
    settings.BIGIN_INSTALLATION_ID = "production"
    Ran("bigin_tick")
    assert Ran("bigin_doctor").code == 0
    settings.BIGIN_INSTALLATION_ID = "a copy"
    ran = assert_found("installation.differs")
    assert "'production'" in ran.out


# Grants


def test_the_grant_was_revoked(sandbox: Any, clean: Connection) -> None:
    let_token_expire(sandbox)
    sandbox.revoke_grant()
    Ran("bigin_tick")
    assert_found("grant.revoked")


def test_the_secret_is_wrong(sandbox: Any, clean: Connection) -> None:
    row = ClientSecret.objects.get()
    row.secret = "another secret"
    row.save()
    let_token_expire(sandbox)
    Ran("bigin_tick")
    assert_found("client.refused")


def test_the_grant_is_throttled(sandbox: Any, clean: Connection) -> None:
    let_token_expire(sandbox)
    sandbox.fail(TOKEN, status=400, body=THROTTLED)
    Ran("bigin_tick")
    assert_found("connection.throttled")


# Modules


def test_a_module_fails(sandbox: Any, clean: Connection) -> None:
    sandbox.fail("GET /bigin/v2/Contacts", status=500)
    Ran("bigin_sync")
    assert_found("module.failed")


def test_a_row_is_quarantined(sandbox: Any, clean: Connection) -> None:
    sandbox.add_records("Contacts", 2)
    first, *rest = sandbox.records("Contacts")
    answer(sandbox, [{**first, "Description": "a\x00b"}, *rest], times=1)
    Ran("bigin_sync", "--module", "Contacts")
    assert QuarantinedRow.objects.count() == 1
    assert_found("rows.quarantined")
    [entry] = Ran("bigin_status", "--json").document["connections"]
    contacts = next(each for each in entry["modules"] if each["module"] == "Contacts")
    assert (entry["quarantined"], contacts["quarantined"], contacts["state"]) == (1, 1, "incomplete")
    assert contacts["incomplete"] == "1 row is quarantined."
    assert "incomplete: 1 row is quarantined." in Ran("bigin_status").out


def test_the_disk_of_the_database_is_full(sandbox: Any, clean: Connection) -> None:
    sandbox.add_records("Contacts", 3_000)
    with full_disk("django_bigin_record"):
        Ran("bigin_sync", "--full", "--module", "Contacts")
    ran = assert_found("module.not_stored")
    assert "full" in ran.out or "No space left" in ran.out
    Ran("bigin_sync")
    assert Ran("bigin_doctor").code == 0


# All of them


def test_every_finding_has_a_code_and_an_exit_code_of_its_own() -> None:
    assert len(EXIT_CODES) == len(CODES) == len(set(EXIT_CODES.values()))
    assert set(EXIT_CODES.values()) & {0, 1, 2, 3, 75, 130} == set()
    assert list(EXIT_CODES.values()) == sorted(EXIT_CODES.values())


def test_names_the_tenant_of_what_is_wrong_with_a_connection(clean: Connection) -> None:
    ModuleSync.objects.filter(module="Contacts").update(last_error="No.", last_error_at=clean.created_at)
    assert "acme: Contacts" in Ran("bigin_doctor").out


@pytest.mark.parametrize("number", [1, 20])
def test_takes_the_same_few_queries_for_any_number(number: int, settings: Any, django_assert_num_queries: Any) -> None:
    settings.BIGIN_INSTALLATION_ID = "here"
    for _ in range(number):
        row = make_connection(registration=make_registration(secret="a client secret"))
        ModuleSync.objects.create(connection=row, module="Contacts", last_error="No.")
    with django_assert_num_queries(12):
        assert len(Ran("bigin_doctor", "--json").document["codes"]) >= number


def test_the_database_does_not_answer() -> None:
    ran = without_database("-m", "django", "bigin_doctor", "--json")
    assert json.loads(ran.stdout)["codes"] == ["database.unreachable"]
    assert ran.returncode == EXIT_CODES["database.unreachable"]
    assert without_database("-m", "django", "bigin_status", "--check").returncode == 75


def test_the_database_is_older_than_the_code(clean: Connection) -> None:
    execute("DELETE FROM django_migrations WHERE app = 'django_bigin'")
    try:
        ran = assert_found("database.unmigrated")
        assert "0001_initial" in ran.out
    finally:
        execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('django_bigin', '0001_initial', %s)",
            clean.created_at + timedelta(0),
        )

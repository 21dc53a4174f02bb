"""`bigin_status --check` where nobody works any more: it has to tell by the rows alone."""

import io
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from django_bigin import clock
from django_bigin.connections import lifecycle
from django_bigin.models import Connection, Heartbeat, ModuleSync

pytestmark = pytest.mark.django_db(transaction=True)


def sync() -> None:
    call_command("bigin_sync", stdout=io.StringIO(), stderr=io.StringIO())


def tick() -> None:
    call_command("bigin_tick", stdout=io.StringIO(), stderr=io.StringIO())


def check() -> tuple[int, str]:
    """Return the exit code of `bigin_status --check` and its last line."""
    try:
        call_command("bigin_status", "--check", stdout=io.StringIO(), stderr=io.StringIO())
    except CommandError as error:
        return error.returncode, str(error)
    return 0, ""


def status() -> dict[str, Any]:
    stdout = io.StringIO()
    call_command("bigin_status", "--json", stdout=stdout)
    return json.loads(stdout.getvalue())


def shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def test_five_days_without_beat_worker_or_tick_are_told(sandbox: Any, connection: Connection) -> None:
    sync()
    synced_at = shown(ModuleSync.objects.get(module="Contacts").last_success_at)
    assert check() == (0, "")

    sandbox.advance(timedelta(days=5).total_seconds())
    code, sentence = check()

    assert code == 1
    assert sentence.startswith("1 of 1 connections is unhealthy. Nobody does what is due: ")
    assert "Contacts" in sentence
    assert f"since {synced_at}" in sentence
    assert "token since" in sentence
    assert "Last seen: tick never, worker never. Start beat and workers, or bigin_tick." in sentence
    sync()
    assert check() == (0, "")


def test_a_connection_that_nobody_ever_synced_is_told(sandbox: Any, connection: Connection) -> None:
    assert check() == (0, "")
    sandbox.advance(3_600)
    code, sentence = check()
    assert code == 1
    assert "first sync since" in sentence


def test_a_tick_that_falls_silent_is_told_before_anything_is_late(sandbox: Any, connection: Connection) -> None:
    tick()
    ModuleSync.objects.update(interval_seconds=86_400)
    seen_at = shown(Heartbeat.objects.get(name="tick").seen_at)
    sync()
    assert check() == (0, "")

    sandbox.advance(1_200)
    code, sentence = check()

    assert code == 1
    assert f"Last seen: tick {seen_at}" in sentence
    assert [each["kind"] for each in status()["findings"]] == ["silent_tick"]
    tick()
    assert check() == (0, "")


def test_a_site_that_syncs_by_cron_alone_is_not_silent(sandbox: Any, connection: Connection, settings: Any) -> None:
    settings.BIGIN_SYNC_INTERVAL_SECONDS = 4 * 3_600
    tick()  # once, by hand, to try it
    for _ in range(8):
        sandbox.advance(4 * 3_600)
        sync()
    sandbox.advance(3.9 * 3_600)

    assert Connection.objects.get().expires_at < clock.now() - timedelta(hours=2)
    assert check() == (0, "")


def test_one_module_that_nobody_takes_is_named_alone(sandbox: Any, connection: Connection) -> None:
    sync()
    Connection.objects.update(status_since=clock.now() - timedelta(days=9))
    notes = ModuleSync.objects.filter(module="Notes")
    notes.update(next_run_at=clock.now() - timedelta(days=2), last_success_at=clock.now() - timedelta(days=3))

    code, sentence = check()

    assert code == 1
    assert f"Notes since {shown(notes.get().last_success_at)}" in sentence
    assert "Contacts" not in sentence
    (entry,) = status()["connections"]
    assert [(each["kind"], each["subject"]) for each in entry["findings"]] == [("overdue", "Notes")]


@pytest.mark.parametrize(
    "changes", [{"enabled": False}, {"unavailable_reason": "Not here."}, {"lease_until": timedelta(minutes=2)}]
)
def test_what_is_switched_off_not_offered_or_worked_on_is_not_late(
    sandbox: Any, connection: Connection, changes: dict[str, Any]
) -> None:
    sync()
    Connection.objects.update(status_since=clock.now() - timedelta(days=9))
    changes = {name: clock.now() + value if name == "lease_until" else value for name, value in changes.items()}
    ModuleSync.objects.filter(module="Notes").update(next_run_at=clock.now() - timedelta(days=2), **changes)

    assert check() == (0, "")


def test_what_was_paused_is_late_only_once_it_works_again(sandbox: Any, connection: Connection) -> None:
    sync()
    connection.refresh_from_db()
    lifecycle.pause(connection, actor="a person")
    sandbox.advance(timedelta(days=5).total_seconds())
    assert check() == (0, "")

    connection.refresh_from_db()
    lifecycle.resume(connection, actor="a person")
    assert check()[0] == 0
    sandbox.advance(3_600)
    assert check()[0] == 1

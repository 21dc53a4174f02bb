"""`bigin_tick --every` outlives its database session."""

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from django_bigin.db.aliases import database_of
from django_bigin.models import Connection, ModuleSync

pytestmark = pytest.mark.django_db(transaction=True)


def end_session() -> None:
    """End this process's session as a server does that restarts: the client hears of it with its next statement."""
    database = database_of(Connection)
    database.ensure_connection()
    number, end = {
        "postgresql": ("SELECT pg_backend_pid()", "SELECT pg_terminate_backend(%s)"),
        "mysql": ("SELECT CONNECTION_ID()", "KILL %s"),
    }[database.vendor]
    with database.cursor() as cursor:
        cursor.execute(number)
        [session] = cursor.fetchone()
    other = database.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute(end, [session])
    finally:
        other.close()


class Rounds:
    """What happens between two rounds: a step for each, and Ctrl-C after the last."""

    def __init__(self, *steps: Any) -> None:
        self.steps = list(steps)

    def sleep(self, seconds: float) -> None:
        if not self.steps:
            raise KeyboardInterrupt
        self.steps.pop(0)()


@pytest.mark.parametrize("persistent", [True, False])
def test_the_next_round_opens_a_new_session(
    persistent: bool, sandbox: Any, connection: Connection, monkeypatch: Any
) -> None:
    database = database_of(Connection)
    if database.vendor == "sqlite":
        pytest.skip("SQLite has no sessions that a server could end")
    if persistent:  # as with CONN_MAX_AGE = None
        monkeypatch.setitem(database.settings_dict, "CONN_MAX_AGE", None)
        database.close_at = None
    rounds = Rounds(end_session, lambda: None, lambda: sandbox.advance(900), lambda: None)
    monkeypatch.setattr("time.sleep", rounds.sleep)
    stdout, stderr = io.StringIO(), io.StringIO()
    with pytest.raises(CommandError, match="Stopped"):
        call_command("bigin_tick", "--every", "1", stdout=stdout, stderr=stderr)
    assert ModuleSync.objects.exclude(last_success_at=None).exists()
    assert rounds.steps == []
    assert ("The next round tries again." in stderr.getvalue()) == persistent

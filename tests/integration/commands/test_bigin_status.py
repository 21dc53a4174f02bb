"""`bigin_status`: what it shows, and what `--check` exits with."""

from datetime import timedelta
from pathlib import Path

import pytest

from django_bigin import clock
from django_bigin.models import Connection, CreditUse, ModuleSync, Record
from tests.support.commands import Ran
from tests.support.databases import database
from tests.support.factories import make_connection, make_record, make_registration

pytestmark = pytest.mark.django_db(transaction=True)

Status = Connection.Status
COMMANDS = Path(__file__).resolve().parents[3] / "docs" / "commands.md"


def test_shows_tenant_organization_token_modules_and_credits(sandbox, connection):
    Ran("bigin_sync")
    ran = Ran("bigin_status")
    contacts = Record.objects.live().filter(module="Contacts").count()
    assert ran.code == 0
    assert f"acme: {connection.org_name} (us, organization {connection.org_id})" in ran.out
    assert "Healthy" in ran.out
    assert "token       expires in" in ran.out
    line = next(line for line in ran.out.splitlines() if line.startswith("  Contacts"))
    assert line.split()[1] == f"{contacts:,}"
    assert line.endswith("complete")


def test_json_holds_what_a_program_needs(connection):
    Ran("bigin_sync", "--module", "Contacts")
    (entry,) = Ran("bigin_status", "--tenant", "acme", "--json").document["connections"]
    modules = {each["module"]: each for each in entry["modules"]}
    assert entry["status"] == "healthy"
    assert entry["credits"]["used"] > 0
    assert entry["credits"]["budget"] >= 5_000
    assert modules["Contacts"]["records"] == Record.objects.live().filter(module="Contacts").count()
    assert modules["Contacts"]["watermark"]
    assert modules["Contacts"]["last_error"] == ""


def test_every_key_is_documented(connection):
    Ran("bigin_sync", "--module", "Contacts")
    ModuleSync.objects.filter(module="Contacts").update(last_error="No.")
    document = Ran("bigin_status", "--json").document
    (entry,) = document["connections"]
    parts = (document, document["last_seen"], entry, entry["organization"], entry["credits"], entry["modules"][0])
    keys = {key for part in (*parts, entry["findings"][0]) for key in part}
    documented = COMMANDS.read_text(encoding="utf-8").split("## `bigin_status`")[1].split("\n## ")[0]
    assert {key for key in keys if f"`{key}`" not in documented} == set()


def test_credits_are_those_of_the_last_24_hours():
    connection = make_connection()
    now = clock.now()
    for hours, credits in ((1, 5), (23, 7), (25, 100)):
        CreditUse.objects.create(
            data_center="us", org_id=connection.org_id, minute=now - timedelta(hours=hours), credits=credits
        )
    CreditUse.objects.create(data_center="eu", org_id=connection.org_id, minute=now, credits=1000)
    (entry,) = Ran("bigin_status", "--json").document["connections"]
    assert entry["credits"]["used"] == 12


@pytest.mark.parametrize("number", [1, 20])
def test_takes_the_same_few_queries_for_any_number(number, settings, django_assert_num_queries):
    settings.BIGIN_INSTALLATION_ID = "here"
    for _ in range(number):
        make_record(make_connection(registration=make_registration(secret="a client secret")))
    with django_assert_num_queries(12, connection=database):
        assert len(Ran("bigin_status", "--json").document["connections"]) == number


def test_tombstones_are_not_counted():
    connection = make_connection()
    ModuleSync.objects.create(connection=connection, module="Contacts")
    make_record(connection)
    make_record(connection, deleted_at=clock.now())
    (entry,) = Ran("bigin_status", "--json").document["connections"]
    assert entry["modules"][0]["records"] == 1


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (Status.HEALTHY, 0),
        (Status.PAUSED, 0),
        (Status.DISCONNECTED, 0),
        (Status.DEGRADED, 75),
        (Status.NEEDS_AUTHORIZATION, 3),
        (Status.MISCONFIGURED, 3),
    ],
)
def test_check_lets_the_exit_code_tell(status, code):
    make_connection(status=status, status_reason="Because.")
    assert Ran("bigin_status", "--check").code == code
    assert Ran("bigin_status").code == 0


def test_what_needs_a_person_is_shown_with_what_to_do():
    make_connection(status=Status.NEEDS_AUTHORIZATION)
    assert "to do       Reconnect it on its page in the admin." in Ran("bigin_status").out


def test_check_sees_a_module_that_fails():
    ModuleSync.objects.create(connection=make_connection(), module="Contacts", last_error="No.")
    assert Ran("bigin_status", "--check").code == 1


def test_nothing_connected_says_what_to_do():
    ran = Ran("bigin_status")
    assert (ran.code, ran.out) == (0, "No tenant is connected yet: bigin_connect connects one.\n")


def test_a_name_cannot_command_the_terminal():
    make_connection(org_name="Evil\x1b[2J\x07 [red]Ltd[/red]")
    ran = Ran("bigin_status")
    assert "\x1b" not in ran.out
    assert "[red]Ltd[/red]" in ran.out

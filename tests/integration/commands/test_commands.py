"""The commands, as a person and as a program meet them."""

import base64
import logging
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.core.management import get_commands, load_command_class

from django_bigin import clock
from django_bigin.management.output import Output, distance, plain_table
from django_bigin.models import Connection, CreditUse, ModuleSync, Record
from tests.support.commands import Ran, Terminal, another_connection, connect_arguments
from tests.support.factories import make_connection, make_record

pytestmark = pytest.mark.django_db(transaction=True)

Status = Connection.Status
COMMANDS = ("bigin_connect", "bigin_refresh", "bigin_sync", "bigin_status", "bigin_disconnect", "bigin_adopt")


class TestHelp:
    @pytest.mark.parametrize("name", COMMANDS)
    def test_help_explains_gives_an_example_and_lists_the_exit_codes(self, name):
        text = load_command_class(get_commands()[name], name).create_parser("manage.py", name).format_help()
        assert "examples:\n  " in text
        assert "exit codes:\n  0   all of it worked" in text
        assert "--json" in text

    @pytest.mark.parametrize("name", COMMANDS)
    def test_help_fits_a_terminal(self, name, monkeypatch):
        monkeypatch.setenv("COLUMNS", "80")
        text = load_command_class(get_commands()[name], name).create_parser("manage.py", name).format_help()
        # The scopes are one word, to be copied whole.
        assert [line for line in text.splitlines() if len(line) > 80 and " " in line.strip()] == []

    def test_the_scopes_to_ask_for_can_be_copied_from_the_help(self, settings):
        settings.BIGIN_SCOPES = ["ZohoBigin.modules.ALL", "ZohoBigin.org.READ"]
        text = load_command_class("django_bigin", "bigin_connect").create_parser("manage.py", "").format_help()
        assert "\n  ZohoBigin.modules.ALL,ZohoBigin.org.READ\n" in text


class TestSync:
    def test_mirrors_every_module_and_shows_a_table(self, sandbox, connection):
        ran = Ran("bigin_sync")
        assert (ran.code, ran.error) == (0, "")
        assert ran.out.splitlines()[0].split()[:3] == ["tenant", "module", "new"]
        contacts = len(sandbox.records("Contacts"))
        assert Record.objects.live().filter(module="Contacts").count() == contacts > 0
        assert any(line.split()[:3] == ["acme", "Contacts", f"{contacts:,}"] for line in ran.out.splitlines())

    def test_only_the_modules_that_were_named_whatever_their_case(self, connection):
        ran = Ran("bigin_sync", "--tenant", "acme", "--module", "contacts", "Accounts", "--json")
        (entry,) = ran.document["connections"]
        assert {each["module"] for each in entry["modules"]} == {"Contacts", "Accounts"}
        assert set(Record.objects.values_list("module", flat=True)) <= {"Contacts", "Accounts"}

    def test_an_unknown_module_gets_the_list_of_those_that_are_known(self, connection):
        ran = Ran("bigin_sync", "--module", "Contact")
        assert ran.code == 2
        assert "There is no module 'Contact'. Did you mean Contacts? Known: Contacts, Accounts" in ran.error

    def test_full_reads_every_record_again(self, sandbox, connection):
        Ran("bigin_sync", "--module", "Contacts")
        contact = sandbox.records("Contacts")[0]
        sandbox.edit_records("Contacts", [{"id": contact["id"], "Last_Name": "Changed"}], touch=False)

        ran = Ran("bigin_sync", "--module", "Contacts", "--full", "--json")

        (result,) = ran.document["connections"][0]["modules"]
        assert result["updated"] == 1
        assert Record.objects.get(record_id=contact["id"])["Last_Name"] == "Changed"

    def test_one_failing_module_stops_no_other_and_is_not_hidden(self, sandbox, connection):
        sandbox.fail("GET /bigin/v2/Products", status=500, times=100)
        ran = Ran("bigin_sync", "--json")
        modules = {each["module"]: each for each in ran.document["connections"][0]["modules"]}
        assert ran.code == 1
        assert modules["Products"]["error"]
        assert modules["Contacts"]["finished"]
        assert modules["Notes"]["finished"]

    def test_a_tenant_that_lost_its_grant_stops_no_other(self, sandbox, connection, tmp_path):
        other = another_connection(sandbox, tmp_path)
        Connection.objects.filter(pk=connection.pk).update(status=Status.NEEDS_AUTHORIZATION)
        ran = Ran("bigin_sync", "--module", "Contacts")
        assert ran.code == 3
        assert "Reconnect it" in ran.out
        assert Record.objects.filter(connection=other).count() == 3

    def test_a_bug_with_one_tenant_stops_no_other(self, sandbox, connection, tmp_path, monkeypatch, caplog):
        from django_bigin import sync

        other = another_connection(sandbox, tmp_path)
        whole = sync.sync_connection

        def broken(given: Connection, **options: Any) -> Any:
            if given.pk == connection.pk:
                raise KeyError("id")
            return whole(given, **options)

        monkeypatch.setattr(sync, "sync_connection", broken)
        ran = Ran("bigin_sync", "--module", "Contacts")
        assert ran.code == 1
        assert "Unexpected error KeyError; see the log." in ran.out
        assert "KeyError" in caplog.text
        assert Record.objects.filter(connection=other).count() == 3

    @pytest.mark.parametrize("status", [Status.PAUSED, Status.DISCONNECTED])
    def test_what_is_switched_off_is_left_alone_unless_it_is_named(self, connection, status):
        Connection.objects.update(status=status)
        ran = Ran("bigin_sync")
        assert (ran.code, Record.objects.count()) == (0, 0)
        assert "nothing to sync" in ran.out

        named = Ran("bigin_sync", "--connection", str(connection.pk))
        assert named.code == 3
        assert "paused" in named.out or "disconnected" in named.out

    def test_a_database_that_does_not_answer_gives_one_sentence(self, connection, monkeypatch):
        from django.db import OperationalError

        from django_bigin import sync

        def lost(*arguments: Any, **options: Any) -> Any:
            raise OperationalError("server closed the connection\nunexpectedly")

        monkeypatch.setattr(sync, "sync_connection", lost)
        ran = Ran("bigin_sync")
        assert ran.code == 75
        assert ran.error.startswith("The database does not answer (server closed the connection).")

    def test_stopped_by_hand_says_that_nothing_is_lost(self, connection, monkeypatch):
        from django_bigin import sync

        def stopped(*arguments: Any, **options: Any) -> Any:
            raise KeyboardInterrupt

        monkeypatch.setattr(sync, "sync_connection", stopped)
        assert Ran("bigin_sync").code == 130


class TestStatus:
    def test_shows_tenant_organization_token_modules_and_credits(self, sandbox, connection):
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

    def test_json_holds_what_a_program_needs(self, connection):
        Ran("bigin_sync", "--module", "Contacts")
        (entry,) = Ran("bigin_status", "--tenant", "acme", "--json").document["connections"]
        modules = {each["module"]: each for each in entry["modules"]}
        assert entry["status"] == "healthy"
        assert entry["credits"]["used"] > 0
        assert entry["credits"]["budget"] >= 5_000
        assert modules["Contacts"]["records"] == Record.objects.live().filter(module="Contacts").count()
        assert modules["Contacts"]["watermark"]
        assert modules["Contacts"]["last_error"] == ""

    def test_credits_are_those_of_the_last_24_hours(self):
        connection = make_connection()
        now = clock.now()
        for hours, credits in ((1, 5), (23, 7), (25, 100)):
            CreditUse.objects.create(
                data_center="us", org_id=connection.org_id, minute=now - timedelta(hours=hours), credits=credits
            )
        CreditUse.objects.create(data_center="eu", org_id=connection.org_id, minute=now, credits=1000)
        (entry,) = Ran("bigin_status", "--json").document["connections"]
        assert entry["credits"]["used"] == 12

    def test_takes_the_same_few_queries_for_any_number(self, django_assert_num_queries):
        for _ in range(3):
            make_record(make_connection())
        with django_assert_num_queries(5):
            Ran("bigin_status", "--json")

    def test_tombstones_are_not_counted(self):
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
    def test_check_lets_the_exit_code_tell(self, status, code):
        make_connection(status=status, status_reason="Because.")
        assert Ran("bigin_status", "--check").code == code
        assert Ran("bigin_status").code == 0

    def test_check_sees_a_module_that_fails(self):
        ModuleSync.objects.create(connection=make_connection(), module="Contacts", last_error="No.")
        assert Ran("bigin_status", "--check").code == 1

    def test_nothing_connected_says_what_to_do(self):
        ran = Ran("bigin_status")
        assert (ran.code, ran.out) == (0, "No tenant is connected yet: bigin_connect connects one.\n")

    def test_a_name_cannot_command_the_terminal(self):
        make_connection(org_name="Evil\x1b[2J\x07 [red]Ltd[/red]")
        ran = Ran("bigin_status")
        assert "\x1b" not in ran.out
        assert "[red]Ltd[/red]" in ran.out


class TestOutput:
    def test_numbers_stand_to_the_right(self):
        assert plain_table(("module", "records"), [("Contacts", 12_345), ("Notes", None)]) == [
            "module    records",
            "--------  -------",
            "Contacts   12,345",
            "Notes",
        ]

    def test_distances_are_in_words(self):
        now = clock.now()
        spans = {45: "in 45 s", 61: "in 1 min", 7_300: "in 2 h", -200_000: "2 d ago", -30: "30 s ago"}
        assert {seconds: distance(now + timedelta(seconds=seconds), now) for seconds in spans} == spans

    def test_plain_progress_says_now_and_then_that_it_moves(self, connection, monkeypatch):
        monkeypatch.setattr("django_bigin.management.output.PLAIN_EVERY_SECONDS", 0)
        ran = Ran("bigin_sync", "--module", "Contacts")
        assert "acme: Contacts, " in ran.err
        assert Ran("bigin_sync", "--module", "Contacts", "--full", "--json").err == ""

    def test_rich_shows_the_same_on_a_terminal(self, capsys):
        output = Output(Terminal(), Terminal(), as_json=False, color=False)
        output.table(("tenant", "records"), [("[red]acme", 12_345)])
        from django_bigin.sync import Progress

        with output.progress("acme") as show:
            show(Progress("Contacts", "walk", 1, 200))
            show(Progress("Notes", "walk", 1, 20))
        written = capsys.readouterr()
        assert "[red]acme" in written.out
        assert "12,345" in written.out


class TestSecrets:
    def test_no_command_shows_any_secret_even_at_debug(self, sandbox, organization, files, caplog):
        caplog.set_level(logging.DEBUG)
        said = ""
        for name, *arguments in (
            ("bigin_connect", *connect_arguments(organization, files)),
            ("bigin_connect", *connect_arguments(organization, files)),
            ("bigin_refresh",),
            ("bigin_sync", "--module", "Contacts"),
            ("bigin_status", "--json"),
            ("bigin_disconnect", "--tenant", "acme"),
        ):
            ran = Ran(name, *arguments, "--verbosity=3", "--traceback")
            said += ran.out + ran.err + ran.error
        said += caplog.text + "".join(str(record.__dict__) for record in caplog.records)
        secrets = [each["value"] for each in sandbox.secrets()]
        assert len(secrets) > 3
        for secret in secrets:
            assert secret not in said
            assert quote(secret, safe="") not in said
            assert base64.b64encode(secret.encode()).decode() not in said

"""The commands, as a person and as a program meet them."""

import base64
import io
import json
import logging
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.core.management import CommandError, call_command, get_commands, load_command_class

from django_bigin import clock
from django_bigin.management.output import Output, distance, plain_table
from django_bigin.models import (
    AuditEvent,
    ClientSecret,
    Connection,
    CreditUse,
    Installation,
    ModuleSync,
    Record,
    Tenant,
)
from tests.support.factories import make_connection, make_record, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)

Status = Connection.Status
COMMANDS = ("bigin_connect", "bigin_refresh", "bigin_sync", "bigin_status", "bigin_disconnect", "bigin_adopt")


class Ran:
    """What a command wrote, and how it ended."""

    def __init__(self, name: str, *arguments: str) -> None:
        stdout, stderr = io.StringIO(), io.StringIO()
        self.code, self.error = 0, ""
        try:
            call_command(name, *arguments, stdout=stdout, stderr=stderr)
        except CommandError as error:
            self.code, self.error = error.returncode, str(error)
        self.out, self.err = stdout.getvalue(), stderr.getvalue()

    @property
    def document(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def files(tmp_path: Path, organization: dict[str, str]) -> tuple[Path, Path]:
    """The two files of a person who has just made a code, pasted with a line end."""
    return (
        private_file(tmp_path / "secret", f"  {organization['client_secret']}\n"),
        private_file(tmp_path / "code", f"{organization['grant_token']}\n\n"),
    )


def private_file(path: Path, content: str) -> Path:
    path.touch(mode=0o600)
    path.write_text(content)
    return path


def connect_arguments(organization: dict[str, str], files: tuple[Path, Path], **changes: str) -> list[str]:
    options = {
        "tenant": "acme",
        "client-id": organization["client_id"],
        "client-secret-file": str(files[0]),
        "grant-token-file": str(files[1]),
        "data-center": organization["data_center"],
    } | {name.replace("_", "-"): value for name, value in changes.items()}
    return [word for name, value in options.items() for word in (f"--{name}", value)]


@pytest.fixture
def connection(sandbox: Any, organization: dict[str, str], files: tuple[Path, Path]) -> Connection:
    sandbox.seed(records={"Contacts": 7, "Accounts": 2, "Products": 1, "Notes": 1})
    assert Ran("bigin_connect", *connect_arguments(organization, files)).code == 0
    return Connection.objects.get()


def another_connection(sandbox: Any, tmp_path: Path, tenant: str = "globex") -> Connection:
    organization = sandbox.add_organization(data_center="us", records={"Contacts": 3})
    files = (
        private_file(tmp_path / f"{tenant}-secret", organization["client_secret"]),
        private_file(tmp_path / f"{tenant}-code", organization["grant_token"]),
    )
    ran = Ran("bigin_connect", *connect_arguments(organization, files, tenant=tenant), "--json")
    assert ran.code == 0, ran.error
    return Connection.objects.get(pk=ran.document["connection"])


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


class TestConnect:
    def test_connects_a_self_client_with_no_other_step(self, organization, files):
        ran = Ran("bigin_connect", *connect_arguments(organization, files))

        connection = Connection.objects.get()
        assert (ran.code, ran.error, ran.err) == (0, "", "")
        assert "Connected tenant acme (created now)" in ran.out
        assert connection.status == Status.HEALTHY
        assert connection.org_id == organization["org_id"]
        assert connection.tenant == Tenant.objects.get(slug="acme", name="acme")
        assert ClientSecret.objects.get().secret == organization["client_secret"]

    def test_a_tenant_that_is_there_is_used_and_a_new_one_can_be_named(self, sandbox, organization, files, tmp_path):
        tenant = make_tenant("acme")
        Ran("bigin_connect", *connect_arguments(organization, files))
        assert Connection.objects.get().tenant == tenant

        code = private_file(tmp_path / "another", sandbox.mint_grant_token()["grant_token"])
        Ran(
            "bigin_connect",
            *connect_arguments(organization, (files[0], code), tenant="globex"),
            "--tenant-name=Globex Inc",
        )
        assert Tenant.objects.get(slug="globex").name == "Globex Inc"

    def test_json_is_all_that_stands_on_stdout(self, organization, files):
        ran = Ran("bigin_connect", *connect_arguments(organization, files), "--json")
        assert ran.document["tenant"] == "acme"
        assert ran.document["created"] is True
        assert ran.document["tenant_created"] is True
        assert ran.document["organization"]["id"] == organization["org_id"]
        assert ran.document["connection"] == Connection.objects.get().pk

    def test_connecting_the_same_organization_again_reconnects(
        self, sandbox, organization, files, connection, tmp_path
    ):
        code = private_file(tmp_path / "another", sandbox.mint_grant_token()["grant_token"])
        ran = Ran("bigin_connect", *connect_arguments(organization, (files[0], code)))
        assert ran.out.startswith("Reconnected tenant acme to ")
        assert Connection.objects.get().pk == connection.pk

    def test_scopes_that_were_not_granted_are_named(self, sandbox, organization, files, tmp_path):
        scopes = ["ZohoBigin.modules.ALL", "ZohoBigin.org.READ", "ZohoBigin.users.READ", "ZohoBigin.settings.ALL"]
        code = private_file(tmp_path / "few", sandbox.mint_grant_token(scopes=scopes)["grant_token"])
        ran = Ran("bigin_connect", *connect_arguments(organization, (files[0], code)))
        assert ran.code == 0
        assert "ZohoBigin.bulk.READ" in ran.err
        assert "ZohoBigin.org.READ" not in ran.err

    def test_the_code_may_come_from_stdin(self, organization, files, monkeypatch):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(f"{organization['grant_token']}\n".encode())))
        assert Ran("bigin_connect", *connect_arguments(organization, files, grant_token_file="-")).code == 0

    def test_a_used_code_says_what_to_do_and_leaves_nothing_behind(self, organization, files):
        Ran("bigin_connect", *connect_arguments(organization, files))
        ran = Ran("bigin_connect", *connect_arguments(organization, files, tenant="globex"))
        assert ran.code == 3
        assert "code" in ran.error.lower() or "grant token" in ran.error.lower()
        assert not Tenant.objects.filter(slug="globex").exists()

    def test_an_expired_code_needs_a_person(self, sandbox, organization, files):
        sandbox.advance(3600)
        ran = Ran("bigin_connect", *connect_arguments(organization, files))
        assert ran.code == 3
        assert Connection.objects.count() == Tenant.objects.count() == 0

    def test_a_wrong_secret_says_what_to_compare(self, organization, files, tmp_path):
        wrong = private_file(tmp_path / "wrong", "somethingelse")
        ran = Ran("bigin_connect", *connect_arguments(organization, (wrong, files[1])), "--json")
        assert ran.code == ran.document["exit_code"] == 3
        assert "secret" in ran.error
        assert "somethingelse" not in ran.out + ran.err + ran.error

    def test_another_data_center_says_what_to_compare(self, organization, files):
        ran = Ran("bigin_connect", *connect_arguments(organization, files, data_center="eu"))
        assert ran.code == 3
        assert "data center" in ran.error

    def test_an_outage_says_to_try_again(self, sandbox, organization, files):
        sandbox.fail("POST /oauth/v2/token", status=503, times=10)
        assert Ran("bigin_connect", *connect_arguments(organization, files)).code == 75

    @pytest.mark.parametrize(
        ("changes", "code", "sentence"),
        [
            ({"data_center": "mars"}, 2, "There is no data center 'mars' here; use one of us, eu"),
            ({"client_secret_file": "/nowhere/secret"}, 1, "cannot be read from /nowhere/secret: No such file"),
            ({"grant_token_file": "-", "client_secret_file": "-"}, 2, "at most one of them from stdin"),
            ({"tenant": "not a slug!"}, 1, "Tenant 'not a slug!' cannot be created"),
        ],
    )
    def test_what_cannot_be_right_is_refused_before_anything_is_sent(
        self, sandbox, organization, files, changes, code, sentence
    ):
        ran = Ran("bigin_connect", *connect_arguments(organization, files, **changes))
        assert ran.code == code
        assert sentence in ran.error
        assert sandbox.count_calls("POST /oauth/v2/token") == 0
        assert not Tenant.objects.exists()

    @pytest.mark.parametrize(
        "content", ["", " \n\t", "two words", "two\nlines", "n\0ul", "é", b"\xff\xfe".decode("latin-1")]
    )
    def test_a_file_that_does_not_hold_one_secret_is_refused(self, organization, files, tmp_path, content):
        bad = private_file(tmp_path / "bad", content)
        ran = Ran("bigin_connect", *connect_arguments(organization, (bad, files[1])))
        assert ran.code == 1
        assert ran.error.startswith("The client secret ")
        assert str(bad) in ran.error

    def test_a_secret_that_everybody_can_read_is_warned_of(self, organization, files):
        files[0].chmod(0o644)
        ran = Ran("bigin_connect", *connect_arguments(organization, files))
        assert ran.code == 0
        assert f"chmod 600 {files[0]}" in ran.err
        assert str(files[1]) not in ran.err


class TestRefresh:
    def test_asks_for_a_new_token_although_the_old_one_serves(self, sandbox, connection):
        sandbox.clear_calls()
        ran = Ran("bigin_refresh")
        assert (ran.code, sandbox.count_calls("POST /oauth/v2/token")) == (0, 1)
        assert "refreshed; the token expires in" in ran.out
        assert Connection.objects.get().access_token != connection.access_token

    def test_one_that_fails_stops_no_other(self, sandbox, connection, tmp_path):
        other = another_connection(sandbox, tmp_path)
        sandbox.revoke_grant(org_id=connection.org_id)

        ran = Ran("bigin_refresh", "--json")

        first, second = ran.document["connections"]
        assert (first["connection"], second["connection"]) == (connection.pk, other.pk)
        assert "error" in first
        assert second["expires_at"]
        assert ran.code == 3
        assert ran.error == "1 of 2 connections could not be refreshed."

    def test_only_the_tenant_that_was_named(self, sandbox, connection, tmp_path):
        another_connection(sandbox, tmp_path)
        sandbox.clear_calls()
        assert Ran("bigin_refresh", "--tenant", "globex").code == 0
        assert sandbox.count_calls("POST /oauth/v2/token") == 1

    @pytest.mark.parametrize(
        ("arguments", "sentence"),
        [
            (("--tenant", "nobody"), "There is no tenant with slug 'nobody'. Known: acme."),
            (("--connection", "999999"), "There is no connection 999999: bigin_status lists them."),
            (("--tenant", "acme", "--connection", "999999"), "There is no connection 999999 of tenant 'acme'"),
        ],
    )
    def test_what_is_not_there_is_named(self, connection, arguments, sentence):
        ran = Ran("bigin_refresh", *arguments)
        assert ran.code == 1
        assert sentence in ran.error


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


class TestDisconnect:
    def test_revokes_the_grant_and_keeps_the_records(self, sandbox, connection):
        Ran("bigin_sync", "--module", "Contacts")
        stored = Record.objects.count()
        ran = Ran("bigin_disconnect", "--tenant", "acme", "--json")
        assert ran.code == 0
        assert ran.document["revoked"] is True
        assert Connection.objects.get().status == Status.DISCONNECTED
        assert Record.objects.count() == stored
        assert "bigin_disconnect" in AuditEvent.objects.get(action="disconnect").actor

    def test_an_outage_leaves_the_revocation_for_later(self, sandbox, connection):
        sandbox.fail("POST /oauth/v2/token/revoke", status=503, times=10)
        ran = Ran("bigin_disconnect", "--tenant", "acme")
        assert ran.code == 75
        sandbox.clear_faults()
        assert Ran("bigin_disconnect", "--tenant", "acme").code == 0

    def test_a_purge_without_a_terminal_needs_a_yes(self, connection, monkeypatch):
        monkeypatch.setattr("sys.stdin", io.StringIO())
        ran = Ran("bigin_disconnect", "--tenant", "acme", "--purge")
        assert ran.code == 2
        assert "--yes" in ran.error
        assert Connection.objects.get().status == Status.HEALTHY

    def test_a_purge_asks_on_a_terminal(self, connection, monkeypatch):
        make_record(connection)
        monkeypatch.setattr("sys.stdin", terminal("n\n"))
        assert Ran("bigin_disconnect", "--tenant", "acme", "--purge").error == "Nothing was changed."
        assert Record.objects.exists()

        monkeypatch.setattr("sys.stdin", terminal("yes\n"))
        assert Ran("bigin_disconnect", "--tenant", "acme", "--purge").code == 0
        assert not Record.objects.exists()

    def test_a_purge_with_yes_deletes_the_mirror_of_that_connection_alone(self, connection):
        make_record(connection)
        other = make_record(make_connection())
        ran = Ran("bigin_disconnect", "--tenant", "acme", "--purge", "--yes", "--json")
        assert ran.document["purged_records"] == 1
        assert Record.objects.get() == other

    def test_a_tenant_with_several_must_say_which(self, sandbox, connection, tmp_path):
        other = another_connection(sandbox, tmp_path, tenant="acme")
        ran = Ran("bigin_disconnect", "--tenant", "acme")
        assert ran.code == 2
        assert f"{connection.pk} is " in ran.error
        assert Ran("bigin_disconnect", "--tenant", "acme", "--connection", str(other.pk)).code == 0
        assert set(Connection.objects.values_list("status", flat=True)) == {Status.HEALTHY, Status.DISCONNECTED}


class TestAdopt:
    def test_adopts_on_purpose(self, settings):
        Installation.objects.create(pk=1, identifier="production", adopted_at=clock.now())
        settings.BIGIN_INSTALLATION_ID = "staging"
        ran = Ran("bigin_adopt")
        assert ran.code == 0
        assert "belongs to installation staging" in ran.out
        assert Installation.objects.get().identifier == "staging"

    def test_needs_a_name_to_adopt_it_as(self, settings):
        settings.BIGIN_INSTALLATION_ID = ""
        ran = Ran("bigin_adopt", "--json")
        assert ran.code == ran.document["exit_code"] == 1
        assert "BIGIN_INSTALLATION_ID" in ran.error

    def test_a_copy_of_the_database_does_not_act(self, settings, connection):
        Installation.objects.all().delete()
        Installation.objects.create(pk=1, identifier="production", adopted_at=clock.now())
        settings.BIGIN_INSTALLATION_ID = "staging"
        ran = Ran("bigin_sync")
        assert ran.code == 1
        assert "bigin_adopt" in ran.out


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


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def terminal(typed: str) -> Any:
    return Terminal(typed)

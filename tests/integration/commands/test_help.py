"""The help of each command."""

import pytest
from django.core.management import get_commands, load_command_class

COMMANDS = (
    "bigin_doctor",
    "bigin_connect",
    "bigin_refresh",
    "bigin_sync",
    "bigin_status",
    "bigin_disconnect",
    "bigin_delete_tenant",
    "bigin_adopt",
    "bigin_tick",
)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_explains_gives_an_example_and_lists_the_exit_codes(name):
    text = load_command_class(get_commands()[name], name).create_parser("manage.py", name).format_help()
    assert "examples:\n  " in text
    assert "exit codes:\n  0   all of it worked" in text
    assert "--json" in text


@pytest.mark.parametrize("name", COMMANDS)
def test_help_fits_a_terminal(name, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    text = load_command_class(get_commands()[name], name).create_parser("manage.py", name).format_help()
    # The scopes are one word, to be copied whole.
    assert [line for line in text.splitlines() if len(line) > 80 and " " in line.strip()] == []


def test_the_scopes_to_ask_for_can_be_copied_from_the_help(settings):
    settings.BIGIN_SCOPES = ["ZohoBigin.modules.ALL", "ZohoBigin.org.READ"]
    text = load_command_class("django_bigin", "bigin_connect").create_parser("manage.py", "").format_help()
    assert "\n  ZohoBigin.modules.ALL,ZohoBigin.org.READ\n" in text

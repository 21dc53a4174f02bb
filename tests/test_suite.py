"""The scaffolding itself: what the suite relies on."""

import socket

import pytest
from django.conf import settings

from tests.support.services import database_is_missing, is_reachable


def test_a_port_where_nothing_listens_is_not_reachable():
    assert not is_reachable("127.0.0.1", 9)


def test_a_missing_database_server_is_named():
    reason = database_is_missing({"ENGINE": "django.db.backends.postgresql", "HOST": "127.0.0.1", "PORT": "9"})
    assert reason == "missing service: postgresql does not answer at 127.0.0.1:9"


def test_sqlite_is_never_missing():
    assert database_is_missing({"ENGINE": "django.db.backends.sqlite3"}) == ""


def test_the_suite_never_has_the_debug_pages():
    assert settings.DEBUG is False


def test_no_test_reaches_another_machine():
    with socket.socket() as other, pytest.raises(AssertionError, match=r"tried to reach 203\.0\.113\.1"):
        other.connect(("203.0.113.1", 443))


def test_the_package_is_pointed_to_the_sandbox(sandbox):
    assert sandbox.url == settings.BIGIN_SANDBOX_URL


def test_the_sandbox_is_as_new_in_each_test(sandbox):
    assert sandbox.calls()["total"] == 0
    assert sandbox.records("Contacts") == []
    sandbox.add_records("Contacts", 3)


def test_what_another_test_did_to_the_sandbox_is_gone(sandbox):
    assert sandbox.records("Contacts") == []

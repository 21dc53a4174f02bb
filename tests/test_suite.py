"""The scaffolding itself: what the suite relies on."""

import socket
import urllib.error
import urllib.request
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from tests.conftest import refuse_unknown_calls
from tests.support import clock
from tests.support.services import database_is_missing, is_reachable


def test_the_clock_is_real_time_while_no_sandbox_is_followed():
    assert abs((clock.now() - timezone.now()).total_seconds()) < 5


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


def test_the_clock_is_the_sandboxs_in_this_process_and_in_others(sandbox, settings):
    sandbox.advance(86_400)

    assert clock.now() - timezone.now() > timedelta(hours=23)
    clock.follow(None)
    assert clock.now() - timezone.now() > timedelta(hours=23)
    settings.BIGIN_SANDBOX_URL = None
    assert abs(clock.now() - timezone.now()) < timedelta(seconds=5)


def test_a_call_that_bigin_does_not_have_fails_the_test_that_made_it(sandbox):
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(sandbox.url + "/bigin/v2/no/such/thing")

    with pytest.raises(pytest.fail.Exception, match="no/such/thing"):
        refuse_unknown_calls(sandbox)
    sandbox.clear_calls()

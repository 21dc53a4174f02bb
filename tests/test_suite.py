"""The scaffolding itself: what the suite relies on."""

from django.conf import settings
from django.utils import timezone

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

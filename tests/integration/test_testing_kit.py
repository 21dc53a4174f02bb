"""The testing kit: what it gives to tests that use it, and that others do not notice it."""

import base64
import logging
import os
import re
import subprocess
import sys
import tomllib
import unittest
import urllib.error
import urllib.request
from datetime import timedelta
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings as django_settings
from django.db import connection as database
from django.db import transaction
from django.test import SimpleTestCase
from django.utils import timezone

from django_bigin.connections import tokens
from django_bigin.exceptions import BiginError, RateLimitError, RefreshTokenError, ServerError
from django_bigin.models import Connection
from django_bigin.sandbox import Sandbox
from django_bigin.sync import sync_connection
from django_bigin.testing import (
    BiginTestMixin,
    clock,
    connect,
    connected,
    make_tenant,
    no_secrets_logged,
    refresh_in_transaction,
    running_sandbox,
    sandbox_in_use,
)
from django_bigin.testing.leaks import require_no_secrets

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "tests" / "integration" / "test_testing_with_pytest.py"
EXAMPLE_FOR_DJANGO = ROOT / "tests" / "integration" / "test_testing_with_django.py"
DOCUMENT = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")


# A project of somebody else's, in a process of its own

HOST_SETTINGS = """
SECRET_KEY = "only for tests"
USE_TZ = True
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django_bigin"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
"""

# For `manage.py test`, which runs the checks first.
HOST_KEY = 'BIGIN_ENCRYPTION_KEYS = ["AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="]'

FAULTY_TESTS = """
import logging
import urllib.error
import urllib.request

import pytest


def test_asks_for_what_bigin_does_not_have(bigin_sandbox):
    try:
        urllib.request.urlopen(bigin_sandbox.url + "/bigin/v2/no/such/thing")
    except urllib.error.HTTPError:
        pass


def test_comes_after_it_and_is_innocent(bigin_sandbox):
    assert bigin_sandbox.calls()["total"] == 0


def test_logs_a_secret(bigin_no_secrets_logged, bigin_sandbox):
    logging.getLogger("site").debug("secret: %s", bigin_sandbox.organizations[0]["client_secret"])


def test_logs_it_while_nobody_listens(bigin_sandbox):
    logging.getLogger("site").debug("secret: %s", bigin_sandbox.organizations[0]["client_secret"])
"""

FOREIGN_TESTS = """
import sys
import threading


def test_nothing_is_imported_or_started(request):
    assert request.config.pluginmanager.hasplugin("django_bigin")
    assert not {"django", "requests", "django_bigin.sandbox"} & set(sys.modules)
    assert threading.active_count() == 1
"""


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """A folder with the settings of a site, where the package is installed with its entry point."""
    (tmp_path / "host_settings.py").write_text(HOST_SETTINGS)
    if not entry_points(group="pytest11", name="django_bigin"):
        # A checkout that is on the path but not installed: what installing it would have written.
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        folder = tmp_path / "django_bigin-0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: django-bigin\nVersion: 0\n")
        plugin = project["entry-points"]["pytest11"]["django_bigin"]
        (folder / "entry_points.txt").write_text(f"[pytest11]\ndjango_bigin = {plugin}\n")
    return tmp_path


def run(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python in the folder of a project, with none of this suite's settings."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("BIGIN_", "DATABASE_", "DJANGO_", "PYTEST_"))}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**kept, "PYTHONPATH": os.pathsep.join((str(folder), str(ROOT))), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_hosts_tests_find_the_fixtures_by_the_entry_point(host: Path) -> None:
    (host / "test_site.py").write_text(EXAMPLE.read_text())
    done = run(host, "-m", "pytest", "-q", "-p", "no:cacheprovider", DJANGO_SETTINGS_MODULE="host_settings")
    assert "5 passed" in done.stdout, done.stdout + done.stderr


def test_a_hosts_test_cases_run_under_djangos_own_runner(host: Path) -> None:
    (host / "host_settings.py").write_text(HOST_SETTINGS + HOST_KEY)
    (host / "test_site.py").write_text(EXAMPLE_FOR_DJANGO.read_text())
    done = run(host, "-W", "error::ResourceWarning", "-m", "django", "test", DJANGO_SETTINGS_MODULE="host_settings")
    assert "Ran 3 tests" in done.stderr, done.stdout + done.stderr
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_test_that_did_it_fails_and_no_other(host: Path) -> None:
    (host / "test_site.py").write_text(FAULTY_TESTS)
    done = run(
        host, "-m", "pytest", "-rA", "-p", "no:cacheprovider", COLUMNS="300", DJANGO_SETTINGS_MODULE="host_settings"
    )
    outcomes = dict(re.findall(r"^(?:(?:PASSED|FAILED|ERROR) test_site.py::(\w+))(.*)", done.stdout, re.MULTILINE))
    assert "no/such/thing" in outcomes["test_asks_for_what_bigin_does_not_have"]
    assert "secrets were logged" in outcomes["test_logs_a_secret"]
    assert re.search(r"2 failed, 2 passed", done.stdout), done.stdout + done.stderr


def test_a_project_that_does_not_use_it_notices_nothing(host: Path) -> None:
    (host / "test_other.py").write_text(FOREIGN_TESTS)
    done = run(host, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:django")
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_nothing_of_the_package_imports_the_kit() -> None:
    package = ROOT / "django_bigin"
    others = [path for path in package.rglob("*.py") if package / "testing" not in path.parents]
    imports = re.compile(r"^\s*(from|import) (\.+|django_bigin\.)testing\b|import testing\b", re.MULTILINE)
    assert len(others) > 50
    assert [str(path) for path in others if imports.search(path.read_text(encoding="utf-8"))] == []


# The sandbox in use


def test_within_a_running_sandbox_the_package_is_pointed_to_it_and_afterwards_no_more() -> None:
    before = (getattr(django_settings, "BIGIN_SANDBOX_URL", None), django_settings.BIGIN_CLOCK)
    with running_sandbox(records={"Contacts": 2}) as outer:
        assert len(outer.records("Contacts")) == 2
        with running_sandbox() as inner:
            assert inner.url == django_settings.BIGIN_SANDBOX_URL
            assert sandbox_in_use() is inner
        assert outer.url == django_settings.BIGIN_SANDBOX_URL
        assert sandbox_in_use() is outer
    assert (getattr(django_settings, "BIGIN_SANDBOX_URL", None), django_settings.BIGIN_CLOCK) == before


def test_without_a_sandbox_it_is_said_how_to_get_one() -> None:
    with pytest.raises(RuntimeError, match="bigin_sandbox"):
        connect()


def call_what_is_not_there(sandbox: Sandbox) -> None:
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(sandbox.url + "/bigin/v2/no/such/thing")


def test_a_call_that_bigin_does_not_have_fails_the_block_that_made_it() -> None:
    with pytest.raises(AssertionError, match="no/such/thing"), running_sandbox() as sandbox:
        call_what_is_not_there(sandbox)


def test_a_call_that_bigin_does_not_have_fails_the_test_case_that_made_it() -> None:
    class Case(BiginTestMixin, SimpleTestCase):
        def test_it(self) -> None:
            call_what_is_not_there(self.sandbox)

        def test_another(self) -> None:
            assert self.sandbox.calls()["total"] == 0

    result = unittest.TestResult()
    unittest.TestSuite([Case("test_it"), Case("test_another")]).run(result)
    [(case, trace)] = result.failures
    assert (case._testMethodName, result.testsRun, result.errors) == ("test_it", 2, [])
    assert "no/such/thing" in trace


def test_a_failure_of_the_test_itself_is_what_is_shown() -> None:
    with pytest.raises(KeyError), running_sandbox() as sandbox:
        call_what_is_not_there(sandbox)
        raise KeyError


def test_what_a_test_asks_for_on_purpose_can_be_forgotten(bigin_sandbox: Sandbox) -> None:
    call_what_is_not_there(bigin_sandbox)
    bigin_sandbox.clear_calls()


@pytest.mark.parametrize("when", ["before", "after"])
def test_the_sites_own_settings_fixture_and_the_sandboxs_undo_each_other_in_order(
    when: str, settings: Any, request: Any
) -> None:
    if when == "before":
        settings.BIGIN_SANDBOX_URL = None
    sandbox = request.getfixturevalue("bigin_sandbox")
    assert sandbox.url == django_settings.BIGIN_SANDBOX_URL
    settings.BIGIN_READ_TIMEOUT_SECONDS = 1


def test_nothing_of_it_is_left_behind() -> None:
    assert getattr(django_settings, "BIGIN_SANDBOX_URL", None) is None
    assert not hasattr(django_settings, "BIGIN_READ_TIMEOUT_SECONDS")
    assert abs(clock.now() - timezone.now()) < timedelta(seconds=5)


# Its clock


def test_the_clock_is_the_sandboxs(bigin_sandbox: Sandbox) -> None:
    bigin_sandbox.advance(86_400)
    assert clock.now() - timezone.now() > timedelta(hours=23)


def test_another_process_follows_the_clock_by_the_sandboxs_address(settings: Any) -> None:
    with Sandbox() as elsewhere:
        settings.BIGIN_SANDBOX_URL = elsewhere.url
        elsewhere.advance(86_400)
        assert clock.now() - timezone.now() > timedelta(hours=23)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")
# Python 3.12 and on warn of forking beside threads, which is what Celery's workers do.
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_worker_follows_the_clock_too(bigin_sandbox: Sandbox) -> None:
    bigin_sandbox.set_speed(0)
    reading, writing = os.pipe()
    worker = os.fork()
    if worker == 0:
        os.close(writing)
        os.read(reading, 1)
        os._exit(0 if clock.now().year == 2031 else 1)
    bigin_sandbox.set_clock("2031-01-01T00:00:00+00:00")
    os.close(writing)
    assert os.waitpid(worker, 0)[1] == 0
    os.close(reading)


# Tenants and tokens


@pytest.mark.django_db
def test_a_tenant_can_be_connected_again_and_to_a_second_organization(bigin_sandbox: Sandbox) -> None:
    tenant = make_tenant("acme")
    first = connect(tenant)
    assert connect(tenant).pk == first.pk
    second = connect(tenant, organization=bigin_sandbox.add_organization(data_center="eu"))
    assert (second.tenant, second.data_center) == (tenant, "eu")


@pytest.mark.django_db
def test_what_is_granted_can_be_chosen(bigin_sandbox: Sandbox) -> None:
    connection = connect(scopes="ZohoBigin.org.READ,ZohoBigin.users.READ")
    assert sorted(connection.scopes) == ["ZohoBigin.org.READ", "ZohoBigin.users.READ"]


@pytest.mark.django_db
def test_whoever_was_connected_is_disconnected_at_the_end(bigin_sandbox: Sandbox) -> None:
    with connected() as connection:
        assert connection.status == Connection.Status.HEALTHY
    connection.refresh_from_db()
    assert connection.status == Connection.Status.DISCONNECTED
    with connected(connection.tenant) as connection:
        connection.delete()


def test_tokens_are_refreshed_in_the_transaction_around_a_test(
    bigin_sandbox: Sandbox, bigin_connection: Connection
) -> None:
    assert database.in_atomic_block
    old = bigin_connection.access_token
    bigin_sandbox.advance(3700)
    new = tokens.ensure_fresh_token(bigin_connection.pk).value
    bigin_connection.refresh_from_db()
    assert new == bigin_connection.access_token != old


def test_a_grant_that_is_lost_is_known_in_the_transaction_around_a_test(
    bigin_sandbox: Sandbox, bigin_connection: Connection
) -> None:
    bigin_sandbox.advance(3700)
    bigin_sandbox.revoke_grant()
    with pytest.raises(BiginError):
        tokens.ensure_fresh_token(bigin_connection.pk)
    bigin_connection.refresh_from_db()
    assert bigin_connection.status == Connection.Status.NEEDS_AUTHORIZATION


@pytest.mark.django_db(transaction=True)
def test_without_a_transaction_around_the_test_tokens_are_refreshed_as_in_production(
    bigin_sandbox: Sandbox, bigin_connection: Connection
) -> None:
    bigin_sandbox.advance(3700)
    assert not tokens.in_callers_transaction.get()
    with refresh_in_transaction(), pytest.raises(KeyError), transaction.atomic():
        tokens.ensure_fresh_token(bigin_connection.pk)
        raise KeyError
    stored = Connection.objects.get(pk=bigin_connection.pk)
    assert stored.access_token == bigin_connection.access_token


# Secrets in logs


def leak(sandbox: Sandbox, kind: str = "refresh_token") -> str:
    return sandbox.organizations[0][kind]


WAYS = {
    "as it is": lambda log, secret: log.debug("token %s", secret),
    "in an f-string": lambda log, secret: log.info(f"token {secret}"),  # noqa: G004
    "URL-encoded": lambda log, secret: log.debug("/?token=%s", quote(f"{secret}", safe="")),
    "in base64": lambda log, secret: log.debug("%s", base64.b64encode(secret.encode()).decode()),
    "in base64 after one more": lambda log, secret: log.debug("%s", base64.b64encode(f"x{secret}".encode()).decode()),
    "in base64 after two more": lambda log, secret: log.debug("%s", base64.b64encode(f"xy{secret}!".encode()).decode()),
    "in urlsafe base64": lambda log, secret: log.debug("%s", base64.urlsafe_b64encode(secret.encode()).decode()),
    "in bytes beside": lambda log, secret: log.debug("called", extra={"body": bytearray(secret.encode())}),
    "in data beside": lambda log, secret: log.debug("called", extra={"call": {"headers": [secret]}}),
}


def log_failure(log: logging.Logger, secret: str) -> None:
    try:
        raise ValueError(secret)
    except ValueError:
        log.exception("failed")


@pytest.mark.parametrize("kind", ["client_secret", "grant_token", "refresh_token"])
@pytest.mark.parametrize("way", [*WAYS, "in a traceback"])
def test_a_logged_secret_is_found_and_not_shown(way: str, kind: str, bigin_sandbox: Sandbox) -> None:
    secret = leak(bigin_sandbox, kind)
    what = f"(?s)secrets were logged.*{kind}.*site.part.*test_testing_kit"
    with pytest.raises(AssertionError, match=what) as found, no_secrets_logged(bigin_sandbox):
        WAYS.get(way, log_failure)(logging.getLogger("site.part"), secret)
    assert secret not in str(found.value)


@pytest.mark.parametrize(
    "state",
    [{"level": logging.ERROR}, {"propagate": False}, {"disabled": True}, {"level": logging.ERROR, "propagate": False}],
)
def test_every_logger_is_heard_and_left_as_it_was(state: dict[str, Any], bigin_sandbox: Sandbox) -> None:
    log = logging.getLogger("site.quiet")
    for name, value in state.items():
        setattr(log, name, value)
    before = vars(log) | {"handlers": list(log.handlers), "_cache": None}
    root = (logging.root.level, list(logging.root.handlers))
    with pytest.raises(AssertionError), no_secrets_logged(bigin_sandbox):
        log.debug(leak(bigin_sandbox))
    assert vars(log) | {"_cache": None} == before
    assert (logging.root.level, logging.root.handlers) == root
    log.setLevel(logging.NOTSET)
    log.propagate, log.disabled = True, False


def test_a_secret_is_found_in_an_argument_that_does_not_fit_its_message(bigin_sandbox: Sandbox) -> None:
    """Not logged here: pytest's own handler would raise what logging itself only writes to stderr."""
    secret = leak(bigin_sandbox)
    record = logging.makeLogRecord({"name": "site.part", "msg": "%d tokens", "args": (secret,)})
    with pytest.raises(AssertionError, match=r"refresh_token: site\.part"):
        require_no_secrets([record], bigin_sandbox.secrets())


def test_a_secret_of_an_earlier_reset_is_found_as_well(bigin_sandbox: Sandbox) -> None:
    secret = leak(bigin_sandbox)
    bigin_sandbox.reset()
    with pytest.raises(AssertionError, match="refresh_token"), no_secrets_logged(bigin_sandbox):
        logging.getLogger("site").debug(secret)


def test_what_is_no_secret_may_be_logged(bigin_sandbox: Sandbox) -> None:
    with no_secrets_logged(bigin_sandbox):
        logging.getLogger("site").debug("client %s", leak(bigin_sandbox, "client_id"))


# What docs/testing.md says

OUTCOMES = [
    "try again later",
    "fewer token requests",
    "authorize again",
    "",
    "Rate limit reached",
    "Bigin failed to answer",
    "other than JSON",
    "closed the connection",
    "did not answer",
    "may not use the module",
]


def faults(language: str) -> list[str]:
    """The ten lines that the document shows in that language."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)
    [block] = [block for block in blocks if block.startswith(("sandbox.fail(", "curl "))]
    lines = str(block).splitlines()
    assert len(lines) == len(OUTCOMES) == 10
    return lines


@pytest.mark.parametrize("number", range(1, 11))
@pytest.mark.parametrize("language", ["python", "sh"])
def test_each_documented_fault_is_what_the_site_sees(
    number: int, language: str, bigin_sandbox: Sandbox, bigin_connection: Connection, settings: Any
) -> None:
    settings.BIGIN_READ_TIMEOUT_SECONDS = 1
    bigin_sandbox.add_records("Contacts", 450)
    bigin_sandbox.advance(3600)
    line = faults(language)[number - 1]
    if language == "python":
        exec(line, {"sandbox": bigin_sandbox})
    else:
        environment = {**os.environ, "BIGIN_SANDBOX_URL": bigin_sandbox.url, "no_proxy": "127.0.0.1"}
        done = subprocess.run(["bash", "-c", line], env=environment, capture_output=True, text=True, check=True)
        assert "error" not in done.stdout
    assert OUTCOMES[number - 1] in what_the_site_sees(bigin_connection)
    if number == 4:
        assert bigin_sandbox.count_calls("POST /oauth/v2/token") == 3  # connected, refreshed, and refreshed once more


def what_the_site_sees(connection: Connection) -> str:
    try:
        [result] = sync_connection(connection, modules=["Contacts"])
    except BiginError as error:
        return str(error)
    return result.error or result.skipped or ("" if result.created == 450 else "not all came")


RAISED = {1: ServerError, 2: RateLimitError, 3: RefreshTokenError}


@pytest.mark.parametrize("number", range(1, 11))
def test_each_documented_fault_is_raised_or_told_as_the_document_says(
    number: int, bigin_sandbox: Sandbox, bigin_connection: Connection, settings: Any
) -> None:
    settings.BIGIN_READ_TIMEOUT_SECONDS = 1
    bigin_sandbox.add_records("Contacts", 450)
    bigin_sandbox.advance(3600)
    exec(faults("python")[number - 1], {"sandbox": bigin_sandbox})

    if number in RAISED:
        with pytest.raises(RAISED[number]):
            sync_connection(bigin_connection, modules=["Contacts"])
        return
    [result] = sync_connection(bigin_connection, modules=["Contacts"])

    assert (bool(result.error), bool(result.skipped)) == (number not in (4, 10), number == 10)
    if number == 6:
        assert bigin_sandbox.calls(outcome="fault 502")["total"] == 1


@pytest.mark.parametrize("path", [EXAMPLE, EXAMPLE_FOR_DJANGO], ids=lambda path: path.stem)
def test_the_document_shows_what_runs(path: Path) -> None:
    parts = re.findall(r"# \[\w+\]\n(.*?)# \[/\w+\]", path.read_text(encoding="utf-8"), re.DOTALL)

    assert parts
    for part in parts:
        assert f"```python\n{part.rstrip()}\n```" in DOCUMENT


@pytest.mark.parametrize("path", [EXAMPLE, EXAMPLE_FOR_DJANGO], ids=lambda path: path.stem)
def test_the_first_example_has_at_most_fifteen_lines(path: Path) -> None:
    [part] = re.findall(r"# \[example\]\n(.*?)# \[/example\]", path.read_text(), re.DOTALL)
    assert len([line for line in part.splitlines() if line.strip()]) <= 15

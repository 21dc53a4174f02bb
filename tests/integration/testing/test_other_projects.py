"""A project of somebody else's, in a process of its own, that uses the kit or does not notice it."""

import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
EXAMPLE = Path(__file__).with_name("test_with_pytest.py")
EXAMPLE_FOR_DJANGO = Path(__file__).with_name("test_with_django.py")


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

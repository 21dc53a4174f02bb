"""The example project's settings, each case in a process: settings are read once."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from django_bigin import conf

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "example_project"
PRINT = """
import json, sys
from example import settings
print(json.dumps({name: getattr(settings, name) for name in sys.argv[1:]}))
"""


def run(code, *names, cwd, **environment):
    return start("-c", code, *names, cwd=cwd, PYTHONPATH=os.pathsep.join([str(ROOT), str(SITE)]), **environment)


def start(*arguments, cwd, **environment):
    ours = ("BIGIN_", "CELERY_", "DJANGO_", "DATABASE_", "PYTHONPATH", "SECRET_KEY", "DEBUG", "ALLOWED_HOSTS")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=cwd, env=clean | environment, capture_output=True, text=True, timeout=120)


@pytest.fixture
def read(tmp_path):
    def read(*names, **environment):
        done = run(PRINT, *names, cwd=tmp_path, **environment)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return read


def test_there_is_no_secret_key_by_default(tmp_path):
    done = run(PRINT, "SECRET_KEY", cwd=tmp_path)

    assert done.returncode != 0
    assert "SECRET_KEY" in done.stderr.splitlines()[-1]


def test_a_site_under_development_needs_no_secret_key(read):
    assert read("DEBUG", "SECRET_KEY", DEBUG="true")["DEBUG"] is True


def test_each_setting_of_ours_is_read_under_its_own_name_and_as_its_type(read):
    settings = read(
        "BIGIN_ENCRYPTION_KEYS",
        "BIGIN_READ_TIMEOUT_SECONDS",
        "BIGIN_MODULES",
        "BIGIN_CLOCK",
        SECRET_KEY="x",
        BIGIN_ENCRYPTION_KEYS="new=,old=",
        BIGIN_READ_TIMEOUT_SECONDS="7.5",
        BIGIN_MODULES="Contacts,Accounts",
        BIGIN_CLOCK="django_bigin.testing.clock.now",
    )

    assert settings == {
        "BIGIN_ENCRYPTION_KEYS": ["new=", "old="],
        "BIGIN_READ_TIMEOUT_SECONDS": 7.5,
        "BIGIN_MODULES": ["Contacts", "Accounts"],
        "BIGIN_CLOCK": "django_bigin.testing.clock.now",
    }


def test_the_database_is_sqlite_ready_for_several_processes(read):
    database = read("DATABASES", SECRET_KEY="x")["DATABASES"]["default"]

    assert database["NAME"] == str(SITE / "example.sqlite3")
    assert database["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert "journal_mode=WAL" in database["OPTIONS"]["init_command"]


@pytest.mark.parametrize(
    ("url", "engine"),
    [
        ("postgres://me@db.example/site", "django.db.backends.postgresql"),
        ("mysql://me@db.example/site", "django.db.backends.mysql"),
    ],
)
def test_the_database_is_another_when_told_so(read, url, engine):
    database = read("DATABASES", SECRET_KEY="x", DATABASE_URL=url)["DATABASES"]["default"]

    assert (database["ENGINE"], database["NAME"], database["HOST"]) == (engine, "site", "db.example")
    assert "transaction_mode" not in database["OPTIONS"]


def test_every_setting_that_is_not_text_is_read_as_what_it_is(read):
    settings = read("BIGIN_LISTS", "BIGIN_NUMBERS", "BIGIN_SWITCHES", SECRET_KEY="x")
    source = Path(conf.__file__).read_text()
    lists = re.findall(r'_names\("(BIGIN_\w+)"', source)
    numbers = re.findall(r'_number\(\s*"(BIGIN_\w+)"', source)
    switches = re.findall(r"def (BIGIN_\w+)\(self\) -> bool:", source)

    assert set(settings["BIGIN_LISTS"]) == {*lists, "BIGIN_ENCRYPTION_KEYS"}
    assert set(settings["BIGIN_SWITCHES"]) == {*switches}
    assert [name for name in numbers if not name.endswith(tuple(settings["BIGIN_NUMBERS"]))] == []
    assert min(map(len, (lists, numbers, switches))) > 1


def test_a_site_without_celery_says_so_in_its_environment(read):
    assert read("BIGIN_CELERY", SECRET_KEY="x", BIGIN_CELERY="false") == {"BIGIN_CELERY": False}


def test_the_site_passes_the_checks_of_django_and_ours(tmp_path):
    code = "import django; django.setup(); from django.core.management import call_command; call_command('check')"
    key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

    done = run(code, cwd=tmp_path, SECRET_KEY="x", DJANGO_SETTINGS_MODULE="example.settings", BIGIN_ENCRYPTION_KEYS=key)

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("folder", "manage"), [(SITE, "manage.py"), (ROOT, "example_project/manage.py")])
def test_the_commands_of_django_run_from_the_folder_and_from_the_top_with_nothing_set(folder, manage):
    done = start(manage, "check", cwd=folder)

    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def test_celery_finds_the_site_from_its_folder(tmp_path):
    done = start("-m", "celery", "-A", "example", "report", cwd=SITE, DEBUG="true", PYTHONPATH=str(ROOT))

    assert done.returncode == 0, done.stderr
    assert "django_bigin.testing.folder_broker:Transport" in done.stdout


@pytest.mark.parametrize("command", ["check", "migrate"])
def test_the_commands_of_django_have_no_known_keys_on_a_server(tmp_path, command):
    done = start("manage.py", command, cwd=SITE, SECRET_KEY="x", DATABASE_URL=f"sqlite:///{tmp_path / 'site.sqlite3'}")

    assert done.returncode != 0
    assert "django_bigin.E001" in done.stderr

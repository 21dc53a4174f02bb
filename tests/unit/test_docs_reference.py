"""The pages that list what the package gives a site: checks, permissions, signals and the defaults of settings."""

import ast
import re
from pathlib import Path

import pytest
from django.apps import apps

from django_bigin import signals

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "django_bigin"
SOURCES = [path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts]
# Their defaults are given in words: they are computed, or there is none.
IN_WORDS = {"BIGIN_ENCRYPTION_KEYS", "BIGIN_MODULES", "BIGIN_SCOPES", "BIGIN_ALERT_RECIPIENTS"}
READERS = {"_get", "_number", "_name", "_names"}


def read(name):
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def section(text, heading):
    return re.split(r"^## ", text.partition(f"## {heading}\n")[2], flags=re.MULTILINE)[0]


def calls(method):
    """Every call of a method in the package."""
    for source in SOURCES:
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == method:
                yield node


# Checks


def test_every_check_is_listed_once_with_its_meaning_and_its_remedy():
    rows = re.findall(r"^\| `(django_bigin\.\w+)`(?: †)? \| (.+?) \| (.+?) \|$", read("checks.md"), re.MULTILINE)
    in_code = {each for source in SOURCES for each in re.findall(r'\bid="(django_bigin\.[A-Z]\d{3})"', source)}

    assert len(in_code) >= 15
    assert sorted(identifier for identifier, _, _ in rows) == sorted(in_code)
    for identifier, meaning, remedy in rows:
        assert meaning.endswith("."), identifier
        assert remedy.endswith("."), identifier


def test_errors_and_warnings_stand_under_their_heading():
    for heading, letter in (("Errors", "E"), ("Warnings", "W")):
        listed = re.findall(r"^\| `django_bigin\.(\w)\d{3}`", section(read("checks.md"), heading), re.MULTILINE)
        assert set(listed) == {letter}


def test_the_checks_that_read_the_database_are_marked():
    marked = set(re.findall(r"^\| `django_bigin\.(\w+)` †", read("checks.md"), re.MULTILINE))
    source = (PACKAGE / "checks.py").read_text(encoding="utf-8")
    reads = source.partition("Tags.database)\n")[2].partition("\ndef _check_readable")[0]

    assert marked == set(re.findall(r'id="django_bigin\.(\w+)"', reads)) != set()


# Permissions


def test_every_permission_that_the_package_adds_is_listed():
    added = section(read("permissions.md"), "What the package adds")
    models = apps.get_app_config("django_bigin").get_models()

    assert re.findall(r"^\| `(\w+)` \| .+\. \|$", added, re.MULTILINE) == [
        name for model in models for name, _ in model._meta.permissions
    ]


# Signals


def test_every_signal_is_described_with_its_arguments_its_moment_and_its_transaction():
    page = read("signals.md")
    sent = {
        call.func.value.id: {keyword.arg for keyword in call.keywords}
        for call in calls("send_robust")
        if isinstance(call.func.value, ast.Name)
    }

    assert set(sent) == {*signals.__all__} == {*re.findall(r"^## `(\w+)`$", page, re.MULTILINE)}
    for name, arguments in sent.items():
        described = section(page, f"`{name}`")
        assert set(re.findall(r"^\| `(\w+)` \| .", described, re.MULTILINE)) == arguments, name
        assert "**When:**" in described
        assert "**Which transaction:**" in described


# Settings


def defaults_in_code():
    """The default of each setting, as it stands in the source; `...` where it is computed."""
    for node in ast.walk(ast.parse((PACKAGE / "conf.py").read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or getattr(node.func, "attr", "") not in READERS or len(node.args) < 2:
            continue
        name, default = node.args[:2]
        if isinstance(name, ast.Constant):
            yield str(name.value), literal(ast.unparse(default))


def literal(text):
    try:
        return ast.literal_eval(text)
    except ValueError:
        return ...


def test_the_default_of_every_setting_is_the_documented_one():
    documented = dict(re.findall(r"^\| `(BIGIN_\w+)` \| (.+?) \|", read("settings.md"), re.MULTILINE))
    # One is read twice: as None first, and then as a number.
    in_code = dict(reversed([*defaults_in_code()])) | {"BIGIN_TENANT_MODEL": "django_bigin.Tenant"}

    assert set(in_code) == set(documented)
    for name in set(documented) - IN_WORDS:
        assert literal(documented[name].strip("`")) == in_code[name], name


@pytest.mark.parametrize("name", sorted(IN_WORDS))
def test_a_default_in_words_is_one_that_cannot_be_written_otherwise(name):
    assert dict(defaults_in_code())[name] in (..., ())

"""What the documentation says of the code, held against the code."""

import re
import subprocess
from pathlib import Path

import pytest
from django.core.management import get_commands

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
CONF = (ROOT / "django_bigin" / "conf.py").read_text(encoding="utf-8")
SETTING = re.compile(r"\bBIGIN_[A-Z_]+\b")
ROW = re.compile(r"^\| `(BIGIN_[A-Z_]+)` \| (.+?) \|", re.MULTILINE)


def read(name):
    return (DOCS / name).read_text(encoding="utf-8")


def test_every_setting_is_described_once_and_no_other():
    described = [name for name, _ in ROW.findall(read("settings.md"))]

    assert sorted(described) == sorted(set(SETTING.findall(CONF)))


def test_the_numbers_that_settings_have_by_default_are_the_documented_ones():
    documented = dict(ROW.findall(read("settings.md")))
    defaults = {
        name: value for name, value in re.findall(r'_number\("(\w+)", ([\d._]+)', CONF) if documented[name] != "`None`"
    }

    assert len(defaults) >= 9
    assert {name: float(documented[name].strip("`")) for name in defaults} == {
        name: float(value) for name, value in defaults.items()
    }


def test_every_command_is_described():
    ours = {name for name, app in get_commands().items() if app == "django_bigin"}

    assert set(re.findall(r"^## `(bigin_\w+)`", read("commands.md"), re.MULTILINE)) == ours


@pytest.mark.parametrize("path", sorted(DOCS.glob("**/*.md")), ids=lambda path: path.name)
def test_no_page_names_a_setting_that_there_is_not(path):
    text = path.read_text(encoding="utf-8")

    assert set(SETTING.findall(text)) <= {*SETTING.findall(CONF), "BIGIN_TEST_POSTGRES_URL", "BIGIN_TEST_MARIADB_URL"}


def test_the_tutorial_is_a_shell_script_in_its_marks():
    parts = [part.partition("<!-- /tutorial -->")[0] for part in read("tutorial.md").split("<!-- tutorial -->")[1:]]
    blocks = re.findall(r"^```sh\n(.*?)^```", "".join(parts), re.MULTILINE | re.DOTALL)

    done = subprocess.run(["bash", "-n"], input="".join(blocks), text=True, capture_output=True)

    assert len(blocks) > 10
    assert (done.returncode, done.stderr) == (0, "")

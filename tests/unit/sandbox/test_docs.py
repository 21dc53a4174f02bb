"""What docs/sandbox.md and the checklists say is so: switches, faults, examples, and the tests they name."""

import json
import re
import shutil
import ssl
import subprocess
import urllib.request
from pathlib import Path

import pytest

from django_bigin.sandbox import Sandbox
from django_bigin.sandbox.switches import SWITCHES

HERE = Path(__file__).parent
TESTS = HERE.parents[1]
DOCS = TESTS.parent / "docs"
TEXT = (DOCS / "sandbox.md").read_text(encoding="utf-8")
CHECKLISTS = sorted(DOCS.glob("fidelity-*.md"))
TEST = re.compile(r"([\w/.-]*)::(test_\w+)")
# That of a callback needs a job: test_callbacks.py runs it.
EXAMPLES = [
    example
    for example in re.findall(r"^```python\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    if "callback" not in example
]
[OPENSSL] = re.findall(r"^\$ (openssl (?:.*\\\n)*.*)$", TEXT, re.MULTILINE)
FAULTS = re.findall(r"^\| (.*?) \| `(sandbox\.fail\(.*?\))` \| `curl \$S -d '(.*?)'` \|$", TEXT, re.MULTILINE)


@pytest.mark.parametrize("name", SWITCHES)
def test_each_switch_is_told_with_its_default(name):
    assert f"| `{name}` | `{SWITCHES[name].default!r}` |" in TEXT


def test_there_are_ten_faults():
    assert len(FAULTS) == 10


@pytest.mark.parametrize(("what", "python", "shell"), FAULTS, ids=[fault[0] for fault in FAULTS])
def test_both_lines_of_a_fault_strike_alike(sandbox, program, what, python, shell):
    eval(python, {"sandbox": sandbox})
    status, _, _ = program.ask("POST", "/_sandbox/faults", body=json.loads(shell))

    assert status == 200
    ours, theirs = sandbox._application.faults
    assert (ours.path, ours.times, ours.effect()) == (theirs.path, theirs.times, theirs.effect())


@pytest.mark.parametrize("example", EXAMPLES)
def test_each_example_runs(sandbox, program, example):
    program.get("org")

    exec(example, {"sandbox": sandbox})


@pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl")
def test_the_certificate_it_makes_is_good_for_zohos_names(tmp_path):
    subprocess.run(["sh", "-c", OPENSSL], cwd=tmp_path, check=True, capture_output=True)
    certificate = tmp_path / "certificate.pem"
    trust = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=certificate))

    with Sandbox(certificate=certificate, key=tmp_path / "key.pem") as sandbox:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({"https": sandbox.url}), trust)
        answer = json.load(opener.open("https://accounts.zoho.eu/oauth/serverinfo", timeout=10))

    assert answer["result"] == "success"


def test_the_tests_it_names_are_there():
    for name in set(re.findall(r"`(test_\w+\.py)`", TEXT)):
        assert (HERE / name).exists(), name


@pytest.mark.parametrize("page", CHECKLISTS, ids=[page.stem for page in CHECKLISTS])
def test_a_checklists_rows_name_tests_that_are_there(page):
    for row in clauses(page.read_text(encoding="utf-8")):
        named = TEST.findall(row)
        assert named or "left out" in row, f"no test: {row}"
        for file, name in named:
            assert is_there(file, name), f"there is no {file}::{name}"


def clauses(text):
    """Give a page's table rows, without the head of each table and the line below it."""
    tables = re.findall(r"(?:^\|.*\n)+", text + "\n", re.MULTILINE)
    return [row for table in tables for row in table.splitlines()[2:]]


def is_there(file, name):
    """Tell whether a file, relative to this directory or to tests/, has a test of that name."""
    found = [path for path in (HERE / file, TESTS / file) if file.endswith(".py") and path.is_file()]
    return any(re.search(rf"^ *def {name}\(", path.read_text(encoding="utf-8"), re.MULTILINE) for path in found)

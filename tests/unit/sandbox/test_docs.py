"""The truth of docs/sandbox.md and the checklists: switches, faults, examples, grades, and the tests they name."""

import json
import re
import ssl
import subprocess
import urllib.request
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import pytest

from django_bigin.sandbox import Sandbox
from django_bigin.sandbox.world.switches import SWITCHES
from tests.support.services import require_programs

HERE = Path(__file__).parent
TESTS = HERE.parents[1]
DOCS = TESTS.parent / "docs"
TEXT = (DOCS / "sandbox.md").read_text(encoding="utf-8")
CHECKLISTS = sorted(DOCS.glob("fidelity-*.md"))
ON_EACH_PAGE = pytest.mark.parametrize("page", CHECKLISTS, ids=[page.stem for page in CHECKLISTS])
TEST = re.compile(r"([\w/.-]*)::(test_\w+)")
# It runs every case, so that by itself it says nothing of a clause.
EVERY_CASE = "test_the_sandbox_gives_what_the_vendor_documents"
CASE = re.compile(r"`\.\.\.documents\[(.*?)\]`")
CASES = {
    f"{path.stem}: {case['name']}"
    for path in (TESTS / "contract" / "cases").glob("*.json")
    for case in json.loads(path.read_text(encoding="utf-8"))
}
# The letters of the legend, in its order.
GRADES = re.findall(r"^\| \*\*([A-Z])\*\* \|", TEXT, re.MULTILINE)
# That of a callback needs a job: test_callbacks.py runs it.
EXAMPLES = [
    example
    for example in re.findall(r"^```python\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    if "callback" not in example
]
[OPENSSL] = re.findall(r"^\$ (openssl (?:.*\\\n)*.*)$", TEXT, re.MULTILINE)
FAULTS = re.findall(r"^\| (.*?) \| `(sandbox\.fail\(.*?\))` \| `curl \$S -d '(.*?)'` \|$", TEXT, re.MULTILINE)


@pytest.mark.parametrize("name", SWITCHES)
def test_each_switch_is_told_in_its_own_words(name):
    switch = SWITCHES[name]
    others = [f"`{choice!r}`" for choice in switch.choices if choice != switch.default]
    otherwise = ", ".join(others) or f"any {type(switch.default).__name__}"

    assert f"| `{name}` | `{switch.default!r}` | {otherwise} | {switch.meaning} |" in TEXT.splitlines()


def test_there_are_twelve_faults():
    assert len(FAULTS) == 12


@pytest.mark.parametrize(("what", "python", "shell"), FAULTS, ids=[fault[0] for fault in FAULTS])
def test_both_lines_of_a_fault_strike_alike(sandbox, program, what, python, shell):
    eval(python, {"sandbox": sandbox})
    status, _, _ = program.ask("POST", "/_sandbox/faults", body=json.loads(shell))

    assert status == 200
    ours, theirs = sandbox.faults()
    assert ours | {"method": None} == theirs | {"method": None}


@pytest.mark.parametrize("example", EXAMPLES)
def test_each_example_runs(sandbox, program, example):
    program.get("org")

    exec(example, {"sandbox": sandbox})


def test_the_certificate_it_makes_is_good_for_zohos_names(tmp_path):
    require_programs("openssl")
    subprocess.run(["sh", "-c", OPENSSL], cwd=tmp_path, check=True, capture_output=True)
    certificate = tmp_path / "certificate.pem"
    trust = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=certificate))

    with Sandbox(certificate=certificate, key=tmp_path / "key.pem") as sandbox:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({"https": sandbox.url}), trust)
        answer = json.load(opener.open("https://accounts.zoho.eu/oauth/serverinfo", timeout=10))

    assert answer["result"] == "success"


def test_the_tests_it_names_are_there():
    for name in set(re.findall(r"`([\w/]*test_\w+\.py)`", TEXT)):
        assert (HERE / name).exists(), name


class Clause(NamedTuple):
    """A row of a checklist."""

    zoho: str
    here: str
    grade: str
    tests: str

    @property
    def letters(self):
        return self.grade.split(", ") if self.grade else []

    @property
    def switches(self):
        """The switches that decide it: those that `here` begins with, alone or after "reproduced"."""
        beginning = re.match(r"(?:reproduced|`)[^;:.]*", self.here)
        return [name for name in re.findall(r"`(\w+)`", beginning[0]) if name in SWITCHES] if beginning else []


def clauses(*pages):
    """Return the pages' table rows, without the head of each table and the line below it."""
    tables = [table for page in pages for table in re.findall(r"(?:^\|.*\n)+", page.read_text("utf-8"), re.MULTILINE)]
    rows = [row for table in tables for row in table.splitlines()[2:]]
    return [Clause(*(cell.strip() for cell in row[1:-1].split("|"))) for row in rows]


@ON_EACH_PAGE
def test_a_clause_names_tests_and_cases_that_are_there(page):
    for clause in clauses(page):
        tests, cases = TEST.findall(clause.tests), CASE.findall(clause.tests)
        assert tests or cases or clause.here.startswith("left out"), f"no test: {clause}"
        assert EVERY_CASE not in clause.tests, f"which case? {clause}"
        assert set(cases) <= CASES, f"no such case: {clause}"
        for file, name in tests:
            assert is_there(file, name), f"there is no {file}::{name}"


def is_there(file, name):
    """Tell whether a file, relative to this directory or to tests/, has a test of that name."""
    found = [path for path in (HERE / file, TESTS / file) if file.endswith(".py") and path.is_file()]
    return any(re.search(rf"^ *def {name}\(", path.read_text(encoding="utf-8"), re.MULTILINE) for path in found)


@ON_EACH_PAGE
def test_a_grade_is_letters_of_the_legend_in_its_order(page):
    for clause in clauses(page):
        assert clause.letters == [grade for grade in GRADES if grade in clause.letters], clause


@ON_EACH_PAGE
def test_what_is_a_choice_of_ours_says_so_and_is_graded_so(page):
    for clause in clauses(page):
        if "a choice" in clause.here:
            assert "U" in clause.letters, clause
        elif clause.grade != "U":
            assert "U" not in clause.letters, f"which part? {clause}"


def test_a_clause_has_the_same_grade_on_every_page():
    grades = defaultdict(set)
    for clause in clauses(*CHECKLISTS):
        grades[clause.zoho].add(clause.grade)

    assert {zoho: found for zoho, found in grades.items() if len(found) > 1} == {}


def test_a_switch_has_the_grade_of_the_clauses_that_it_decides():
    decided = {(name, clause.grade) for clause in clauses(*CHECKLISTS) for name in clause.switches}
    told = {(name, grade_of(switch)) for name, switch in SWITCHES.items()}

    assert decided - told == set()
    assert {(name, grade) for name, grade in told if grade} - decided == set()


def grade_of(switch):
    """Return the grade at the end of a switch's meaning: `D, C` of `what it does (D, C; others say no)`."""
    letter = f"[{''.join(GRADES)}]"
    found = re.search(rf"\(({letter}(?:, {letter})*)(?:; [^()]+)?\)$", switch.meaning)
    return found[1] if found else ""

"""What docs/sandbox.md says is so: each switch, each fault's line, each test it names."""

import json
import re
from pathlib import Path

import pytest

from django_bigin.sandbox.switches import SWITCHES

HERE = Path(__file__).parent
TEXT = (HERE.parents[2] / "docs" / "sandbox.md").read_text(encoding="utf-8")
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


def test_the_tests_it_names_are_there():
    for name in set(re.findall(r"`(test_\w+\.py)`", TEXT)):
        assert (HERE / name).exists(), name

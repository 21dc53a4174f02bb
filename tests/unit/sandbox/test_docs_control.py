"""The truth of docs/sandbox-control.md and the first part of docs/sandbox.md: addresses, options, a first call."""

import argparse
import inspect
import json
import re
import subprocess
from pathlib import Path

import pytest

from django_bigin.sandbox import Sandbox
from django_bigin.sandbox.control.organizations import ORGANIZATION_OPTIONS
from django_bigin.sandbox.control.paths import ControlPaths
from django_bigin.sandbox.server.command_line import add_arguments
from django_bigin.sandbox.world.organization import Organization
from tests.support.services import require_programs

from .program import Program

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "sandbox.md").read_text(encoding="utf-8")
CONTROL_PAGE = (DOCS / "sandbox-control.md").read_text(encoding="utf-8")
OPERATIONS = ControlPaths(Sandbox()).operations
# (HTTP method, path) -> what the page says of it: Python's methods, options
TOLD = {
    (method, path): (python, options)
    for method, path, python, options in re.findall(
        r"^\| `([A-Z]+) /_sandbox/(.*?)` \| (.*?) \| (.*?) ?\| .* \|$", CONTROL_PAGE, re.MULTILINE
    )
}
# Their names are told elsewhere.
OPTIONS_ELSEWHERE = {("POST", "organizations"), ("POST", "switches"), ("POST", "faults")}
[FIRST_CALL] = re.findall(r"^## A first call\n.*?^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
[STRUCK] = re.findall(r"^```python\n(def test_an_outage_is_told.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def parameters(method):
    return {name: p for name, p in inspect.signature(method).parameters.items() if name != "self"}


def section(title):
    [text] = re.findall(rf"^##+ {title}\n(.*?)(?=^#|\Z)", CONTROL_PAGE, re.MULTILINE | re.DOTALL)
    return text


# the table of addresses


def test_each_address_is_told_and_no_other():
    assert TOLD.keys() == OPERATIONS.keys()


@pytest.mark.parametrize("address", sorted(OPERATIONS.keys() - OPTIONS_ELSEWHERE), ids=" ".join)
def test_its_options_are_told_in_order(address):
    taken = {name: p for name, p in OPERATIONS[address].options.items() if f"{{{name}}}" not in address[1]}
    needed = [name for name, p in taken.items() if p.default is p.empty]

    assert re.findall(r"`(\w+)`", TOLD[address][1]) == list(taken)
    assert re.findall(r"\*\*`(\w+)`\*\*", TOLD[address][1]) == needed


@pytest.mark.parametrize("address", sorted(OPERATIONS), ids=" ".join)
def test_the_method_beside_it_is_the_one_that_it_calls(address):
    named = re.findall(r"`(\w+)(?:\(\))?`", TOLD[address][0])
    work = OPERATIONS[address].work

    assert named
    assert all(hasattr(Sandbox, name) or name == "load_report" for name in named)
    if not isinstance(work.__self__, ControlPaths):
        assert named == [work.__name__]


def test_each_method_of_the_sandbox_is_told():
    public = {name for name in dir(Sandbox) if not name.startswith("_")}

    assert public == {name for name in re.findall(r"`(\w+)(?:\([\w, ]*\))?`", CONTROL_PAGE) if name in public}


# the tables of options


def test_the_options_of_a_fault_are_told_with_their_defaults():
    told = dict(re.findall(r"^\| `(\w+)` \| `(.*?)` \|", section("Options of a fault"), re.MULTILINE))

    assert told == {name: repr(p.default) for name, p in parameters(Sandbox.fail).items()}


def test_the_options_of_the_sandbox_are_told_with_their_defaults():
    told = dict(re.findall(r"^\| `(\w+)=(.*?)` \|", section("Options of the sandbox"), re.MULTILINE))

    assert told == {name: repr(p.default) for name, p in parameters(Sandbox.__init__).items()}


def test_the_options_of_the_command_line_are_told():
    parser = argparse.ArgumentParser(add_help=False)
    add_arguments(parser)
    told = re.findall(r"^\| [^|]* \| `(--[\w-]+)`", section("Options of the sandbox"), re.MULTILINE)

    assert sorted(told) == sorted(option for action in parser._actions for option in action.option_strings)


def test_the_options_of_an_organization_are_told_with_their_defaults():
    told = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", section("Options of an organization"), re.MULTILINE))
    own = parameters(Organization.__init__)

    assert told.keys() == ORGANIZATION_OPTIONS.keys()
    assert told["data_center"].strip('`"') == Sandbox().organizations[0]["data_center"]
    assert told["redirect_uri"].strip('`"') == Sandbox().organizations[0]["redirect_uri"]
    assert told["paid"] == f"`{own['paid'].default!r}`"
    assert told["licences"] == f"`{own['licences'].default!r}`"


# a first call


def test_the_first_call_runs_word_for_word(tmp_path):
    require_programs("sh", "curl", "python3")
    with Sandbox(records={"Contacts": 5}) as sandbox:
        script = FIRST_CALL.replace("http://127.0.0.1:8400", sandbox.url)
        reset = "curl -s -X POST $S/_sandbox/reset"
        watched = script.replace(reset, f"curl -s $S/_sandbox/calls > calls.json\n{reset}")
        done = subprocess.run(
            ["sh", "-eu", "-c", watched], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
        )
        after = sandbox.start_document()

    outcomes = [call["outcome"] for call in json.loads((tmp_path / "calls.json").read_text())["calls"]]
    assert (done.returncode, done.stderr) == (0, "")
    assert outcomes == ["ok", "ok", "ok", "INVALID_TOKEN", "ok"]
    assert '"Phone":"555"' in done.stdout
    assert "access_token" in json.loads((tmp_path / "token.json").read_text())
    assert json.loads((tmp_path / "start.json").read_text()) == after


def test_a_sandbox_started_again_has_the_same_records_and_other_clients():
    old, new = (Sandbox(records={"Contacts": 5}) for _ in range(2))

    assert [record["id"] for record in old.records("Contacts")] == [record["id"] for record in new.records("Contacts")]
    assert old.organizations[0]["org_id"] == new.organizations[0]["org_id"]
    token, before = Program(old).refresh()[1]["access_token"], old.organizations[0]
    names = ("client_id", "client_secret", "refresh_token")
    assert Program(new).refresh(**{name: before[name] for name in names})[1] == {"error": "invalid_client"}
    assert Program(new).connect(token).get("org")[1]["code"] == "INVALID_TOKEN"


def test_a_client_of_ones_own_outlives_the_sandbox():
    [options] = re.findall(r"`Sandbox\(organizations=(\[.*?\])\)`", PAGE)
    old, new = (Sandbox(organizations=json.loads(options)) for _ in range(2))

    assert "access_token" in Program(new).refresh()[1]
    assert Program(new).refresh(refresh_token=old.organizations[0]["refresh_token"])[1] == {"error": "invalid_code"}


# whether a fault has struck


def test_the_example_sees_that_its_fault_has_struck(sandbox, program):
    names = {"read_contacts": lambda: program.get("Contacts", fields="Last_Name")}
    exec(STRUCK, names)

    names["test_an_outage_is_told"](sandbox)


def test_the_example_sees_that_its_fault_has_not_struck(sandbox):
    names = {"read_contacts": lambda: None}
    exec(STRUCK, names)

    with pytest.raises(AssertionError):
        names["test_an_outage_is_told"](sandbox)


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 502}, {"throttle": True}, {"wrong_token": True}, {"info": {"count": 7}},
        {"overwrite": {"data": None}}, {"truncate": 5}, {"trickle": 9}, {"bomb": 10_000},
        {"drop": "before"}, {"drop": "after"},
    ],
    ids=str,
)  # fmt: skip
def test_the_outcome_of_each_fault_is_told(sandbox, program, fault):
    sandbox.add_records("Contacts", 1)
    program.connect()
    sandbox.clear_calls()
    sandbox.fail("GET /bigin/v2/Contacts", **fault)

    program.get("Contacts", fields="Last_Name")

    [outcome] = sandbox.calls()["by_outcome"]
    assert outcome != "ok"
    assert re.search(rf"^\| [^|]*`{outcome}`", PAGE, re.MULTILINE)


def test_criteria_go_without_their_outer_brackets_as_the_page_has_it(sandbox, program):
    sandbox.add_records("Contacts", [{"Last_Name": "Wen", "First_Name": "Lu"}, {"Last_Name": "Wen"}])
    sandbox.advance(60)
    assert "`(A)and(B)` for `((A)and(B))`" in PAGE
    inner = "(Last_Name:equals:Wen)and(First_Name:equals:Lu)"

    with_them, without = (program.get("Contacts/search", criteria=text)[1] for text in (f"({inner})", inner))

    assert len(with_them["data"]) == 1
    assert with_them == without
    assert program.get("Contacts/search", criteria="Last_Name:equals:Wen")[0] == 400

"""The faults and examples that docs/testing.md shows."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from django_bigin.exceptions import BiginError, RateLimitError, RefreshTokenError, ServerError
from django_bigin.models import Connection
from django_bigin.sandbox import Sandbox
from django_bigin.sync import sync_connection

ROOT = Path(__file__).resolve().parents[3]
EXAMPLE = Path(__file__).with_name("test_with_pytest.py")
EXAMPLE_FOR_DJANGO = Path(__file__).with_name("test_with_django.py")
DOCUMENT = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")


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
    "did not answer",
    "more than 32 MB",
]


def faults(language: str) -> list[str]:
    """The twelve lines that the document shows in that language."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)
    [block] = [block for block in blocks if block.startswith(("sandbox.fail(", "curl "))]
    lines = str(block).splitlines()
    assert len(lines) == len(OUTCOMES) == 12
    return lines


@pytest.mark.parametrize("number", range(1, 13))
@pytest.mark.parametrize("language", ["python", "sh"])
def test_each_documented_fault_is_what_the_site_sees(
    number: int, language: str, bigin_sandbox: Sandbox, bigin_connection: Connection, settings: Any
) -> None:
    if OUTCOMES[number - 1] == "did not answer":
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


@pytest.mark.parametrize("number", range(1, 13))
def test_each_documented_fault_is_raised_or_told_as_the_document_says(
    number: int, bigin_sandbox: Sandbox, bigin_connection: Connection, settings: Any
) -> None:
    if OUTCOMES[number - 1] == "did not answer":
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
